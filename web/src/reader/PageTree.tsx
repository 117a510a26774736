import { pageHref } from "../state/routes";
import type { PageNode } from "./pages";

export function PageTree({ id, tree, current }: { id: string; tree: PageNode[]; current: string | null }) {
  return (
    <ul class="tree">
      {tree.map(({ page, children }) => (
        <li key={page.slug}>
          <a href={pageHref(id, page.slug)} aria-current={page.slug === current ? "page" : undefined}>{page.title}</a>
          {children.length > 0 && <PageTree id={id} tree={children} current={current} />}
        </li>
      ))}
    </ul>
  );
}
