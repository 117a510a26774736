// An analysis that keeps itself up to date while it runs.

import { useEffect, useState } from "preact/hooks";

import type { Analysis } from "../api/types";
import { isFinal, watch } from "../api/watch";

/** Follows the stream of `analysis` while `live` and while the tab is seen: browsers open few connections at once. */
export function useLiveAnalysis(analysis: Analysis, live: boolean, onChange?: (analysis: Analysis) => void): Analysis {
  const [current, setCurrent] = useState(analysis);
  const seen = useTabSeen();

  useEffect(() => setCurrent(analysis), [analysis]);

  useEffect(() => {
    if (!live || !seen || isFinal(current.status)) return undefined;
    return watch(analysis.id, (next) => {
      setCurrent(next);
      onChange?.(next);
    });
  }, [analysis.id, live, seen, isFinal(current.status)]);

  return current;
}

function useTabSeen(): boolean {
  const [seen, setSeen] = useState(!document.hidden);
  useEffect(() => {
    const update = (): void => setSeen(!document.hidden);
    document.addEventListener("visibilitychange", update);
    return () => document.removeEventListener("visibilitychange", update);
  }, []);
  return seen;
}
