//! The words of documentation that a page quotes.

use std::borrow::Cow;

use super::markdown::one_line;

/// A quoted sentence is not longer than this many characters.
const MOST: usize = 220;

/// The first sentence of a doc comment, docstring or paragraph; `None` when it says nothing.
pub(crate) fn first_sentence(doc: &str) -> Option<String> {
    let paragraph = first_paragraph(doc)?;
    let end = sentence_end(&paragraph).unwrap_or(paragraph.len());
    let sentence = paragraph[..end].trim();
    // What leads to a list says something without it; `Usage:` does not.
    let sentence = match sentence.strip_suffix(':') {
        Some(lead) if lead.split_whitespace().count() < 3 => return None,
        Some(lead) => lead.trim_end(),
        None => sentence,
    };
    let sentence = cut(sentence, MOST);
    says_something(&sentence).then_some(sentence)
}

/// As many whole sentences of the first paragraph as fit into `most` characters.
pub(crate) fn opening(text: &str, most: usize) -> String {
    let line = one_line(text);
    if line.chars().count() <= most {
        return line;
    }
    let mut end = 0;
    while let Some(next) = sentence_end(&line[end..]) {
        if line[..end + next].chars().count() > most {
            break;
        }
        end += next;
    }
    if end == 0 { cut(&line, most) } else { line[..end].trim().to_owned() }
}

/// The first paragraph that is prose: no title with its rule, no tag, no parameter list, no code.
fn first_paragraph(doc: &str) -> Option<String> {
    let plain: Vec<Cow<'_, str>> = doc.lines().take(60).map(without_tags).collect();
    let lines: Vec<&str> = plain.iter().map(|line| line.trim()).collect();
    let mut words: Vec<&str> = Vec::new();
    let mut fenced = false;
    for (at, line) in lines.iter().enumerate() {
        if line.starts_with("```") || line.starts_with("~~~") {
            fenced = !fenced;
            if !words.is_empty() {
                break;
            }
            continue;
        }
        if !words.is_empty() && is_item(line) {
            break;
        }
        let next_is_rule = lines.get(at + 1).is_some_and(|next| is_rule(next));
        let brief = line.strip_prefix("@brief ").or_else(|| line.strip_prefix("\\brief "));
        let marked =
            line.starts_with(['@', ':', '\\']) && line[1..].starts_with(|c: char| c.is_ascii_alphabetic());
        let is_tag = marked && brief.is_none() && !line.contains(":`");
        let next_is_blank = lines.get(at + 1).is_some_and(|next| next.is_empty());
        // The name of the module says nothing of it.
        let is_name = next_is_blank
            && line.contains(['.', '/'])
            && !line.contains(char::is_whitespace)
            && !line.ends_with('.');
        let is_heading =
            is_name || next_is_rule || line.starts_with("# ") || line.starts_with("## ") || is_banner(line);
        if is_tag || fenced || line.is_empty() || is_rule(line) || is_heading || line.starts_with(".. ") {
            // A tag ends the prose; before it, all else is passed over.
            if !words.is_empty() || is_tag {
                break;
            }
            continue;
        }
        words.push(brief.unwrap_or(line));
        if words.iter().map(|word| word.len()).sum::<usize>() > 2_000 {
            break;
        }
    }
    let text = one_line(&words.join(" "));
    (!text.is_empty()).then_some(text)
}

/// The line without the HTML that lays out its words: logos, centred blocks, links.
fn without_tags(line: &str) -> Cow<'_, str> {
    const TAGS: [&str; 23] = [
        "a", "b", "br", "center", "code", "div", "em", "h1", "h2", "h3", "h4", "hr", "i", "img", "li", "ol",
        "p", "picture", "source", "span", "strong", "tt", "ul",
    ];
    let mut kept = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('<') {
        let tag = &rest[at + 1..];
        let name = tag.strip_prefix('/').unwrap_or(tag);
        let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let is_tag = TAGS.contains(&name.to_ascii_lowercase().as_str());
        // No further than to the next one: a line may be of a megabyte.
        let end = tag.find(['<', '>']).filter(|end| is_tag && tag[*end..].starts_with('>'));
        match end {
            Some(end) => {
                kept.push_str(&rest[..at]);
                rest = &tag[end + 1..];
            }
            None => {
                kept.push_str(&rest[..=at]);
                rest = tag;
            }
        }
    }
    if kept.is_empty() && rest.len() == line.len() {
        return line.into();
    }
    kept.push_str(rest);
    kept.into()
}

/// `- x`, `* x` or `1. x`.
fn is_item(line: &str) -> bool {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_numbered = rest.len() < line.len() && rest.starts_with([')', '.']);
    let mark: &[char] = if is_numbered { &[')', '.'] } else { &['-', '*', '+', '•'] };
    rest.strip_prefix(mark).is_some_and(|rest| rest.starts_with(' '))
}

fn is_rule(line: &str) -> bool {
    line.len() >= 3
        && line
            .chars()
            .next()
            .is_some_and(|first| "=-~^*#_".contains(first) && line.chars().all(|c| c == first))
}

/// `---- Defines ----`: what divides a file, and says nothing of it.
fn is_banner(line: &str) -> bool {
    line.get(..3).is_some_and(is_rule) && line.ends_with(['-', '=', '~', '*', '#', '_'])
}

/// The byte after the first sentence, its full stop included.
fn sentence_end(text: &str) -> Option<usize> {
    const SHORT: &[&str] =
        &["e.g", "i.e", "etc", "vs", "cf", "Mr", "Dr", "St", "approx", "resp", "incl", "no", "fig"];
    let mut code = false;
    for (at, c) in text.char_indices() {
        match c {
            '`' => code = !code,
            '。' | '！' | '？' if !code => return Some(at + c.len_utf8()),
            '.' | '!' | '?' if !code => {
                let after = text[at + 1..].chars().next();
                let word = text[..at].rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or("");
                let short = c == '.'
                    && (SHORT.contains(&word) || (word.len() == 1 && word.starts_with(char::is_uppercase)));
                if after.is_none_or(char::is_whitespace) && !short {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn says_something(text: &str) -> bool {
    let lower = text.to_lowercase();
    let empty = [
        "todo",
        "fixme",
        "auto-generated",
        "autogenerated",
        "eslint",
        "@ts-",
        "vim:",
        "-*-",
        "pylint",
        "type:",
        "copyright",
        "{@inherit",
        "@inherit",
        "inheritdoc",
    ];
    text.chars().filter(|c| c.is_alphabetic()).count() >= 3
        && !empty.iter().any(|start| lower.starts_with(start))
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most).collect();
    let end = head.rfind(' ').filter(|end| *end > most / 2).unwrap_or(head.len());
    format!("{}…", head[..end].trim_end_matches([',', ';', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sentence_ends_at_its_full_stop() {
        for (doc, sentence) in [
            ("Runs it. Then more.", "Runs it."),
            ("Runs e.g. this and `a. b`.\nMore text.", "Runs e.g. this and `a. b`."),
            ("Title\n=====\n\nThe text here\ngoes on", "The text here goes on"),
            ("Adds.\n\n:param x: the x", "Adds."),
            ("版本 1.2 的入口。其余", "版本 1.2 的入口。"),
            ("@brief Opens it.\n@param x", "Opens it."),
            ("---- Shared ----\n\nWhat both sides know.", "What both sides know."),
            ("# Heading\n\nProse.", "Prose."),
            (
                "<div align=\"center\">\n <img src=\"x.png\">\n <p>insta: tests for <b>all</b></p>\n</div>",
                "insta: tests for all",
            ),
            ("Turns a Vec<i32> into one.", "Turns a Vec<i32> into one."),
            ("scrapy.linkextractors\n\nHolds extractors.", "Holds extractors."),
            ("Warning codes of all parts:\n- A1\n- A2", "Warning codes of all parts"),
            ("Warning codes of all parts:\n• A1\n• A2", "Warning codes of all parts"),
            ("Compares a <b with <p, and <b>c</b> with <i.", "Compares a <b with <p, and c with <i."),
        ] {
            assert_eq!(first_sentence(doc).as_deref(), Some(sentence));
        }
        for doc in ["", "TODO later", "Usage:\n\n  run it", "---", ":param x: y", "@param x"] {
            assert_eq!(first_sentence(doc), None, "{doc}");
        }
    }

    #[test]
    fn an_opening_keeps_whole_sentences() {
        assert_eq!(opening("One. Two is longer. Three.", 20), "One. Two is longer.");
        assert_eq!(opening("Wordy words without an end", 12), "Wordy words…");
    }
}
