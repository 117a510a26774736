import assert from "node:assert/strict";
import { test } from "node:test";

import { age, formatBytes, formatDuration, fraction, languageName } from "../src/text/format";
import { markWords } from "../src/text/marks";

test("sizes and durations are short", () => {
  assert.deepEqual([0, 999, 1500, 123_456, 2e9].map(formatBytes), ["0 B", "999 B", "1.5 KB", "123 KB", "2.0 GB"]);
  assert.deepEqual(
    [0, 2.13, 12.4, 59.9, 60, 185, 3600, 7440].map(formatDuration),
    ["0.0 s", "2.1 s", "12 s", "60 s", "1 min", "3 min 5 s", "1 h", "2 h 4 min"],
  );
});

test("languages are written as people write them", () => {
  assert.deepEqual(["cpp", "rust", "tsx", "toString"].map(languageName), ["C++", "Rust", "TSX", "ToString"]);
});

test("an age is told in its largest unit", () => {
  const now = new Date("2026-11-24T12:00:00Z");
  assert.deepEqual(age(new Date("2026-11-24T11:59:50Z"), now), { count: 10, unit: "second" });
  assert.deepEqual(age(new Date("2026-11-24T09:59:00Z"), now), { count: 2, unit: "hour" });
  assert.deepEqual(age(new Date("2024-01-01T00:00:00Z"), now), { count: 2, unit: "year" });
  assert.deepEqual(age(new Date("2027-01-01T00:00:00Z"), now), { count: 0, unit: "second" });
});

test("a part is known only when the whole is", () => {
  assert.equal(fraction(null), null);
  assert.equal(fraction({ done: 3, total: null }), null);
  assert.equal(fraction({ done: 3, total: 0 }), null);
  assert.equal(fraction({ done: 3, total: 4 }), 0.75);
  assert.equal(fraction({ done: 9, total: 4 }), 1);
});

test("the words of a query are marked, whatever they hold", () => {
  assert.deepEqual(markWords("parseHttpHeader(x)", "header"), [
    { text: "parseHttp", marked: false }, { text: "Header", marked: true }, { text: "(x)", marked: false },
  ]);
  assert.deepEqual(markWords("a.b", ".*("), [{ text: "a.b", marked: false }]);
});
