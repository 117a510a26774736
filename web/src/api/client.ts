// Every request that the pages make.

import { Problem, isAbort, parseProblem } from "./problem";
import type {
  Accepted, Analysis, FileDetail, FileRow, Hit, Listing, Page, PageHead, ServerInfo, Submission, Uploaded,
} from "./types";

const BASE = "/api/v1";

/** `a/b c` → `a/b%20c`: slashes stay, everything else that means something in a URL does not. */
export function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

export function analysisUrl(id: string, rest = ""): string {
  return `${BASE}/analyses/${encodeURIComponent(id)}${rest}`;
}

async function request<T>(url: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  let body: string;
  try {
    response = await fetch(url, { ...init, headers: { accept: "application/json", ...init.headers } });
    body = await response.text();
  } catch (reason) {
    if (isAbort(reason)) throw reason;
    throw Problem.unreachable();
  }
  if (!response.ok) throw parseProblem(response.status, response.statusText, body);
  return (body === "" ? undefined : JSON.parse(body)) as T;
}

function post<T>(url: string, body?: unknown): Promise<T> {
  if (body === undefined) return request(url, { method: "POST" });
  return request(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function all<T>(url: string, signal: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const separator = url.includes("?") ? "&" : "?";
    const part: Listing<T> = await request(
      cursor === null ? url : `${url}${separator}cursor=${encodeURIComponent(cursor)}`,
      { signal },
    );
    items.push(...part.items);
    cursor = part.next;
  } while (cursor !== null);
  return items;
}

export function info(signal: AbortSignal): Promise<ServerInfo> {
  return request(`${BASE}/info`, { signal });
}

export function analyses(cursor: string | null, signal: AbortSignal): Promise<Listing<Analysis>> {
  const more = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
  return request(`${BASE}/analyses?limit=50${more}`, { signal });
}

export function analysis(id: string, signal?: AbortSignal): Promise<Analysis> {
  return request(analysisUrl(id), signal ? { signal } : {});
}

export function submit(submission: Submission): Promise<Accepted> {
  return post(`${BASE}/analyses`, submission);
}

export function cancel(id: string): Promise<Analysis> {
  return post(analysisUrl(id, "/cancel"));
}

export function resume(id: string): Promise<Analysis> {
  return post(analysisUrl(id, "/resume"));
}

export function remove(id: string): Promise<void> {
  return request(analysisUrl(id), { method: "DELETE" });
}

export function pages(id: string, signal: AbortSignal): Promise<PageHead[]> {
  return all(analysisUrl(id, "/pages"), signal);
}

export function page(id: string, slug: string, signal: AbortSignal): Promise<Page> {
  return request(analysisUrl(id, `/pages/${encodePath(slug)}`), { signal });
}

export function files(id: string, signal: AbortSignal): Promise<FileRow[]> {
  return all(analysisUrl(id, "/files?limit=10000"), signal);
}

export function file(
  id: string, path: string, start: number, end: number, signal: AbortSignal,
): Promise<FileDetail> {
  const url = analysisUrl(id, `/files/${encodePath(path)}?start_line=${start}&end_line=${end}`);
  return request(url, { signal });
}

/** A search answers with the best so many. */
export const MOST_HITS = 50;

export async function search(id: string, query: string, signal: AbortSignal): Promise<Hit[]> {
  const url = analysisUrl(id, `/search?limit=${MOST_HITS}&q=${encodeURIComponent(query)}`);
  return (await request<Listing<Hit>>(url, { signal })).items;
}

export function exportUrl(id: string, format: "json" | "md"): string {
  return analysisUrl(id, `/export?format=${format}`);
}

/** Sends an archive. `fetch` cannot tell how much has been sent, so this is the older interface. */
export function upload(
  archive: File, onProgress: (sent: number, total: number) => void, signal: AbortSignal,
): Promise<Uploaded> {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open("POST", `${BASE}/uploads`);
    sending.setRequestHeader("content-type", "application/octet-stream");
    sending.setRequestHeader("x-filename", encodeURIComponent(archive.name));
    sending.upload.onprogress = (event) => onProgress(event.loaded, archive.size);
    sending.onerror = () => reject(Problem.unreachable());
    sending.onabort = () => reject(new DOMException("aborted", "AbortError"));
    sending.onload = () => {
      const ok = sending.status >= 200 && sending.status < 300;
      if (ok) resolve(JSON.parse(sending.responseText) as Uploaded);
      else reject(parseProblem(sending.status, sending.statusText, sending.responseText));
    };
    signal.addEventListener("abort", () => sending.abort(), { once: true });
    sending.send(archive);
  });
}
