//! Finds keys, tokens and passwords in text and masks them.
//!
//! What leaves the machine in prompts, and what is shown as code, goes through [`mask`]. It works by
//! the shapes of well-known tokens, by names that stand before a value, by passwords in addresses and
//! by private-key blocks. Lines stay lines, so that line numbers hold.

mod assigned;
mod known;

use std::borrow::Cow;

/// What stands in place of a secret.
pub const MASK: &str = "********";

/// The text with every secret that was found replaced by [`MASK`].
pub fn mask(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut in_key = false;
    let mut copied = 0;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        let masked = mask_line(line, &mut in_key);
        if let Cow::Owned(masked) = masked {
            out.push_str(&text[copied..start]);
            out.push_str(&masked);
            copied = end;
        }
        start = end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Masks one line; `in_key` says whether it lies in a private-key block.
fn mask_line<'a>(line: &'a str, in_key: &mut bool) -> Cow<'a, str> {
    if let Some(masked) = key_block(line, in_key) {
        return masked;
    }
    let mut spans = known::spans(line);
    spans.extend(assigned::spans(line));
    spans.extend(password_in_address(line));
    if spans.is_empty() { Cow::Borrowed(line) } else { Cow::Owned(replace(line, spans)) }
}

/// The body of a private key, over lines or written in one with `\n`.
fn key_block<'a>(line: &'a str, in_key: &mut bool) -> Option<Cow<'a, str>> {
    const END: &str = "-----END ";
    if let Some(begin) = line.find("-----BEGIN ") {
        let head = begin + line[begin..].find("PRIVATE KEY")?;
        let body = head + line[head..].find("-----").map_or(0, |dashes| dashes + 5);
        let end = line[body..].find(END).map(|end| body + end);
        *in_key = end.is_none();
        let is_bare = line[body..end.unwrap_or(line.len())].trim().is_empty();
        return Some(if is_bare {
            Cow::Borrowed(line)
        } else {
            let tail = end.map_or(newline(line), |end| &line[end..]);
            Cow::Owned(format!("{}{MASK}{tail}", &line[..body]))
        });
    }
    if !*in_key {
        return None;
    }
    if line.contains(END) {
        *in_key = false;
        return Some(Cow::Borrowed(line));
    }
    // A block that was opened in passing, in a string or a comment, ends where no key can be.
    let body = line.trim().trim_matches(['"', '\'', ',', '+', '\\', '#', '*', '/', ' ', '`']);
    let is_key =
        body.len() <= 200 && body.chars().all(|c| c.is_ascii_alphanumeric() || "+/=\\:-, ".contains(c));
    if !is_key {
        *in_key = false;
        return None;
    }
    if body.len() < 8 {
        return Some(Cow::Borrowed(line));
    }
    let indent = line.len() - line.trim_start().len();
    Some(Cow::Owned(format!("{}{MASK}{}", &line[..indent], newline(line))))
}

fn newline(line: &str) -> &str {
    if line.ends_with("\r\n") {
        "\r\n"
    } else if line.ends_with('\n') {
        "\n"
    } else {
        ""
    }
}

/// `://user:PASSWORD@host`.
fn password_in_address(line: &str) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    for (at, _) in line.match_indices("://") {
        let rest = &line[at + 3..];
        let authority = rest
            .find(|c: char| c.is_whitespace() || "/\"'`<>?#".contains(c))
            .map_or(rest, |end| &rest[..end]);
        let Some((user, _)) = authority.rsplit_once('@') else { continue };
        let Some((name, password)) = user.split_once(':') else { continue };
        if !password.is_empty() && !assigned::is_placeholder(password) {
            let start = at + 3 + name.len() + 1;
            spans.push((start, start + password.len()));
        }
    }
    spans
}

/// Replaces the spans, which may overlap.
fn replace(line: &str, mut spans: Vec<(usize, usize)>) -> String {
    spans.sort_unstable();
    let mut out = String::with_capacity(line.len());
    let mut copied = 0;
    for (start, end) in spans {
        if end <= copied {
            continue;
        }
        if start >= copied {
            out.push_str(&line[copied..start]);
            out.push_str(MASK);
        }
        copied = end;
    }
    out.push_str(&line[copied..]);
    out
}

#[cfg(test)]
mod tests;
