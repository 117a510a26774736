// What was found and made, in a line of small figures.

import type { Analysis } from "../api/types";
import { useTexts } from "../i18n";
import { formatDuration } from "../text/format";

export function Counts({ analysis }: { analysis: Analysis }) {
  const t = useTexts();
  const { counts, llm } = analysis;
  const parts: string[] = [];
  if (counts.files > 0) parts.push(t.files(counts.files));
  if (counts.skipped > 0) parts.push(t.skipped(counts.skipped));
  if (counts.symbols > 0) parts.push(t.symbols(counts.symbols));
  if (counts.pages > 0) parts.push(t.pages(counts.pages));
  if (counts.failed > 0) parts.push(t.analyzeFailed(counts.failed));
  if (llm.calls + llm.cached > 0) parts.push(t.calls(llm.calls));
  if (llm.cached > 0) parts.push(t.cached(llm.cached));
  if (llm.calls > 0) parts.push(t.tokens(llm.prompt_tokens + llm.completion_tokens));
  const seconds = duration(analysis);
  if (seconds !== null) parts.push(t.took(formatDuration(seconds)));
  return <p class="counts">{parts.map((part) => <span>{part}</span>)}</p>;
}

function duration(analysis: Analysis): number | null {
  if (analysis.started_at === null || analysis.finished_at === null) return null;
  return (Date.parse(analysis.finished_at) - Date.parse(analysis.started_at)) / 1000;
}
