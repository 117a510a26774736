// The coloured lines of a text, as far as they are there.

import { useEffect, useState } from "preact/hooks";

import { grammarName } from "./grammars";
import type { Span } from "./shiki";

export function useHighlight(lines: readonly string[], language: string | null): readonly (Span[] | undefined)[] {
  const [colored, setColored] = useState<readonly (Span[] | undefined)[]>([]);

  useEffect(() => {
    setColored([]);
    const name = grammarName(language);
    if (name === null || lines.length === 0) return undefined;
    const abort = new AbortController();
    const done: (Span[] | undefined)[] = [];
    import("./shiki")
      .then(({ highlight }) =>
        highlight(lines, name, (from, spans) => {
          spans.forEach((line, index) => {
            done[from + index] = line;
          });
          setColored([...done]);
        }, abort.signal),
      )
      .catch((reason: unknown) => console.info("highlighting is off for this text:", reason));
    return () => abort.abort();
  }, [lines, language]);

  return colored;
}
