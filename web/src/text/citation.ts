// Links to lines of the source: `source:PATH#L3-L9` in Markdown, `#L3-L9` in addresses.

export interface Range {
  start: number;
  end: number;
}

const RANGE = /^#?L(\d{1,9})(?:-L?(\d{1,9}))?$/;

/** `#L3-L9`, `#L3` and `L3-9` name lines; everything else names none. */
export function parseRange(text: string): Range | null {
  const match = RANGE.exec(text);
  if (!match) return null;
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  if (first < 1 || last < 1) return null;
  return { start: Math.min(first, last), end: Math.max(first, last) };
}

export function formatRange(range: Range | null): string {
  if (range === null) return "";
  return range.start === range.end ? `#L${range.start}` : `#L${range.start}-L${range.end}`;
}

export interface CitedPlace {
  path: string;
  range: Range | null;
}

/** A path that leads nowhere but into the repository: a browser would take `..` out of an address by itself. */
export function isInside(path: string): boolean {
  return path !== "" && !path.includes("\0") && path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

export function parseCitation(href: string): CitedPlace | null {
  if (!href.startsWith("source:")) return null;
  const rest = href.slice("source:".length);
  const split = rest.indexOf("#");
  const encoded = split < 0 ? rest : rest.slice(0, split);
  try {
    const path = decodeURIComponent(encoded);
    if (!isInside(path)) return null;
    return { path, range: split < 0 ? null : parseRange(rest.slice(split)) };
  } catch {
    return null;
  }
}
