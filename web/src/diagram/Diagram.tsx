// A diagram in its frame: drawn when it comes into view, scrolled and zoomed inside.

import { useEffect, useRef, useState } from "preact/hooks";

import { useTexts } from "../i18n";
import { useStore } from "../state/store";
import { theme } from "../state/theme";
import { fitZoom, zoomed } from "./zoom";

type Drawn = { svg: string } | { failed: string } | null;

export function Diagram({ text }: { text: string }) {
  const t = useTexts();
  const colors = useStore(theme);
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState(false);
  const [drawn, setDrawn] = useState<Drawn>(null);
  const [natural, setNatural] = useState<{ width: number; height: number } | null>(null);
  const [zoom, setZoom] = useState(1);

  useEffect(() => {
    const element = frame.current;
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

  useEffect(() => {
    const svg = canvas.current?.querySelector("svg");
    const box = svg?.viewBox.baseVal;
    if (!svg || !box || box.width === 0) return;
    setNatural({ width: box.width, height: box.height });
    setZoom(fitZoom(box.width, frame.current?.clientWidth ?? box.width));
  }, [drawn]);

  useEffect(() => {
    const svg = canvas.current?.querySelector("svg");
    if (!svg || !natural) return;
    svg.style.maxWidth = "none";
    svg.style.width = `${Math.round(natural.width * zoom)}px`;
    svg.style.height = `${Math.round(natural.height * zoom)}px`;
  }, [natural, zoom, drawn]);

  if (drawn && "failed" in drawn) {
    return (
      <figure class="diagram diagram-failed">
        <figcaption>{t.diagramFailed}</figcaption>
        <pre tabIndex={0}><code>{text}</code></pre>
      </figure>
    );
  }
  const fit = (): void => {
    if (natural) setZoom(fitZoom(natural.width, frame.current?.clientWidth ?? natural.width));
  };
  return (
    <figure class="diagram" aria-label={t.diagram}>
      <div class="diagram-frame" ref={frame} tabIndex={0}>
        {drawn
          // Mermaid's own sanitised output: securityLevel "strict" escapes every label.
          ? <div class="diagram-canvas" ref={canvas} dangerouslySetInnerHTML={{ __html: drawn.svg }} />
          : <p class="quiet">{t.loading}</p>}
      </div>
      <div class="diagram-tools">
        <button type="button" class="icon" onClick={() => setZoom(zoomed(zoom, -1))} aria-label={t.zoomOut}>−</button>
        <button type="button" class="icon" onClick={fit} aria-label={t.zoomFit} title={t.zoomFit}>
          {Math.round(zoom * 100)} %
        </button>
        <button type="button" class="icon" onClick={() => setZoom(zoomed(zoom, 1))} aria-label={t.zoomIn}>+</button>
      </div>
    </figure>
  );
}
