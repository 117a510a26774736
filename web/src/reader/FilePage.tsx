// One file: its source, and what is known of it.

import { useMemo } from "preact/hooks";

import type { CodeSymbol, FileDetail, Item } from "../api/types";
import { useTexts } from "../i18n";
import { useScroll } from "../state/entries";
import { fileHref, pageHref } from "../state/routes";
import { useSource } from "../source/useSource";
import type { Range } from "../text/citation";
import { formatBytes, languageName } from "../text/format";
import { legible, unturned } from "../text/legible";
import { renderInline } from "../text/markdown";
import { OriginBadge } from "../ui/Origin";
import { Parts } from "../ui/Parts";
import { ticked } from "../ui/ProblemText";
import { useTitle } from "../ui/useTitle";
import { SourceBody } from "./SourcePane";

export function FilePage({ id, name, path, range }: { id: string; name: string; path: string; range: Range | null }) {
  const t = useTexts();
  const source = useSource(id, path);
  const { detail } = source;
  useTitle(path, name);
  useScroll("content", detail?.path === path ? path : null);
  return (
    <div class="file-page">
      <header class="file-head">
        <h1>{legible(path)}</h1>
        <p class="counts">
          {detail?.language && <span>{languageName(detail.language)}</span>}
          {detail && detail.skipped === null && <span>{t.lines(detail.lines)}</span>}
          {detail && <span>{formatBytes(detail.bytes)}</span>}
          {detail?.reading && <OriginBadge origin={detail.reading.origin} />}
        </p>
        {(detail?.reading?.summary ?? detail?.summary) && <p>{ticked(detail?.reading?.summary ?? detail?.summary ?? "")}</p>}
        {detail && source.whole === null && source.total > 0 && <p class="quiet">{t.longFile}</p>}
        {detail?.reading?.note && <p class="quiet">{detail.reading.note}</p>}
      </header>
      <div class="file-body">
        <SourceBody id={id} path={path} source={source} range={range} />
        {detail && <Known id={id} detail={detail} />}
      </div>
    </div>
  );
}

function Known({ id, detail }: { id: string; detail: FileDetail }) {
  const t = useTexts();
  const items = (detail.reading?.items ?? []).filter((item) => item.kind !== "file");
  if (detail.symbols.length + items.length + detail.imports.length + detail.imported_by.length === 0) return null;
  return (
    <aside class="file-known">
      {items.length > 0 && (
        <details open>
          <summary>{t.itemsTitle} <small>{items.length}</small></summary>
          <ul class="items"><Parts items={items}>{(item) => <ItemView id={id} item={item} />}</Parts></ul>
        </details>
      )}
      {detail.symbols.length > 0 && (
        <details open={items.length === 0}>
          <summary>{t.symbolsTitle} <small>{detail.symbols.length}</small></summary>
          <ul class="symbols"><Parts items={detail.symbols}>{(symbol) => <SymbolEntry id={id} symbol={symbol} />}</Parts></ul>
        </details>
      )}
      <Paths id={id} title={t.importsTitle} paths={detail.imports} />
      <Paths id={id} title={t.importedByTitle} paths={detail.imported_by} />
    </aside>
  );
}

function SymbolEntry({ id, symbol }: { id: string; symbol: CodeSymbol }) {
  const depth = symbol.parent === null ? 0 : Math.min(4, symbol.parent.split(".").length);
  return (
    <li class={`depth-${depth}`}>
      <a href={fileHref(id, symbol.path, { start: symbol.start_line, end: symbol.end_line })} title={unturned(symbol.signature)}>
        <span class="kind">{symbol.kind}</span> <code>{legible(symbol.name)}</code>
      </a>
    </li>
  );
}

function ItemView({ id, item }: { id: string; item: Item }) {
  const t = useTexts();
  const html = useMemo(
    () =>
      renderInline(item.description, {
        source: (place) => fileHref(id, place.path, place.range),
        page: (slug) => pageHref(id, slug),
        imageLeftOut: t.imageLeftOut,
      }),
    [id, item, t],
  );
  return (
    <li class="item">
      <h3><a href={fileHref(id, item.path, { start: item.start_line, end: item.end_line })}>{ticked(item.title)}</a></h3>
      <div class="markdown" dangerouslySetInnerHTML={{ __html: html }} />
    </li>
  );
}

function Paths({ id, title, paths }: { id: string; title: string; paths: readonly string[] }) {
  if (paths.length === 0) return null;
  return (
    <details>
      <summary>{title} <small>{paths.length}</small></summary>
      <ul class="symbols"><Parts items={paths}>{(path) => <li><a href={fileHref(id, path)}>{legible(path)}</a></li>}</Parts></ul>
    </details>
  );
}
