// The left pane: pages or files. At phone width it is a drawer.

import { useEffect, useState } from "preact/hooks";

import type { FileRow } from "../api/types";
import type { Problem } from "../api/problem";
import { useTexts } from "../i18n";
import type { Route } from "../state/routes";
import { filesHref } from "../state/routes";
import { ProblemNote } from "../ui/ProblemNote";
import { FileTree } from "./FileTree";
import { PageTree } from "./PageTree";
import type { PageNode } from "./pages";

export type Tab = "pages" | "files";

interface Props {
  route: Route;
  id: string;
  open: boolean;
  tree: PageNode[] | null;
  currentSlug: string | null;
  files: readonly FileRow[] | null;
  filesProblem: Problem | null;
  onTab: (tab: Tab) => void;
  onClose: () => void;
}

export function Sidebar({ route, id, open, tree, currentSlug, files, filesProblem, onTab, onClose }: Props) {
  const t = useTexts();
  const ofFiles = route.name === "file" || route.name === "files";
  const [tab, setTab] = useState<Tab>(ofFiles ? "files" : "pages");
  const choose = (next: Tab): void => {
    setTab(next);
    onTab(next);
  };
  useEffect(() => {
    if (route.name !== "search") choose(ofFiles ? "files" : "pages");
  }, [ofFiles, route.name]);

  return (
    <>
      {open && <button type="button" class="backdrop" aria-label={t.close} onClick={onClose} />}
      <nav class="sidebar" id="sidebar" data-open={open} aria-label={t.reading}>
        <div class="tabs">
          <button type="button" aria-pressed={tab === "pages"} onClick={() => choose("pages")}>{t.pagesTab}</button>
          <button type="button" aria-pressed={tab === "files"} onClick={() => choose("files")}>{t.filesTab}</button>
        </div>
        <div class="sidebar-body">
          {tab === "pages" && tree && <PageTree id={id} tree={tree} current={currentSlug} />}
          {tab === "files" && files && (
            <>
              <a class="all-files" href={filesHref(id)} aria-current={route.name === "files" ? "page" : undefined}>
                {t.files(files.length)}
              </a>
              <FileTree id={id} files={files} current={route.name === "file" ? route.path : placeOf(route)} />
            </>
          )}
          {tab === "files" && filesProblem && (
            filesProblem.status === 409 ? <p class="quiet">{t.filesLater}</p> : <ProblemNote problem={filesProblem} />
          )}
        </div>
      </nav>
    </>
  );
}

function placeOf(route: Route): string | null {
  return route.name === "page" || route.name === "search" ? (route.at?.path ?? null) : null;
}
