// The first page: start a reading, and see those there are.

import { useCallback, useEffect, useState } from "preact/hooks";

import { analyses, info } from "../api/client";
import type { Analysis } from "../api/types";
import { isFinal } from "../api/watch";
import { useTexts } from "../i18n";
import { useScroll } from "../state/entries";
import { useLoad } from "../state/load";
import { ProblemNote } from "../ui/ProblemNote";
import { TopBar } from "../ui/TopBar";
import { useTitle } from "../ui/useTitle";
import { AnalysisRow } from "./AnalysisRow";
import { earlierReading } from "./earlier";
import { StartForm } from "./StartForm";

/** Browsers open six connections to a host: streams must leave room for everything else. */
const STREAMS = 2;
const POLL = 4_000;

export function ListPage() {
  const t = useTexts();
  useTitle();
  const server = useLoad("info", info);
  const first = useLoad("analyses", (signal) => analyses(null, signal));
  const [shown, setShown] = useState<Analysis[] | null>(null);
  const [next, setNext] = useState<string | null>(null);

  useEffect(() => {
    if (!first.value) return;
    const fresh = first.value;
    setShown((before) => {
      const known = new Set(fresh.items.map((item) => item.id));
      const older = fresh.next === null ? [] : (before ?? []).filter((item) => !known.has(item.id));
      if (older.length === 0) setNext(fresh.next);
      return [...fresh.items, ...older];
    });
  }, [first.value]);

  useScroll("window", shown && "list");

  const change = useCallback((changed: Analysis) => {
    setShown((before) => before?.map((item) => (item.id === changed.id ? changed : item)) ?? null);
  }, []);
  const drop = useCallback((id: string) => {
    setShown((before) => before?.filter((item) => item.id !== id) ?? null);
  }, []);

  const open = (shown ?? []).filter((item) => !isFinal(item.status));
  const streamed = new Set(open.slice(0, STREAMS).map((item) => item.id));
  const polled = open.length > STREAMS;
  useEffect(() => {
    if (!polled) return undefined;
    const timer = setInterval(() => {
      if (!document.hidden) first.reload();
    }, POLL);
    return () => clearInterval(timer);
  }, [polled, first.reload]);

  const more = async (): Promise<void> => {
    const part = await analyses(next, new AbortController().signal);
    setShown((before) => [...(before ?? []), ...part.items]);
    setNext(part.next);
  };

  return (
    <>
      <TopBar><a class="top-link" href="/docs">{t.apiDocs}</a></TopBar>
      <main id="content" class="list-page" tabIndex={-1}>
        <section class="start" aria-labelledby="start-title">
          <h1 id="start-title">{t.formTitle}</h1>
          <p class="quiet">{t.appTagline}</p>
          <StartForm info={server.value} />
        </section>
        <section aria-labelledby="list-title" class="analyses">
          <h2 id="list-title">{t.analyses}</h2>
          {first.problem && !shown && <ProblemNote problem={first.problem} onRetry={first.reload} />}
          {!shown && !first.problem && <p class="quiet">{t.loading}</p>}
          {shown && shown.length === 0 && <p class="quiet">{t.noAnalyses}</p>}
          {shown && shown.length > 0 && (
            <ul class="analysis-list">
              {shown.map((item) => (
                <AnalysisRow
                  key={item.id} analysis={item} live={streamed.has(item.id)} earlier={earlierReading(item, shown)}
                  onChange={change} onRemoved={drop}
                />
              ))}
            </ul>
          )}
          {next !== null && <button type="button" onClick={() => void more()}>{t.more}</button>}
        </section>
      </main>
    </>
  );
}
