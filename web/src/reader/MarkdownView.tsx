// The text of a page: HTML, code and diagrams one after the other.

import { useEffect, useRef } from "preact/hooks";

import { Diagram } from "../diagram/Diagram";
import { CodeBlock } from "../source/CodeBlock";
import type { Rendered } from "../text/markdown";

/** `current`: the address of the citation that is shown beside the page. */
export function MarkdownView({ rendered, current }: { rendered: Rendered; current: string | null }) {
  const root = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const cited = root.current?.querySelectorAll<HTMLAnchorElement>("a.citation") ?? [];
    for (const link of cited) {
      if (current !== null && link.getAttribute("href") === current) link.setAttribute("aria-current", "location");
      else link.removeAttribute("aria-current");
      // The sheet with the source, on a phone, may lie over the link that opened it.
      if (link.ariaCurrent && link === document.activeElement) link.scrollIntoView({ block: "nearest" });
    }
  }, [rendered, current]);

  return (
    <div class="markdown" ref={root}>
      {rendered.blocks.map((block, index) => {
        if (block.kind === "diagram") return <Diagram key={`${index} ${block.text}`} text={block.text} />;
        if (block.kind === "code") return <CodeBlock key={index} language={block.language} text={block.text} />;
        // markdown-it with HTML off: whatever the source holds is escaped.
        return <div key={index} dangerouslySetInnerHTML={{ __html: block.html }} />;
      })}
    </div>
  );
}
