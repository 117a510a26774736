// A browser that keeps to itself, and notes what a page must not do.

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

export async function openBrowser(base) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-US", colorScheme: "light" });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);

  let listening = true;
  const watched = {
    errors: [],
    foreign: [],
    /** For a part in which an error is provoked: a browser logs every answer of 400 and above. */
    pause() {
      listening = false;
      return () => {
        listening = true;
      };
    },
  };
  page.on("console", (message) => {
    if (message.type() === "error" && listening) watched.errors.push(`${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => watched.errors.push(String(error)));
  const { origin } = new URL(base);
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && url.protocol !== "data:" && url.protocol !== "blob:") watched.foreign.push(request.url());
  });

  const pictures = process.env.SCREENSHOTS;
  if (pictures) mkdirSync(pictures, { recursive: true });
  const shot = async (name) => {
    if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`) });
  };
  return { page, watched, shot, close: () => browser.close() };
}
