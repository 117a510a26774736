// A drawn diagram in a frame that scrolls, with its zoom.

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { useTexts } from "../i18n";
import { fitZoom, zoomed } from "./zoom";

export function Canvas({ svg, children }: { svg: string; children: ComponentChildren }) {
  const t = useTexts();
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState(0);
  // `null` follows the frame's width.
  const [chosen, setChosen] = useState<number | null>(null);
  const [width, setWidth] = useState(0);
  const zoom = chosen ?? fitZoom(width, room);

  useEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    const watcher = new ResizeObserver(() => setRoom(element.clientWidth));
    watcher.observe(element);
    setRoom(element.clientWidth);
    return () => watcher.disconnect();
  }, []);

  useLayoutEffect(() => {
    const drawing = canvas.current?.querySelector("svg");
    const box = drawing?.viewBox.baseVal;
    if (!drawing || !box || box.width === 0) return;
    setWidth(box.width);
    drawing.style.maxWidth = "none";
    drawing.style.width = `${Math.round(box.width * zoom)}px`;
    drawing.style.height = `${Math.round(box.height * zoom)}px`;
  }, [svg, zoom]);

  // What does not fit is shown from its middle, where roots stand.
  useLayoutEffect(() => {
    const element = frame.current;
    if (element) element.scrollLeft = (element.scrollWidth - element.clientWidth) / 2;
  }, [width, room]);

  return (
    <>
      <div class="diagram-frame" ref={frame} tabIndex={0} role="img" aria-label={t.diagram}>
        {/* Mermaid's own sanitised output: securityLevel "strict" escapes every label. */}
        <div class="diagram-canvas" ref={canvas} dangerouslySetInnerHTML={{ __html: svg }} />
      </div>
      <div class="diagram-tools">
        <button type="button" class="icon" onClick={() => setChosen(zoomed(zoom, -1))} aria-label={t.zoomOut}>−</button>
        <button type="button" class="icon" onClick={() => setChosen(null)} aria-label={t.zoomFit} title={t.zoomFit}>
          {Math.round(zoom * 100)} %
        </button>
        <button type="button" class="icon" onClick={() => setChosen(zoomed(zoom, 1))} aria-label={t.zoomIn}>+</button>
        {children}
      </div>
    </>
  );
}
