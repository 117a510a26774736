// The language of the pages: the reader's choice, else the browser's.

import { createStore, remember, remembered, useStore } from "../state/store";
import { type Texts, en } from "./en";
import { zh } from "./zh";

export type UiLanguage = "en" | "zh";
export type { Texts } from "./en";

const catalogues: Record<UiLanguage, Texts> = { en, zh };

function first(): UiLanguage {
  const stored = remembered("language");
  if (stored === "en" || stored === "zh") return stored;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export const language = createStore<UiLanguage>(first());

export function setLanguage(next: UiLanguage): void {
  remember("language", next);
  language.set(next);
  document.documentElement.lang = catalogues[next].locale;
}

export function startLanguage(): void {
  document.documentElement.lang = catalogues[language.get()].locale;
}

export function useTexts(): Texts {
  return catalogues[useStore(language)];
}
