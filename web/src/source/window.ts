// Which lines of a long file are fetched and drawn.

import type { Range } from "../text/citation";

/** Files up to this length are fetched and drawn whole. */
export const WHOLE = 2_000;
/** Longer ones come in blocks of so many lines. */
export const BLOCK = 1_000;
/** Lines drawn above and below what is seen. */
const MARGIN = 60;

/** The block that holds a line: blocks count from 0, lines from 1. */
export function blockOf(line: number): number {
  return Math.floor((Math.max(1, line) - 1) / BLOCK);
}

export function linesOf(block: number): Range {
  return { start: block * BLOCK + 1, end: (block + 1) * BLOCK };
}

/** The lines to draw for a view that begins `top` pixels below the first line and is `height` pixels high. */
export function visible(top: number, height: number, lineHeight: number, total: number): Range {
  if (total <= 0) return { start: 1, end: 0 };
  const first = Math.floor(Math.max(0, top) / lineHeight) + 1 - MARGIN;
  const last = Math.ceil((Math.max(0, top) + height) / lineHeight) + MARGIN;
  const start = Math.min(Math.max(1, first), total);
  return { start, end: Math.max(start, Math.min(total, last)) };
}

/** Where to scroll so that a range is seen with some lines above it. */
export function scrollTo(range: Range, height: number, lineHeight: number): number {
  const length = (range.end - range.start + 1) * lineHeight;
  const above = length < height * 0.7 ? Math.max(3 * lineHeight, (height - length) / 3) : 3 * lineHeight;
  return Math.max(0, (range.start - 1) * lineHeight - above);
}
