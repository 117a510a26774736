// Syntax highlighting. Colours are classes, not styles, so that they follow the theme and the page's
// content security policy; regular expressions are the browser's own, so that nothing is compiled.

import { type GrammarState, type HighlighterCore, createCssVariablesTheme, createHighlighterCore } from "@shikijs/core";
import { createJavaScriptRegexEngine } from "@shikijs/engine-javascript";

import { loadGrammar } from "./grammars";

export interface Span {
  text: string;
  className: string;
}

const PREFIX = "--hl-";
const theme = createCssVariablesTheme({ name: "variables", variablePrefix: PREFIX, fontStyle: false });

let started: Promise<HighlighterCore> | null = null;

async function highlighter(language: string): Promise<HighlighterCore> {
  started ??= createHighlighterCore({
    themes: [theme],
    langs: [],
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  });
  const core = await started;
  if (!core.getLoadedLanguages().includes(language)) await core.loadLanguage(...(await loadGrammar(language)));
  return core;
}

const CHUNK = 150;

/** Colours the lines a part at a time, letting the browser breathe in between. */
export async function highlight(
  lines: readonly string[], language: string, onLines: (from: number, spans: Span[][]) => void, signal: AbortSignal,
): Promise<void> {
  const core = await highlighter(language);
  let state: GrammarState | undefined;
  for (let from = 0; from < lines.length; from += CHUNK) {
    if (signal.aborted) return;
    const text = lines.slice(from, from + CHUNK).join("\n");
    const result = core.codeToTokensBase(text, {
      lang: language,
      theme: "variables",
      tokenizeMaxLineLength: 1_000,
      tokenizeTimeLimit: 2_000,
      ...(state === undefined ? {} : { grammarState: state }),
    });
    state = core.getLastGrammarState(result);
    onLines(from, result.map((line) => line.map((token) => ({
      text: token.content,
      className: className(token.color),
    }))));
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** `var(--hl-token-keyword)` → `hl-token-keyword`. */
function className(color: string | undefined): string {
  const match = /^var\(--(hl-[a-z-]+)/.exec(color ?? "");
  return match?.[1] ?? "";
}
