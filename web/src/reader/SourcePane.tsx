// The right pane: the lines that a citation or a search result names, beside what one was reading.

import { useEffect, useRef } from "preact/hooks";

import { useTexts } from "../i18n";
import { type Place, fileHref } from "../state/routes";
import { SourceView } from "../source/SourceView";
import { useSource } from "../source/useSource";
import { formatRange } from "../text/citation";
import { legible } from "../text/legible";
import { CloseIcon, OpenIcon } from "../ui/icons";
import { ProblemNote } from "../ui/ProblemNote";
import { baseName } from "./folders";

export function SourcePane({ id, place, onClose }: { id: string; place: Place; onClose: () => void }) {
  const t = useTexts();
  const source = useSource(id, place.path);
  const before = useRef<Element | null>(document.activeElement);

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
      onClose();
      if (before.current instanceof HTMLElement) before.current.focus();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [onClose]);

  const name = baseName(place.path);
  const folder = place.path.slice(0, place.path.length - name.length);
  return (
    <aside class="source-pane" aria-label={t.sourceOf(legible(place.path))}>
      <header class="source-head">
        <h2 title={legible(place.path)}>
          <span class="source-folder">{legible(folder)}</span>
          <span class="source-name">{legible(name)}</span>
          <span class="quiet">{formatRange(place.range).replace("#", " ")}</span>
        </h2>
        <a class="icon" href={fileHref(id, place.path, place.range)} aria-label={t.openFile} title={t.openFile}>
          <OpenIcon />
        </a>
        <button type="button" class="icon" onClick={onClose} aria-label={t.close} title={t.close}><CloseIcon /></button>
      </header>
      <SourceBody id={id} path={place.path} source={source} range={place.range} />
    </aside>
  );
}

export function SourceBody({ id, path, source, range }: Parameters<typeof SourceView>[0]) {
  const t = useTexts();
  const { detail, problem, total } = source;
  if (problem) return <ProblemNote problem={problem} />;
  if (!detail) return <p class="quiet pad" aria-busy="true">{t.loading}</p>;
  if (detail.skipped !== null) return <p class="quiet pad">{t.notShown(t.skipReason[detail.skipped] ?? detail.skipped)}</p>;
  if (detail.source === null) return <p class="quiet pad">{t.noText}</p>;
  if (total === 0) return <p class="quiet pad">{t.emptyFile}</p>;
  return <SourceView id={id} path={path} source={source} range={range} />;
}
