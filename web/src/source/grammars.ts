// The grammars that highlighting knows, each loaded when the first file of its language is shown.

import type { LanguageRegistration } from "@shikijs/core";

type Loader = () => Promise<{ default: LanguageRegistration[] }>;

const grammars: Record<string, Loader> = {
  bash: () => import("@shikijs/langs/bash"),
  c: () => import("@shikijs/langs/c"),
  cpp: () => import("@shikijs/langs/cpp"),
  csharp: () => import("@shikijs/langs/csharp"),
  css: () => import("@shikijs/langs/css"),
  diff: () => import("@shikijs/langs/diff"),
  dockerfile: () => import("@shikijs/langs/docker"),
  go: () => import("@shikijs/langs/go"),
  html: () => import("@shikijs/langs/html"),
  ini: () => import("@shikijs/langs/ini"),
  java: () => import("@shikijs/langs/java"),
  javascript: () => import("@shikijs/langs/javascript"),
  json: () => import("@shikijs/langs/json"),
  kotlin: () => import("@shikijs/langs/kotlin"),
  makefile: () => import("@shikijs/langs/make"),
  markdown: () => import("@shikijs/langs/markdown"),
  php: () => import("@shikijs/langs/php"),
  python: () => import("@shikijs/langs/python"),
  ruby: () => import("@shikijs/langs/ruby"),
  rust: () => import("@shikijs/langs/rust"),
  scala: () => import("@shikijs/langs/scala"),
  sql: () => import("@shikijs/langs/sql"),
  swift: () => import("@shikijs/langs/swift"),
  toml: () => import("@shikijs/langs/toml"),
  tsx: () => import("@shikijs/langs/tsx"),
  typescript: () => import("@shikijs/langs/typescript"),
  xml: () => import("@shikijs/langs/xml"),
  yaml: () => import("@shikijs/langs/yaml"),
};

const aliases: Record<string, string> = {
  sh: "bash", shell: "bash", console: "bash", zsh: "bash",
  "c++": "cpp", "c#": "csharp", cs: "csharp", docker: "dockerfile",
  js: "javascript", jsx: "tsx", jsonc: "json", kt: "kotlin", make: "makefile", md: "markdown",
  py: "python", rb: "ruby", rs: "rust", ts: "typescript", yml: "yaml",
};

/** The name under which a language is known here, or `null`. */
export function grammarName(language: string | null): string | null {
  if (language === null) return null;
  const name = language.toLowerCase();
  const known = Object.hasOwn(aliases, name) ? aliases[name] : name;
  return known !== undefined && Object.hasOwn(grammars, known) ? known : null;
}

export async function loadGrammar(name: string): Promise<LanguageRegistration[]> {
  const loader = grammars[name];
  return loader ? (await loader()).default : [];
}
