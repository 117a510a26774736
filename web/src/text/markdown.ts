// Pages are written from untrusted sources. HTML in them is shown as text, links lead to known places only,
// and images are never fetched.

import MarkdownIt from "markdown-it";
import type { Token } from "markdown-it";

import { type CitedPlace, formatRange, isInside, parseCitation } from "./citation";
import { legible, unturned } from "./legible";

export type Block =
  | { kind: "html"; html: string }
  | { kind: "code"; language: string; text: string }
  | { kind: "diagram"; text: string };

export interface Heading {
  id: string;
  level: number;
  text: string;
}

export interface Rendered {
  blocks: Block[];
  headings: Heading[];
  /** The text opens with a heading of its own. */
  hasTitle: boolean;
}

/** How links are turned into addresses; `imageLeftOut` stands before the description of an image. */
export interface Links {
  source: (place: CitedPlace) => string;
  page: (slug: string) => string;
  imageLeftOut: string;
}

type Environment = {
  links: Links;
};

const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
const ALLOWED = /^(https?|mailto|source|page):/i;

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false });

// Links with a scheme that we do not know stay text. Relative ones are taken, and shown without a target.
markdown.validateLink = (url) => !SCHEME.test(url.trim()) || ALLOWED.test(url.trim());

markdown.renderer.rules["link_open"] = (tokens, index, _options, env: unknown) => {
  const href = String(tokens[index]?.attrGet("href") ?? "");
  return openLink(href, (env as Environment).links);
};

markdown.renderer.rules["image"] = (tokens, index, _options, env: unknown) => {
  const alt = markdown.utils.escapeHtml(unturned(tokens[index]?.content ?? ""));
  const label = markdown.utils.escapeHtml((env as Environment).links.imageLeftOut);
  return `<span class="image-left-out" title="${label}">${alt === "" ? label : alt}</span>`;
};

// A wide table scrolls in its own frame, never the page.
markdown.renderer.rules["table_open"] = () => '<div class="table-frame" tabindex="0"><table>';
markdown.renderer.rules["table_close"] = () => "</table></div>";

function openLink(href: string, links: Links): string {
  const escape = markdown.utils.escapeHtml;
  const place = parseCitation(href);
  if (place) {
    const title = legible(place.path) + formatRange(place.range).replace("#", " ");
    return `<a class="citation" href="${escape(links.source(place))}" title="${escape(title)}">`;
  }
  if (href.startsWith("page:")) {
    const [slug = "", hash] = decoded(href.slice("page:".length)).split("#", 2);
    if (!isInside(slug)) return "<a>";
    return `<a href="${escape(links.page(slug) + (hash === undefined ? "" : `#${encodeURIComponent(hash)}`))}">`;
  }
  if (/^(https?:|mailto:)/i.test(href)) {
    return `<a class="external" href="${escape(href)}" target="_blank" rel="noopener noreferrer">`;
  }
  if (href.startsWith("#")) return `<a href="${escape(href)}">`;
  return "<a>";
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function renderMarkdown(text: string, links: Links): Rendered {
  const env: Environment = { links };
  const tokens = parse(text, env);
  const headings = nameHeadings(tokens);
  const blocks: Block[] = [];
  let pending: Token[] = [];
  const flush = (): void => {
    if (pending.length > 0) blocks.push({ kind: "html", html: markdown.renderer.render(pending, markdown.options, env) });
    pending = [];
  };
  for (const token of tokens) {
    if (token.type === "fence" && token.level === 0) {
      flush();
      const language = token.info.trim().split(/\s+/, 1)[0] ?? "";
      if (language === "mermaid") blocks.push({ kind: "diagram", text: token.content });
      else blocks.push({ kind: "code", language, text: token.content });
    } else {
      pending.push(token);
    }
  }
  flush();
  return { blocks, headings, hasTitle: tokens[0]?.type === "heading_open" && tokens[0].tag === "h1" };
}

/** A short text, such as an item's description. */
export function renderInline(text: string, links: Links): string {
  const env: Environment = { links };
  return markdown.renderer.render(parse(text, env), markdown.options, env);
}

/** Text and code in the order of their characters; addresses stay as they are. */
function parse(text: string, env: Environment): Token[] {
  const tokens = markdown.parse(text, env);
  for (const token of tokens.flatMap((each) => [each, ...(each.children ?? [])])) {
    if (token.children === null) token.content = unturned(token.content);
  }
  return tokens;
}

function nameHeadings(tokens: Token[]): Heading[] {
  const headings: Heading[] = [];
  const taken = new Map<string, number>();
  tokens.forEach((token, index) => {
    if (token.type !== "heading_open") return;
    const text = plain(tokens[index + 1]);
    const base = slugify(text);
    const count = taken.get(base) ?? 0;
    taken.set(base, count + 1);
    const id = count === 0 ? base : `${base}-${count + 1}`;
    token.attrSet("id", id);
    headings.push({ id, level: Number(token.tag.slice(1)), text });
  });
  return headings;
}

function plain(inline: Token | undefined): string {
  return (inline?.children ?? [])
    .filter((child) => child.type === "text" || child.type === "code_inline")
    .map((child) => child.content)
    .join("")
    .trim();
}

/** `How a call runs` → `how-a-call-runs`; letters of every script stay. */
export function slugify(text: string): string {
  const slug = text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "");
  return slug === "" ? "section" : slug;
}
