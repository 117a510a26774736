// Asks before something is lost.

import { useEffect, useRef } from "preact/hooks";

interface Props {
  title: string;
  detail: string;
  confirm: string;
  dismiss: string;
  onConfirm: () => void;
  onDismiss: () => void;
}

export function ConfirmDialog({ title, detail, confirm, dismiss, onConfirm, onDismiss }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="confirm" aria-labelledby="confirm-title" onClose={onDismiss}>
      <h2 id="confirm-title">{title}</h2>
      <p>{detail}</p>
      <div class="buttons">
        <button type="button" onClick={() => dialog.current?.close()}>{dismiss}</button>
        <button type="button" class="danger" onClick={onConfirm}>{confirm}</button>
      </div>
    </dialog>
  );
}
