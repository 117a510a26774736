// Finds the words of a query in a text.

export interface Piece {
  text: string;
  marked: boolean;
}

const MOST_WORDS = 12;

/** Cuts `text` at each place where a word of `query` stands, whatever its case. */
export function markWords(text: string, query: string): Piece[] {
  const words = [...new Set(query.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [])].slice(0, MOST_WORDS);
  if (words.length === 0) return [{ text, marked: false }];
  words.sort((a, b) => b.length - a.length);
  const pieces = text.split(new RegExp(`(${words.join("|")})`, "giu"));
  return pieces
    .map((piece, index) => ({ text: piece, marked: index % 2 === 1 }))
    .filter((piece) => piece.text !== "");
}
