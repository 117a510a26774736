// How large a diagram is drawn.

const STEP = 1.25;
const MIN = 0.2;
const MAX = 4;
/** Below this, labels cannot be read: the diagram scrolls instead of shrinking further. */
const READABLE = 0.6;
const PADDING = 32;

export function zoomed(zoom: number, steps: number): number {
  return Math.min(MAX, Math.max(MIN, zoom * STEP ** steps));
}

/** Fits the width, never enlarges, and never shrinks what could then not be read. */
export function fitZoom(width: number, frame: number): number {
  if (width <= 0 || frame <= PADDING) return 1;
  return Math.min(1, Math.max(READABLE, (frame - PADDING) / width));
}
