// The way to the pages of an earlier reading.

import type { Analysis } from "../api/types";
import { useTexts } from "../i18n";
import { analysisHref } from "../state/routes";
import { age } from "../text/format";

export function EarlierReading({ earlier }: { earlier: Analysis | null }) {
  const t = useTexts();
  if (!earlier) return null;
  const since = age(new Date(earlier.created_at), new Date());
  return <p class="earlier"><a href={analysisHref(earlier.id)}>{t.earlierPages(t.ago(since.count, since.unit))}</a></p>;
}
