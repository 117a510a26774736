// The lines of a file with their numbers, a range of them marked and scrolled to.

import { memo } from "preact/compat";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { useTexts } from "../i18n";
import { takePosition } from "../state/entries";
import { fileHref } from "../state/routes";
import type { Range } from "../text/citation";
import { legible, unturned } from "../text/legible";
import type { Span } from "./shiki";
import { useBlockHighlight, useHighlight } from "./useHighlight";
import type { SourceState } from "./useSource";
import { blockOf, linesOf, scrollTo, visible } from "./window";

interface Props {
  id: string;
  path: string;
  source: SourceState;
  range: Range | null;
}

const LINE_HEIGHT = 20;
const MAX_CHARACTERS = 4_000;
const NOTHING: readonly string[] = [];

export function SourceView({ id, path, source, range }: Props) {
  const t = useTexts();
  const frame = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<Range>({ start: 1, end: 120 });
  const { whole, total, blocks, need, detail } = source;
  const language = detail?.language ?? null;
  const shown: Range = whole ? { start: 1, end: total } : view;
  const seen: number[] = [];
  for (let block = blockOf(view.start); !whole && total > 0 && block <= blockOf(view.end); block += 1) seen.push(block);
  const colored = useHighlight(whole ?? NOTHING, language);
  const coloredBlocks = useBlockHighlight(blocks, seen, language);

  useLayoutEffect(() => {
    const element = frame.current;
    // Right after a step to another file, its text is still that of the one before.
    if (!element || total === 0 || detail?.path !== path) return;
    const left = takePosition("source");
    element.scrollTop = left ?? (range ? scrollTo(range, element.clientHeight, LINE_HEIGHT) : 0);
    element.scrollLeft = 0;
    if (!whole) setView(visible(element.scrollTop, element.clientHeight, LINE_HEIGHT, total));
  }, [path, detail?.path, total, whole, range?.start, range?.end]);

  // At phone width the symbols stand below the lines to which they lead.
  const place = range && `${path} ${range.start}`;
  const first = useRef(place);
  useEffect(() => {
    if (place !== null && first.current !== place) frame.current?.scrollIntoView({ block: "nearest" });
    first.current = null;
  }, [place]);

  useEffect(() => {
    for (const block of seen) need(block);
  }, [seen.join(), need]);

  const onScroll = (): void => {
    const element = frame.current;
    if (whole || !element) return;
    const next = visible(element.scrollTop, element.clientHeight, LINE_HEIGHT, total);
    setView((before) => (before.start === next.start && before.end === next.end ? before : next));
  };

  const numbers: number[] = [];
  for (let line = shown.start; line <= Math.min(shown.end, total); line += 1) numbers.push(line);
  const above = (shown.start - 1) * LINE_HEIGHT;
  const below = Math.max(0, total - Math.max(shown.end, 0)) * LINE_HEIGHT;

  return (
    <div class="source-frame" data-pane="source" ref={frame} onScroll={onScroll} tabIndex={0} role="region" aria-label={t.sourceOf(legible(path))}>
      <div class="source-lines" style={{ paddingTop: above, paddingBottom: below, "--digits": String(total).length }}>
        {numbers.map((line) => (
          <Line
            key={line}
            number={line}
            text={(whole ? whole[line - 1] : inBlocks(line, blocks)) ?? ""}
            spans={whole ? colored[line - 1] : inBlocks(line, coloredBlocks)}
            href={fileHref(id, path, { start: line, end: line })}
            marked={range !== null && line >= range.start && line <= range.end}
          />
        ))}
      </div>
    </div>
  );
}

function inBlocks<T>(line: number, blocks: ReadonlyMap<number, readonly T[]>): T | undefined {
  const block = blockOf(line);
  return blocks.get(block)?.[line - linesOf(block).start];
}

interface LineProps {
  number: number;
  text: string;
  spans: Span[] | undefined;
  href: string;
  marked: boolean;
}

const Line = memo(function Line({ number, text, spans, href, marked }: LineProps) {
  const t = useTexts();
  const long = text.length > MAX_CHARACTERS;
  return (
    <div class={marked ? "line marked" : "line"} data-line={number}>
      <a class="line-number" href={href} tabIndex={-1} aria-label={String(number)} />
      <code>
        {spans && !long
          ? spans.map((span) => (span.className ? <span class={span.className}>{unturned(span.text)}</span> : unturned(span.text)))
          : unturned(text.slice(0, MAX_CHARACTERS))}
        {long && <span class="line-cut">{t.cutLine(text.length - MAX_CHARACTERS)}</span>}
        {"\n"}
      </code>
    </div>
  );
});
