//! Lets Kotlin's grammar read a constructor whose annotations stand on a line of their own.
//!
//! After the name of a class the grammar takes a line break for the end of the declaration, unless `(`, `:`, `{` or a
//! word follows. In `class A⏎@Inject⏎constructor(…)` it would lose the class with all that it holds; the parser sees a
//! blank for that line break.

/// Annotations and modifiers before `constructor` are looked through so far.
const MAX_BETWEEN: usize = 400;

/// The text for the parser; `None` when nothing is to be overwritten.
pub(super) fn joined(text: &str) -> Option<String> {
    let mut joined: Option<Vec<u8>> = None;
    for (at, _) in text.match_indices("constructor") {
        let furthest = at.saturating_sub(MAX_BETWEEN);
        let start = (furthest..=at).find(|start| text.is_char_boundary(*start)).unwrap_or(at);
        let Some(breaks) = breaks_before(text, start, at) else { continue };
        for place in breaks {
            if let Some(byte) = joined.get_or_insert_with(|| text.as_bytes().to_vec()).get_mut(place) {
                *byte = b' ';
            }
        }
    }
    // ASCII was overwritten by ASCII: still UTF-8.
    String::from_utf8(joined?).ok()
}

/// The line breaks between the head of a class and its constructor, when there are annotations between them.
fn breaks_before(text: &str, start: usize, constructor: usize) -> Option<Vec<usize>> {
    let mut breaks = Vec::new();
    let mut is_annotated = false;
    let mut end = constructor;
    while let Some(newline) = text.get(start..end)?.rfind('\n').map(|at| start + at) {
        let line = text.get(newline + 1..end)?.trim();
        is_annotated |= line.starts_with('@');
        let is_between = line.split_whitespace().all(|word| {
            word.starts_with('@') || matches!(word, "public" | "internal" | "private" | "protected")
        });
        if !is_between {
            return None;
        }
        breaks.push(newline);
        end = newline;
        let head = text.get(..end)?.rsplit('\n').next()?.trim();
        if head.split_whitespace().any(|word| word == "class") && !head.ends_with(['{', '}', ')', ',']) {
            return is_annotated.then_some(breaks);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_breaks_before_annotated_constructors_are_overwritten() {
        let text = "class A\n@Inject\ninternal constructor(\n  val b: B,\n)\n";
        assert_eq!(joined(text).unwrap(), "class A @Inject internal constructor(\n  val b: B,\n)\n");
        for plain in
            ["class A\nconstructor(b: B)\n", "class A {\n  @X\n  constructor()\n}\n", "val constructor = 1\n"]
        {
            assert_eq!(joined(plain), None, "{plain}");
        }
    }
}
