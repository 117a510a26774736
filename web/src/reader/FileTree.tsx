// Folders and files; a folder's content is made when it is opened, and in parts when it is long.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import type { FileRow } from "../api/types";
import { useTexts } from "../i18n";
import { fileHref } from "../state/routes";
import { legible } from "../text/legible";
import { ExpandIcon, FileIcon, FolderIcon } from "../ui/icons";
import { Parts } from "../ui/Parts";
import { type Folder, baseName, fileTree } from "./folders";

interface Props {
  id: string;
  files: readonly FileRow[];
  current: string | null;
}

export function FileTree({ id, files, current }: Props) {
  const t = useTexts();
  const [filter, setFilter] = useState("");
  const tree = useMemo(() => fileTree(files), [files]);
  const wanted = filter.trim().toLowerCase();
  const matches = useMemo(
    () => (wanted === "" ? [] : files.filter((file) => file.path.toLowerCase().includes(wanted))),
    [files, wanted],
  );
  return (
    <>
      <input
        class="tree-filter" type="search" value={filter} placeholder={t.filterFiles} aria-label={t.filterFiles}
        onInput={(event) => setFilter(event.currentTarget.value)}
      />
      {wanted === "" && <Entries id={id} folder={tree} current={current} />}
      {wanted !== "" && matches.length === 0 && <p class="quiet">{t.noFiles}</p>}
      {wanted !== "" && (
        <ul class="tree">
          <Parts items={matches}>
            {(file) => <FileEntry key={file.path} id={id} file={file} label={file.path} current={current} />}
          </Parts>
        </ul>
      )}
    </>
  );
}

function Entries({ id, folder, current }: { id: string; folder: Folder; current: string | null }) {
  const entries = useMemo(() => [...folder.folders, ...folder.files], [folder]);
  const at = useMemo(
    () => entries.findIndex((entry) => ("folders" in entry ? holds(entry, current) : entry.path === current)),
    [entries, current],
  );
  return (
    <ul class="tree">
      <Parts items={entries} at={at}>
        {(entry) => "folders" in entry
          ? <FolderEntry key={`${entry.path}/`} id={id} folder={entry} current={current} />
          : <FileEntry key={entry.path} id={id} file={entry} label={baseName(entry.path)} current={current} />}
      </Parts>
    </ul>
  );
}

function holds(folder: Folder, path: string | null): boolean {
  return path !== null && path.startsWith(`${folder.path}/`);
}

function FolderEntry({ id, folder, current }: { id: string; folder: Folder; current: string | null }) {
  const onTheWay = holds(folder, current);
  const [open, setOpen] = useState(onTheWay);
  useEffect(() => {
    if (onTheWay) setOpen(true);
  }, [onTheWay]);
  return (
    <li>
      <button type="button" class="folder" aria-expanded={open} onClick={() => setOpen(!open)}>
        <ExpandIcon /> <FolderIcon /> <span>{legible(folder.name)}</span>
      </button>
      {open && <Entries id={id} folder={folder} current={current} />}
    </li>
  );
}

function FileEntry({ id, file, label, current }: { id: string; file: FileRow; label: string; current: string | null }) {
  const t = useTexts();
  const here = file.path === current;
  const link = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    if (here) link.current?.scrollIntoView({ block: "nearest" });
  }, [here]);
  const reason = file.skipped === null ? null : (t.skipReason[file.skipped] ?? file.skipped);
  return (
    <li class={reason === null ? undefined : "skipped"}>
      <a ref={link} href={fileHref(id, file.path)} aria-current={here ? "page" : undefined} title={legible(file.path)}>
        <FileIcon /> <span>{legible(label)}</span>
        {reason !== null && <span class="reason">{reason}</span>}
      </a>
    </li>
  );
}
