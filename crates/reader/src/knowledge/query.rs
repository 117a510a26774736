//! Makes a full-text query of what a person typed; there is no text that it does not take.

use crate::index::words::{self, Identifier};

/// More identifiers than this are not looked at.
const MAX_IDENTIFIERS: usize = 24;
/// Longer texts are cut.
const MAX_TEXT: usize = 1_000;

/// What is searched for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Terms {
    identifiers: Vec<Identifier>,
    /// The last word may be typed in part.
    is_last_open: bool,
    /// What was put in quotes: such text must stand in the chunk as it is, spaces and case aside.
    pub(super) phrases: Vec<String>,
    /// The text when it is one name, `a.b`, `A::b` or the like: its parts.
    pub(super) name: Vec<String>,
}

impl Terms {
    /// Takes a text apart.
    pub(super) fn parse(text: &str) -> Self {
        let mut end = text.len().min(MAX_TEXT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = &text[..end];
        let mut identifiers = words::identifiers(text);
        identifiers.truncate(MAX_IDENTIFIERS);
        // Quotes stand in pairs; the odd one at the end is none.
        let quotes: Vec<&str> = text.split('"').collect();
        let phrases = quotes.iter().take(quotes.len().saturating_sub(1)).skip(1).step_by(2);
        let phrases = phrases.map(|phrase| squeeze(phrase)).filter(|phrase| !phrase.is_empty()).collect();
        let is_last_open = text.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
        Self { identifiers, is_last_open, phrases, name: name_parts(text.trim()) }
    }

    /// True when there is nothing to search for.
    pub(super) fn is_empty(&self) -> bool {
        self.identifiers.is_empty()
    }

    /// All identifiers must be there.
    pub(super) fn all(&self) -> String {
        self.join(" AND ")
    }

    /// One is enough; `None` when that asks for nothing else than [`Terms::all`].
    pub(super) fn any(&self) -> Option<String> {
        (self.identifiers.len() > 1).then(|| self.join(" OR "))
    }

    /// The folded words that a line is looked at for.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.identifiers
            .iter()
            .flat_map(|identifier| std::iter::once(&identifier.whole).chain(&identifier.parts))
            .map(String::as_str)
    }

    fn join(&self, with: &str) -> String {
        let last = self.identifiers.len().saturating_sub(1);
        let terms: Vec<String> = self
            .identifiers
            .iter()
            .enumerate()
            .map(|(at, identifier)| term(identifier, at == last && self.is_last_open))
            .collect();
        terms.join(with)
    }
}

/// The words hold letters and digits only, so quoting them is enough.
fn term(identifier: &Identifier, is_open: bool) -> String {
    let star = if is_open && identifier.whole.chars().count() > 1 { "*" } else { "" };
    let whole = format!("\"{}\"{star}", identifier.whole);
    match identifier.parts.split_last() {
        None => whole,
        Some((last, before)) => {
            let mut parts: Vec<String> = before.iter().map(|part| format!("\"{part}\"")).collect();
            parts.push(format!("\"{last}\"{star}"));
            format!("({whole} OR ({}))", parts.join(" AND "))
        }
    }
}

/// Lower case, one space for any white space.
pub(super) fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn name_parts(text: &str) -> Vec<String> {
    let text = text.trim_end_matches("()");
    let is_name =
        |part: &str| part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '?' | '!'));
    let parts: Vec<&str> = text.split(['.', '#', ':', '\\']).filter(|part| !part.is_empty()).collect();
    if parts.len() <= 8 && parts.iter().all(|part| is_name(part)) {
        parts.into_iter().map(str::to_owned).collect()
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn identifiers_are_asked_for_whole_or_in_parts() {
        assert_eq!(Terms::parse("parseHttp").all(), r#"("parsehttp"* OR ("parse" AND "http"*))"#);
        assert_eq!(Terms::parse("run tests ").all(), r#""run" AND "tests""#);
        assert_eq!(Terms::parse("a \"b c\"").phrases, ["b c"]);
        assert_eq!(Terms::parse("Command::main()").name, ["Command", "main"]);
        assert!(Terms::parse("how are validators run").name.is_empty());
    }

    fn index() -> Connection {
        let db = Connection::open_in_memory().expect("in memory");
        db.execute_batch(
            "CREATE VIRTUAL TABLE t USING fts5(a, b, tokenize='ascii'); INSERT INTO t VALUES('x', 'y');",
        )
        .expect("fts5 is built in");
        db
    }

    proptest! {
        #[test]
        fn no_text_is_a_syntax_error(text in "(\\PC|[\"*()^:+-]|AND|OR|NOT|NEAR|\\{|\0| ){0,40}") {
            let terms = Terms::parse(&text);
            if !terms.is_empty() {
                let db = index();
                for query in std::iter::once(terms.all()).chain(terms.any()) {
                    let found =
                        db.query_row("SELECT count(*) FROM t WHERE t MATCH ?", [&query], |row| row.get::<_, i64>(0));
                    prop_assert!(found.is_ok(), "{query}: {found:?}");
                }
            }
        }
    }
}
