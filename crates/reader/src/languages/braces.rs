//! Keeps the grammar of Bash from asking C's `isdigit` about characters that it must not be asked about.
//!
//! After `{`, and after `{1..`, the grammar's scanner calls `isdigit` with whatever character stands there. C allows
//! that only up to 255: with `{` before an emoji the call reads far outside a table and ends the process. Such a
//! character is overwritten, for the parser only, with others of the same length, so that every place in the tree is a
//! place in the text.

/// The text for the parser; `None` when nothing is to be overwritten.
pub(super) fn overwritten(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut safe: Option<Vec<u8>> = None;
    for (open, _) in text.match_indices('{') {
        let mut at = after_digits(bytes, open + 1);
        for _ in 0..2 {
            let Some(next) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
            if u32::from(next) > 0xff {
                let place = at..at + next.len_utf8();
                if let Some(place) = safe.get_or_insert_with(|| bytes.to_vec()).get_mut(place) {
                    place.copy_from_slice(stand_in(next.len_utf8()).as_bytes());
                }
            }
            if !text.get(at..).is_some_and(|rest| rest.starts_with("..")) {
                break;
            }
            at = after_digits(bytes, at + 2);
        }
    }
    // Whole characters were overwritten by whole characters: still UTF-8.
    String::from_utf8(safe?).ok()
}

fn after_digits(bytes: &[u8], from: usize) -> usize {
    let digits = bytes.get(from..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit());
    from + digits.count()
}

/// Characters below 256 that take so many bytes and, like what they stand for, mean nothing to a shell.
fn stand_in(bytes: usize) -> &'static str {
    match bytes {
        2 => "é",
        3 => "éx",
        _ => "éé",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_scanner_asks_about_is_overwritten() {
        let text = "echo {😀 {1..𝟙} {1中} {é 中文 {a中 {1..2😀}\n";
        let safe = overwritten(text).unwrap();
        assert_eq!(safe, "echo {éé {1..éé} {1éx} {é 中文 {a中 {1..2éé}\n");
        assert_eq!(safe.len(), text.len());
        assert_eq!(overwritten("f() { echo {1..3} 中; }"), None);
    }
}
