// What stands in the place of the pages while there are none: progress, or why it ended.

import { analyses } from "../api/client";
import type { Analysis } from "../api/types";
import { isFinal } from "../api/watch";
import { useTexts } from "../i18n";
import { AnalysisActions } from "../list/AnalysisActions";
import { sourceText } from "../list/AnalysisRow";
import { Counts } from "../list/Counts";
import { EarlierReading } from "../list/EarlierReading";
import { earlierReading } from "../list/earlier";
import { StepBar } from "../list/StepBar";
import { useLoad } from "../state/load";
import { navigate } from "../state/router";
import { legible } from "../text/legible";
import { ProblemText } from "../ui/ProblemText";

export function Progress({ analysis, onChange }: { analysis: Analysis; onChange: (analysis: Analysis) => void }) {
  const t = useTexts();
  const { status, error, step } = analysis;
  const known = useLoad(status === "completed" ? null : `analyses ${analysis.id}`, (signal) => analyses(null, signal));
  return (
    <section class="progress" aria-labelledby="progress-title" data-status={status}>
      <h1 id="progress-title">{legible(analysis.name)}</h1>
      <p class="analysis-source">{sourceText(analysis.source, t)}</p>
      {status !== "completed" && <StepBar analysis={analysis} />}
      <p class="visually-hidden" aria-live="polite">
        {t.status[status]}{step !== null && !isFinal(status) ? `: ${t.step[step]}` : ""}
      </p>
      <Counts analysis={analysis} />
      {!isFinal(status) && <p class="quiet">{t.pagesLater}</p>}
      <EarlierReading earlier={earlierReading(analysis, known.value?.items ?? [])} />
      {status === "failed" && (
        <div class="note note-problem">
          <strong>{t.failedTitle}</strong>
          {error && <ProblemText code={error.code} message={error.message} hint={error.hint} />}
        </div>
      )}
      {status === "cancelled" && (
        <div class="note"><strong>{t.cancelledTitle}</strong><p>{t.cancelledDetail}</p></div>
      )}
      {status === "completed" && <p class="quiet">{t.noPages}</p>}
      <AnalysisActions analysis={analysis} onChange={onChange} onRemoved={() => navigate("/")} />
    </section>
  );
}
