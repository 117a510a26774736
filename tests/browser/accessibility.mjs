// What axe finds wrong for people with a screen reader, a keyboard or weak eyes.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { ok } from "./report.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function checkAccessibility(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
  }));
  const grave = violations.filter((each) => each.impact === "serious" || each.impact === "critical");
  const told = grave.map((each) => `${each.id} at ${each.nodes.slice(0, 3).map((node) => node.target.join(" ")).join("; ")}`);
  ok(grave.length === 0, `${name}: accessible${told.length ? `, but for ${told.join(" | ")}` : ""}`);
}
