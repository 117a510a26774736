import assert from "node:assert/strict";
import { test } from "node:test";

import { type Route, fileHref, pageHref, parseRoute, searchHref, withPlace } from "../src/state/routes";

function route(href: string): Route {
  const url = new URL(href, "http://localhost");
  return parseRoute(url.pathname, url.search, url.hash);
}

test("every address leads back to what it was made of", () => {
  const at = { path: "src/a b#L.py", range: { start: 3, end: 9 } };
  assert.deepEqual(route("/"), { name: "list" });
  assert.deepEqual(route("/a/x1"), { name: "page", id: "x1", slug: null, at: null, hash: "" });
  assert.deepEqual(route(pageHref("x1", "modules/a b", at)), { name: "page", id: "x1", slug: "modules/a b", at, hash: "" });
  assert.deepEqual(route(fileHref("x1", "src/100%/ü?.rs", at.range)), {
    name: "file", id: "x1", path: "src/100%/ü?.rs", range: at.range,
  });
  assert.deepEqual(route(searchHref("x1", "a & b", at)), { name: "search", id: "x1", query: "a & b", at });
  assert.deepEqual(route("/a/x1/f"), { name: "files", id: "x1" });
});

test("an address that nobody made is unknown", () => {
  for (const href of ["/x", "/a", "/a/", "/a/x1/q/y", "/a/%ff", "/a/x1/f/%ff", "/a/x1/f/a%2F..%2Fb", "/a/x1/p/..%2Fx", "/a/x1/f/a//b"]) {
    assert.equal(route(href).name, "unknown", href);
  }
});

test("a place outside of the repository is none", () => {
  for (const at of ["../../etc/passwd", "/etc/passwd", "a/../../b#L3", "./a", "a//b"]) {
    assert.deepEqual(route(`/a/x1/p/y?at=${encodeURIComponent(at)}`), { name: "page", id: "x1", slug: "y", at: null, hash: "" });
  }
});

test("the source beside a page can be opened and closed", () => {
  const page = route("/a/x1/p/overview#start");
  const opened = withPlace(page, { path: "a.py", range: null });
  assert.equal(opened, "/a/x1/p/overview?at=a.py#start");
  assert.equal(withPlace(route(opened ?? ""), null), "/a/x1/p/overview#start");
});
