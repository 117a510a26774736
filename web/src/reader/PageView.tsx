// One page of the documentation.

import { useMemo } from "preact/hooks";

import { page as loadPage } from "../api/client";
import type { PageHead } from "../api/types";
import { useTexts } from "../i18n";
import { useScroll } from "../state/entries";
import { useLoad } from "../state/load";
import { type Place, decodeHash, pageHref } from "../state/routes";
import { type Heading, renderMarkdown } from "../text/markdown";
import { OriginBadge } from "../ui/Origin";
import { ProblemNote } from "../ui/ProblemNote";
import { ticked } from "../ui/ProblemText";
import { useTitle } from "../ui/useTitle";
import { MarkdownView } from "./MarkdownView";
import { plainTitle } from "./pages";

interface Props {
  id: string;
  name: string;
  slug: string;
  version: string;
  at: Place | null;
  hash: string;
  order: readonly PageHead[];
}

export function PageView({ id, name, slug, version, at, hash, order }: Props) {
  const t = useTexts();
  const { value: page, problem, reload } = useLoad(`page ${id} ${slug} ${version}`, (signal) => loadPage(id, slug, signal));
  useTitle(page && plainTitle(page.title), name);

  const rendered = useMemo(
    () =>
      page && renderMarkdown(page.markdown, {
        source: (place) => pageHref(id, page.slug, place),
        page: (other) => pageHref(id, other),
        imageLeftOut: t.imageLeftOut,
      }),
    [id, page, t],
  );

  useScroll("content", page?.slug === slug ? slug + hash : null, () => document.getElementById(decodeHash(hash)));

  if (problem) return <ProblemNote problem={problem} onRetry={reload} />;
  if (!page || !rendered) return <p class="quiet" aria-busy="true">{t.loading}</p>;

  const outline = rendered.headings.filter((heading) => heading.level === 2 || heading.level === 3);
  const place = order.findIndex((each) => each.slug === page.slug);
  const previous = place > 0 ? order[place - 1] : undefined;
  const next = place >= 0 ? order[place + 1] : undefined;
  const href = pageHref(id, page.slug);
  return (
    <div class="page">
      <article>
        <p class="page-meta"><OriginBadge origin={page.origin} /></p>
        {!rendered.hasTitle && <h1>{ticked(page.title)}</h1>}
        {outline.length > 2 && (
          <details class="outline-inline">
            <summary>{t.onThisPage}</summary>
            <Outline headings={outline} href={href} />
          </details>
        )}
        <MarkdownView rendered={rendered} current={at && pageHref(id, page.slug, at)} />
        <nav class="page-turn" aria-label={`${t.previous} / ${t.next}`}>
          {previous && <Turn href={pageHref(id, previous.slug)} rel="prev" label={t.previous} title={previous.title} />}
          {next && <Turn href={pageHref(id, next.slug)} rel="next" label={t.next} title={next.title} />}
        </nav>
      </article>
      {outline.length > 2 && (
        <nav class="outline" aria-label={t.onThisPage}>
          <h2>{t.onThisPage}</h2>
          <Outline headings={outline} href={href} />
        </nav>
      )}
    </div>
  );
}

function Turn({ href, rel, label, title }: { href: string; rel: "prev" | "next"; label: string; title: string }) {
  return <a href={href} rel={rel} title={plainTitle(title)}><small>{label}</small><span>{ticked(title)}</span></a>;
}

function Outline({ headings, href }: { headings: readonly Heading[]; href: string }) {
  return (
    <ul>
      {headings.map((heading) => (
        <li class={`outline-${heading.level}`}><a href={`${href}#${encodeURIComponent(heading.id)}`}>{heading.text}</a></li>
      ))}
    </ul>
  );
}
