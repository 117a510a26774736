// Paths as a tree of folders.

import type { FileRow } from "../api/types";

export interface Folder {
  /** Folders that hold nothing but one folder are joined: `src/main/java`. */
  name: string;
  path: string;
  folders: Folder[];
  files: FileRow[];
}

export function fileTree(files: readonly FileRow[]): Folder {
  const root: Folder = { name: "", path: "", folders: [], files: [] };
  const known = new Map<string, Folder>([["", root]]);
  const folderOf = (path: string): Folder => {
    const found = known.get(path);
    if (found) return found;
    const split = path.lastIndexOf("/");
    const parent = folderOf(split < 0 ? "" : path.slice(0, split));
    const folder: Folder = { name: path.slice(split + 1), path, folders: [], files: [] };
    known.set(path, folder);
    parent.folders.push(folder);
    return folder;
  };
  for (const file of files) {
    const split = file.path.lastIndexOf("/");
    folderOf(split < 0 ? "" : file.path.slice(0, split)).files.push(file);
  }
  return { ...root, folders: sorted(root.folders).map(joined), files: [...root.files].sort(byPath) };
}

function joined(folder: Folder): Folder {
  let at = folder;
  let name = folder.name;
  let only = at.folders[0];
  while (at.files.length === 0 && at.folders.length === 1 && only) {
    at = only;
    name += `/${at.name}`;
    only = at.folders[0];
  }
  return { name, path: at.path, folders: sorted(at.folders).map(joined), files: [...at.files].sort(byPath) };
}

function sorted(folders: readonly Folder[]): Folder[] {
  return [...folders].sort((a, b) => byText(a.name, b.name));
}

function byPath(a: FileRow, b: FileRow): number {
  return byText(a.path, b.path);
}

const collator = new Intl.Collator();

/** As `localeCompare`, and many times faster on long lists. */
export function byText(a: string, b: string): number {
  return collator.compare(a, b);
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
