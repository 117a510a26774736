//! Untrusted text within a line.

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

pub(super) fn longest_run(text: &str, wanted: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}
