import assert from "node:assert/strict";
import { test } from "node:test";

import { beginsAtHome, looksLikeFolder, looksLikeGit } from "../src/text/place";

test("what belongs to git is told from what is a folder", () => {
  for (const text of ["https://example.org/a/b", "ssh://git@example.org/x", "git@example.org:team/x.git", " HTTP://x/y "]) {
    assert.ok(looksLikeGit(text), text);
    assert.ok(!looksLikeFolder(text), text);
  }
  for (const text of ["/home/me/project", "~/x", "./x", "..", "C:\\work", "/srv/git@host:x"]) {
    assert.ok(looksLikeFolder(text), text);
    assert.ok(!looksLikeGit(text), text);
  }
  for (const text of ["project", "", "https", "a:b"]) assert.ok(!looksLikeGit(text) && !looksLikeFolder(text), text);
});

test("a home is known by its sign", () => {
  assert.ok(beginsAtHome("~/x") && beginsAtHome("~") && !beginsAtHome("~x/y") && !beginsAtHome("/a/~/b"));
});
