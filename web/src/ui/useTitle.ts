import { useEffect } from "preact/hooks";

/** Names the browser's tab. */
export function useTitle(...parts: (string | null | undefined)[]): void {
  const title = [...parts.filter((part) => part), "Code Reader"].join(" · ");
  useEffect(() => {
    document.title = title;
  }, [title]);
}
