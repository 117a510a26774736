// The pages that there are already of what is being read again, or could not be.

import type { Analysis } from "../api/types";

/** The newest completed analysis of the same name from before this one, in its language if there is one. */
export function earlierReading(analysis: Analysis, among: readonly Analysis[]): Analysis | null {
  if (analysis.status === "completed") return null;
  const known = among
    .filter((other) => other.name === analysis.name && other.status === "completed" && other.created_at < analysis.created_at)
    .sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
  return known.find((other) => other.language === analysis.language) ?? known[0] ?? null;
}
