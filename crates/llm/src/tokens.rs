//! Counting tokens: exactly with o200k, or cheaply from above.

use tiktoken_rs::o200k_base_singleton;

/// Text is encoded in pieces of about this size: the encoder's time grows faster than its input
/// where there is nothing to split at, and repositories are not ours to trust.
const PIECE: usize = 16 << 10;

/// The tokens of the text in the o200k encoding. The vocabulary is loaded by the first call, which
/// takes a good tenth of a second; use [`estimate_tokens`] where an upper bound will do.
pub fn count_tokens(text: &str) -> usize {
    let encoder = o200k_base_singleton();
    let mut rest = text;
    let mut count = 0;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(cut(rest));
        count += if longest_run(piece) > 2048 {
            estimate_tokens(piece)
        } else {
            encoder.encode_ordinary(piece).len()
        };
        rest = after;
    }
    count
}

/// Where to cut the next piece: after a line if there is one, else at a character.
fn cut(text: &str) -> usize {
    if text.len() <= PIECE {
        return text.len();
    }
    let end = (0..=PIECE).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    text[..end].rfind('\n').map_or(end, |at| at + 1)
}

/// The longest stretch without a blank.
fn longest_run(text: &str) -> usize {
    text.split_ascii_whitespace().map(str::len).max().unwrap_or(0)
}

/// A cheap bound from above that holds for prose and code in practice (a test compares it): a third
/// of each run of letters, each sign, and two for each character outside ASCII.
pub fn estimate_tokens(text: &str) -> usize {
    let mut count = 0;
    let mut letters = 0usize;
    let mut blanks = 0usize;
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            letters += 1;
            continue;
        }
        count += std::mem::take(&mut letters).div_ceil(3);
        match c {
            ' ' | '\t' | '\r' => blanks += 1,
            '\n' => count += 1 + std::mem::take(&mut blanks).div_ceil(8),
            c if c.is_ascii() => count += 1,
            _ => count += 2,
        }
        if blanks > 1 && c != ' ' {
            count += std::mem::take(&mut blanks).div_ceil(8);
        }
    }
    count + letters.div_ceil(3) + blanks.div_ceil(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_as_the_encoding_does() {
        assert_eq!(count_tokens(""), 0);
        assert_eq!(count_tokens("hello world"), 2);
    }

    #[test]
    fn the_estimate_is_not_below_the_count_and_not_far_above() {
        let samples = [
            include_str!("tokens.rs"),
            include_str!("lib.rs"),
            include_str!("../Cargo.toml"),
            "if (a[i] != b->c[j++]) { return -1; }\n\t\t\tx = 0xdeadbeef;\n",
            "读取一个存储库并解释它的结构，引用每一行代码。",
            "Ein Satz mit Umlauten: über größere Wörter, später länger.",
        ];
        for text in samples {
            let (exact, estimate) = (count_tokens(text), estimate_tokens(text));
            assert!(estimate >= exact && estimate <= exact * 4, "{estimate} for {exact}: {text:.60}");
        }
    }

    #[test]
    fn a_megabyte_without_a_blank_is_counted_in_time() {
        let text = "a".repeat(1 << 20);
        assert!(count_tokens(&text) > 1000);
    }
}
