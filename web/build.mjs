// Builds the pages into dist/: assets with a hash of their content in their names, and index.html that names them.
import { build, context } from "esbuild";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const dist = resolve(here, "dist");
const assets = resolve(dist, "assets");

// Parts of mermaid that no page of ours draws, each of them hundreds of kilobytes: formulas and the
// layouts of mind maps and cloud diagrams. A page that asks for one shows the diagram's text.
const leftOut = /^(katex|cytoscape|cytoscape-cose-bilkent|cytoscape-fcose)$/;

const leaveOut = {
  name: "leave-out",
  setup(setup) {
    setup.onResolve({ filter: leftOut }, (found) => ({ path: found.path, namespace: "left-out" }));
    setup.onLoad({ filter: /.*/, namespace: "left-out" }, (found) => ({
      contents: `export default new Proxy(function () {}, {
        get() { throw new Error("${found.path} is not part of this build"); },
        apply() { throw new Error("${found.path} is not part of this build"); },
      });`,
    }));
  },
};

const writePages = {
  name: "write-pages",
  setup(setup) {
    setup.onEnd(async (result) => {
      if (result.errors.length > 0 || !result.metafile) return;
      const built = new Map();
      for (const [path, output] of Object.entries(result.metafile.outputs)) {
        const name = relative(assets, resolve(here, path));
        if (output.entryPoint) built.set(output.entryPoint, name);
        if (output.entryPoint && output.cssBundle) built.set("css", relative(assets, resolve(here, output.cssBundle)));
      }
      const html = (await readFile(resolve(here, "index.html"), "utf8"))
        .replace("/assets/main.css", `/assets/${built.get("css")}`)
        .replace("/assets/theme.js", `/assets/${built.get("src/theme-early.ts")}`)
        .replace("/assets/main.js", `/assets/${built.get("src/main.tsx")}`);
      await mkdir(dist, { recursive: true });
      await writeFile(resolve(dist, "index.html"), html);
      await copyFile(resolve(here, "favicon.svg"), resolve(dist, "favicon.svg"));
    });
  },
};

const options = {
  absWorkingDir: here,
  entryPoints: ["src/main.tsx", "src/theme-early.ts"],
  outdir: assets,
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2022"],
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: true,
  metafile: true,
  charset: "utf8",
  legalComments: "linked",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  define: { "process.env.NODE_ENV": '"production"' },
  plugins: [leaveOut, writePages],
  logLevel: "warning",
};

await rm(dist, { recursive: true, force: true });
if (process.argv.includes("--watch")) {
  await (await context(options)).watch();
} else {
  const { metafile } = await build(options);
  const bytes = Object.values(metafile.outputs).map((output) => output.bytes);
  console.log(`dist: ${bytes.length} files, ${Math.round(bytes.reduce((a, b) => a + b, 0) / 1024)} KiB`);
}
