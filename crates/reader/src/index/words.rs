//! Splits source text into the words that are searched for.
//!
//! `parseHttpHeader`, `parse_http_header` and `HTTPServer2` each give themselves, folded to lower case
//! without underscores, and their parts; so a search finds them by the whole and by `header`, `http`
//! or `server`. Text in scripts that put no spaces between words gives pairs of characters.

/// Words longer than this are cut; nobody types them, and base64 blobs would fill the index.
const MAX_WORD: usize = 64;

/// An identifier: itself folded, and its parts when it has more than one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identifier {
    /// Folded, without underscores.
    pub(crate) whole: String,
    /// Folded parts of two or more characters; empty when the identifier is one word.
    pub(crate) parts: Vec<String>,
}

/// Lower case, without underscores and `$`: how names are compared in searches.
pub(crate) fn fold(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '$')).flat_map(char::to_lowercase).collect()
}

/// The identifiers of a text, in order.
pub(crate) fn identifiers(text: &str) -> Vec<Identifier> {
    let mut found = Vec::new();
    each_run(text, |run| {
        let mut parts = Vec::new();
        let count = each_part(run, |part| {
            if part.len() > 1 {
                parts.push(cut(part).to_lowercase());
            }
        });
        let whole = cut(&fold(run)).to_owned();
        if count < 2 {
            parts.clear();
        }
        parts.retain(|part| *part != whole);
        if whole.len() > 1 || !whole.is_ascii() {
            found.push(Identifier { whole, parts });
        }
    });
    found
}

/// Appends the words of `text` to `out`, each followed by a space, as the full-text index takes them.
pub(crate) fn spell_out(text: &str, out: &mut String) {
    each_run(text, |run| {
        let from = out.len();
        push_folded(cut(run), out);
        if out.len() - from < 2 {
            out.truncate(from);
            return;
        }
        out.push(' ');
        let mut first = None;
        let mut count = 0;
        each_part(run, |part| {
            count += 1;
            match (count, first) {
                (1, _) => first = Some(part),
                (2, Some(first)) => {
                    push_word(first, out);
                    push_word(part, out);
                }
                _ => push_word(part, out),
            }
        });
    });
}

fn push_word(part: &str, out: &mut String) {
    if part.len() > 1 {
        push_folded(cut(part), out);
        out.push(' ');
    }
}

/// Appends a text as [`fold`] gives it.
pub(crate) fn push_folded(word: &str, out: &mut String) {
    for c in word.chars() {
        match c {
            '_' | '$' => {}
            'A'..='Z' => out.push(c.to_ascii_lowercase()),
            c if c.is_ascii() => out.push(c),
            c => out.extend(c.to_lowercase()),
        }
    }
}

fn cut(word: &str) -> &str {
    let mut end = word.len().min(MAX_WORD);
    while !word.is_char_boundary(end) {
        end -= 1;
    }
    &word[..end]
}

/// Runs of letters, digits, `_` and `$`; for scripts without spaces each pair of characters.
fn each_run<'t>(text: &'t str, mut take: impl FnMut(&'t str)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !is_word_byte(bytes[at]) {
            at += 1;
            continue;
        }
        let from = at;
        while at < bytes.len() && is_word_byte(bytes[at]) {
            at += 1;
        }
        // Bytes ≥ 0x80 count as word bytes, so a run always ends at a character's border.
        let run = &text[from..at];
        if run.is_ascii() { take(run) } else { each_unicode_run(run, &mut take) }
    }
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
}

fn each_unicode_run<'t>(text: &'t str, take: &mut impl FnMut(&'t str)) {
    let mut from = None;
    let mut wide: Option<(usize, usize)> = None;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if is_unspaced(c) {
            if let Some(start) = from.take() {
                take(&text[start..at]);
            }
            match wide {
                Some((start, _)) => {
                    take(&text[start..end]);
                    wide = Some((at, end));
                }
                None => {
                    take(&text[at..end]);
                    wide = Some((at, end));
                }
            }
            continue;
        }
        wide = None;
        if c.is_alphanumeric() || matches!(c, '_' | '$') {
            from.get_or_insert(at);
        } else if let Some(start) = from.take() {
            take(&text[start..at]);
        }
    }
    if let Some(start) = from {
        take(&text[start..]);
    }
}

/// Han, Hiragana, Katakana, Hangul and Thai.
fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c), 0x0E00..=0x0E7F | 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF
        | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Upper,
    Lower,
    Digit,
    Other,
}

fn class(byte: u8) -> Class {
    match byte {
        b'A'..=b'Z' => Class::Upper,
        b'0'..=b'9' => Class::Digit,
        b'_' | b'$' => Class::Other,
        _ => Class::Lower,
    }
}

/// The parts of an identifier; returns how many there were.
fn each_part<'t>(run: &'t str, mut take: impl FnMut(&'t str)) -> usize {
    let bytes = run.as_bytes();
    let (mut count, mut from) = (0, 0);
    for at in 0..=bytes.len() {
        let ends = match (at.checked_sub(1).and_then(|before| bytes.get(before)), bytes.get(at)) {
            (_, None) => true,
            (None, _) => false,
            (Some(&before), Some(&here)) => match (class(before), class(here)) {
                (Class::Upper, Class::Upper) => {
                    bytes.get(at + 1).is_some_and(|&next| class(next) == Class::Lower && next < 0x80)
                }
                (Class::Upper, Class::Lower) => false,
                (before, here) => before != here,
            },
        };
        if ends {
            if from < at && class(bytes[from]) != Class::Other {
                take(&run[from..at]);
                count += 1;
            }
            from = at;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spelled(text: &str) -> String {
        let mut out = String::new();
        spell_out(text, &mut out);
        out.trim_end().to_owned()
    }

    #[test]
    fn identifiers_give_themselves_and_their_parts() {
        assert_eq!(spelled("parseHttpHeader(x)"), "parsehttpheader parse http header");
        assert_eq!(spelled("parse_http_header"), "parsehttpheader parse http header");
        assert_eq!(spelled("HTTPServer2"), "httpserver2 http server");
        assert_eq!(spelled("__init__"), "init");
        assert_eq!(spelled("$scope.x"), "scope");
        assert_eq!(spelled("sha256sum"), "sha256sum sha 256 sum");
        assert_eq!(spelled("plain text, words"), "plain text words");
    }

    #[test]
    fn text_without_spaces_gives_pairs() {
        assert_eq!(spelled("解析请求"), "解 解析 析请 请求");
        assert_eq!(spelled("für Größe"), "für größe");
    }

    proptest! {
        #[test]
        fn what_is_indexed_holds_what_a_query_for_it_asks(text in ".{0,80}") {
            let spelled = spelled(&text);
            let words: Vec<&str> = spelled.split(' ').collect();
            for identifier in identifiers(&text) {
                prop_assert!(words.contains(&identifier.whole.as_str()), "{identifier:?} in {spelled:?}");
            }
        }
    }
}
