// A piece of code on a page.

import { useMemo } from "preact/hooks";

import { useHighlight } from "./useHighlight";

export function CodeBlock({ language, text }: { language: string; text: string }) {
  const lines = useMemo(() => text.replace(/\n$/, "").split("\n"), [text]);
  const colored = useHighlight(lines, language);
  return (
    <pre class="code-block" tabIndex={0}>
      <code>
        {lines.map((line, index) => [
          colored[index]?.map((span) => (span.className ? <span class={span.className}>{span.text}</span> : span.text))
            ?? line,
          "\n",
        ])}
      </code>
    </pre>
  );
}
