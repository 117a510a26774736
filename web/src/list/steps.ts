// Where each of the four steps stands.

import { type Analysis, STEPS, type Step } from "../api/types";
import { fraction } from "../text/format";

export interface StepState {
  step: Step;
  state: "done" | "now" | "stopped" | "waiting";
  /** 0 to 1; `null` while nobody knows. */
  part: number | null;
}

export function stepStates(analysis: Pick<Analysis, "status" | "step" | "progress">): StepState[] {
  const { status, step, progress } = analysis;
  if (status === "completed") return STEPS.map((each) => ({ step: each, state: "done", part: 1 }));
  const at = step === null ? -1 : STEPS.indexOf(step);
  const goesOn = status === "running" || status === "queued";
  return STEPS.map((each, index) => {
    if (index < at) return { step: each, state: "done", part: 1 };
    if (index > at) return { step: each, state: "waiting", part: 0 };
    return { step: each, state: goesOn ? "now" : "stopped", part: fraction(progress) };
  });
}
