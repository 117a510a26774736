// Folders and files; a folder's content is made when it is opened.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import type { FileRow } from "../api/types";
import { useTexts } from "../i18n";
import { fileHref } from "../state/routes";
import { ExpandIcon, FileIcon, FolderIcon } from "../ui/icons";
import { type Folder, baseName, fileTree } from "./folders";

interface Props {
  id: string;
  files: readonly FileRow[];
  current: string | null;
}

const MATCHES = 200;

export function FileTree({ id, files, current }: Props) {
  const t = useTexts();
  const [filter, setFilter] = useState("");
  const tree = useMemo(() => fileTree(files), [files]);
  const wanted = filter.trim().toLowerCase();
  const matches = useMemo(
    () => (wanted === "" ? [] : files.filter((file) => file.path.toLowerCase().includes(wanted)).slice(0, MATCHES)),
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
          {matches.map((file) => <FileEntry id={id} file={file} label={file.path} current={current} />)}
        </ul>
      )}
    </>
  );
}

function Entries({ id, folder, current }: { id: string; folder: Folder; current: string | null }) {
  return (
    <ul class="tree">
      {folder.folders.map((each) => <FolderEntry key={each.path} id={id} folder={each} current={current} />)}
      {folder.files.map((file) => (
        <FileEntry key={file.path} id={id} file={file} label={baseName(file.path)} current={current} />
      ))}
    </ul>
  );
}

function FolderEntry({ id, folder, current }: { id: string; folder: Folder; current: string | null }) {
  const holds = current !== null && current.startsWith(`${folder.path}/`);
  const [open, setOpen] = useState(holds);
  useEffect(() => {
    if (holds) setOpen(true);
  }, [holds]);
  return (
    <li>
      <button type="button" class="folder" aria-expanded={open} onClick={() => setOpen(!open)}>
        <ExpandIcon /> <FolderIcon /> <span>{folder.name}</span>
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
      <a ref={link} href={fileHref(id, file.path)} aria-current={here ? "page" : undefined} title={file.path}>
        <FileIcon /> <span>{label}</span>
        {reason !== null && <span class="reason">{reason}</span>}
      </a>
    </li>
  );
}
