//! What a prompt shows.

/// The parts of a prompt that answers are made from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prompt {
    /// Source between `<file path="…">` and `</file>`, each line as `NUMBER| text`.
    pub files: Vec<ShownFile>,
    /// Lines of the form ``- KIND `NAME` lines A-B``.
    pub symbols: Vec<ShownSymbol>,
    /// The `slug` of the page that is shown.
    pub slug: Option<String>,
    /// The lines between `<page …>` and `</page>`, each after `| `.
    pub page: Vec<String>,
    /// All `[[PATH:A-B]]`, in order, without repeats.
    pub places: Vec<Place>,
}

/// A file with numbered lines.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ShownFile {
    /// As the prompt names it.
    pub path: String,
    /// Numbers and texts.
    pub lines: Vec<(u32, String)>,
}

/// A listed symbol.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownSymbol {
    /// The word before the name.
    pub kind: String,
    /// The name.
    pub name: String,
    /// The first line.
    pub start: u32,
    /// The last line.
    pub end: u32,
}

/// A cited place.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The file.
    pub path: String,
    /// The first line.
    pub start: u32,
    /// The last line.
    pub end: u32,
}

impl Prompt {
    /// Finds the parts.
    pub fn read(text: &str) -> Self {
        let mut prompt = Self::default();
        let mut file: Option<ShownFile> = None;
        let mut in_page = false;
        for line in text.lines() {
            if let Some(open) = &mut file {
                match numbered(line) {
                    Some(numbered) => open.lines.push(numbered),
                    None => prompt.files.extend(file.take()),
                }
            } else if let Some(attributes) = line.strip_prefix("<file ") {
                file = attribute(attributes, "path").map(|path| ShownFile { path, lines: Vec::new() });
            } else if let Some(attributes) = line.strip_prefix("<page ") {
                in_page = true;
                prompt.slug = attribute(attributes, "slug");
            } else if line == "</page>" {
                in_page = false;
            } else if in_page {
                prompt.page.push(line.strip_prefix("| ").unwrap_or(line.trim_start_matches('|')).to_owned());
            } else {
                prompt.symbols.extend(symbol(line));
            }
            for place in places(line) {
                if !prompt.places.contains(&place) {
                    prompt.places.push(place);
                }
            }
        }
        prompt.files.extend(file);
        prompt
    }
}

fn attribute(text: &str, name: &str) -> Option<String> {
    let (_, after) = text.split_once(&format!("{name}=\""))?;
    Some(after.split_once('"')?.0.to_owned())
}

fn numbered(line: &str) -> Option<(u32, String)> {
    let (number, text) = line.split_once('|')?;
    Some((number.trim().parse().ok()?, text.strip_prefix(' ').unwrap_or(text).to_owned()))
}

fn symbol(line: &str) -> Option<ShownSymbol> {
    let (kind, after) = line.strip_prefix("- ")?.split_once(" `")?;
    let (name, after) = after.split_once("` lines ")?;
    let range = after.split(|c: char| !c.is_ascii_digit() && c != '-').next()?;
    let (start, end) = lines(range)?;
    (!kind.contains(' ')).then(|| ShownSymbol { kind: kind.into(), name: name.into(), start, end })
}

fn lines(range: &str) -> Option<(u32, u32)> {
    let (start, end) = range.split_once('-').unwrap_or((range, range));
    let (start, end) = (start.parse().ok()?, end.parse().ok()?);
    (start >= 1 && start <= end).then_some((start, end))
}

/// The `[[PATH:A-B]]` of a line.
pub(super) fn places(line: &str) -> Vec<Place> {
    line.split("[[")
        .skip(1)
        .filter_map(|part| {
            let (path, range) = part.split_once("]]")?.0.rsplit_once(':')?;
            let (start, end) = lines(range)?;
            Some(Place { path: path.to_owned(), start, end })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_source_symbols_and_citations() {
        let prompt = Prompt::read(
            "Cite as [[path:start-end]].\n<file path=\"a b.py\" lines=\"2\">\n 1| import os\n 2| </file>\n</file>\n- class `A.B` lines 3-9: class B\n<page slug=\"x\">\n| # Title\n|\n| see [[c.rs:4-5]]\n</page>\n",
        );
        assert_eq!(prompt.files[0].path, "a b.py");
        assert_eq!(prompt.files[0].lines[1], (2, "</file>".into()));
        assert_eq!(
            prompt.symbols,
            [ShownSymbol { kind: "class".into(), name: "A.B".into(), start: 3, end: 9 }]
        );
        assert_eq!(prompt.page, ["# Title", "", "see [[c.rs:4-5]]"]);
        assert_eq!(prompt.places, [Place { path: "c.rs".into(), start: 4, end: 5 }]);
    }
}
