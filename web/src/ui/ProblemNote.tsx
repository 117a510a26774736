// What went wrong, and what to do.

import type { Problem } from "../api/problem";
import { useTexts } from "../i18n";
import { ProblemText } from "./ProblemText";

interface Props {
  problem: Problem;
  id?: string;
  onRetry?: () => void;
}

export function ProblemNote({ problem, id, onRetry }: Props) {
  const t = useTexts();
  const unreachable = problem.code === "unreachable";
  // The standard phrase of a status, such as "Bad Request", tells a reader nothing.
  const known = Object.hasOwn(t.problems, problem.code) ? t.problems[problem.code] : undefined;
  const title = unreachable ? t.unreachableTitle : (known ?? t.problem);
  const detail = unreachable ? t.unreachableDetail : problem.message;
  const hint = unreachable ? t.unreachableHint : problem.hint;
  return (
    <div class="note note-problem" role="alert" id={id}>
      <strong>{title}</strong>
      <ProblemText code={problem.code} message={detail} hint={hint} title={title} />
      {/* What is not there will not be there either when it is asked for again. */}
      {onRetry && problem.status !== 404 && <button type="button" onClick={onRetry}>{t.retry}</button>}
    </div>
  );
}
