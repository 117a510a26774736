// What was found; a result opens beside the list.

import { MOST_HITS, search } from "../api/client";
import type { Hit, PageHead } from "../api/types";
import { useTexts } from "../i18n";
import { useScroll } from "../state/entries";
import { useLoad } from "../state/load";
import { type Place, pageHref, searchHref } from "../state/routes";
import { legible, unturned } from "../text/legible";
import { markWords } from "../text/marks";
import { ProblemNote } from "../ui/ProblemNote";
import { ticked } from "../ui/ProblemText";
import { useTitle } from "../ui/useTitle";
import { plainTitle } from "./pages";

interface Props {
  id: string;
  name: string;
  query: string;
  at: Place | null;
  pages: readonly PageHead[];
}

export function SearchPage({ id, name, query, at, pages }: Props) {
  const t = useTexts();
  useTitle(t.searchFor(query), name);
  const { value: hits, problem, loading, reload } = useLoad(
    query === "" ? null : `search ${id} ${query}`,
    (signal) => search(id, query, signal),
  );
  useScroll("content", loading ? null : query);
  const titles = query === "" ? [] : pages.filter((page) => plainTitle(page.title).toLowerCase().includes(query.toLowerCase())).slice(0, 8);
  const told = (code: number, ofPages: number): string => {
    if (code + ofPages === 0) return t.searchNone(query);
    return code < MOST_HITS ? t.results(code + ofPages) : t.firstResults(code + ofPages);
  };
  const current = at && searchHref(id, query, at);
  return (
    <div class="search-page" aria-busy={loading}>
      <h1>{query === "" ? t.search : t.searchFor(query)}</h1>
      <p class="quiet" role="status">
        {query === "" ? ticked(t.searchEmpty) : hits ? told(hits.length, titles.length) : " "}
      </p>
      {problem && <ProblemNote problem={problem} onRetry={reload} />}
      {titles.length > 0 && (
        <>
          <h2>{t.matchingPages}</h2>
          <ul class="hits">
            {titles.map((page) => <li class="hit"><a href={pageHref(id, page.slug)}><Marked text={plainTitle(page.title)} query={query} /></a></li>)}
          </ul>
        </>
      )}
      {hits && hits.length > 0 && (
        <>
          {titles.length > 0 && <h2>{t.matchingCode}</h2>}
          <ul class="hits" onKeyDown={moveFocus}>
            {hits.map((hit) => <HitView id={id} hit={hit} query={query} current={current} />)}
          </ul>
        </>
      )}
    </div>
  );
}

function HitView({ id, hit, query, current }: { id: string; hit: Hit; query: string; current: string | null }) {
  const href = searchHref(id, query, { path: hit.path, range: { start: hit.start_line, end: hit.end_line } });
  return (
    <li class="hit">
      <a href={href} aria-current={href === current ? "location" : undefined}>
        <span class="hit-head">
          <span class="hit-path">{legible(hit.path)}<span class="quiet">:{hit.start_line}</span></span>
          {hit.symbol !== null && <span class="hit-symbol">{hit.kind !== null && <span class="kind">{hit.kind}</span>} {legible(hit.symbol)}</span>}
        </span>
        <code class="snippet"><Marked text={hit.snippet} query={query} /></code>
      </a>
    </li>
  );
}

function Marked({ text, query }: { text: string; query: string }) {
  return <>{markWords(unturned(text), query).map((piece) => (piece.marked ? <mark>{piece.text}</mark> : piece.text))}</>;
}

function moveFocus(event: KeyboardEvent): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (step === 0 || !(event.currentTarget instanceof HTMLElement)) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>(".hit a")];
  const at = links.findIndex((link) => link === document.activeElement);
  const next = links[at + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
