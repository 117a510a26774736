// A diagram on a page: drawn when it comes into view, and shown on the whole window on demand.

import { useEffect, useRef, useState } from "preact/hooks";

import { useTexts } from "../i18n";
import { useStore } from "../state/store";
import { theme } from "../state/theme";
import { CloseIcon, EnlargeIcon } from "../ui/icons";
import { Canvas } from "./Canvas";

type Drawn = { svg: string } | { failed: string } | null;

export function Diagram({ text }: { text: string }) {
  const t = useTexts();
  const colors = useStore(theme);
  const figure = useRef<HTMLElement>(null);
  const [seen, setSeen] = useState(false);
  const [drawn, setDrawn] = useState<Drawn>(null);
  const [large, setLarge] = useState(false);

  useEffect(() => {
    const element = figure.current;
    if (!element) return undefined;
    const watcher = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) setSeen(true);
    }, { rootMargin: "400px" });
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);

  useEffect(() => {
    if (!seen) return undefined;
    let current = true;
    import("./draw")
      .then(({ draw }) => draw(text, colors))
      .then(
        (svg) => current && setDrawn({ svg }),
        (reason: unknown) => current && setDrawn({ failed: reason instanceof Error ? reason.message : String(reason) }),
      );
    return () => {
      current = false;
    };
  }, [seen, text, colors]);

  if (drawn && "failed" in drawn) {
    return (
      <figure class="diagram diagram-failed" ref={figure} title={drawn.failed}>
        <figcaption>{t.diagramFailed}</figcaption>
        <pre tabIndex={0}><code>{text}</code></pre>
      </figure>
    );
  }
  return (
    <figure class="diagram" ref={figure} aria-label={t.diagram}>
      {drawn
        ? (
          <Canvas svg={drawn.svg}>
            <button type="button" class="icon" onClick={() => setLarge(true)} aria-label={t.enlarge} title={t.enlarge}>
              <EnlargeIcon />
            </button>
          </Canvas>
        )
        : <div class="diagram-frame"><p class="quiet">{t.loading}</p></div>}
      {drawn && large && <Large svg={drawn.svg} onClose={() => setLarge(false)} />}
    </figure>
  );
}

function Large({ svg, onClose }: { svg: string; onClose: () => void }) {
  const t = useTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog class="diagram-large" ref={dialog} aria-label={t.diagram} onClose={onClose}>
      <Canvas svg={svg}>
        <button type="button" class="icon" onClick={() => dialog.current?.close()} aria-label={t.close} title={t.close}>
          <CloseIcon />
        </button>
      </Canvas>
    </dialog>
  );
}
