// A stand-in for the server while one works on the pages: dist/ and the API with made-up analyses, whose
// files are those of this folder. `node dev/mock.mjs [port]`; not part of the product.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

import { Analyses } from "./mock-analyses.mjs";
import { Reading } from "./mock-reading.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const port = Number(process.argv[2] ?? 8010);
const analyses = new Analyses();
const reading = new Reading(root);

const POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data:", "font-src 'self'",
  "connect-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
].join("; ");

const MIME = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

function json(response, status, value) {
  const type = status >= 400 ? "application/problem+json" : "application/json";
  response.writeHead(status, { "content-type": type }).end(value === undefined ? "" : JSON.stringify(value));
}

function problem(response, status, code, detail, hint) {
  json(response, status, { type: `urn:code-reader:${code}`, title: { 400: "Bad Request", 404: "Not Found", 409: "Conflict" }[status], status, code, detail, hint });
}

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

async function api(request, response, url) {
  const [, , , kind, rawId, part, ...rest] = url.pathname.split("/");
  const id = decodeURIComponent(rawId ?? "");
  const path = rest.map(decodeURIComponent).join("/");
  const { method } = request;
  if (kind === "info") {
    return json(response, 200, {
      version: "0.1.0", llm: { configured: true, model: "example-model" }, languages: ["en", "zh"], local_paths: true,
      limits: { upload_bytes: 200_000_000 },
    });
  }
  if (kind === "uploads" && method === "POST") {
    const bytes = (await body(request)).length;
    return json(response, 201, { upload: "0upload0000000000", bytes });
  }
  if (kind !== "analyses") return problem(response, 404, "not_found", `there is no resource ${url.pathname}`);
  if (!rawId && method === "GET") return json(response, 200, { items: analyses.list(), next: null });
  if (!rawId && method === "POST") {
    const wanted = JSON.parse((await body(request)).toString("utf8"));
    const folder = wanted.source.path;
    if (folder !== undefined && !(existsSync(folder) && statSync(folder).isDirectory())) {
      return problem(response, 400, "not_a_directory", `${folder} is not a folder on this machine`, "Give the absolute path of a folder that the server can read.");
    }
    const made = analyses.start(wanted);
    return json(response, 202, { id: made.id, task_id: made.task_id, links: {} });
  }
  const analysis = analyses.find(id);
  if (!analysis) return problem(response, 404, "not_found", `there is no analysis \`${id}\``, "See the list of analyses.");
  if (!part && method === "GET") return json(response, 200, analysis);
  if (!part && method === "DELETE") return analyses.remove(analysis), response.writeHead(204).end();
  if (part === "cancel") return json(response, 200, analyses.cancel(analysis));
  if (part === "resume") return json(response, 202, analyses.resume(analysis));
  if (part === "events") return analyses.stream(analysis, request, response);
  const written = analysis.status === "completed";
  if (part === "pages" && path === "") return json(response, 200, { items: written ? reading.pages(id !== "attrs") : [], next: null });
  if (part === "pages") {
    const page = reading.page(path);
    return page ? json(response, 200, page) : problem(response, 404, "not_found", `there is no page \`${path}\``);
  }
  if (!written && analysis.step !== "analyze" && analysis.step !== "document") {
    return problem(response, 409, "not_indexed", "the files have not been indexed yet", "Wait for the step index to end.");
  }
  if (part === "files" && path === "") return json(response, 200, { items: reading.files(), next: null });
  if (part === "files") {
    const file = reading.file(path, Number(url.searchParams.get("start_line") ?? 1), Number(url.searchParams.get("end_line") ?? 1e9));
    return file ? json(response, 200, file) : problem(response, 404, "not_found", `there is no file \`${path}\``);
  }
  if (part === "search") return json(response, 200, { items: reading.search(url.searchParams.get("q") ?? ""), next: null });
  return problem(response, 404, "not_found", `there is no resource ${url.pathname}`);
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://localhost");
  response.setHeader("content-security-policy", POLICY);
  response.setHeader("x-content-type-options", "nosniff");
  if (url.pathname.startsWith("/api/")) {
    api(request, response, url).catch((reason) => problem(response, 400, "bad_request", String(reason)));
    return;
  }
  const asked = join(dist, normalize(url.pathname));
  const file = existsSync(asked) && statSync(asked).isFile() ? asked : join(dist, "index.html");
  response.setHeader("content-type", MIME[extname(file)] ?? "application/octet-stream");
  createReadStream(file).pipe(response);
});

server.listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}`));
