//! What the README says the project is for.
//!
//! [`read_readme`] takes the text in Markdown, reStructuredText or plain and finds the first paragraph
//! that says something (no badge, logo, or bar of links), the list of features, and the sections that
//! tell how to install, use, build and test, each with its lines.

mod asciidoc;
mod markdown;
mod rst;

use crate::domain::LineRange;

use super::manifest::Fact;

/// What a README says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readme {
    /// The file, relative to the repository.
    pub path: String,
    /// What the project is for: the first meaningful paragraph below the title or an introducing heading.
    pub purpose: Option<Fact>,
    /// What it promises: the items of its list of features.
    pub features: Vec<Fact>,
    /// Its sections, in order.
    pub sections: Vec<Section>,
}

/// A headed part of a README.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// From the heading to the line before the next of the same or a higher level.
    pub lines: LineRange,
    /// What it is about, when the heading tells.
    pub about: Option<About>,
    /// Shell lines in it.
    pub commands: Vec<ShellLine>,
    level: usize,
}

/// A line that a shell is meant to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShellLine {
    /// What to type.
    pub value: String,
    /// The comment behind it.
    pub note: Option<String>,
    /// Where.
    pub lines: LineRange,
}

/// What a section is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum About {
    Install,
    Usage,
    Build,
    Test,
    Features,
    Contribute,
    Configuration,
}

/// One block of a README, whatever its markup.
#[derive(Debug)]
enum Block {
    Heading {
        level: usize,
        text: String,
        line: u32,
    },
    Paragraph {
        text: String,
        linked: usize,
        lines: LineRange,
    },
    /// What is quoted right below the title, as many write what a package does.
    Tagline {
        text: String,
        linked: usize,
        lines: LineRange,
    },
    List {
        items: Vec<Fact>,
    },
    Code {
        text: String,
        shell: bool,
        start: u32,
    },
}

const MAX_BYTES: usize = 1024 * 1024;
const MAX_FEATURES: usize = 12;
const MAX_COMMANDS: usize = 6;

/// How well a path of the root folder serves as the README; lower is better, `None` is no README.
pub fn readme_order(path: &str) -> Option<usize> {
    const NAMES: &[&str] =
        &["readme.md", "readme.rst", "readme.markdown", "readme.adoc", "readme.rdoc", "readme.txt", "readme"];
    let lower = path.to_ascii_lowercase();
    NAMES.iter().position(|name| *name == lower)
}

/// Reads a README; the markup is told by the file's name.
pub fn read_readme(path: &str, text: &str) -> Readme {
    if text.len() > MAX_BYTES {
        return Readme { path: path.to_owned(), ..Readme::default() };
    }
    let lower = path.to_ascii_lowercase();
    let blocks = if lower.ends_with(".rst")
        || (!lower.contains('.') && rst::looks_like(text))
        || (lower.ends_with(".txt") && rst::looks_like(text))
    {
        rst::blocks(text)
    } else if lower.ends_with(".rdoc") || lower.ends_with(".adoc") {
        markdown::blocks(&asciidoc::as_markdown(text))
    } else {
        markdown::blocks(text)
    };
    let last = u32::try_from(text.lines().count()).unwrap_or(u32::MAX).max(1);
    Readme {
        path: path.to_owned(),
        purpose: purpose(&blocks),
        features: features(&blocks),
        sections: sections(&blocks, last),
    }
}

/// What stands below the title or an introducing heading; a sentence about its use or its licence is no purpose.
fn purpose(blocks: &[Block]) -> Option<Fact> {
    let mut headings = 0;
    let mut introduces = true;
    for block in blocks.iter().take(60) {
        let (text, linked, lines, least) = match block {
            Block::Heading { text, .. } if text.is_empty() => continue,
            Block::Heading { level, text, .. } => {
                headings += 1;
                let is_title = headings == 1 && (*level == 1 || about(text).is_none());
                introduces = is_title || is_introduction(text);
                continue;
            }
            Block::Paragraph { text, linked, lines } => (text, *linked, *lines, 4),
            Block::Tagline { text, linked, lines } => (text, *linked, *lines, 3),
            Block::List { .. } | Block::Code { .. } => continue,
        };
        if introduces && is_meaningful(text, linked, least) {
            return Some(Fact { value: text.clone(), lines });
        }
    }
    None
}

fn is_introduction(title: &str) -> bool {
    const STARTS: &[&str] = &[
        "about",
        "introduction",
        "overview",
        "description",
        "summary",
        "synopsis",
        "abstract",
        "what is",
        "what's",
        "what’s",
        "简介",
        "介绍",
        "概述",
        "关于",
        "项目简介",
        "项目介绍",
    ];
    let lower = title.to_lowercase();
    let words = lower.trim_start_matches(|c: char| !c.is_alphabetic());
    STARTS.iter().any(|start| words.starts_with(start)) || words.trim_end() == "intro"
}

/// A sentence of so many words at least, rather than a badge, a bar of links or a language switch.
fn is_meaningful(text: &str, linked: usize, least: usize) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let wide = text.chars().filter(|c| ('\u{2e80}'..='\u{9fff}').contains(c)).count();
    let words = text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count();
    let bars = text.matches(['|', '•', '·']).count();
    let says = words >= least || wide >= 6;
    let lower = text.to_lowercase();
    let aside =
        ["note:", "warning:", "important:", "english |", "[!", "this readme", "this file", "read this in"]
            .iter()
            .any(|start| lower.starts_with(start));
    says && !aside && letters >= 12 && bars < 3 && linked * 10 <= text.chars().count() * 7
}

fn features(blocks: &[Block]) -> Vec<Fact> {
    let mut sections = 0;
    let mut wanted = false;
    for block in blocks {
        match block {
            Block::Heading { text, .. } => {
                sections += 1;
                wanted = about(text) == Some(About::Features);
            }
            // Near the top a list after the first paragraph counts without such a heading.
            Block::List { items } if wanted || sections <= 1 => {
                let told: Vec<Fact> =
                    items.iter().filter(|item| is_feature(&item.value)).take(MAX_FEATURES).cloned().collect();
                if told.len() >= 2 && told.len() * 2 >= items.len() {
                    return told;
                }
            }
            _ => {}
        }
    }
    Vec::new()
}

fn is_feature(text: &str) -> bool {
    let length = text.chars().count();
    (8..=220).contains(&length) && (text.contains(' ') || !text.is_ascii()) && !text.contains("://")
}

fn sections(blocks: &[Block], last: u32) -> Vec<Section> {
    let mut found: Vec<Section> = Vec::new();
    for block in blocks {
        match block {
            Block::Heading { level, text, line } => {
                for section in found.iter_mut().filter(|s| s.level >= *level && s.lines.end_line == last) {
                    section.lines.end_line = line.saturating_sub(1).max(section.lines.start_line);
                }
                found.push(Section {
                    title: text.clone(),
                    lines: LineRange { start_line: *line, end_line: last },
                    about: about(text),
                    commands: Vec::new(),
                    level: *level,
                });
            }
            Block::Code { text, shell, start } => {
                if let Some(section) = found.last_mut() {
                    section.commands.extend(shell_lines(text, *shell, *start));
                    section.commands.truncate(MAX_COMMANDS);
                }
            }
            _ => {}
        }
    }
    found
}

fn about(title: &str) -> Option<About> {
    let lower = title.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    const RUN: &[&str] = &["start", "run", "running", "use", "using it", "demo", "开始", "启动", "运行"];
    if has(&["install", "安装"]) {
        Some(About::Install)
    } else if has(&["feature", "highlight", "why ", "what you get", "特性", "功能"]) {
        Some(About::Features)
    } else if RUN.contains(&lower.trim())
        || (lower.starts_with("running ") && !has(&["test", "bench"]))
        || has(&[
            "usage",
            "quick start",
            "quickstart",
            "getting started",
            "example",
            "tutorial",
            "how to use",
            "使用",
            "快速",
        ])
    {
        Some(About::Usage)
    } else if has(&["test", "测试"]) {
        Some(About::Test)
    } else if has(&["build", "compil", "from source", "development", "developing", "构建", "开发"]) {
        Some(About::Build)
    } else if has(&["contributing", "contribute", "contribution", "贡献"]) {
        Some(About::Contribute)
    } else if has(&["config", "environment", "setting", "配置"]) {
        Some(About::Configuration)
    } else {
        None
    }
}

/// Lines that a shell is meant to run: all of a shell block without prompts, or those with one.
fn shell_lines(text: &str, shell: bool, start: u32) -> Vec<ShellLine> {
    let prompt =
        |line: &str| ["$ ", "% "].iter().find_map(|sign| line.trim().strip_prefix(sign).map(str::to_owned));
    let prompted = text.lines().any(|line| prompt(line).is_some());
    text.lines()
        .zip(start..)
        .filter_map(|(line, number)| {
            let trimmed = line.trim();
            let command = match prompt(trimmed) {
                Some(command) => command,
                None if prompted || !shell => return None,
                None => trimmed.to_owned(),
            };
            let (command, note) = match command.split_once(" # ") {
                Some((command, note)) => (command.trim_end().to_owned(), Some(note.trim().to_owned())),
                None => (command, None),
            };
            // `list · show · rm` names several commands and is none.
            let plain = !command.is_empty()
                && !command.starts_with('#')
                && !command.contains(" · ")
                && command.len() < 160;
            let lines = LineRange { start_line: number, end_line: number };
            plain.then_some(ShellLine { value: command, note: note.filter(|note| !note.is_empty()), lines })
        })
        .collect()
}

#[cfg(test)]
mod tests;
