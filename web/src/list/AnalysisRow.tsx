// One analysis in the list.

import type { Analysis, Source } from "../api/types";
import { isFinal } from "../api/watch";
import { type Texts, useTexts } from "../i18n";
import { analysisHref } from "../state/routes";
import { age } from "../text/format";
import { legible } from "../text/legible";
import { ProblemText } from "../ui/ProblemText";
import { AnalysisActions } from "./AnalysisActions";
import { Counts } from "./Counts";
import { EarlierReading } from "./EarlierReading";
import { StepBar } from "./StepBar";
import { useLiveAnalysis } from "./useAnalysis";

interface Props {
  analysis: Analysis;
  /** Follow it by a stream of its own. */
  live: boolean;
  /** What can be read meanwhile. */
  earlier: Analysis | null;
  onChange: (analysis: Analysis) => void;
  onRemoved: (id: string) => void;
}

export function AnalysisRow({ analysis: given, live, earlier, onChange, onRemoved }: Props) {
  const t = useTexts();
  const analysis = useLiveAnalysis(given, live, onChange);
  const since = age(new Date(analysis.created_at), new Date());
  return (
    <li class="analysis" data-status={analysis.status}>
      <div class="analysis-head">
        <h3><a href={analysisHref(analysis.id)}>{legible(analysis.name)}</a></h3>
        <span class={`status status-${analysis.status}`}>{t.status[analysis.status]}</span>
        <time class="quiet" dateTime={analysis.created_at} title={new Date(analysis.created_at).toLocaleString(t.locale)}>
          {t.ago(since.count, since.unit)}
        </time>
      </div>
      <p class="analysis-source">
        {sourceText(analysis.source, t)}
        {analysis.commit !== null && ` · ${analysis.commit.slice(0, 7)}`}
      </p>
      {!isFinal(analysis.status) && <StepBar analysis={analysis} />}
      {analysis.error && (
        <div class="note note-problem">
          <ProblemText code={analysis.error.code} message={analysis.error.message} hint={analysis.error.hint} />
        </div>
      )}
      {analysis.status !== "completed" && <EarlierReading earlier={earlier} />}
      <div class="analysis-foot">
        <Counts analysis={analysis} />
        <AnalysisActions analysis={analysis} onChange={onChange} onRemoved={() => onRemoved(analysis.id)} />
      </div>
    </li>
  );
}

export function sourceText(source: Source, t: Texts): string {
  if ("path" in source) return legible(source.path);
  if ("git" in source) return legible(source.ref === undefined ? source.git : `${source.git} @ ${source.ref}`);
  if ("archive" in source) return legible(source.archive);
  return t.upload;
}
