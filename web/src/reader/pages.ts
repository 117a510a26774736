// The pages as a tree, and in reading order.

import type { PageHead } from "../api/types";
import { legible } from "../text/legible";

export interface PageNode {
  page: PageHead;
  children: PageNode[];
}

/** Pages whose parent is missing, or is itself below them, stand at the top. */
export function pageTree(pages: readonly PageHead[]): PageNode[] {
  const nodes = new Map(pages.map((page) => [page.slug, { page, children: [] } as PageNode]));
  const roots: PageNode[] = [];
  for (const node of nodes.values()) {
    const parent = node.page.parent === null ? undefined : nodes.get(node.page.parent);
    if (parent && !isBelow(node.page, node.page.parent, nodes)) parent.children.push(node);
    else roots.push(node);
  }
  for (const node of nodes.values()) node.children.sort(byOrder);
  return roots.sort(byOrder);
}

export function inReadingOrder(tree: readonly PageNode[]): PageHead[] {
  return tree.flatMap((node) => [node.page, ...inReadingOrder(node.children)]);
}

/** The title in a list: below "Modules" nobody needs the word before each name. */
export function shortTitle(page: PageHead): string {
  const name = page.parent === "modules" ? /^\S+ `([^`]+)`$/.exec(page.title)?.[1] : undefined;
  return name === undefined ? plainTitle(page.title) : legible(name);
}

/** A title where nothing can be set as code. */
export function plainTitle(title: string): string {
  return legible(title.replaceAll("`", ""));
}

function isBelow(page: PageHead, slug: string | null, nodes: Map<string, PageNode>): boolean {
  const seen = new Set<string>();
  for (let at = slug; at !== null && !seen.has(at); at = nodes.get(at)?.page.parent ?? null) {
    if (at === page.slug) return true;
    seen.add(at);
  }
  return false;
}

function byOrder(a: PageNode, b: PageNode): number {
  return a.page.order - b.page.order || a.page.title.localeCompare(b.page.title);
}
