// Loading what a component shows.

import { useCallback, useEffect, useState } from "preact/hooks";

import { Problem, isAbort } from "../api/problem";

export interface Loaded<T> {
  value: T | null;
  problem: Problem | null;
  loading: boolean;
  reload: () => void;
}

interface State<T> {
  key: string | null;
  value: T | null;
  problem: Problem | null;
  loading: boolean;
}

/**
 * Loads whenever `key` changes; `null` loads nothing. The value before stays until the new one is there,
 * unless its family differs (the part of the key before the first space), so that nothing flickers.
 */
export function useLoad<T>(key: string | null, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<State<T>>({ key: null, value: null, problem: null, loading: key !== null });
  const [turn, setTurn] = useState(0);
  const reload = useCallback(() => setTurn((before) => before + 1), []);

  useEffect(() => {
    if (key === null) {
      setState({ key, value: null, problem: null, loading: false });
      return undefined;
    }
    const abort = new AbortController();
    setState((before) => ({
      key,
      value: family(before.key) === family(key) ? before.value : null,
      problem: null,
      loading: true,
    }));
    load(abort.signal).then(
      (value) => {
        if (!abort.signal.aborted) setState({ key, value, problem: null, loading: false });
      },
      (reason: unknown) => {
        if (abort.signal.aborted || isAbort(reason)) return;
        setState({ key, value: null, problem: Problem.from(reason), loading: false });
      },
    );
    return () => abort.abort();
  }, [key, turn]);

  return { value: state.value, problem: state.problem, loading: state.loading, reload };
}

function family(key: string | null): string | null {
  return key === null ? null : (key.split(" ", 1)[0] ?? key);
}
