// Starts a reading of a folder, a git repository or an archive.

import { useEffect, useRef, useState } from "preact/hooks";

import { submit, upload } from "../api/client";
import { Problem, isAbort } from "../api/problem";
import type { DocumentLanguage, ServerInfo, Source } from "../api/types";
import { language as uiLanguage, useTexts } from "../i18n";
import { navigate } from "../state/router";
import { analysisHref } from "../state/routes";
import { formatBytes } from "../text/format";
import { beginsAtHome, looksLikeFolder, looksLikeGit } from "../text/place";
import { ProblemNote } from "../ui/ProblemNote";
import { ArchiveField } from "./ArchiveField";

type Kind = "folder" | "git" | "archive";

export function StartForm({ info }: { info: ServerInfo | null }) {
  const t = useTexts();
  const [kind, setKind] = useState<Kind>("folder");
  const [path, setPath] = useState("");
  const [git, setGit] = useState("");
  const [reference, setReference] = useState("");
  const [archive, setArchive] = useState<File | null>(null);
  const [language, setLanguage] = useState<DocumentLanguage>(uiLanguage.get());
  const [useLlm, setUseLlm] = useState(true);
  const [sent, setSent] = useState<number | null>(null);
  const [busy, setBusy] = useState(false);
  const [missing, setMissing] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const abort = useRef(new AbortController());
  const form = useRef<HTMLFormElement>(null);

  useEffect(() => () => abort.current.abort(), []);
  const focusField = (): void => {
    form.current?.querySelector<HTMLElement>("input[name=path], input[name=git], input[name=archive]")?.focus();
  };
  // While it was sent the fields were closed, and a closed field loses the focus.
  useEffect(() => {
    if (problem) focusField();
  }, [problem]);
  const localPaths = info?.local_paths ?? true;
  useEffect(() => {
    if (!localPaths) setKind((before) => (before === "folder" ? "git" : before));
  }, [localPaths]);

  const limit = info?.limits.upload_bytes ?? null;

  const misplaced =
    kind === "folder" && looksLikeGit(path) ? t.thisIsGit : kind === "git" && localPaths && looksLikeFolder(git) ? t.thisIsFolder : null;
  const change = (next: Kind): void => {
    setKind(next);
    setProblem(null);
    setMissing(null);
  };
  const moved = useRef(false);
  const moveText = (): void => {
    if (kind === "folder") setGit(path.trim());
    else setPath(git.trim());
    change(kind === "folder" ? "git" : "folder");
    moved.current = true;
  };
  useEffect(() => {
    if (moved.current) focusField();
    moved.current = false;
  }, [kind]);

  const complaint = (): string | null => {
    if (kind === "folder") return path.trim() === "" ? t.required : misplaced ?? (beginsAtHome(path) ? t.homeUnknown : null);
    if (kind === "git") return git.trim() === "" ? t.required : misplaced;
    if (!archive) return t.archiveRequired;
    if (limit !== null && archive.size > limit) {
      return t.archiveTooLarge(formatBytes(archive.size), formatBytes(limit));
    }
    return null;
  };

  const source = async (): Promise<Source> => {
    if (kind === "folder") return { path: path.trim() };
    if (kind === "git") {
      return reference.trim() === "" ? { git: git.trim() } : { git: git.trim(), ref: reference.trim() };
    }
    if (!archive) throw new Error(t.archiveRequired);
    setSent(0);
    const { upload: id } = await upload(archive, (done, total) => setSent(total > 0 ? done / total : 1), abort.current.signal);
    return { upload: id };
  };

  const start = async (event: Event): Promise<void> => {
    event.preventDefault();
    const wrong = complaint();
    setMissing(wrong);
    setProblem(null);
    if (wrong !== null) focusField();
    if (wrong !== null || busy) return;
    setBusy(true);
    try {
      const options = info?.llm.configured && !useLlm ? { language, static: true } : { language };
      const accepted = await submit({ source: await source(), options });
      navigate(analysisHref(accepted.id));
    } catch (reason) {
      if (isAbort(reason)) return;
      setProblem(Problem.from(reason));
      setBusy(false);
      setSent(null);
    }
  };

  const kinds: readonly (readonly [Kind, string])[] = [
    ...(localPaths ? [["folder", t.fromFolder] as const] : []),
    ["git", t.fromGit],
    ["archive", t.fromArchive],
  ];
  const described = problem !== null || missing !== null ? "start-problem" : undefined;
  const field = { "aria-invalid": described !== undefined, "aria-describedby": described, disabled: busy };

  return (
    <form class="start-form" ref={form} onSubmit={(event) => void start(event)} noValidate>
      <fieldset class="segments" disabled={busy}>
        <legend class="visually-hidden">{t.sourceKind}</legend>
        {kinds.map(([value, label]) => (
          <label class="segment">
            <input
              type="radio" name="kind" value={value} checked={kind === value}
              onChange={() => change(value)}
            />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>

      {kind === "folder" && (
        <label class="field">
          <span>{t.folderLabel}</span>
          <input
            {...field} name="path" type="text" value={path} placeholder={t.folderPlaceholder} spellcheck={false}
            autoComplete="off" autoCapitalize="off"
            onInput={(event) => {
              setPath(event.currentTarget.value);
              setMissing(null);
            }}
          />
        </label>
      )}
      {kind === "git" && (
        <div class="field-pair">
          <label class="field">
            <span>{t.gitLabel}</span>
            <input
              {...field} name="git" type="text" inputMode="url" value={git} placeholder={t.gitPlaceholder} spellcheck={false}
              autoComplete="off" autoCapitalize="off"
              onInput={(event) => {
                setGit(event.currentTarget.value);
                setMissing(null);
              }}
            />
          </label>
          <label class="field">
            <span>{t.refLabel}</span>
            <input
              name="ref" type="text" value={reference} disabled={busy} spellcheck={false} autoComplete="off"
              autoCapitalize="off" onInput={(event) => setReference(event.currentTarget.value)}
            />
          </label>
        </div>
      )}
      {kind === "archive" && (
        <ArchiveField archive={archive} limit={limit} disabled={busy} onChoose={setArchive} described={described} />
      )}

      <div class="live" aria-live="polite">
        {missing !== null && <p class="field-problem" id="start-problem">{missing}</p>}
        {misplaced !== null && (
          <p class="field-hint">
            {missing === null && <span>{misplaced}</span>}
            <button type="button" onClick={moveText}>{kind === "folder" ? t.takeAsGit : t.takeAsFolder}</button>
          </p>
        )}
        {sent !== null && (
          <p class="sending">
            <progress value={sent} max={1} aria-label={t.archiveLabel} /> {t.uploading(Math.round(sent * 100))}
          </p>
        )}
      </div>
      {problem && <ProblemNote problem={problem} id="start-problem" />}

      <div class="options">
        <label class="option">
          <span>{t.pagesIn}</span>
          <select
            name="language" value={language} disabled={busy}
            onChange={(event) => setLanguage(event.currentTarget.value === "zh" ? "zh" : "en")}
          >
            <option value="en">{t.english}</option>
            <option value="zh">{t.chinese}</option>
          </select>
        </label>
        {info?.llm.configured && (
          <label class="option">
            <input
              name="llm" type="checkbox" checked={useLlm} disabled={busy}
              onChange={(event) => setUseLlm(event.currentTarget.checked)}
            />
            <span>{t.useLlm(info.llm.model ?? "LLM")}</span>
          </label>
        )}
        {info && !info.llm.configured && <p class="option quiet">{t.noLlm}</p>}
        <button type="submit" class="primary" disabled={busy}>{busy ? t.starting : t.start}</button>
      </div>
    </form>
  );
}
