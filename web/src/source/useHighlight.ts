// The coloured lines of texts, as far as they are there.

import { useEffect, useRef, useState } from "preact/hooks";

import { grammarName } from "./grammars";
import type { Span } from "./shiki";

export type Colored = readonly (Span[] | undefined)[];

function start(
  lines: readonly string[], language: string, onColored: (colored: Colored) => void, signal: AbortSignal,
): void {
  const done: (Span[] | undefined)[] = [];
  import("./shiki")
    .then(({ highlight }) =>
      highlight(lines, language, (from, spans) => {
        spans.forEach((line, index) => {
          done[from + index] = line;
        });
        if (!signal.aborted) onColored([...done]);
      }, signal),
    )
    .catch((reason: unknown) => console.info("highlighting is off for this text:", reason));
}

export function useHighlight(lines: readonly string[], language: string | null): Colored {
  const [colored, setColored] = useState<Colored>([]);
  useEffect(() => {
    setColored([]);
    const name = grammarName(language);
    if (name === null || lines.length === 0) return undefined;
    const abort = new AbortController();
    start(lines, name, setColored, abort.signal);
    return () => abort.abort();
  }, [lines, language]);
  return colored;
}

/**
 * Colours the blocks of a long file that have been seen. Each begins anew, so that a comment which reaches over
 * the border of two blocks is coloured as code in the second: that is the price of not reading from the top.
 */
export function useBlockHighlight(
  blocks: ReadonlyMap<number, readonly string[]>, seen: readonly number[], language: string | null,
): ReadonlyMap<number, Colored> {
  const [colored, setColored] = useState<ReadonlyMap<number, Colored>>(new Map());
  const started = useRef(new Set<number>());
  const abort = useRef<AbortController | null>(null);
  const name = grammarName(language);

  useEffect(() => {
    const here = new AbortController();
    abort.current = here;
    started.current = new Set();
    setColored(new Map());
    return () => here.abort();
  }, [name]);

  useEffect(() => {
    const here = abort.current;
    if (name === null || here === null) return;
    for (const block of seen) {
      const lines = blocks.get(block);
      if (lines === undefined || started.current.has(block)) continue;
      started.current.add(block);
      start(lines, name, (spans) => setColored((before) => new Map(before).set(block, spans)), here.signal);
    }
  }, [blocks, name, seen.join()]);

  return colored;
}
