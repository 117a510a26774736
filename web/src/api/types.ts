// The JSON shapes of /api/v1, as the server sends them.

export type Status = "queued" | "running" | "completed" | "failed" | "cancelled";
export type Step = "scan" | "index" | "analyze" | "document";
export type Origin = "static" | "llm";
export type DocumentLanguage = "en" | "zh";

export const STEPS: readonly Step[] = ["scan", "index", "analyze", "document"];

export type Source =
  | { path: string }
  | { git: string; ref?: string }
  | { upload: string }
  | { archive: string };

export interface Counts {
  files: number;
  skipped: number;
  symbols: number;
  analyzed: number;
  failed: number;
  pages: number;
}

export interface LlmUsage {
  calls: number;
  cached: number;
  prompt_tokens: number;
  completion_tokens: number;
  cost: number;
}

export interface Failure {
  code: string;
  message: string;
  hint: string;
}

export interface Analysis {
  id: string;
  name: string;
  task_id: string;
  status: Status;
  step: Step | null;
  progress: { done: number; total: number | null } | null;
  source: Source;
  commit: string | null;
  language: DocumentLanguage;
  model: string | null;
  counts: Counts;
  llm: LlmUsage;
  error: Failure | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
}

export interface Listing<T> {
  items: T[];
  next: string | null;
}

export interface Submission {
  source: Source;
  name?: string;
  options: { language?: DocumentLanguage; static?: boolean };
}

export interface Accepted {
  id: string;
  task_id: string;
}

export interface Uploaded {
  upload: string;
  bytes: number;
}

export interface ServerInfo {
  version: string;
  llm: { configured: boolean; model: string | null };
  languages: DocumentLanguage[];
  local_paths: boolean;
  limits: { upload_bytes: number };
}

export interface FileRow {
  path: string;
  language: string | null;
  lines: number;
  bytes: number;
  hash: string;
  skipped: string | null;
  rank: number;
  summary: string | null;
  imports: string[];
}

export interface CodeSymbol {
  path: string;
  name: string;
  kind: string;
  start_line: number;
  end_line: number;
  parent: string | null;
  signature: string;
  doc: string | null;
  exported: boolean;
}

export interface Item {
  path: string;
  kind: "file" | "class" | "function" | "data_model";
  name: string;
  title: string;
  description: string;
  start_line: number;
  end_line: number;
  origin: Origin;
}

export interface FileReading {
  path: string;
  summary: string;
  items: Item[];
  dependencies: string[];
  origin: Origin;
  note: string | null;
}

export interface SourceText {
  start_line: number;
  end_line: number;
  total_lines: number;
  text: string;
}

export interface FileDetail extends FileRow {
  source: SourceText | null;
  symbols: CodeSymbol[];
  reading: FileReading | null;
  imported_by: string[];
}

export interface PageHead {
  slug: string;
  title: string;
  parent: string | null;
  order: number;
  origin: Origin;
}

export interface Page extends PageHead {
  markdown: string;
}

export interface Hit {
  path: string;
  start_line: number;
  end_line: number;
  symbol: string | null;
  kind: string | null;
  snippet: string;
  score: number;
}

export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  hint?: string;
}
