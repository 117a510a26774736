// Names from a repository may hold characters that are not seen and change how the rest is read: `U+202E` turns
// `gpj.exe` into `exe.jpg`. They are shown by what they are.

const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
/** Those which turn the order of the text around them; a page's prose may need the others. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;

/** A name or path with every character seen. */
export function legible(name: string): string {
  return name.replace(UNSEEN, spelled);
}

/** Text whose order is that of its characters; tabs and the marks of right-to-left scripts stay. */
export function unturned(text: string): string {
  return text.replace(TURNING, spelled);
}

function spelled(character: string): string {
  if (character === "\n") return "\u240a";
  if (character === "\t") return "\u2409";
  return `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`;
}
