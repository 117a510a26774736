// What a reader leaves at an entry of the history, and finds again on coming back: how far the panes were scrolled,
// and what was chosen on the page. It lasts as long as the tab, through reloads too.

import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** The window, or an element with this name in `data-pane`. */
export type Pane = "window" | "content" | "source";

interface Position {
  top: number;
  /** The block that stood at the top of a page, and where: diagrams above it may not be drawn yet. */
  block: { index: number; offset: number } | null;
}

interface Entry {
  panes: Partial<Record<Pane, Position>>;
  chosen: Record<string, unknown>;
}

const PANES: readonly Pane[] = ["window", "content", "source"];
const MOST_ENTRIES = 100;
const STORED = "entries";
/** Diagrams are drawn within this time after a page has come back. */
const SETTLE = 3_000;

const entries = new Map<string, Entry>();
/** The key of the entry at which we are. */
let here = "";
/** Where the panes shall be, until they are there. */
let wanted: Entry["panes"] = {};
/** Where they were just before the last step. */
let left: Entry["panes"] = {};
let letGo: () => void = () => undefined;

/** Takes up what the tab knew before a reload. */
export function startEntries(): void {
  history.scrollRestoration = "manual";
  try {
    for (const [key, entry] of JSON.parse(sessionStorage.getItem(STORED) ?? "[]") as [string, Entry][]) entries.set(key, entry);
  } catch {
    // Storage is closed to us, or holds something else: nothing is remembered.
  }
  addEventListener("pagehide", () => {
    leaveEntry();
    try {
      sessionStorage.setItem(STORED, JSON.stringify([...entries].slice(-MOST_ENTRIES)));
    } catch {
      // It is forgotten with this load.
    }
  });
  arriveAtEntry(true);
}

/** Before the address changes: notes where the reader is. */
export function leaveEntry(): void {
  letGo();
  const { chosen } = entryHere();
  const panes: Entry["panes"] = {};
  for (const name of PANES) {
    const pane = elementOf(name);
    if (pane) panes[name] = wanted[name] ?? positionOf(pane);
  }
  left = { ...panes };
  entries.delete(here);
  entries.set(here, { panes, chosen });
}

/** After the address has changed, by a step `back` (or on) in the history or to somewhere new. */
export function arriveAtEntry(back: boolean): void {
  const { key } = (history.state ?? {}) as { key?: unknown };
  if (typeof key === "string") {
    here = key;
  } else {
    here = newKey();
    history.replaceState({ key: here }, "");
  }
  wanted = back ? { ...entries.get(here)?.panes } : {};
}

/** The state to give to a new entry of the history. */
export function newEntry(): { key: string } {
  return { key: newKey() };
}

/** The state of the entry at which we are. */
export function sameEntry(): { key: string } {
  return { key: here };
}

/** Where the pane was when the reader left this entry. It is told once. */
export function takePosition(name: Pane): number | null {
  const position = wanted[name];
  delete wanted[name];
  return position?.top ?? null;
}

/**
 * Scrolls a pane once it shows `what` (`null`: not yet): to where the reader left it, else to the place that `first`
 * gives, else to the top. A step that leaves what is shown as it is keeps the same lines in sight, however they are
 * broken now.
 */
export function useScroll(name: Pane, what: string | null, first?: () => Element | null): void {
  const shown = useRef<string | null>(null);
  useLayoutEffect(() => {
    const pane = elementOf(name);
    if (what === null || !pane) return;
    const [before, position] = [left[name], wanted[name]];
    delete left[name];
    delete wanted[name];
    if (shown.current === what) {
      if (before) scrollBack(pane, before);
      return;
    }
    shown.current = what;
    const place = position ? null : first?.();
    if (position) holdAt(pane, position);
    else if (place) place.scrollIntoView();
    else pane.scrollTo(0, 0);
  }, [what, here]);
}

/** A choice on a page that is there again when the reader comes back to it. */
export function useChosen<T>(name: string, initial: T): [T, (value: T) => void] {
  const entry = useRef(here);
  const [value, setValue] = useState<T>(() => {
    const { chosen } = entryHere();
    return name in chosen ? (chosen[name] as T) : initial;
  });
  const choose = (next: T): void => {
    if (entry.current === here) entryHere().chosen[name] = next;
    setValue(next);
  };
  return [value, choose];
}

function entryHere(): Entry {
  const known = entries.get(here);
  if (known) return known;
  const made: Entry = { panes: {}, chosen: {} };
  entries.set(here, made);
  return made;
}

/** Keys are unique over reloads of the tab. */
function newKey(): string {
  return `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
}

function elementOf(name: Pane): Element | null {
  return name === "window" ? document.scrollingElement : document.querySelector(`[data-pane="${name}"]`);
}

function blocksOf(pane: Element): Element[] {
  return [...pane.querySelectorAll(".page .markdown > div > *, .page .markdown > :not(div)")];
}

function positionOf(pane: Element): Position {
  const edge = pane.getBoundingClientRect().top;
  const blocks = pane.scrollTop === 0 ? [] : blocksOf(pane);
  const half = edge + pane.clientHeight / 2;
  const begun = blocks.findIndex((block) => block.getBoundingClientRect().top >= edge);
  const inSight = begun >= 0 && (blocks[begun]?.getBoundingClientRect().top ?? half) < half;
  const index = inSight ? begun : blocks.findIndex((block) => block.getBoundingClientRect().bottom > edge);
  const block = blocks[index];
  return { top: pane.scrollTop, block: block ? { index, offset: block.getBoundingClientRect().top - edge } : null };
}

function scrollBack(pane: Element, { top, block }: Position): void {
  const element = block && blocksOf(pane)[block.index];
  if (element) pane.scrollTop += element.getBoundingClientRect().top - pane.getBoundingClientRect().top - block.offset;
  else pane.scrollTop = top;
}

/** Keeps a pane at a position while what it holds still grows, until the reader does something. */
function holdAt(pane: Element, position: Position): void {
  letGo();
  const set = (): void => scrollBack(pane, position);
  const observer = new ResizeObserver(set);
  const stop = new AbortController();
  letGo = () => {
    observer.disconnect();
    stop.abort();
    clearTimeout(timer);
  };
  const timer = setTimeout(letGo, SETTLE);
  for (const kind of ["wheel", "touchstart", "pointerdown", "keydown"]) {
    addEventListener(kind, letGo, { signal: stop.signal, passive: true, capture: true });
  }
  for (const child of pane.querySelectorAll(":scope > *, .markdown")) observer.observe(child);
  set();
}
