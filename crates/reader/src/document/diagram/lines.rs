//! Lines and small tokens that all kinds of diagrams share.

use super::DiagramError;

pub(super) type Line<'a> = (usize, &'a str);

/// The lines that say something, trimmed, with their numbers; comments left out, directives refused.
pub(super) fn meaningful(source: &str) -> Result<Vec<Line<'_>>, DiagramError> {
    let mut found = Vec::new();
    for (at, raw) in source.lines().enumerate() {
        let line = raw.trim();
        if line.starts_with("%%{") || line.contains("%%{") {
            return Err(DiagramError::new(at + 1, "directives are not accepted"));
        }
        if line == "---" && found.is_empty() {
            return Err(DiagramError::new(at + 1, "front matter is not accepted"));
        }
        if line.is_empty() || line.starts_with("%%") {
            continue;
        }
        if line.chars().any(char::is_control) {
            return Err(DiagramError::new(at + 1, "control characters are not accepted"));
        }
        found.push((at + 1, line.strip_suffix(';').unwrap_or(line).trim_end()));
    }
    Ok(found)
}

/// A name at the start of `text` and the rest; letters, digits, `_`, and `-` or `.` within.
pub(super) fn name(text: &str) -> Option<(&str, &str)> {
    let mut end = 0;
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    for (at, (offset, c)) in chars.iter().enumerate() {
        let next = chars.get(at + 1).map(|(_, c)| *c);
        let inner = at > 0 && *c == '.' && next.is_some_and(|c| c.is_alphanumeric());
        if c.is_alphanumeric() || *c == '_' || inner {
            end = offset + c.len_utf8();
        } else {
            break;
        }
    }
    (end > 0).then(|| text.split_at(end))
}

/// A text in double quotes at the start, without them, and the rest.
pub(super) fn quoted(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix('"')?;
    let end = rest.find('"')?;
    Some((&rest[..end], &rest[end + 1..]))
}

/// Whether a label is safe to draw: HTML other than a line break is not, nor is a script address.
pub(super) fn is_safe(label: &str) -> bool {
    let lower = label.to_ascii_lowercase().replace("<br/>", " ").replace("<br>", " ").replace("<br />", " ");
    let tag = lower.match_indices('<').any(|(at, _)| {
        lower[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'))
    });
    !tag && !lower.contains("javascript:")
}

/// A `;` ends a statement unless it ends an entity such as `#quot;`.
pub(super) fn has_loose_semicolon(text: &str) -> bool {
    text.match_indices(';').any(|(at, _)| {
        let before = &text[..at];
        match before.rfind('#') {
            Some(hash) => {
                let entity = &before[hash + 1..];
                entity.is_empty() || entity.len() > 8 || !entity.chars().all(|c| c.is_ascii_alphanumeric())
            }
            None => true,
        }
    })
}

/// The text after a `:`, checked.
pub(super) fn message(number: usize, text: &str) -> Result<(), DiagramError> {
    if !is_safe(text) {
        return Err(DiagramError::new(number, "HTML in a label"));
    }
    if has_loose_semicolon(text) {
        return Err(DiagramError::new(number, "`;` in a label ends it: write `#59;`"));
    }
    Ok(())
}
