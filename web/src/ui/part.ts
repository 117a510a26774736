// Which entries of a long list are drawn.

/** Entries from `from` to before `to`. */
export interface Part {
  from: number;
  to: number;
}

/** So many are drawn at first; a list that is hardly longer is drawn whole. */
const FIRST = 200;
const HARDLY = 50;

/** The entries to draw at first: those around `at`, or the first ones when it is -1. */
export function partAround(at: number, length: number): Part {
  if (length <= FIRST + HARDLY) return { from: 0, to: length };
  const from = at < FIRST - HARDLY ? 0 : Math.min(at - FIRST / 2, length - FIRST);
  return { from, to: Math.min(length, from + FIRST) };
}

/** Twice as many as before, by those before or after. */
export function grown({ from, to }: Part, length: number, where: "before" | "after"): Part {
  const step = Math.max(FIRST, to - from);
  return where === "before" ? { from: Math.max(0, from - step), to } : { from, to: Math.min(length, to + step) };
}
