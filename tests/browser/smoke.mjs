// The pages in a real browser, against a real server: start a reading of a folder, watch it end, read, follow a
// citation, search; no console error, no request to another host, phone width, dark, keyboard and screen reader.
//
//   BASE_URL=http://127.0.0.1:8000 FOLDER=/path/to/repository [SCREENSHOTS=dir] [CHROMIUM=/usr/bin/chromium] node smoke.mjs

import { checkAccessibility } from "./accessibility.mjs";
import { finish, ok, say, step } from "./report.mjs";
import { openBrowser } from "./browser.mjs";

const base = (process.env.BASE_URL ?? "").replace(/\/+$/, "");
const folder = process.env.FOLDER ?? "";
if (base === "" || folder === "") {
  console.error("BASE_URL (of a running server) and FOLDER (a repository on its machine) must be set");
  process.exit(2);
}
const READING = Number(process.env.READING_TIMEOUT ?? 180) * 1000;
const MOST_PAGES = 12;

const { page, watched, shot, close } = await openBrowser(base);

await step("the list and the form", async () => {
  await page.goto(`${base}/`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.locator("input[name=path]").waitFor();
  await shot("list");
  await checkAccessibility(page, "list");
});

await step("a folder that is not there", async () => {
  const quiet = watched.pause();
  await page.locator("input[name=path]").fill("/no/such/folder");
  await page.locator("form.start-form button[type=submit]").click();
  const note = page.locator("form .note-problem");
  await note.waitFor();
  say(`the form says: ${(await note.innerText()).replaceAll("\n", " | ")}`);
  ok(await page.locator("input[name=path]").getAttribute("aria-invalid") === "true", "the field is marked as wrong");
  ok(await page.evaluate(() => document.activeElement?.getAttribute("name")) === "path", "the field has the focus again");
  const switchLanguage = page.locator(".top-bar > button").nth(-2);
  await switchLanguage.click();
  const inChinese = (await note.innerText()).replaceAll("\n", " | ");
  ok(/没有这个文件夹.*请检查路径/.test(inChinese), `in Chinese it says: ${inChinese}`);
  await switchLanguage.click();
  quiet();
  await page.locator("input[name=path]").fill("https://example.org/team/project.git");
  await page.locator(".field-hint button").click();
  ok(await page.locator("input[name=git]").inputValue() === "https://example.org/team/project.git", "a git URL is offered to git");
  await page.getByText("Folder", { exact: true }).click();
});

await step("a reading from the form to its pages", async () => {
  await page.locator("input[name=path]").fill(folder);
  await page.locator("form.start-form button[type=submit]").click();
  await page.waitForURL(/\/a\/[^/]+/);
  await page.locator(".progress .steps, .page article").first().waitFor();
  await shot("progress");
  await page.locator(".page article").waitFor({ timeout: READING });
  say(`read at ${new URL(page.url()).pathname}`);
});

const reading = new URL(page.url()).pathname.split("/").slice(0, 3).join("/");
let pages = [];

await step("its pages, one after the other", async () => {
  pages = await page.locator(".sidebar .tree a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  ok(pages.length >= 2, `the tree has ${pages.length} pages`);
  let diagrams = 0;
  for (const href of pages.slice(0, MOST_PAGES)) {
    const link = page.locator(`.sidebar .tree a[href="${href}"]`);
    await link.click();
    await page.locator(`.sidebar .tree a[href="${href}"][aria-current=page]`).waitFor();
    await page.locator(".page article h1").first().waitFor();
    await page.waitForFunction(() => document.querySelector("main [aria-busy=true]") === null);
    for (const diagram of await page.locator("figure.diagram").all()) {
      await diagram.scrollIntoViewIfNeeded();
      await diagram.locator("svg, pre").first().waitFor();
      diagrams += 1;
    }
    const failed = await page.locator(".diagram-failed").count();
    ok(failed === 0, `${href}: all diagrams are drawn`);
  }
  say(`${Math.min(pages.length, MOST_PAGES)} pages opened, ${diagrams} diagrams drawn`);
  await page.goto(`${base}${pages[0]}`);
  await page.locator(".page article h1").first().waitFor();
  await shot("page");
  await checkAccessibility(page, "page");
});

async function markedLines() {
  await page.locator(".source-pane .line.marked").first().waitFor();
  return page.locator(".source-pane .line.marked").evaluateAll((lines) => ({
    first: Number(lines[0].dataset.line),
    last: Number(lines.at(-1).dataset.line),
    text: lines.map((line) => line.querySelector("code").textContent).join("\n"),
    seen: (() => {
      const line = lines[0].getBoundingClientRect();
      const frame = lines[0].closest(".source-frame").getBoundingClientRect();
      return line.top >= frame.top - 1 && line.bottom <= frame.bottom + 1;
    })(),
  }));
}

let word = "";

await step("a citation leads to its lines", async () => {
  let cited = page.locator(".page a.citation");
  for (const href of pages.slice(0, MOST_PAGES)) {
    if (await cited.count() > 0) break;
    await page.goto(`${base}${href}`);
    await page.locator(".page article").waitFor();
    cited = page.locator(".page a.citation");
  }
  ok(await cited.count() > 0, "there are citations");
  const href = await cited.first().getAttribute("href");
  const at = new URL(href, base).searchParams.get("at") ?? "";
  const [, first, last] = /#L(\d+)(?:-L(\d+))?$/.exec(at) ?? [];
  await cited.first().click();
  const lines = await markedLines();
  ok(lines.first === Number(first), `${at}: the first marked line is ${lines.first}`);
  ok(lines.last <= Number(last ?? first) && lines.last >= lines.first, `the last marked line is ${lines.last}`);
  ok(lines.seen, "the first marked line is scrolled to");
  word = (lines.text.match(/[A-Za-z]{4,}/g) ?? ["main"]).sort((a, b) => b.length - a.length)[0];
  await page.waitForFunction(() => document.querySelector(".source-pane .line [class^=hl-]") !== null, null, { timeout: 5_000 })
    .then(() => say("the source is coloured"), () => say("the source is plain (a language without a grammar)"));
  await shot("citation");
  await checkAccessibility(page, "citation");
  await page.reload();
  ok((await markedLines()).first === Number(first), "the address leads there again after a reload");
  await page.keyboard.press("Escape");
  await page.locator(".source-pane").waitFor({ state: "detached" });
  ok(true, "Escape closes the source");
});

await step("back leads to the lines that one read", async () => {
  await page.setViewportSize({ width: 1280, height: 320 });
  const top = () => page.evaluate(() => Math.round(document.querySelector("main").scrollTop));
  let room = 0;
  for (const href of pages) {
    await page.goto(`${base}${href}`);
    await page.locator(".page article h1").first().waitFor();
    room = await page.evaluate(() => document.querySelector("main").scrollHeight - document.querySelector("main").clientHeight);
    if (room > 200) break;
  }
  ok(room > 200, "a page is long enough to be scrolled");
  const here = page.url();
  await page.evaluate((to) => document.querySelector("main").scrollTo(0, to), 180);
  await page.locator(".page-turn a").first().evaluate((link) => link.click());
  await page.waitForURL((url) => url.href !== here);
  await page.waitForFunction(() => document.querySelector("main").scrollTop === 0);
  await page.goBack();
  await page.waitForFunction(() => document.querySelector("main").scrollTop > 0);
  ok(Math.abs(await top() - 180) <= 2, `back stands at ${await top()} of 180`);
  await page.reload();
  await page.waitForFunction(() => document.querySelector("main").scrollTop > 0);
  ok(Math.abs(await top() - 180) <= 2, `so it does after a reload: ${await top()}`);
  await page.setViewportSize({ width: 1280, height: 800 });
});

await step("a place outside of the repository is not asked for", async () => {
  const asked = [];
  const note = (request) => asked.push(new URL(request.url()).pathname);
  page.on("request", note);
  await page.goto(`${base}${pages[0]}?at=../../etc/passwd`);
  await page.locator(".page article h1").first().waitFor();
  page.off("request", note);
  ok(!asked.some((path) => path.includes("passwd")), "no request names it");
  ok(await page.locator(".source-pane").count() === 0, "no source opens");
});

await step("search", async () => {
  await page.keyboard.press("/");
  await page.keyboard.type(word);
  const hit = page.locator('.hits .hit a[href*="at="]').first();
  await hit.waitFor();
  say(`“${word}”: ${await page.locator(".search-page [role=status]").innerText()}`);
  await hit.click();
  const lines = await markedLines();
  ok(lines.seen, `the result opens at line ${lines.first}, beside the list`);
  await page.goBack();
  await page.goBack();
  await page.locator(".page article h1").first().waitFor();
  const box = page.locator("input[name=q]");
  ok(await box.inputValue() === "", "back on the page the search box is empty");
  await box.focus();
  await page.goForward();
  await page.locator(".search-page .hit").first().waitFor();
  ok(await box.inputValue() === word, "forward again, it holds what was searched");
  await page.goForward();
  await markedLines();
  await shot("search");
  await checkAccessibility(page, "search");
});

await step("files", async () => {
  await page.goto(`${base}${reading}/f`);
  const link = page.locator(".files-table a").first();
  await link.waitFor();
  const path = await link.innerText();
  await link.click();
  await page.locator(".file-page .line").first().waitFor();
  say(`${path}: ${await page.locator(".file-page .counts").innerText()}`);
  await shot("file");
  await checkAccessibility(page, "file");
});

await step("dark, light and the other language", async () => {
  await page.goto(`${base}${pages[0]}`);
  await page.locator(".page article h1").first().waitFor();
  const brightness = () => page.evaluate(() => {
    const canvas = document.createElement("canvas").getContext("2d");
    canvas.fillStyle = getComputedStyle(document.body).backgroundColor;
    canvas.fillRect(0, 0, 1, 1);
    return Math.max(...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3));
  });
  ok(await brightness() > 200, "light by the system's choice");
  await page.emulateMedia({ colorScheme: "dark" });
  ok(await brightness() < 60, "dark by the system's choice");
  await shot("dark");
  await checkAccessibility(page, "dark");
  const themeButton = page.locator(".top-bar > button").last();
  await themeButton.click();
  ok(await brightness() > 200, "light by the reader's choice");
  await page.reload();
  ok(await brightness() > 200, "the choice is remembered");
  await page.locator(".top-bar > button").last().click();
  await page.emulateMedia({ colorScheme: "light" });
  const languageButton = page.locator(".top-bar > button").nth(-2);
  await languageButton.click();
  ok(await page.evaluate(() => document.documentElement.lang) === "zh-CN", "Chinese");
  await shot("chinese");
  await page.locator(".top-bar > button").nth(-2).click();
});

await step("phone width", async () => {
  for (const width of [320, 390]) {
    await page.setViewportSize({ width, height: 740 });
    for (const href of ["/", ...pages.slice(0, 4), `${reading}/f`, `${reading}/search?q=${word}`]) {
      await page.goto(`${base}${href}`);
      await page.locator("main h1, main h2").first().waitFor();
      await page.waitForFunction(() => document.querySelector("main [aria-busy=true]") === null);
      const excess = await page.evaluate(() => {
        const panes = [document.documentElement, document.querySelector("main")];
        return Math.max(...panes.map((pane) => pane.scrollWidth - pane.clientWidth));
      });
      ok(excess <= 0, `${width} px, ${href}: nothing scrolls sideways (${excess})`);
    }
  }
  await page.goto(`${base}${pages[0]}`);
  await page.locator(".page article h1").first().waitFor();
  await page.locator(".menu-button").click();
  await page.locator(".sidebar[data-open=true] .tree a").first().waitFor({ state: "visible" });
  await shot("phone-drawer");
  await page.keyboard.press("Escape");
  const cited = page.locator(".page a.citation").first();
  if (await cited.count() > 0) {
    await cited.click();
    await page.locator(".source-pane .line.marked").first().waitFor();
    await shot("phone-source");
  }
});

await close();
ok(watched.errors.length === 0, `no console error${watched.errors.length ? `:\n    ${watched.errors.join("\n    ")}` : ""}`);
ok(watched.foreign.length === 0, `no request to another host${watched.foreign.length ? `: ${watched.foreign.join(", ")}` : ""}`);
finish();
