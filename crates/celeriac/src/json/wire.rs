//! From bytes and to bytes.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{MARK, WORDS, is_long};

/// Reads JSON. Numbers that only Python knows are read as the texts that stand for them.
///
/// # Errors
/// When it is no JSON otherwise, or of another shape than `T`.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    if has_many_digits(bytes)
        && let Some(quoted) = quoted(bytes)
    {
        return serde_json::from_slice(&quoted);
    }
    match serde_json::from_slice(bytes) {
        Err(error) if error.is_syntax() => match quoted(bytes) {
            Some(bytes) => serde_json::from_slice(&bytes),
            None => Err(error),
        },
        read => read,
    }
}

/// Writes JSON, and numbers for the texts that stand for them.
pub(crate) fn write(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    Ok(bare(serde_json::to_vec(value)?))
}

/// A whole number that has no place in 64 bits has so many digits at least.
const MANY_DIGITS: usize = 19;

/// Is there a run of many digits? Looks at few bytes.
fn has_many_digits(bytes: &[u8]) -> bool {
    let mut at = MANY_DIGITS - 1;
    while let Some(byte) = bytes.get(at) {
        if byte.is_ascii_digit() {
            let before = bytes[..at].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
            let after = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if before + after >= MANY_DIGITS {
                return true;
            }
            at += after;
        }
        at += MANY_DIGITS;
    }
    false
}

/// JSON with texts for the numbers that only Python knows; nothing when there are none.
pub(crate) fn quoted(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len() + 64);
    let (mut rest, mut in_text, mut found) = (bytes, false, false);
    while let Some((&byte, after)) = rest.split_first() {
        if !in_text {
            let number = number_at(rest);
            if let Some((number, after)) = number.filter(|(number, _)| is_odd(number)) {
                out.push(b'"');
                out.extend_from_slice(MARK.encode_utf8(&mut [0; 4]).as_bytes());
                out.extend_from_slice(number);
                out.push(b'"');
                found = true;
                rest = after;
                continue;
            }
            if let Some((number, after)) = number {
                out.extend_from_slice(number);
                rest = after;
                continue;
            }
        }
        out.push(byte);
        rest = after;
        match byte {
            b'"' => in_text = !in_text,
            b'\\' if in_text => {
                if let Some((&escaped, after)) = rest.split_first() {
                    out.push(escaped);
                    rest = after;
                }
            }
            _ => {}
        }
    }
    found.then_some(out)
}

/// The number or word that begins here, and what follows.
fn number_at(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    if let Some((word, ..)) = WORDS.iter().find(|(word, ..)| bytes.starts_with(word.as_bytes())) {
        return Some(bytes.split_at(word.len()));
    }
    if !matches!(bytes.first(), Some(b'-' | b'0'..=b'9')) {
        return None;
    }
    let is_part = |byte: &&u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
    Some(bytes.split_at(bytes.iter().take_while(is_part).count()))
}

fn is_odd(number: &[u8]) -> bool {
    WORDS.iter().any(|(word, ..)| word.as_bytes() == number) || is_long(number)
}

/// The same with numbers for their texts. What only looks like one (a key, a part of a longer text) stays.
fn bare(bytes: Vec<u8>) -> Vec<u8> {
    let mut mark = [0; 4];
    let mark = MARK.encode_utf8(&mut mark).as_bytes();
    if mark.first().is_some_and(|first| !bytes.contains(first)) {
        return bytes;
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.as_slice();
    while let Some((&byte, after)) = rest.split_first() {
        // A quote that opens a text follows no backslash.
        if byte == b'"'
            && out.last() != Some(&b'\\')
            && let Some(marked) = after.strip_prefix(mark)
            && let Some((number, after)) = number_at(marked).filter(|(number, _)| is_odd(number))
            && let Some(after) = after.strip_prefix(b"\"")
            && after.first() != Some(&b':')
        {
            out.extend_from_slice(number);
            rest = after;
            continue;
        }
        out.push(byte);
        rest = after;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn bare_words_come_back_as_they_were() {
        let wire = br#"{"a":NaN,"b":[-Infinity,Infinity,0.5],"c":"a \" NaN","NaN":"Infinity"}"#;
        let read: Value = parse(wire).unwrap();
        assert_eq!((&read["c"], &read["NaN"]), (&json!("a \" NaN"), &json!("Infinity")));
        assert_eq!(write(&read).unwrap(), wire);
        assert!(parse::<Value>(b"{NaN").is_err() && parse::<Value>(b"[1,").is_err());
        assert!(parse::<Value>(b"\"\\").is_err() && parse::<Value>(b"[NaNa]").is_err());
    }

    #[test]
    fn many_digits_are_found_wherever_they_are() {
        for before in 0..40 {
            for digits in 1..45 {
                let text = format!("{}{}x1234567890,", "a".repeat(before), "7".repeat(digits));
                assert_eq!(has_many_digits(text.as_bytes()), digits >= MANY_DIGITS, "{text}");
            }
        }
    }

    #[test]
    fn texts_that_look_like_them_stay_texts() {
        let (nan, longer) = ("\u{FDD0}NaN", "\u{FDD0}NaN!");
        let value = json!({nan: [longer, format!("a\"{nan}"), format!("{nan}\""), "\u{FDD0}", "，"]});
        assert_eq!(write(&value).unwrap(), serde_json::to_vec(&value).unwrap());
    }
}
