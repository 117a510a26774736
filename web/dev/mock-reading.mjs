// A made-up reading of the real files of this folder.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join, relative } from "node:path";

const LANGUAGES = { ".ts": "typescript", ".tsx": "tsx", ".css": "css", ".mjs": "javascript", ".json": "json", ".html": "html", ".svg": "xml" };
const SKIPPED = [["assets/logo.png", "binary"], ["vendor/jquery.min.js", "minified"], ["package-lock.json", "generated"]];

export class Reading {
  #root;
  #files = new Map();

  constructor(root) {
    this.#root = root;
    for (const folder of ["src", "dev", "test"]) this.#walk(join(root, folder));
    for (const name of ["build.mjs", "package.json", "tsconfig.json", "index.html"]) this.#read(join(root, name));
    this.#files.set("src/generated/big table.ts", Array.from({ length: 25_000 }, (_, n) => `export const row${n + 1} = { id: ${n + 1}, label: "row ${n + 1}" };`).join("\n"));
    this.#files.set("src/odd/long line.json", `{"data":"${"x".repeat(500_000)}"}\n`);
  }

  #walk(folder) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) this.#walk(path);
      else this.#read(path);
    }
  }

  #read(path) {
    if (statSync(path).size < 1_000_000) this.#files.set(relative(this.#root, path), readFileSync(path, "utf8"));
  }

  #row(path, text) {
    return {
      path, language: LANGUAGES[extname(path)] ?? null, lines: text.split("\n").length, bytes: Buffer.byteLength(text), hash: "0".repeat(64),
      skipped: null, rank: 1 / (1 + path.length), summary: /^\/[/*] ?(.+)/.exec(text)?.[1] ?? null,
      imports: [...text.matchAll(/from "\.\/(\w+)"/g)].map((match) => `${path.replace(/[^/]+$/, "")}${match[1]}.ts`).filter((other) => this.#files.has(other)),
    };
  }

  files() {
    const rows = [...this.#files].map(([path, text]) => this.#row(path, text));
    const skipped = SKIPPED.map(([path, reason]) => ({ path, language: null, lines: 0, bytes: 4096, hash: "", skipped: reason, rank: 0, summary: null, imports: [] }));
    return [...rows, ...skipped].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  file(path, from, to) {
    const skipped = this.files().find((row) => row.path === path && row.skipped);
    if (skipped) return { ...skipped, source: null, symbols: [], reading: null, imported_by: [] };
    const text = this.#files.get(path);
    if (text === undefined) return null;
    const lines = text.replace(/\n$/, "").split("\n");
    const end = Math.min(to, lines.length);
    const symbols = lines.flatMap((line, index) => {
      const match = /^export (?:async )?(function|class|const|interface|type) (\w+)/.exec(line);
      if (!match || index > 400) return [];
      const kind = { const: "constant" }[match[1]] ?? match[1];
      return [{ path, name: match[2], kind, start_line: index + 1, end_line: index + 6, parent: null, signature: line, doc: null, exported: true }];
    });
    const items = symbols.slice(0, 5).map((symbol) => ({
      path, kind: "function", name: symbol.name, title: symbol.name, description: `Declared as \`${symbol.signature.slice(0, 60)}\`.`,
      start_line: symbol.start_line, end_line: symbol.end_line, code: "", origin: "static",
    }));
    const row = this.#row(path, text);
    return {
      ...row, source: { start_line: from, end_line: end, total_lines: lines.length, text: lines.slice(from - 1, end).join("\n") }, symbols,
      reading: { path, summary: row.summary ?? "A file of the pages.", items, dependencies: row.imports, origin: "static", note: null },
      imported_by: ["src/main.tsx"],
    };
  }

  search(query) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = [];
    for (const [path, text] of this.#files) {
      const lines = text.split("\n").map((line) => line.slice(0, 300));
      const at = lines.findIndex((line) => words.every((word) => line.toLowerCase().includes(word)));
      if (at >= 0) hits.push({ path, start_line: at + 1, end_line: Math.min(lines.length, at + 4), symbol: null, kind: null, snippet: lines.slice(at, at + 4).join("\n"), score: 1 });
    }
    return hits.slice(0, 40);
  }

  /** Only the analysis that was there from the start has a page with a fault. */
  pages(sound) {
    return PAGES.filter((page) => !sound || page.slug !== "broken").map(({ markdown, ...head }) => head);
  }

  page(slug) {
    const page = PAGES.find((each) => each.slug === slug);
    return page && { ...page, citations: [], diagrams: [], links: [] };
  }
}

const OVERVIEW = `> Static analysis. Descriptions are quoted from the project's own documentation; no language model was used. Set \`OPENAI_BASE_URL\` and \`OPENAI_API_KEY\` to add written explanations.

**"The pages: a list of analyses and a reader."** ([main.tsx:1-14](source:src/main.tsx#L1-L14)) Built with esbuild ([build.mjs:50-75](source:build.mjs#L50-L75)), with **no request beyond the server** ([client.ts:1-30](source:src/api/client.ts#L1-L30)).

## Where to start

| if you want to | read | why there |
| --- | --- | --- |
| follow one request | [\`request\`](source:src/api/client.ts#L20-L34) | every call goes through it |
| change addresses | [\`parseRoute\` routes.ts:24-45](source:src/state/routes.ts#L24-L45) | both ways of every address |
| see a long file | [big table.ts:12001-12010](source:src/generated/big%20table.ts#L12001-L12010) | 25,000 lines |
| read more | [Architecture](page:architecture) | the module graph |

## How a page is drawn

1. \`render\` mounts the app ([main.tsx:9](source:src/main.tsx#L9))
2. the route picks the page ([app.tsx:11-17](source:src/app.tsx#L11-L17))
3. Markdown becomes blocks ([markdown.ts:83-105](source:src/text/markdown.ts#L83-L105))

\`\`\`mermaid
flowchart TD
  main --> app --> list["list (start, follow)"]
  app --> reader --> text
  reader --> source["source (lines, colours)"]
  reader --> diagram
  list --> api
  reader --> api
\`\`\`

## Build, test, check

\`\`\`sh
npm ci && npm run build   # into dist/
npm test
\`\`\`

Hostile text: <script>alert(1)</script> <img src=x onerror=alert(1)> [bad](javascript:alert(1)) ![tracker](https://example.org/pixel.png) [relative](docs/x.md) [site](https://example.org/).

### Settings

None.
`;

const CLASSES = Array.from({ length: 9 }, (_, n) => `  class Model${n} {\n    +String name\n    +run(input) Result\n  }\n  Model0 <|-- Model${n + 1}`).join("\n");
const WIDE = Array.from({ length: 24 }, (_, n) => `  core --> module_with_a_long_name_${n}`).join("\n");

const PAGES = [
  { slug: "overview", title: "Overview", parent: null, order: 0, origin: "static", markdown: OVERVIEW },
  { slug: "architecture", title: "Architecture", parent: null, order: 1, origin: "llm", markdown: `# Architecture\n\nEverything hangs on one module.\n\n\`\`\`mermaid\nflowchart TD\n${WIDE}\n\`\`\`\n` },
  { slug: "data-model", title: "Data model", parent: null, order: 2, origin: "static", markdown: `\`\`\`mermaid\nclassDiagram\n${CLASSES}\n\`\`\`\n` },
  { slug: "broken", title: "A broken diagram", parent: null, order: 4, origin: "static", markdown: "\n```mermaid\nnot a diagram at all {{{\n```\n" },
  { slug: "modules", title: "Modules", parent: null, order: 3, origin: "static", markdown: "One page per module." },
  { slug: "modules/api", title: "src/api", parent: "modules", order: 0, origin: "static", markdown: "The client ([client.ts:1](source:src/api/client.ts#L1))." },
  { slug: "modules/reader", title: "src/reader", parent: "modules", order: 1, origin: "static", markdown: "The reader." },
];
