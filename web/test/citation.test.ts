import assert from "node:assert/strict";
import { test } from "node:test";

import { formatRange, parseCitation, parseRange } from "../src/text/citation";

test("a range is read in every way it is written", () => {
  assert.deepEqual(parseRange("#L3-L9"), { start: 3, end: 9 });
  assert.deepEqual(parseRange("L3-9"), { start: 3, end: 9 });
  assert.deepEqual(parseRange("#L7"), { start: 7, end: 7 });
  assert.deepEqual(parseRange("#L9-L3"), { start: 3, end: 9 });
});

test("what names no lines is no range", () => {
  for (const text of ["", "#", "#L0", "#L", "#Lx", "#L1-", "#L-1", "#heading", "#L1-L99999999999"]) {
    assert.equal(parseRange(text), null, text);
  }
});

test("a range is written as it is read", () => {
  for (const text of ["#L3-L9", "#L7"]) assert.equal(formatRange(parseRange(text)), text);
  assert.equal(formatRange(null), "");
});

test("a citation names a file of the repository", () => {
  assert.deepEqual(parseCitation("source:src/a%20b%23.py#L3-L9"), { path: "src/a b#.py", range: { start: 3, end: 9 } });
  assert.deepEqual(parseCitation("source:README.md"), { path: "README.md", range: null });
});

test("a citation never leads out of the repository", () => {
  for (const href of ["source:", "source:/etc/passwd#L1", "source:../x", "source:a/%2e%2e/b", "source:%ff", "https://x"]) {
    assert.equal(parseCitation(href), null, href);
  }
});
