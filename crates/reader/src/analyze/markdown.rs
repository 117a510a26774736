//! A model's words, made harmless: what it writes may have been dictated by the source that it read.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::document::markdown::{code, escape};

/// Text of one line, as inline Markdown: emphasis and links become their text, code stays code.
pub(crate) fn one_line(text: &str) -> String {
    let mut out = String::new();
    for event in events(text) {
        match event {
            Event::Text(text) => push_text(&mut out, &text),
            Event::Code(text) => out.push_str(&code(&text)),
            Event::Html(text) | Event::InlineHtml(text) => push_text(&mut out, &text),
            Event::SoftBreak
            | Event::HardBreak
            | Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::Heading(_)) => {
                out.push(' ');
            }
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Paragraphs and lists; links, images, headings and HTML become text.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut depth = 0usize;
    for event in events(text) {
        match event {
            Event::Text(text) => push_text(&mut out, &text),
            Event::Code(text) => out.push_str(&code(&text)),
            Event::Html(text) | Event::InlineHtml(text) => push_text(&mut out, &text),
            Event::SoftBreak | Event::HardBreak => out.push(' '),
            Event::Start(Tag::List(_)) => {
                end_block(&mut out, depth == 0);
                depth += 1;
            }
            Event::End(TagEnd::List(_)) => {
                depth = depth.saturating_sub(1);
                end_block(&mut out, depth == 0);
            }
            Event::Start(Tag::Item) => {
                end_block(&mut out, false);
                out.push_str(&"  ".repeat(depth.saturating_sub(1)));
                out.push_str("- ");
            }
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::CodeBlock | TagEnd::HtmlBlock)
                if depth == 0 =>
            {
                end_block(&mut out, true);
            }
            _ => {}
        }
    }
    out.trim().to_owned()
}

/// Escapes text; the blanks at its ends, which part it from its neighbours, stay.
fn push_text(out: &mut String, text: &str) {
    if text.starts_with(char::is_whitespace) {
        out.push(' ');
    }
    out.push_str(&escape(text));
    if text.ends_with(char::is_whitespace) && !text.trim().is_empty() {
        out.push(' ');
    }
}

fn end_block(out: &mut String, is_paragraph: bool) {
    let end = out.trim_end_matches([' ', '\n']).len();
    out.truncate(end);
    if !out.is_empty() {
        out.push_str(if is_paragraph { "\n\n" } else { "\n" });
    }
}

fn events(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_images_headings_and_html_become_text() {
        let text = "# Big\n\nSee [this](https://evil.example) and ![x](https://evil.example/p.png)\n<script>alert(1)</script>\n\n- `a<b>`\n- two";
        let plain = plain(text);
        assert!(!plain.contains("](") && !plain.replace("\\<", "").contains("<s"), "{plain}");
        assert!(plain.contains("- `a<b>`\n- two") && plain.starts_with("Big\n\nSee this and x"), "{plain}");
        assert_eq!(one_line("A *b*\n\n`c`"), "A b `c`");
    }
}
