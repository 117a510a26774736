import assert from "node:assert/strict";
import { test } from "node:test";

import { plainTitle } from "../src/reader/pages";
import { legible, unturned } from "../src/text/legible";

test("characters that are not seen, or turn the order of the rest, are spelled", () => {
  assert.equal(legible("a\u202egpj.exe"), "a[U+202E]gpj.exe");
  assert.equal(legible("new\nline\u0007.py"), "new␊line[U+0007].py");
  assert.equal(legible("ü 漢字 אב.py"), "ü 漢字 אב.py");
  assert.equal(unturned("if\t(a\u2066) \u200f"), "if\t(a[U+2066]) \u200f");
});

test("a title is plain where nothing can be set as code", () => {
  assert.equal(plainTitle("Module `a\u202eb`"), "Module a[U+202E]b");
  assert.equal(plainTitle("Module `back`tick|pipe]`"), "Module backtick|pipe]");
});
