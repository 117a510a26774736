// An analysis: contents on the left, what is read in the middle, the source on the right.

import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";

import { analysis as loadAnalysis, files as loadFiles, pages as loadPages } from "../api/client";
import type { Analysis } from "../api/types";
import { isFinal } from "../api/watch";
import { useTexts } from "../i18n";
import { useLiveAnalysis } from "../list/useAnalysis";
import { useLoad } from "../state/load";
import { navigate } from "../state/router";
import { type Route, withPlace } from "../state/routes";
import { legible } from "../text/legible";
import { MenuIcon } from "../ui/icons";
import { NothingHere } from "../ui/NothingHere";
import { ProblemNote } from "../ui/ProblemNote";
import { TopBar } from "../ui/TopBar";
import { Content } from "./Content";
import { SearchBox } from "./SearchBox";
import { Sidebar, type Tab } from "./Sidebar";
import { SourcePane } from "./SourcePane";
import { inReadingOrder, pageTree } from "./pages";

type ReaderRoute = Exclude<Route, { name: "list" } | { name: "unknown" }>;

export function ReaderPage({ route }: { route: ReaderRoute }) {
  const t = useTexts();
  const { value, problem, reload } = useLoad(`analysis ${route.id}`, (signal) => loadAnalysis(route.id, signal));
  if (value) return <Reader analysis={value} route={route} />;
  if (problem?.status === 404) return <NothingHere detail={t.noReading(legible(route.id))} />;
  return (
    <>
      <TopBar />
      <main id="content" class="plain-page" tabIndex={-1}>
        {problem ? <ProblemNote problem={problem} onRetry={reload} /> : <p class="quiet">{t.loading}</p>}
      </main>
    </>
  );
}

function Reader({ analysis: given, route }: { analysis: Analysis; route: ReaderRoute }) {
  const t = useTexts();
  const [base, setBase] = useState(given);
  const analysis = useLiveAnalysis(base, true);
  const [drawer, setDrawer] = useState(false);
  const [tab, setTab] = useState<Tab>("pages");
  const { id } = route;

  // What can change is asked for again when the work has gone on.
  const ended = isFinal(analysis.status);
  const version = `${ended}-${analysis.counts.pages}-${analysis.finished_at ?? ""}`;
  const indexed = ended || analysis.step === "analyze" || analysis.step === "document";
  const written = analysis.status === "completed" || analysis.counts.pages > 0;
  const pages = useLoad(written ? `pages ${id} ${version}` : null, (signal) => loadPages(id, signal));
  const wantFiles = indexed && (tab === "files" || route.name === "files");
  const files = useLoad(wantFiles ? `files ${id} ${ended}` : null, (signal) => loadFiles(id, signal));

  const tree = useMemo(() => pageTree(pages.value ?? []), [pages.value]);
  const order = useMemo(() => inReadingOrder(tree), [tree]);
  const slug = route.name === "page" ? (route.slug ?? order[0]?.slug ?? null) : null;
  const at = route.name === "page" || route.name === "search" ? route.at : null;

  const closeSource = useCallback(() => {
    const href = withPlace(route, null);
    if (href !== null) navigate(href);
  }, [route]);
  useEffect(() => setDrawer(false), [route]);
  useFocusOnChange(route.name === "file" ? route.path : `${route.name} ${slug ?? ""}`);
  useEffect(() => {
    if (!drawer) return undefined;
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "Escape") setDrawer(false);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [drawer]);

  const menu = (
    <button
      type="button" class="icon menu-button" aria-label={t.openTree} aria-expanded={drawer} aria-controls="sidebar"
      onClick={() => setDrawer(!drawer)}
    >
      <MenuIcon />
    </button>
  );

  return (
    <div class={at ? "reader with-source" : "reader"}>
      <TopBar before={menu}>
        <span class="reading-name" title={legible(analysis.name)}>{legible(analysis.name)}</span>
        <SearchBox id={id} route={route} />
      </TopBar>
      <Sidebar
        route={route} id={id} open={drawer} tree={tree} currentSlug={slug} files={files.value} filesProblem={files.problem}
        onTab={setTab} onClose={() => setDrawer(false)}
      />
      <main id="content" class="content" data-pane="content" tabIndex={-1}>
        <Content
          route={route} analysis={analysis} slug={slug} version={version} order={order} pages={pages}
          files={files.value} onChange={setBase}
        />
      </main>
      {at && <SourcePane id={id} place={at} onClose={closeSource} />}
    </div>
  );
}

/** A new page takes the focus, as it would after a load, unless somebody is typing a query. */
function useFocusOnChange(what: string): void {
  const before = useRef(what);
  useEffect(() => {
    if (before.current === what) return;
    before.current = what;
    if (document.activeElement instanceof HTMLInputElement) return;
    document.getElementById("content")?.focus({ preventScroll: true });
  }, [what]);
}
