// What went wrong with a request: the server's problem document, or one of ours when no server answered.

import type { ProblemDocument } from "./types";

export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly hint: string | null;

  constructor(document: ProblemDocument) {
    super(document.detail);
    this.name = "Problem";
    this.status = document.status;
    this.code = document.code;
    this.title = document.title;
    this.hint = document.hint ?? null;
  }

  static unreachable(): Problem {
    return new Problem({ type: "about:blank", title: "", status: 0, code: "unreachable", detail: "" });
  }

  static from(reason: unknown): Problem {
    if (reason instanceof Problem) return reason;
    if (reason instanceof TypeError) return Problem.unreachable();
    const detail = reason instanceof Error ? reason.message : String(reason);
    return new Problem({ type: "about:blank", title: "Error", status: 0, code: "unknown", detail });
  }
}

export function isAbort(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === "AbortError";
}

/** Reads a problem out of the body of an error answer, whatever a proxy may have made of it. */
export function parseProblem(status: number, statusText: string, body: string): Problem {
  let given: Partial<ProblemDocument> = {};
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === "object" && parsed !== null) given = parsed;
  } catch {
    // Not JSON: the status has to do.
  }
  const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
  const title = text(given.title) ?? text(statusText) ?? `HTTP ${status}`;
  const hint = text(given.hint);
  return new Problem({
    type: text(given.type) ?? "about:blank",
    title,
    status,
    code: text(given.code) ?? "unknown",
    detail: text(given.detail) ?? title,
    ...(hint === null ? {} : { hint }),
  });
}
