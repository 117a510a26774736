import { useEffect } from "preact/hooks";

import { legible } from "../text/legible";

/** Names the browser's tab. */
export function useTitle(...parts: (string | null | undefined)[]): void {
  const title = legible([...parts.filter((part) => part), "Code Reader"].join(" · "));
  useEffect(() => {
    document.title = title;
  }, [title]);
}
