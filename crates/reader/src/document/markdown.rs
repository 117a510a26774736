//! Markdown that says what we mean, whatever the repository's text holds.
//!
//! Names, docs and paths of the repository are untrusted: [`escape`], [`code`] and [`prose`] turn them
//! into Markdown that shows them as text and can neither end a table cell, nor start HTML, nor make a
//! link. [`cite`] and [`page_link`] are the only makers of links.

use crate::domain::LineRange;

/// Plain text as inline Markdown: one line, shown as it is.
pub fn escape(text: &str) -> String {
    let line = one_line(text);
    let mut out = String::with_capacity(line.len() + 8);
    let chars: Vec<char> = line.chars().collect();
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at)).copied();
        let after = chars.get(at + 1).copied();
        let special = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '~' | '|' => true,
            // Within a word an underscore is only an underscore.
            '_' => !(before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric)),
            '&' => after.is_some_and(|c| c.is_ascii_alphabetic() || c == '#'),
            '!' => after == Some('['),
            // Where these start a line they start a block.
            '#' | '>' | '-' | '+' | '=' | ':' => before.is_none(),
            '.' | ')' => {
                at > 0
                    && at < 10
                    && after.is_none_or(char::is_whitespace)
                    && chars[..at].iter().all(char::is_ascii_digit)
            }
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Text as a code span.
pub fn code(text: &str) -> String {
    let line = one_line(text);
    if line.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(&line, '`') + 1);
    if line.starts_with('`') || line.ends_with('`') {
        format!("{fence} {line} {fence}")
    } else {
        format!("{fence}{line}{fence}")
    }
}

/// A sentence of documentation: its code stays code, its links become their text, the rest is escaped.
///
/// Understands the marks of Markdown, reStructuredText and Javadoc that stand within a line.
pub fn prose(text: &str) -> String {
    let line = one_line(text);
    let mut out = String::with_capacity(line.len() + 16);
    let mut plain = String::new();
    let mut rest = line.as_str();
    let flush = |plain: &mut String, out: &mut String| {
        if !plain.is_empty() {
            let at_start = out.is_empty();
            let escaped = escape_within(plain, at_start);
            out.push_str(&escaped);
            plain.clear();
        }
    };
    while let Some(c) = rest.chars().next() {
        if let Some((shown, is_code, used)) = marked(rest, plain.chars().last()) {
            if is_code {
                flush(&mut plain, &mut out);
                out.push_str(&code(&shown));
            } else {
                plain.push_str(&shown);
            }
            rest = &rest[used..];
            continue;
        }
        plain.push(c);
        rest = &rest[c.len_utf8()..];
    }
    flush(&mut plain, &mut out);
    out
}

/// As [`escape`], keeping the spaces at both ends.
fn escape_within(text: &str, at_start: bool) -> String {
    let (head, tail) = (
        if text.starts_with(' ') && !at_start { " " } else { "" },
        if text.ends_with(' ') && text.trim() != "" { " " } else { "" },
    );
    let inner = escape(text);
    // A block mark matters only at the very start of the line.
    let inner = match inner.strip_prefix('\\') {
        Some(rest) if !at_start && rest.starts_with(['#', '>', '-', '+', '=', ':']) => rest.to_owned(),
        _ => inner,
    };
    if inner.is_empty() { " ".to_owned() } else { format!("{head}{inner}{tail}") }
}

/// A marked piece at the start of `rest`: what it shows, whether as code, and the bytes it takes.
fn marked(rest: &str, before: Option<char>) -> Option<(String, bool, usize)> {
    let word_before = before.is_some_and(|c| c.is_alphanumeric());
    if rest.starts_with('`') {
        let run = rest.len() - rest.trim_start_matches('`').len();
        let fence = &rest[..run];
        let end = rest[run..].find(fence)?;
        let inner = rest[run..run + end].trim();
        let mut used = run + end + run;
        if inner.is_empty() {
            return None;
        }
        // reStructuredText: `text <address>`_ is a link.
        if rest[used..].starts_with('_') {
            used += rest[used..].len() - rest[used..].trim_start_matches('_').len();
            let shown = inner.split(" <").next().unwrap_or(inner);
            return Some((shown.to_owned(), false, used));
        }
        return Some((inner.to_owned(), true, used));
    }
    if let Some(after) = rest.strip_prefix(':').filter(|_| !word_before) {
        // reStructuredText roles: :class:`~pkg.Name`, :py:func:`text <target>`.
        let (role, tail) = after.split_once(":`")?;
        if role.is_empty()
            || role.len() > 20
            || !role.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '+'))
        {
            return None;
        }
        let end = tail.find('`')?;
        let inner = &tail[..end];
        let inner = inner.split(" <").next().unwrap_or(inner);
        let shown = match inner.strip_prefix('~') {
            Some(path) => path.rsplit('.').next().unwrap_or(path),
            None => inner.trim_start_matches('!'),
        };
        let is_code = !matches!(role, "doc" | "ref" | "term" | "pep" | "rfc" | "issue" | "pr");
        return Some((shown.to_owned(), is_code, 1 + role.len() + 2 + end + 1));
    }
    if let Some(after) = rest.strip_prefix("{@") {
        // Javadoc: {@code x}, {@link Type#method label}.
        let end = after.find('}')?;
        let (tag, inner) = after[..end].split_once(' ')?;
        if !matches!(tag, "code" | "link" | "linkplain" | "literal" | "value") {
            return None;
        }
        return Some((inner.trim().trim_start_matches('#').to_owned(), true, 2 + end + 1));
    }
    if let Some(after) = rest.strip_prefix('[').or_else(|| rest.strip_prefix("![")) {
        // Markdown links: [text](address), [text][label], [`Name`].
        let mark = rest.len() - after.len();
        let end = after.find(']')?;
        let inner = &after[..end];
        if inner.contains('[') || inner.is_empty() {
            return None;
        }
        let tail = &after[end + 1..];
        let extra = if tail.starts_with('(') {
            tail.find(')')? + 1
        } else if tail.starts_with('[') {
            tail.find(']')? + 1
        } else if inner.starts_with('`') && inner.ends_with('`') {
            0
        } else {
            return None;
        };
        let is_code = inner.starts_with('`') && inner.ends_with('`') && inner.len() > 2;
        let shown = if is_code { inner.trim_matches('`') } else { inner };
        return Some((shown.replace(['`', '*'], ""), is_code, mark + end + 1 + extra));
    }
    if rest.starts_with('*') || (rest.starts_with("__") && !word_before) {
        // Emphasis is dropped: the words stay.
        let mark = &rest[..rest.len() - rest.trim_start_matches(['*', '_']).len()];
        let end = rest[mark.len()..].find(mark)?;
        let inner = &rest[mark.len()..mark.len() + end];
        if mark.len() > 3
            || inner.is_empty()
            || inner.starts_with(' ')
            || inner.ends_with(' ')
            || inner.contains(['`', '['])
        {
            return None;
        }
        return Some((inner.to_owned(), false, mark.len() * 2 + end));
    }
    if rest.starts_with('<') {
        // HTML tags of Javadoc and XML docs carry no words of their own.
        let end = rest.find('>').filter(|end| *end < 120)?;
        let inner = &rest[1..end];
        if let Some(name) = inner.strip_prefix("see cref=\"").and_then(|text| text.split('"').next()) {
            return Some((name.to_owned(), true, end + 1));
        }
        let name = inner.trim_start_matches('/').trim_end_matches('/').split(' ').next().unwrap_or("");
        let known = [
            "p", "br", "b", "i", "em", "strong", "code", "pre", "a", "ul", "ol", "li", "tt", "summary",
            "para", "c", "see", "remarks", "sup", "sub",
        ];
        return known.contains(&name.to_ascii_lowercase().as_str()).then(|| (String::new(), false, end + 1));
    }
    None
}

/// A link to lines of a file; `label` is Markdown.
pub fn cite(label: &str, path: &str, lines: LineRange) -> String {
    format!("[{label}]({})", source_target(path, lines))
}

/// The target of a citation: `source:PATH#L3-L9`, the path percent-encoded.
pub fn source_target(path: &str, lines: LineRange) -> String {
    if lines.end_line > lines.start_line {
        format!("source:{}#L{}-L{}", encode_path(path), lines.start_line, lines.end_line)
    } else {
        format!("source:{}#L{}", encode_path(path), lines.start_line)
    }
}

/// Takes a citation's target apart again; `None` when it is not one.
pub fn parse_source_target(target: &str) -> Option<(String, LineRange)> {
    let (path, anchor) = target.strip_prefix("source:")?.rsplit_once("#L")?;
    let (start, end) = anchor.split_once("-L").unwrap_or((anchor, anchor));
    let lines = LineRange { start_line: start.parse().ok()?, end_line: end.parse().ok()? };
    Some((decode_path(path)?, lines))
}

/// A link to another page; `label` is Markdown.
pub fn page_link(label: &str, slug: &str) -> String {
    format!("[{label}](page:{slug})")
}

/// Percent-encodes all but unreserved characters and `/`.
pub fn encode_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn decode_path(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if byte == b'%' {
            let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok())?;
            bytes.push(u8::from_str_radix(hex, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(byte);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

/// A document that is written from the top down.
#[derive(Debug, Default)]
pub struct Writer {
    out: String,
}

impl Writer {
    /// A heading; `title` is Markdown.
    pub fn heading(&mut self, level: usize, title: &str) {
        self.block(&format!("{} {title}", "#".repeat(level.clamp(1, 6))));
    }

    /// A paragraph of Markdown.
    pub fn paragraph(&mut self, markdown: &str) {
        if !markdown.trim().is_empty() {
            self.block(markdown);
        }
    }

    /// A quoted note.
    pub fn note(&mut self, markdown: &str) {
        self.block(&format!("> {markdown}"));
    }

    /// A list of Markdown lines.
    pub fn list(&mut self, items: &[String]) {
        let lines: Vec<String> = items.iter().map(|item| format!("- {item}")).collect();
        if !lines.is_empty() {
            self.block(&lines.join("\n"));
        }
    }

    /// A numbered list of Markdown lines.
    pub fn steps(&mut self, items: &[String]) {
        let lines: Vec<String> =
            items.iter().zip(1..).map(|(item, number)| format!("{number}. {item}")).collect();
        if !lines.is_empty() {
            self.block(&lines.join("\n"));
        }
    }

    /// A table of Markdown cells; a short row is filled up, one without a row is left out.
    pub fn table(&mut self, header: &[&str], rows: &[Vec<String>]) {
        if rows.is_empty() {
            return;
        }
        let mut text = row(header.iter().copied(), header.len());
        text.push_str(&format!("\n|{}", " --- |".repeat(header.len())));
        for cells in rows {
            text.push('\n');
            text.push_str(&row(cells.iter().map(String::as_str), header.len()));
        }
        self.block(&text);
    }

    /// A fenced block that the text cannot end.
    pub fn fenced(&mut self, language: &str, text: &str) {
        let fence = "`".repeat(longest_run(text, '`').max(2) + 1);
        let language: String = language.chars().filter(char::is_ascii_alphanumeric).collect();
        self.block(&format!("{fence}{language}\n{}\n{fence}", text.trim_end_matches('\n')));
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// The text, ended by a newline.
    pub fn finish(self) -> String {
        self.out
    }

    /// Everything that another writer holds, after this.
    pub fn append(&mut self, other: Self) {
        if !other.is_empty() {
            self.block(other.out.trim_end_matches('\n'));
        }
    }

    fn block(&mut self, text: &str) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out.push_str(text);
        self.out.push('\n');
    }
}

fn row<'a>(cells: impl Iterator<Item = &'a str>, columns: usize) -> String {
    let mut cells: Vec<String> = cells.map(cell).collect();
    cells.resize(columns, String::new());
    format!("| {} |", cells.join(" | "))
}

/// Pipes that are not escaped yet would end the cell.
fn cell(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len() + 4);
    let mut backslashes = 0;
    for c in markdown.chars() {
        if c == '|' && backslashes % 2 == 0 {
            out.push('\\');
        }
        backslashes = if c == '\\' { backslashes + 1 } else { 0 };
        out.push(if c == '\n' { ' ' } else { c });
    }
    out
}

/// White space runs and line ends as one space; control and direction marks removed.
pub(crate) fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut space = false;
    for c in text.chars() {
        let invisible = c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        if c.is_whitespace() {
            space = true;
        } else if !invisible {
            if space && !out.is_empty() {
                out.push(' ');
            }
            space = false;
            out.push(c);
        }
    }
    out
}

fn longest_run(text: &str, wanted: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag};

    use super::*;

    fn events(markdown: &str) -> Vec<Event<'_>> {
        Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH).collect()
    }

    fn shown(markdown: &str) -> String {
        events(markdown)
            .iter()
            .filter_map(|event| match event {
                Event::Text(text) | Event::Code(text) => Some(text.to_string()),
                _ => None,
            })
            .collect()
    }

    fn is_only_text(markdown: &str) -> bool {
        events(markdown).iter().all(|event| {
            matches!(
                event,
                Event::Text(_)
                    | Event::Code(_)
                    | Event::Start(Tag::Paragraph)
                    | Event::End(pulldown_cmark::TagEnd::Paragraph)
            )
        })
    }

    #[test]
    fn hostile_text_is_shown_as_text() {
        for text in [
            "<script>alert(1)</script>",
            "[x](javascript:alert(1))",
            "![x](http://h/y.png)",
            "a | b",
            "**bold** _it_ `code` ~~no~~",
            "# heading",
            "- item",
            "1. item",
            "&lt;b&gt; &#x27;",
            "\\[x](y)",
            "<https://h.example>",
            "a\n\n# b",
        ] {
            let markdown = escape(text);
            assert!(is_only_text(&markdown), "{text} became {markdown}");
            assert_eq!(shown(&markdown), text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }

    #[test]
    fn a_table_keeps_its_columns_whatever_the_cells_hold() {
        let mut writer = Writer::default();
        writer.table(&["a", "b"], &[vec![escape("x | y \\| z"), code("p || q \\| `r`")], vec![code("|")]]);
        let text = writer.finish();
        let cells =
            events(&text).iter().filter(|event| matches!(event, Event::Start(Tag::TableCell))).count();
        assert_eq!(cells, 6, "{text}");
    }

    #[test]
    fn prose_keeps_code_and_drops_marks() {
        assert_eq!(
            prose("Runs ``x`` in :class:`~click.Context` (see :ref:`a b`)."),
            "Runs `x` in `Context` (see a b)."
        );
        assert_eq!(prose("A [link](http://x) and [`Name`] and **bold**."), "A link and `Name` and bold.");
        assert_eq!(prose("Returns {@code null} for {@link Foo#bar}."), "Returns `null` for `Foo#bar`.");
        assert_eq!(prose("`Text <http://x>`_ done"), "Text done");
        assert_eq!(prose("a < b and Vec<T>"), "a \\< b and Vec\\<T>");
    }

    #[test]
    fn targets_of_citations_round_trip() {
        for path in ["a b/ü(1).py", "x#L1.py", "100%.c", "a\"b\n.rs"] {
            let lines = LineRange { start_line: 3, end_line: 9 };
            let target = source_target(path, lines);
            assert_eq!(parse_source_target(&target), Some((path.to_owned(), lines)));
            assert!(
                events(&cite("x", path, lines))
                    .iter()
                    .any(|event| matches!(event, Event::Start(Tag::Link { .. })))
            );
        }
        assert_eq!(parse_source_target("http://x#L1"), None);
    }

    proptest! {
        #[test]
        fn any_text_stays_text(text in "\\PC{0,60}") {
            for markdown in [escape(&text), code(&text), prose(&text)] {
                prop_assert!(is_only_text(&markdown), "{:?} became {:?}", text, markdown);
            }
        }

        #[test]
        fn marks_stay_text(text in "[\\[\\]()<>`*_~!|#:{}@a \\\\-]{0,30}") {
            for markdown in [escape(&text), code(&text), prose(&text)] {
                prop_assert!(is_only_text(&markdown), "{:?} became {:?}", text, markdown);
            }
        }
    }
}
