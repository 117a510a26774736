//! What people see: results on stdout, everything else on stderr, colours only on a terminal.

use std::io::{ErrorKind, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::error::CliError;

/// Prints a result. A reader that went away (`| head`) is no error; a file that cannot take it all is one.
pub fn print(text: &str) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    printed(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// What became of writing to stdout.
pub fn printed(outcome: std::io::Result<()>) -> Result<(), CliError> {
    match outcome {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(CliError::failed(format!("cannot write to standard output: {error}"))
                .hint("what was printed is not whole: free some space, or send it elsewhere"))
        }
        _ => Ok(()),
    }
}

/// Prints a result as JSON.
pub fn print_json<T: Serialize>(value: &T) -> Result<(), CliError> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    print(&text)
}

/// Prints a remark.
pub fn note(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}

/// Prints an error with its hint.
pub fn error(error: &CliError) {
    let style = style_on(&std::io::stderr(), AnsiColor::Red.on_default().bold());
    note(&format!("{style}error:{style:#} {error}"));
}

/// Bold on a terminal.
pub fn bold(text: &str) -> String {
    let style = style_on(&std::io::stdout(), Style::new().bold());
    format!("{style}{text}{style:#}")
}

fn style_on(stream: &impl IsTerminal, style: Style) -> Style {
    let colours = obeys_codes(stream) && std::env::var_os("NO_COLOR").is_none();
    if colours { style } else { Style::new() }
}

/// Whether it is a terminal, and none that would show codes instead of obeying them.
pub fn obeys_codes(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("TERM").is_none_or(|kind| kind != "dumb")
}

/// Rows in columns as wide as their widest cell; control characters of foreign names are shown, not obeyed.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = header.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(name(cell).chars().count());
        }
    }
    let line = |cells: Vec<String>| {
        let padded: Vec<String> =
            cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    let mut out = bold(line(header.iter().map(|cell| (*cell).to_owned()).collect()).trim_end());
    out.push('\n');
    for row in rows {
        out.push_str(&line(row.iter().map(|cell| name(cell)).collect()));
    }
    out
}

/// The text without control characters and marks of direction, so that a file's name can neither drive the terminal
/// nor show itself as another one.
pub fn plain(text: &str) -> String {
    let is_mark = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_harmful = |c: char| (c.is_control() && c != '\n' && c != '\t') || is_mark(c);
    text.chars().map(|c| if is_harmful(c) { '\u{FFFD}' } else { c }).collect()
}

/// A name on one line: whatever would end or move it is shown too, so that no file's name passes for a line of ours.
pub fn name(text: &str) -> String {
    plain(text).replace(['\n', '\t'], "\u{FFFD}")
}

/// The text as one word of a command that is to be copied into a shell.
pub fn word(text: &str) -> String {
    let is_plain =
        |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '@' | '+' | ':' | ',');
    let text = name(text);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(is_plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Markdown as it reads in a terminal: links into the source and to other pages keep their texts only.
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(middle) = rest.find("](source:").into_iter().chain(rest.find("](page:")).min() {
        let (before, after) = rest.split_at(middle);
        match before.rfind('[') {
            Some(open) => {
                out.push_str(&before[..open]);
                out.push_str(&before[open + 1..]);
            }
            None => out.push_str(before),
        }
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_their_texts_in_a_terminal() {
        let text =
            "See [a.py:1-2](source:a.py#L1-L2) and [Other](page:other), not [web](https://example.org).";
        assert_eq!(markdown(text), "See a.py:1-2 and Other, not [web](https://example.org).");
        assert_eq!(markdown("broken ](source:x"), "broken ");
    }

    #[test]
    fn names_are_quoted_where_a_shell_would_take_them_apart() {
        for (text, shown) in [
            ("attrs", "attrs"),
            ("my app", "'my app'"),
            ("it's", "'it'\\''s'"),
            ("仓库", "仓库"),
            ("$(x)", "'$(x)'"),
        ] {
            assert_eq!(word(text), shown);
        }
    }

    #[test]
    fn columns_are_aligned_and_foreign_names_cannot_drive_the_terminal() {
        let rows =
            vec![vec!["a\x1b[31m".to_owned(), "1".to_owned()], vec!["long name".to_owned(), "22".to_owned()]];
        let text = table(&["name", "n"], &rows);
        assert_eq!(text, "name       n\na\u{FFFD}[31m     1\nlong name  22\n");
        assert_eq!(name("a\nerror:\tb"), "a\u{FFFD}error:\u{FFFD}b");
        assert_eq!(plain("a\u{202e}cod.exe\u{2066}"), "a\u{FFFD}cod.exe\u{FFFD}");
    }
}
