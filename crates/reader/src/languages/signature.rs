//! A definition as one line.

use std::borrow::Cow;

use super::{
    comments,
    found::one_line,
    nesting::{Definition, is_type},
};

const MAX_SIGNATURE: usize = 400;

/// The declaration without decorators and body, on one line.
pub(super) fn signature(definition: &Definition, text: &str) -> String {
    let line = comments::near_line_start(text, definition.range.start).unwrap_or(definition.range.start);
    let before = &text.as_bytes()[line..definition.range.start];
    let starts_with_words = before.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_whitespace());
    let start = if starts_with_words { line } else { definition.range.start };
    let end = definition.body_at.unwrap_or(definition.range.end).max(start);
    let mut written = without_annotations(text[start..end].trim());
    if definition.body_at.is_none() && definition.kind.is_some_and(is_type) {
        written = written.split('{').next().unwrap_or(written);
    }
    if definition.body_at.is_none() && written.len() > MAX_SIGNATURE {
        written = written.lines().next().unwrap_or(written);
    }
    let line = one_line(&without_comments(written), MAX_SIGNATURE);
    let line = line.trim_end_matches("=>").trim_end_matches(['{', ';', ',', ' ']);
    // `operator==` and Ruby's `name=` end so themselves; nothing else does.
    let line = if definition.name.ends_with('=') { line } else { line.trim_end_matches([':', '=', ' ']) };
    line.to_owned()
}

/// A parameter or a field of a variant may have documentation and attributes above it, or a comment behind it.
fn without_comments(text: &str) -> Cow<'_, str> {
    if !text.contains('\n') || !(text.contains("//") || text.contains("#[")) {
        return Cow::Borrowed(text);
    }
    let is_comment = |line: &str| line.trim_start().starts_with("//") || line.trim_start().starts_with("#[");
    let code = |line: &'_ str| match line.split_once(" //") {
        Some((code, _)) if code.trim_end().ends_with([',', '(', '{', ';']) => code.to_owned(),
        _ => line.to_owned(),
    };
    let lines = text.lines().enumerate().filter(|(at, line)| *at == 0 || !is_comment(line));
    Cow::Owned(lines.map(|(_, line)| code(line)).collect::<Vec<_>>().join("\n"))
}

/// `@Inject(x) public void f()` is `public void f()`.
fn without_annotations(mut text: &str) -> &str {
    for _ in 0..20 {
        let rest = if let Some(rest) = text.strip_prefix('@') {
            let rest = rest.trim_start_matches(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':'));
            if rest.starts_with('(') { after_bracket(rest) } else { Some(rest) }
        } else if text.starts_with('[') {
            after_bracket(text)
        } else if let Some(rest) = text.strip_prefix('#') {
            if rest.starts_with('[') { after_bracket(rest) } else { None }
        } else {
            None
        };
        match rest {
            Some(rest) if !rest.trim_start().is_empty() => text = rest.trim_start(),
            _ => return text,
        }
    }
    text
}

fn after_bracket(text: &str) -> Option<&str> {
    let mut depth = 0_u32;
    for (at, byte) in text.bytes().enumerate().take(2000) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return text.get(at + 1..);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_within_a_declaration_are_left_out() {
        let variant =
            "Pool {\n    /// What happened.\n    reason: String, // why\n    #[serde(skip)]\n    at: u64,\n}";
        assert_eq!(without_comments(variant), "Pool {\n    reason: String,\n    at: u64,\n}");
        let declared = "void f(int level, // of all\n       const char* at)";
        assert_eq!(without_comments(declared), "void f(int level,\n       const char* at)");
        let address = "f(a = \"http://x\",\n  b)";
        assert_eq!(without_comments(address), address);
    }
}
