// The text of a file: whole when it is short, else the blocks that were asked for.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { file } from "../api/client";
import { Problem, isAbort } from "../api/problem";
import type { FileDetail } from "../api/types";
import { WHOLE, blockOf, linesOf } from "./window";

export interface SourceState {
  detail: FileDetail | null;
  problem: Problem | null;
  total: number;
  /** Every line when the file is short; of a long one `null`. */
  whole: readonly string[] | null;
  blocks: ReadonlyMap<number, readonly string[]>;
  need: (block: number) => void;
}

const NOTHING: readonly string[] = [];

export function useSource(id: string, path: string): SourceState {
  const [state, setState] = useState<Omit<SourceState, "need">>(empty);
  const asked = useRef(new Set<number>());
  const abort = useRef(new AbortController());

  useEffect(() => {
    const here = new AbortController();
    abort.current = here;
    asked.current = new Set();
    setState(empty);
    file(id, path, 1, WHOLE, here.signal).then(
      (detail) => {
        if (!here.signal.aborted) setState(first(detail));
      },
      (reason: unknown) => {
        if (!isAbort(reason)) setState({ ...empty(), problem: Problem.from(reason) });
      },
    );
    return () => here.abort();
  }, [id, path]);

  const blocks = useRef<ReadonlyMap<number, readonly string[]>>(state.blocks);
  blocks.current = state.blocks;
  const need = useCallback((block: number) => {
    if (asked.current.has(block) || blocks.current.has(block)) return;
    asked.current.add(block);
    const { signal } = abort.current;
    const range = linesOf(block);
    file(id, path, range.start, range.end, signal).then(
      (detail) => {
        if (signal.aborted) return;
        const lines = split(detail.source?.text ?? "");
        setState((before) => ({ ...before, blocks: new Map(before.blocks).set(block, lines) }));
      },
      () => asked.current.delete(block),
    );
  }, [id, path]);

  return { ...state, need };
}

function empty(): Omit<SourceState, "need"> {
  return { detail: null, problem: null, total: 0, whole: null, blocks: new Map() };
}

function first(detail: FileDetail): Omit<SourceState, "need"> {
  const total = detail.source?.total_lines ?? 0;
  const lines = detail.source === null || total === 0 ? NOTHING : split(detail.source.text);
  if (total <= WHOLE) return { detail, problem: null, total, whole: lines, blocks: new Map() };
  const blocks = new Map<number, readonly string[]>();
  for (let block = 0; block < blockOf(WHOLE + 1); block += 1) {
    const range = linesOf(block);
    blocks.set(block, lines.slice(range.start - 1, range.end));
  }
  return { detail, problem: null, total, whole: null, blocks };
}

function split(text: string): string[] {
  return text.split(/\r?\n/);
}
