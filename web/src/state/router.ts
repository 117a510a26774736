// Where the browser stands. Links are plain anchors: one listener turns those that lead to pages of ours
// into steps without a load.

import { type Route, parseRoute } from "./routes";
import { createStore } from "./store";

function current(): Route {
  return parseRoute(location.pathname, location.search, location.hash);
}

export const route = createStore<Route>(current());

export function navigate(href: string, how: "push" | "replace" = "push"): void {
  if (how === "replace") history.replaceState(null, "", href);
  else history.pushState(null, "", href);
  route.set(current());
}

export function startRouter(): void {
  addEventListener("popstate", () => route.set(current()));
  addEventListener("hashchange", () => route.set(current()));
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const anchor = event.target instanceof Element ? event.target.closest("a") : null;
    if (!anchor || anchor.target !== "" || anchor.hasAttribute("download")) return;
    const url = new URL(anchor.href, location.href);
    if (url.origin !== location.origin) return;
    if (url.pathname !== "/" && !url.pathname.startsWith("/a/")) return;
    event.preventDefault();
    if (url.href !== location.href) navigate(url.pathname + url.search + url.hash);
    else if (url.hash !== "") document.getElementById(decodeURIComponent(url.hash.slice(1)))?.scrollIntoView();
  });
}
