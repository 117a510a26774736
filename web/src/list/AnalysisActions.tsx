// Cancel, resume, remove.

import { useState } from "preact/hooks";

import { cancel, remove, resume } from "../api/client";
import { Problem } from "../api/problem";
import type { Analysis } from "../api/types";
import { isFinal } from "../api/watch";
import { useTexts } from "../i18n";
import { legible } from "../text/legible";
import { ConfirmDialog } from "../ui/ConfirmDialog";
import { ProblemNote } from "../ui/ProblemNote";

interface Props {
  analysis: Analysis;
  onChange: (analysis: Analysis) => void;
  onRemoved: () => void;
}

export function AnalysisActions({ analysis, onChange, onRemoved }: Props) {
  const t = useTexts();
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const { id, status } = analysis;
  const name = legible(analysis.name);

  const run = async <T,>(action: () => Promise<T>, then: (value: T) => void): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      then(await action());
    } catch (reason) {
      setProblem(Problem.from(reason));
    } finally {
      setBusy(false);
    }
  };

  return (
    <div class="actions">
      <div class="buttons" role="group" aria-label={`${t.actions}: ${name}`}>
        {!isFinal(status) && (
          <button type="button" disabled={busy} onClick={() => run(() => cancel(id), onChange)}>{t.cancel}</button>
        )}
        {(status === "failed" || status === "cancelled") && (
          <button type="button" disabled={busy} onClick={() => run(() => resume(id), onChange)}>{t.resume}</button>
        )}
        <button type="button" class="quiet-button" disabled={busy} onClick={() => setAsking(true)}>{t.remove}</button>
      </div>
      {problem && <ProblemNote problem={problem} />}
      {asking && (
        <ConfirmDialog
          title={t.removeTitle(name)} detail={t.removeDetail} confirm={t.remove} dismiss={t.keep}
          onDismiss={() => setAsking(false)}
          onConfirm={() => {
            setAsking(false);
            void run(() => remove(id), onRemoved);
          }}
        />
      )}
    </div>
  );
}
