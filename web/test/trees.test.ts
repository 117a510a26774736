import assert from "node:assert/strict";
import { test } from "node:test";

import type { Analysis, FileRow, PageHead } from "../src/api/types";
import { earlierReading } from "../src/list/earlier";
import { stepStates } from "../src/list/steps";
import { fileTree } from "../src/reader/folders";
import { inReadingOrder, pageTree, shortTitle } from "../src/reader/pages";
import { fitZoom } from "../src/diagram/zoom";
import { grown, partAround } from "../src/ui/part";
import { blockOf, linesOf, scrollTo, visible } from "../src/source/window";

const page = (slug: string, parent: string | null, order: number): PageHead => ({ slug, title: slug, parent, order, origin: "static" });
const file = (path: string): FileRow => ({
  path, language: null, lines: 1, bytes: 1, hash: "", skipped: null, rank: 0, summary: null, imports: [],
});

test("pages are read parent first, by their order", () => {
  const tree = pageTree([page("b", null, 1), page("a2", "a", 2), page("a", null, 0), page("a1", "a", 1)]);
  assert.deepEqual(inReadingOrder(tree).map((each) => each.slug), ["a", "a1", "a2", "b"]);
});

test("below the modules only their names are listed", () => {
  const titled = (title: string, parent: string | null): string => shortTitle({ ...page("x", parent, 0), title });
  assert.equal(titled("Module `db/log`", "modules"), "db/log");
  assert.equal(titled("模块 `db/log`", "modules"), "db/log");
  assert.equal(titled("How `db` and `log` meet", "modules"), "How db and log meet");
  assert.equal(titled("Module `db`", null), "Module db");
});

test("no page is lost, even when parents are missing or go round", () => {
  const tree = pageTree([page("x", "nowhere", 0), page("y", "z", 0), page("z", "y", 0), page("s", "s", 0)]);
  assert.deepEqual(inReadingOrder(tree).map((each) => each.slug).sort(), ["s", "x", "y", "z"]);
});

test("folders with nothing but one folder are joined", () => {
  const tree = fileTree(["src/main/java/A.java", "src/main/java/b/B.java", "README.md"].map(file));
  assert.deepEqual(tree.folders.map((folder) => folder.name), ["src/main/java"]);
  assert.deepEqual(tree.folders[0]?.folders.map((folder) => folder.name), ["b"]);
  assert.deepEqual(tree.files.map((each) => each.path), ["README.md"]);
});

test("steps before the present one are done, those after it wait", () => {
  const states = stepStates({ status: "running", step: "analyze", progress: { done: 1, total: 4 } });
  assert.deepEqual(states.map((each) => each.state), ["done", "done", "now", "waiting"]);
  assert.equal(states[2]?.part, 0.25);
  assert.equal(stepStates({ status: "failed", step: "scan", progress: null })[0]?.state, "stopped");
  assert.ok(stepStates({ status: "completed", step: null, progress: null }).every((each) => each.state === "done"));
});

test("the lines to draw lie around what is seen and within the file", () => {
  assert.deepEqual(visible(0, 400, 20, 10_000), { start: 1, end: 80 });
  assert.deepEqual(visible(100_000, 400, 20, 10_000), { start: 4_941, end: 5_080 });
  assert.deepEqual(visible(199_900, 400, 20, 10_000), { start: 9_936, end: 10_000 });
  assert.deepEqual(visible(0, 400, 20, 0), { start: 1, end: 0 });
  assert.deepEqual([blockOf(1), blockOf(1_000), blockOf(1_001)], [0, 0, 1]);
  assert.deepEqual(linesOf(1), { start: 1_001, end: 2_000 });
});

test("a range is scrolled to with lines above it", () => {
  assert.equal(scrollTo({ start: 1, end: 3 }, 400, 20), 0);
  assert.ok(scrollTo({ start: 100, end: 103 }, 400, 20) < 99 * 20);
  assert.equal(scrollTo({ start: 100, end: 900 }, 400, 20), 99 * 20 - 60);
});

test("a diagram fits the width until its labels could not be read", () => {
  assert.equal(fitZoom(200, 800), 1);
  assert.equal(fitZoom(1000, 832), 0.8);
  assert.equal(fitZoom(10_000, 800), 0.6);
});

test("of a long list some hundreds are drawn, around the entry that matters", () => {
  assert.deepEqual(partAround(-1, 240), { from: 0, to: 240 });
  assert.deepEqual(partAround(-1, 30_000), { from: 0, to: 200 });
  assert.deepEqual(partAround(15_000, 30_000), { from: 14_900, to: 15_100 });
  assert.deepEqual(partAround(29_999, 30_000), { from: 29_800, to: 30_000 });
  assert.deepEqual(grown({ from: 100, to: 300 }, 30_000, "before"), { from: 0, to: 300 });
  assert.deepEqual(grown({ from: 100, to: 600 }, 30_000, "after"), { from: 100, to: 1_100 });
  assert.deepEqual(grown({ from: 0, to: 200 }, 260, "after"), { from: 0, to: 260 });
});

test("what failed or still runs leads to the last completed analysis of its name", () => {
  const analysis = (id: string, status: string, at: number, language = "en", name = "flask"): Analysis =>
    ({ id, name, status, language, created_at: `2030-01-0${at}T00:00:00Z` }) as Analysis;
  const failed = analysis("f", "failed", 5);
  const among = [
    analysis("newer", "completed", 6), failed, analysis("zh", "completed", 4, "zh"), analysis("c", "completed", 3),
    analysis("older", "completed", 2), analysis("other", "completed", 4, "en", "django"),
  ];
  assert.equal(earlierReading(failed, among)?.id, "c");
  assert.equal(earlierReading({ ...failed, language: "zh" }, among)?.id, "zh");
  assert.equal(earlierReading({ ...failed, name: "new" }, among), null);
  assert.equal(earlierReading({ ...failed, status: "completed" }, among), null);
});
