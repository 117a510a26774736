//! AsciiDoc and RDoc, whose headings, links and code are turned into Markdown's, line by line.

/// The text in Markdown, every line in its place.
pub(super) fn as_markdown(text: &str) -> String {
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn line(written: &str) -> String {
    let level = written.chars().take_while(|c| *c == '=').count();
    let rest = written.get(level..).unwrap_or_default();
    if level > 0 && rest.starts_with(' ') {
        return format!("{}{rest}", "#".repeat(level));
    }
    let trimmed = written.trim_end();
    // Attributes of the document or of a block, images, and comments say nothing.
    let is_aside = (trimmed.starts_with(':') && trimmed.len() > 1 && trimmed[1..].contains(':'))
        || (trimmed.starts_with('[') && trimmed.ends_with(']'))
        || trimmed.starts_with("image:")
        || trimmed.starts_with("//")
        || trimmed.starts_with("ifdef::")
        || trimmed.starts_with("endif::")
        || trimmed.starts_with("toc::");
    if is_aside {
        return String::new();
    }
    if trimmed.len() >= 4 && trimmed.chars().all(|c| c == '-') {
        return "```".to_owned();
    }
    links(written)
}

/// `https://x.org[Words]` and `link:x[Words]` are `[Words](x)`.
fn links(written: &str) -> String {
    let mut shown = String::new();
    let mut rest = written;
    while let Some(open) = rest.find('[') {
        let (before, behind) = rest.split_at(open);
        let start = before.rfind(|c: char| c.is_whitespace() || c == '(').map_or(0, |at| at + 1);
        let target = before.get(start..).unwrap_or_default();
        let is_link =
            ["http://", "https://", "link:", "xref:"].iter().any(|scheme| target.starts_with(scheme));
        match behind.find(']').filter(|_| is_link) {
            Some(close) => {
                let target = target.trim_start_matches("link:").trim_start_matches("xref:");
                shown.push_str(before.get(..start).unwrap_or_default());
                shown.push_str(&format!("{}]({target})", behind.get(..close).unwrap_or_default()));
                rest = behind.get(close + 1..).unwrap_or_default();
            }
            None => {
                shown.push_str(before);
                shown.push('[');
                rest = behind.get(1..).unwrap_or_default();
            }
        }
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::super::read_readme;

    #[test]
    fn the_purpose_stands_below_the_title_in_both() {
        let rdoc = "= Redmine\n\nRedmine is a flexible project management web application.\n\n== Testing\n";
        let readme = read_readme("README.rdoc", rdoc);
        let purpose = readme.purpose.expect("a purpose");
        assert_eq!(purpose.value, "Redmine is a flexible project management web application.");
        assert_eq!(purpose.lines.start_line, 3);
        let adoc = "= Spring Thing image:https://x.org/b.svg[Build]\n:docs: https://d.org\n\nimage:https://x.org/c.svg[Chat]\n\nSpring Thing helps you to create https://spring.io[Spring]-powered applications.\n\n== Build\n[source,shell]\n----\n$ ./gradlew build\n----\n";
        let readme = read_readme("README.adoc", adoc);
        let purpose = readme.purpose.expect("a purpose");
        assert_eq!(purpose.value, "Spring Thing helps you to create Spring-powered applications.");
        assert_eq!(readme.sections.last().expect("a section").title, "Build");
    }
}
