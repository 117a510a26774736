// The pages, nested. In a long tree only the branches that lead to the current page are open.

import { useEffect, useRef, useState } from "preact/hooks";

import { useTexts } from "../i18n";
import { pageHref } from "../state/routes";
import { ExpandIcon } from "../ui/icons";
import { type PageNode, inReadingOrder, shortTitle } from "./pages";

interface Props {
  id: string;
  tree: PageNode[];
  current: string | null;
}

const LONG = 60;

export function PageTree({ id, tree, current }: Props) {
  return <Branch id={id} tree={tree} current={current} long={inReadingOrder(tree).length > LONG} />;
}

function Branch({ id, tree, current, long }: Props & { long: boolean }) {
  return (
    <ul class="tree">
      {tree.map((node) => <Entry key={node.page.slug} id={id} node={node} current={current} long={long} />)}
    </ul>
  );
}

function Entry({ id, node, current, long }: { id: string; node: PageNode; current: string | null; long: boolean }) {
  const t = useTexts();
  const { page, children } = node;
  const name = shortTitle(page);
  const holds = inReadingOrder([node]).some((each) => each.slug === current);
  const [open, setOpen] = useState(!long || holds);
  useEffect(() => {
    if (holds) setOpen(true);
  }, [holds]);
  const here = page.slug === current;
  const anchor = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    if (here) anchor.current?.scrollIntoView({ block: "nearest" });
  }, [here]);
  const link = (
    <a ref={anchor} href={pageHref(id, page.slug)} aria-current={here ? "page" : undefined}><span>{name}</span></a>
  );
  if (children.length === 0) return <li>{link}</li>;
  return (
    <li>
      <div class="branch">
        {link}
        <button
          type="button" class="icon fold" aria-expanded={open} aria-label={`${t.pagesBelow}: ${name}`}
          onClick={() => setOpen(!open)}
        >
          <ExpandIcon />
        </button>
      </div>
      {open && <Branch id={id} tree={children} current={current} long={long} />}
    </li>
  );
}
