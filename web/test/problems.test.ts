import assert from "node:assert/strict";
import { test } from "node:test";

import { en } from "../src/i18n/en";
import { zh } from "../src/i18n/zh";

test("every problem with a title has one in both languages, and is explained in Chinese", () => {
  assert.deepEqual(Object.keys(zh.problems).sort(), Object.keys(en.problems).sort());
  for (const code of Object.keys(zh.problems)) assert.ok(zh.explained[code], code);
  for (const { detail, hint } of Object.values(zh.explained)) {
    assert.match(detail, /[\u4e00-\u9fff]/);
    assert.match(hint, /[\u4e00-\u9fff]/);
  }
});
