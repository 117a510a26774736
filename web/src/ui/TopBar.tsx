// The bar over every page: where we are, and the reader's choices.

import type { ComponentChildren } from "preact";

import { setLanguage, language as languageStore, useTexts } from "../i18n";
import { useStore } from "../state/store";
import { theme as themeStore, toggleTheme } from "../state/theme";
import { BookIcon, MoonIcon, SunIcon } from "./icons";

export function TopBar({ before, children }: { before?: ComponentChildren; children?: ComponentChildren }) {
  const t = useTexts();
  const theme = useStore(themeStore);
  const language = useStore(languageStore);
  return (
    <header class="top-bar">
      <a class="skip" href="#content">{t.skipToContent}</a>
      {before}
      <a class="brand" href="/" aria-label={`Code Reader: ${t.backToList}`}>
        <BookIcon /> <span>Code Reader</span>
      </a>
      <div class="top-bar-middle">{children}</div>
      <button
        type="button" class="icon" aria-label={t.switchLanguage} title={t.switchLanguage}
        onClick={() => setLanguage(language === "en" ? "zh" : "en")}
      >
        {t.switchLanguageShort}
      </button>
      <button
        type="button" class="icon" onClick={toggleTheme}
        aria-label={theme === "dark" ? t.toLight : t.toDark} title={theme === "dark" ? t.toLight : t.toDark}
      >
        {theme === "dark" ? <SunIcon /> : <MoonIcon />}
      </button>
    </header>
  );
}
