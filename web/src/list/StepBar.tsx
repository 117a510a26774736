// The four steps side by side, filling from left to right.

import type { Analysis } from "../api/types";
import { useTexts } from "../i18n";
import { stepStates } from "./steps";

export function StepBar({ analysis }: { analysis: Analysis }) {
  const t = useTexts();
  const { progress } = analysis;
  const words = { done: t.stepDone, now: t.stepNow, stopped: t.status[analysis.status], waiting: t.stepWaiting };
  return (
    <ol class="steps" aria-label={t.steps}>
      {stepStates(analysis).map(({ step, state, part }) => {
        const counted = (state === "now" || state === "stopped") && progress !== null && progress.total !== null;
        const percent = Math.round((part ?? 0) * 100);
        return (
          <li class={`step step-${state}${part === null ? " step-unknown" : ""}`}>
            <span class="step-name">
              {t.step[step]}
              {counted && (
                <span class="step-count">
                  {" "}{progress.done.toLocaleString(t.locale)}/{(progress.total ?? 0).toLocaleString(t.locale)}
                </span>
              )}
            </span>
            <span class="visually-hidden">{words[state]}</span>
            <span class="step-track"><span class="step-fill" style={{ width: `${percent}%` }} /></span>
          </li>
        );
      })}
    </ol>
  );
}
