// All files, the most important first, with what was skipped and why.

import { useMemo } from "preact/hooks";

import type { FileRow } from "../api/types";
import { useTexts } from "../i18n";
import { useChosen, useScroll } from "../state/entries";
import { fileHref } from "../state/routes";
import { legible } from "../text/legible";
import { ticked } from "../ui/ProblemText";
import { useTitle } from "../ui/useTitle";

const PART = 300;

/** A path that breaks behind its folders before it breaks within a name. */
function breakable(path: string) {
  return legible(path).split(/(?<=\/)/).map((part) => <>{part}<wbr /></>);
}

/** Those of one rank stay as they come, by their paths. */
function byRank(a: FileRow, b: FileRow): number {
  return Number(a.skipped !== null) - Number(b.skipped !== null) || b.rank - a.rank;
}

export function FilesPage({ id, name, files }: { id: string; name: string; files: readonly FileRow[] | null }) {
  const t = useTexts();
  useTitle(t.filesTitle, name);
  const [filter, setFilter] = useChosen("filter", "");
  const [skipped, setSkipped] = useChosen("skipped", false);
  const [shown, setShown] = useChosen("shown", PART);
  useScroll("content", files && "files");
  const wanted = filter.trim().toLowerCase();
  const sorted = useMemo(() => [...(files ?? [])].sort(byRank), [files]);
  const matches = useMemo(
    () => sorted.filter((file) => (skipped || file.skipped === null) && file.path.toLowerCase().includes(wanted)),
    [sorted, wanted, skipped],
  );
  return (
    <div class="files-page">
      <h1>{t.filesTitle}</h1>
      <div class="files-tools">
        <input
          type="search" value={filter} placeholder={t.filterFiles} aria-label={t.filterFiles}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
        <label class="option">
          <input type="checkbox" checked={skipped} onChange={(event) => setSkipped(event.currentTarget.checked)} />
          <span>{t.showSkipped}</span>
        </label>
      </div>
      {!files && <p class="quiet">{t.filesLater}</p>}
      {files && matches.length === 0 && <p class="quiet">{t.noFiles}</p>}
      {matches.length > 0 && (
        <table class="files-table">
          <thead>
            <tr><th scope="col">{t.pathHeading}</th><th scope="col" class="number">{t.linesHeading}</th><th scope="col">{t.aboutHeading}</th></tr>
          </thead>
          <tbody>
            {matches.slice(0, shown).map((file) => (
              <tr key={file.path} class={file.skipped === null ? undefined : "skipped"}>
                <td class="path"><a href={fileHref(id, file.path)}>{breakable(file.path)}</a></td>
                <td class="number">
                  {file.skipped === null ? <Lines count={file.lines} /> : "–"}
                </td>
                <td>{file.skipped === null ? ticked(file.summary ?? "") : (t.skipReason[file.skipped] ?? file.skipped)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {matches.length > shown && <button type="button" onClick={() => setShown(shown + PART)}>{t.more}</button>}
    </div>
  );
}

/** At phone width the column has no heading. */
function Lines({ count }: { count: number }) {
  const t = useTexts();
  return (
    <>
      <span class="bare">{count.toLocaleString(t.locale)}</span>
      <span class="with-unit">{t.lines(count)}</span>
    </>
  );
}
