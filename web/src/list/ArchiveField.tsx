// Choosing an archive, by dialog or by dropping it.

import { useState } from "preact/hooks";

import { useTexts } from "../i18n";
import { formatBytes } from "../text/format";

interface Props {
  archive: File | null;
  limit: number | null;
  disabled: boolean;
  described: string | undefined;
  onChoose: (archive: File) => void;
}

export function ArchiveField({ archive, limit, disabled, described, onChoose }: Props) {
  const t = useTexts();
  const [over, setOver] = useState(false);
  const choose = (files: FileList | null | undefined): void => {
    const file = files?.item(0);
    if (file && !disabled) onChoose(file);
  };
  return (
    <label
      class={over ? "drop drop-over" : "drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        choose(event.dataTransfer?.files);
      }}
    >
      <input
        class="visually-hidden" name="archive" type="file" accept=".zip,.tar,.gz,.tgz" disabled={disabled}
        aria-describedby={described} onChange={(event) => choose(event.currentTarget.files)}
      />
      <strong>{archive ? archive.name : t.dropHere}</strong>
      <span class="quiet">
        {archive ? formatBytes(archive.size) : limit !== null ? t.upTo(formatBytes(limit)) : " "}
      </span>
    </label>
  );
}
