// A long list in parts, so that a folder of 30,000 files does not hold up the browser: some hundreds of entries
// around the one that matters, and a button for more at either end.

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { useTexts } from "../i18n";
import { type Part, grown, partAround } from "./part";

interface Props<T> {
  items: readonly T[];
  /** The entry that must be among the drawn ones; -1 when there is none. */
  at?: number;
  children: (item: T) => ComponentChildren;
}

/** Entries of a list: stands inside of `ul`. */
export function Parts<T>({ items, at = -1, children }: Props<T>) {
  const t = useTexts();
  const [chosen, setChosen] = useState<Part>(() => partAround(at, items.length));
  const given = useRef({ at, length: items.length });
  const more = useRef<HTMLLIElement>(null);
  const last = useRef<Element | null>(null);
  let part = chosen;
  const another = given.current.length !== items.length;
  if (another || given.current.at !== at) {
    given.current = { at, length: items.length };
    if (another || at >= part.to || (at >= 0 && at < part.from)) {
      part = partAround(at, items.length);
      setChosen(part);
    }
  }

  // Who asked for more goes on with the first of what came.
  useLayoutEffect(() => {
    last.current?.nextElementSibling?.querySelector<HTMLElement>("a, button")?.focus();
    last.current = null;
  }, [chosen]);

  const before = grown(part, items.length, "before");
  const after = grown(part, items.length, "after");
  return (
    <>
      {before.from < part.from && (
        <li class="more-entries" key="before">
          <button type="button" onClick={() => setChosen(before)}>{t.moreBefore(part.from - before.from, part.from)}</button>
        </li>
      )}
      {items.slice(part.from, part.to).map(children)}
      {after.to > part.to && items.length > part.to && (
        <li class="more-entries" key="after" ref={more}>
          <button
            type="button"
            onClick={() => {
              last.current = more.current?.previousElementSibling ?? null;
              setChosen(after);
            }}
          >
            {t.moreAfter(after.to - part.to, items.length - part.to)}
          </button>
        </li>
      )}
    </>
  );
}
