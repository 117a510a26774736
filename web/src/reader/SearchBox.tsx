// The search field in the top bar: results come while one types; `/` leads here from anywhere.

import { useEffect, useRef, useState } from "preact/hooks";

import { useTexts } from "../i18n";
import { navigate } from "../state/router";
import { type Route, searchHref } from "../state/routes";
import { SearchIcon } from "../ui/icons";

const PAUSE = 180;

export function SearchBox({ id, route }: { id: string; route: Route }) {
  const t = useTexts();
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const searched = route.name === "search" ? route.query : "";
  const [text, setText] = useState(searched);

  // What was typed here is not taken over again: it may have gone on since. A step back or forward is.
  const sent = useRef(searched);
  useEffect(() => {
    if (sent.current === searched) return;
    sent.current = searched;
    clearTimeout(timer.current);
    setText(searched);
  }, [searched]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof Element && event.target.closest("input, textarea, select, dialog, [contenteditable]")) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("keydown", onKey);
      clearTimeout(timer.current);
    };
  }, []);

  const go = (query: string): void => {
    clearTimeout(timer.current);
    if (query.trim() === "" && route.name !== "search") return;
    sent.current = query.trim();
    navigate(searchHref(id, sent.current), route.name === "search" ? "replace" : "push");
  };

  return (
    <form
      class="search" role="search"
      onSubmit={(event) => {
        event.preventDefault();
        go(text);
        document.querySelector<HTMLElement>(".hit a")?.focus();
      }}
    >
      <SearchIcon />
      <input
        ref={input} type="search" name="q" value={text} placeholder={t.searchPlaceholder} aria-label={t.searchPlaceholder}
        title={t.searchHint} spellcheck={false} autoComplete="off" autoCapitalize="off"
        onInput={(event) => {
          const query = event.currentTarget.value;
          setText(query);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => go(query), PAUSE);
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            event.stopPropagation();
            input.current?.blur();
          } else if (event.key === "ArrowDown") {
            event.preventDefault();
            document.querySelector<HTMLElement>(".hit a")?.focus();
          }
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </form>
  );
}
