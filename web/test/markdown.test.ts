import assert from "node:assert/strict";
import { test } from "node:test";

import { type Links, renderMarkdown, slugify } from "../src/text/markdown";

const links: Links = {
  source: (place) => `/f/${place.path}:${place.range?.start ?? ""}`,
  page: (slug) => `/p/${slug}`,
  imageLeftOut: "image",
};

function html(markdown: string): string {
  return renderMarkdown(markdown, links).blocks.map((block) => (block.kind === "html" ? block.html : `[${block.kind}]`)).join("");
}

test("citations and links to pages become addresses", () => {
  assert.match(html("[x.py:3](source:src/x.py#L3-L9)"), /<a class="citation" href="\/f\/src\/x\.py:3" title="src\/x\.py L3-L9">x\.py:3<\/a>/);
  assert.match(html("[b](page:modules/api)"), /<a href="\/p\/modules\/api">b<\/a>/);
  assert.match(html("[s](https://example.org/?a=1&b=2)"), /href="https:\/\/example\.org\/\?a=1&amp;b=2" target="_blank" rel="noopener noreferrer"/);
});

test("nothing in a page becomes live HTML or an unknown link", () => {
  const hostile = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)", "[x](vbscript:x)", "[x](file:///etc/passwd)", "![x](https://example.org/p.png)",
    "[x](source:../../etc/passwd)", "<a href=\"javascript:alert(1)\">x</a>", "[x](  javascript:alert(1))", "[x](&#106;avascript:alert(1))",
  ];
  for (const text of hostile) {
    const made = html(text);
    assert.doesNotMatch(made, /<(script|img|iframe)/i, text);
    assert.doesNotMatch(made, /href="(?!\/|https?:|mailto:|#)/i, text);
    assert.doesNotMatch(made, /<[^>]*\son\w+=/i, text);
  }
});

test("characters that turn the order of a text are spelled, and its addresses stay", () => {
  assert.match(html("`a\u202eb` [c\u2066](source:d%E2%80%AE.py)"), /<code>a\[U\+202E\]b<\/code> <a class="citation" href="\/f\/d\u202e\.py:" title="d\[U\+202E\]\.py">c\[U\+2066\]<\/a>/);
  assert.deepEqual(renderMarkdown("```py\na\u202e\n```", links).blocks, [{ kind: "code", language: "py", text: "a[U+202E]\n" }]);
});

test("a link to a page leads to pages only", () => {
  assert.doesNotMatch(html("[x](page:../../../docs) [x](page:%2e%2e/x)"), /href/);
});

test("diagrams and code are blocks of their own", () => {
  const { blocks } = renderMarkdown("a\n\n```mermaid\ngraph TD\n```\n\nb\n\n```py title=x\nprint()\n```\n", links);
  assert.deepEqual(blocks.map((block) => block.kind), ["html", "diagram", "html", "code"]);
  assert.deepEqual(blocks[3], { kind: "code", language: "py", text: "print()\n" });
});

test("headings have names of their own", () => {
  const { headings, hasTitle } = renderMarkdown("# Title\n## Use `x`\n## Use `x`\n## 数据模型\n", links);
  assert.ok(hasTitle);
  assert.deepEqual(headings.map((heading) => heading.id), ["title", "use-x", "use-x-2", "数据模型"]);
  assert.equal(slugify("???"), "section");
});
