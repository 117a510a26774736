// Numbers and times as people read them.

export function formatBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

const LANGUAGES: Record<string, string> = {
  cpp: "C++", csharp: "C#", css: "CSS", html: "HTML", ini: "INI", javascript: "JavaScript", json: "JSON", php: "PHP",
  rst: "reStructuredText", sql: "SQL", toml: "TOML", tsx: "TSX", typescript: "TypeScript", xml: "XML", yaml: "YAML",
};

/** A language as people write it. */
export function languageName(language: string): string {
  const known = Object.hasOwn(LANGUAGES, language) ? LANGUAGES[language] : undefined;
  return known ?? language.charAt(0).toUpperCase() + language.slice(1);
}

/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 4 min`. */
export function formatDuration(seconds: number): string {
  const rest = Math.max(0, seconds);
  if (rest < 10) return `${rest.toFixed(1)} s`;
  if (rest < 60) return `${Math.round(rest)} s`;
  const whole = Math.round(rest);
  if (whole < 3600) return whole % 60 === 0 ? `${whole / 60} min` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.floor((whole % 3600) / 60);
  return minutes === 0 ? `${Math.floor(whole / 3600)} h` : `${Math.floor(whole / 3600)} h ${minutes} min`;
}

export interface Age {
  count: number;
  unit: "second" | "minute" | "hour" | "day" | "month" | "year";
}

const AGES: readonly (readonly [Age["unit"], number])[] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

export function age(from: Date, now: Date): Age {
  const seconds = Math.max(0, (now.getTime() - from.getTime()) / 1000);
  for (const [unit, length] of AGES) {
    if (seconds >= length) return { count: Math.floor(seconds / length), unit };
  }
  return { count: Math.floor(seconds), unit: "second" };
}

/** How much of the work is done, 0 to 1; `null` when nobody knows. */
export function fraction(progress: { done: number; total: number | null } | null): number | null {
  if (progress === null || progress.total === null || progress.total <= 0) return null;
  return Math.min(1, Math.max(0, progress.done / progress.total));
}
