// The middle pane, by the address.

import type { Analysis, FileRow, PageHead } from "../api/types";
import { isFinal } from "../api/watch";
import { useTexts } from "../i18n";
import type { Loaded } from "../state/load";
import type { Route } from "../state/routes";
import { ProblemNote } from "../ui/ProblemNote";
import { Download } from "./Download";
import { FilePage } from "./FilePage";
import { FilesPage } from "./FilesPage";
import { PageView } from "./PageView";
import { Progress } from "./Progress";
import { SearchPage } from "./SearchPage";

interface Props {
  route: Exclude<Route, { name: "list" } | { name: "unknown" }>;
  analysis: Analysis;
  slug: string | null;
  version: string;
  order: readonly PageHead[];
  pages: Loaded<PageHead[]>;
  files: readonly FileRow[] | null;
  onChange: (analysis: Analysis) => void;
}

export function Content({ route, analysis, slug, version, order, pages, files, onChange }: Props) {
  const t = useTexts();
  const { id } = route;
  const { name } = analysis;
  if (route.name === "file") return <FilePage id={id} name={name} path={route.path} range={route.range} />;
  if (route.name === "files") return <FilesPage id={id} name={name} files={files} />;
  if (route.name === "search") return <SearchPage id={id} name={name} query={route.query} at={route.at} pages={order} />;

  const ended = isFinal(analysis.status);
  if (order.length === 0) {
    if (ended && pages.problem) return <ProblemNote problem={pages.problem} onRetry={pages.reload} />;
    if (analysis.status === "completed" && pages.loading) return <p class="quiet" aria-busy="true">{t.loading}</p>;
    return <Progress analysis={analysis} onChange={onChange} />;
  }
  return (
    <>
      {analysis.status !== "completed" && <Progress analysis={analysis} onChange={onChange} />}
      {slug !== null && (
        <PageView id={id} name={name} slug={slug} version={version} at={route.at} hash={route.hash} order={order} />
      )}
      {ended && <Download id={id} />}
    </>
  );
}
