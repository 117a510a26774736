// Light or dark: the system's, or the reader's choice.

import { createStore, remember, remembered } from "./store";

export type Theme = "light" | "dark";

const dark = matchMedia("(prefers-color-scheme: dark)");

function chosen(): Theme | null {
  const stored = remembered("theme");
  return stored === "light" || stored === "dark" ? stored : null;
}

export const theme = createStore<Theme>(chosen() ?? (dark.matches ? "dark" : "light"));

dark.addEventListener("change", () => {
  if (chosen() === null) theme.set(dark.matches ? "dark" : "light");
});

export function toggleTheme(): void {
  const next: Theme = theme.get() === "dark" ? "light" : "dark";
  const system: Theme = dark.matches ? "dark" : "light";
  remember("theme", next === system ? null : next);
  if (next === system) delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = next;
  theme.set(next);
}
