//! From bytes and to bytes.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{MARK, WORDS};

/// Reads JSON. Bare words that only Python knows are read as the texts that stand for them.
///
/// # Errors
/// When it is no JSON otherwise, or of another shape than `T`.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    match serde_json::from_slice(bytes) {
        Err(error) if error.is_syntax() => match quoted(bytes) {
            Some(bytes) => serde_json::from_slice(&bytes),
            None => Err(error),
        },
        read => read,
    }
}

/// Writes JSON, and the bare words for the texts that stand for them.
pub(crate) fn write(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    Ok(bare(serde_json::to_vec(value)?))
}

/// JSON with texts for its bare words; nothing when there are none.
pub(crate) fn quoted(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len() + 64);
    let (mut rest, mut in_text, mut found) = (bytes, false, false);
    while let Some((&byte, after)) = rest.split_first() {
        if !in_text
            && let Some((word, marked, _)) = WORDS.iter().find(|(word, ..)| rest.starts_with(word.as_bytes()))
        {
            out.push(b'"');
            out.extend_from_slice(marked.as_bytes());
            out.push(b'"');
            found = true;
            rest = &rest[word.len()..];
            continue;
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

/// The same with the bare words for their texts. What only looks like one (a key, a part of a longer text) stays.
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
        if byte == b'"' && after.starts_with(mark) && out.last() != Some(&b'\\') {
            let text = WORDS.iter().find_map(|(word, marked, _)| {
                let after = after.strip_prefix(marked.as_bytes())?.strip_prefix(b"\"")?;
                (after.first() != Some(&b':')).then_some((word, after))
            });
            if let Some((word, after)) = text {
                out.extend_from_slice(word.as_bytes());
                rest = after;
                continue;
            }
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
    fn texts_that_look_like_them_stay_texts() {
        let (nan, longer) = ("\u{FDD0}NaN", "\u{FDD0}NaN!");
        let value = json!({nan: [longer, format!("a\"{nan}"), format!("{nan}\""), "\u{FDD0}", "，"]});
        assert_eq!(write(&value).unwrap(), serde_json::to_vec(&value).unwrap());
    }
}
