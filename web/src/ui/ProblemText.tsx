// The words of a problem: in the reader's language by its code, and below that the server's own, which name the values.

import { useTexts } from "../i18n";
import { unturned } from "../text/legible";

interface Props {
  code: string;
  message: string;
  hint: string | null;
  /** What stands above, so that it is not said twice. */
  title?: string;
}

export function ProblemText({ code, message, hint, title }: Props) {
  const t = useTexts();
  const own = Object.hasOwn(t.explained, code) ? t.explained[code] : undefined;
  if (own === undefined) {
    return (
      <>
        {message !== title && <p>{ticked(message)}</p>}
        {hint && <p class="note-hint">{ticked(hint)}</p>}
      </>
    );
  }
  return (
    <>
      <p>{ticked(own.detail)}</p>
      <p class="note-hint">{ticked(own.hint)}</p>
      <details class="note-original">
        <summary>{t.serverSaid}</summary>
        <p lang="en">{ticked(message)}</p>
      </details>
    </>
  );
}

/** Text between backticks is code. */
export function ticked(text: string) {
  return unturned(text).split("`").map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part));
}
