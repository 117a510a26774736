// Where the browser stands. Links are plain anchors: one listener turns those that lead to pages of ours
// into steps without a load.

import { arriveAtEntry, leaveEntry, newEntry, sameEntry, startEntries } from "./entries";
import { type Route, decodeHash, parseRoute } from "./routes";
import { createStore } from "./store";

function current(): Route {
  return parseRoute(location.pathname, location.search, location.hash);
}

export const route = createStore<Route>(current());

export function navigate(href: string, how: "push" | "replace" = "push"): void {
  leaveEntry();
  if (how === "replace") history.replaceState(sameEntry(), "", href);
  else history.pushState(newEntry(), "", href);
  arriveAtEntry(false);
  route.set(current());
}

export function startRouter(): void {
  startEntries();
  // A step to another hash is told as such a step too.
  addEventListener("popstate", () => {
    leaveEntry();
    arriveAtEntry(true);
    route.set(current());
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const anchor = event.target instanceof Element ? event.target.closest("a") : null;
    if (!anchor || anchor.target !== "" || anchor.hasAttribute("download")) return;
    const url = new URL(anchor.href, location.href);
    if (url.origin !== location.origin) return;
    if (url.pathname !== "/" && !url.pathname.startsWith("/a/")) return;
    event.preventDefault();
    if (anchor.classList.contains("skip")) document.getElementById("content")?.focus();
    else if (url.href !== location.href) navigate(url.pathname + url.search + url.hash);
    else if (url.hash !== "") document.getElementById(decodeHash(url.hash))?.scrollIntoView();
  });
}
