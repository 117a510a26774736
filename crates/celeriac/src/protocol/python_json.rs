//! JSON as Python writes it: numbers that are none (`NaN`, `Infinity`) stand in it as bare words, which JSON does not
//! know.

use serde::de::DeserializeOwned;

/// Reads JSON. Bare words that only Python knows are read as texts.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    match serde_json::from_slice(bytes) {
        Err(error) if error.is_syntax() => match quoted(bytes) {
            Some(bytes) => serde_json::from_slice(&bytes),
            None => Err(error),
        },
        read => read,
    }
}

/// The same with quotes around the bare words; nothing when there are none.
fn quoted(bytes: &[u8]) -> Option<Vec<u8>> {
    const WORDS: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];
    let mut out = Vec::with_capacity(bytes.len() + 64);
    let (mut rest, mut in_text, mut found) = (bytes, false, false);
    while let Some((&byte, after)) = rest.split_first() {
        if !in_text && let Some(word) = WORDS.into_iter().find(|word| rest.starts_with(word)) {
            out.push(b'"');
            out.extend_from_slice(word);
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn words_that_only_python_knows_are_texts() {
        let read: Value = parse(br#"{"a": NaN, "b": [-Infinity, Infinity], "c": "a \" NaN"}"#).unwrap();
        assert_eq!(read, json!({"a": "NaN", "b": ["-Infinity", "Infinity"], "c": "a \" NaN"}));
        assert!(parse::<Value>(b"{NaN").is_err() && parse::<Value>(b"[1,").is_err());
        assert!(parse::<Value>(b"\"\\").is_err());
    }
}
