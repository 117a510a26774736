//! Links to the source and to other pages.

use crate::domain::LineRange;

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
