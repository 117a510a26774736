//! Markdown that cites what the prompt shows.

use super::prompt::places;
use super::{Place, Prompt};

/// Citations in one section at most.
const PER_SECTION: usize = 8;

/// The page's headings and diagrams, with a sentence for each place that it cites; without a page, a
/// sentence for each place in the prompt.
pub(super) fn write(shown: &Prompt) -> String {
    if shown.page.is_empty() { about_places(&shown.places) } else { rewritten(&shown.page) }
}

fn about_places(places: &[Place]) -> String {
    if places.is_empty() {
        return "The prompt shows no place to cite.\n".into();
    }
    places.iter().take(PER_SECTION).map(sentence).collect()
}

fn rewritten(page: &[String]) -> String {
    let mut out = String::new();
    let mut in_section = 0;
    let mut fence: Option<bool> = None;
    for line in page {
        if line.starts_with("```") {
            let kept = match fence.take() {
                Some(kept) => kept,
                None => *fence.insert(line.starts_with("```mermaid")),
            };
            if kept {
                out.push_str(line);
                out.push('\n');
            }
            continue;
        }
        match fence {
            Some(true) => {
                out.push_str(line);
                out.push('\n');
            }
            Some(false) => {}
            None if line.starts_with('#') => {
                out.push_str(&format!("\n{line}\n\n"));
                in_section = 0;
            }
            None => {
                for place in places(line).into_iter().take(PER_SECTION - in_section) {
                    in_section += 1;
                    out.push_str(&sentence(&place));
                }
            }
        }
    }
    out.trim_start().to_owned()
}

fn sentence(place: &Place) -> String {
    let Place { path, start, end } = place;
    let file = path.rsplit('/').next().unwrap_or(path);
    format!("This part rests on `{file}`, from line {start} to line {end} [[{path}:{start}-{end}]].\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_its_headings_and_diagrams_and_cites_its_places() {
        let page = "<page slug=\"x\">\n| # A\n| text [[a.py:1-2]]\n| ```mermaid\n| graph TD\n| ```\n| ```sh\n| # no heading\n| ```\n| ## B\n</page>";
        assert_eq!(
            write(&Prompt::read(page)),
            "# A\n\nThis part rests on `a.py`, from line 1 to line 2 [[a.py:1-2]].\n\n```mermaid\ngraph TD\n```\n\n## B\n\n"
        );
    }
}
