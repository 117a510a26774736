// What went wrong, and what to do.

import type { Problem } from "../api/problem";
import { useTexts } from "../i18n";

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
      {detail !== title && <p>{ticked(detail)}</p>}
      {hint && <p class="note-hint">{ticked(hint)}</p>}
      {onRetry && <button type="button" onClick={onRetry}>{t.retry}</button>}
    </div>
  );
}

/** Text between backticks is code. */
export function ticked(text: string) {
  return text.split("`").map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part));
}
