// Addresses of the pages, both ways.

import { encodePath } from "../api/client";
import { type Range, formatRange, isInside, parseRange } from "../text/citation";

/** A place in the source that is shown beside the page. */
export interface Place {
  path: string;
  range: Range | null;
}

export type Route =
  | { name: "list" }
  | { name: "page"; id: string; slug: string | null; at: Place | null; hash: string }
  | { name: "file"; id: string; path: string; range: Range | null }
  | { name: "files"; id: string }
  | { name: "search"; id: string; query: string; at: Place | null }
  | { name: "unknown"; path: string };

export function parseRoute(pathname: string, search: string, hash: string): Route {
  const parts = pathname.split("/").slice(1);
  if (parts.length > 1 && parts[parts.length - 1] === "") parts.pop();
  const query = new URLSearchParams(search);
  const at = parsePlace(query.get("at"));
  const [first, rawId, kind, ...rest] = parts;
  if (first === "" && parts.length === 1) return { name: "list" };
  const id = decode(rawId ?? "");
  if (first !== "a" || id === null || id === "") return { name: "unknown", path: pathname };
  if (kind === undefined) return { name: "page", id, slug: null, at, hash };
  const path = decode(rest.join("/"));
  if (path !== null) {
    if (kind === "p" && isInside(path)) return { name: "page", id, slug: path, at, hash };
    if (kind === "f" && isInside(path)) return { name: "file", id, path, range: parseRange(hash) };
    if (kind === "f" && path === "") return { name: "files", id };
    if (kind === "search" && path === "") return { name: "search", id, query: query.get("q") ?? "", at };
  }
  return { name: "unknown", path: pathname };
}

export function analysisHref(id: string): string {
  return `/a/${encodeURIComponent(id)}`;
}

export function pageHref(id: string, slug: string, at: Place | null = null, hash = ""): string {
  return `${analysisHref(id)}/p/${encodePath(slug)}${placeQuery("?", at)}${hash}`;
}

export function fileHref(id: string, path: string, range: Range | null = null): string {
  return `${analysisHref(id)}/f/${encodePath(path)}${formatRange(range)}`;
}

export function filesHref(id: string): string {
  return `${analysisHref(id)}/f`;
}

export function searchHref(id: string, query: string, at: Place | null = null): string {
  return `${analysisHref(id)}/search?q=${encodeURIComponent(query)}${placeQuery("&", at)}`;
}

/** The same route with another place, or none, beside it. */
export function withPlace(route: Route, at: Place | null): string | null {
  if (route.name === "search") return searchHref(route.id, route.query, at);
  if (route.name !== "page") return null;
  if (route.slug !== null) return pageHref(route.id, route.slug, at, route.hash);
  return `${analysisHref(route.id)}${placeQuery("?", at)}${route.hash}`;
}

function placeQuery(separator: string, at: Place | null): string {
  return at === null ? "" : `${separator}at=${encodeURIComponent(at.path + formatRange(at.range))}`;
}

function parsePlace(text: string | null): Place | null {
  if (text === null || text === "") return null;
  const split = text.lastIndexOf("#L");
  const path = split <= 0 ? text : text.slice(0, split);
  return isInside(path) ? { path, range: split <= 0 ? null : parseRange(text.slice(split)) } : null;
}

/** The name of a place on a page: `#a%20b` → `a b`. */
export function decodeHash(hash: string): string {
  return decode(hash.slice(1)) ?? hash.slice(1);
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
