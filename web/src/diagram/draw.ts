// Mermaid, loaded when the first diagram is seen.

import mermaid from "mermaid";

import type { Theme } from "../state/theme";

const palettes: Record<Theme, Record<string, string>> = {
  light: {
    background: "#ffffff", primaryColor: "#eef3f8", primaryTextColor: "#1d2329", primaryBorderColor: "#7d93a8",
    lineColor: "#6b7885", secondaryColor: "#f3f1ea", tertiaryColor: "#f7f8f9", clusterBkg: "#f7f8f9",
    clusterBorder: "#cdd5dc", edgeLabelBackground: "#ffffff", titleColor: "#1d2329",
  },
  dark: {
    background: "#15191e", primaryColor: "#222c37", primaryTextColor: "#dde3e9", primaryBorderColor: "#5f7a94",
    lineColor: "#8795a3", secondaryColor: "#2b2a25", tertiaryColor: "#1c2229", clusterBkg: "#1a2027",
    clusterBorder: "#37424d", edgeLabelBackground: "#15191e", titleColor: "#dde3e9",
  },
};

let count = 0;
// Mermaid has one configuration for all diagrams: they are drawn one after the other.
let last: Promise<unknown> = Promise.resolve();

export function draw(source: string, theme: Theme): Promise<string> {
  const drawing = last.then(async () => {
    mermaid.initialize({
      startOnLoad: false,
      securityLevel: "strict",
      suppressErrorRendering: true,
      theme: "base",
      darkMode: theme === "dark",
      themeVariables: { ...palettes[theme], fontSize: "14px" },
      fontFamily: "system-ui, sans-serif",
      flowchart: { useMaxWidth: false, curve: "basis", padding: 12 },
      class: { useMaxWidth: false },
      sequence: { useMaxWidth: false },
      state: { useMaxWidth: false },
      er: { useMaxWidth: false },
      maxTextSize: 50_000,
      maxEdges: 400,
    });
    count += 1;
    return (await mermaid.render(`diagram-${count}`, source)).svg;
  });
  last = drawing.catch(() => undefined);
  return drawing;
}
