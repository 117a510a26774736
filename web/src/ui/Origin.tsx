// Who wrote a text.

import type { Origin } from "../api/types";
import { useTexts } from "../i18n";

export function OriginBadge({ origin }: { origin: Origin }) {
  const t = useTexts();
  const llm = origin === "llm";
  return (
    <span class={`badge badge-${origin}`} title={llm ? t.originLlmHint : t.originStaticHint}>
      {llm ? t.originLlm : t.originStatic}
    </span>
  );
}
