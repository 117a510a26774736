// Progress as it happens.

import { analysis as load, analysisUrl } from "./client";
import type { Analysis, Status } from "./types";

const RETRY_MIN = 1_000;
const RETRY_MAX = 15_000;

export function isFinal(status: Status): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

/**
 * Calls `seen` with every state of the analysis until it has ended or the returned function is called.
 *
 * The browser itself comes back with Last-Event-ID after a cut; when it gives up (the server is gone, or
 * answers with an error), the state is asked for and a new stream is opened, ever more slowly.
 */
export function watch(id: string, seen: (analysis: Analysis) => void): () => void {
  let stream: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wait = RETRY_MIN;
  let stopped = false;

  const stop = (): void => {
    stopped = true;
    clearTimeout(timer);
    stream?.close();
  };

  const take = (state: Analysis): void => {
    if (stopped) return;
    if (isFinal(state.status)) stop();
    seen(state);
  };

  const open = (): void => {
    stream = new EventSource(analysisUrl(id, "/events"));
    stream.addEventListener("analysis", (event) => {
      wait = RETRY_MIN;
      take(JSON.parse(event.data as string) as Analysis);
    });
    stream.onerror = () => {
      if (stream?.readyState !== EventSource.CLOSED || stopped) return;
      stream.close();
      timer = setTimeout(comeBack, wait);
      wait = Math.min(wait * 2, RETRY_MAX);
    };
  };

  const comeBack = (): void => {
    load(id).then(take, () => undefined).finally(() => {
      if (!stopped) open();
    });
  };

  open();
  return stop;
}
