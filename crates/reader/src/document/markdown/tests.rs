use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};

use super::*;
use crate::domain::LineRange;

fn events(markdown: &str) -> Vec<Event<'_>> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH).collect()
}

fn shown(markdown: &str) -> String {
    events(markdown)
        .iter()
        .filter_map(|event| match event {
            Event::Text(text) | Event::Code(text) => Some(text.to_string()),
            _ => None,
        })
        .collect()
}

fn is_only_text(markdown: &str) -> bool {
    events(markdown).iter().all(|event| {
        matches!(
            event,
            Event::Text(_)
                | Event::Code(_)
                | Event::Start(Tag::Paragraph)
                | Event::End(pulldown_cmark::TagEnd::Paragraph)
        )
    })
}

#[test]
fn hostile_text_is_shown_as_text() {
    for text in [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](http://h/y.png)",
        "a | b",
        "**bold** _it_ `code` ~~no~~",
        "# heading",
        "- item",
        "1. item",
        "&lt;b&gt; &#x27;",
        "\\[x](y)",
        "<https://h.example>",
        "a\n\n# b",
    ] {
        let markdown = escape(text);
        assert!(is_only_text(&markdown), "{text} became {markdown}");
        assert_eq!(shown(&markdown), text.split_whitespace().collect::<Vec<_>>().join(" "));
    }
}

#[test]
fn a_table_keeps_its_columns_whatever_the_cells_hold() {
    let mut writer = Writer::default();
    writer.table(&["a", "b"], &[vec![escape("x | y \\| z"), code("p || q \\| `r`")], vec![code("|")]]);
    let text = writer.finish();
    let cells = events(&text).iter().filter(|event| matches!(event, Event::Start(Tag::TableCell))).count();
    assert_eq!(cells, 6, "{text}");
}

#[test]
fn prose_keeps_code_and_drops_marks() {
    assert_eq!(
        prose("Runs ``x`` in :class:`~click.Context` (see :ref:`a b`)."),
        "Runs `x` in `Context` (see a b)."
    );
    assert_eq!(prose("A [link](http://x) and [`Name`] and **bold**."), "A link and `Name` and bold.");
    assert_eq!(prose("Returns {@code null} for {@link Foo#bar}."), "Returns `null` for `Foo#bar`.");
    assert_eq!(prose("`Text <http://x>`_ done"), "Text done");
    assert_eq!(prose("a < b and Vec<T>"), "a \\< b and Vec\\<T>");
}

#[test]
fn targets_of_citations_round_trip() {
    for path in ["a b/ü(1).py", "x#L1.py", "100%.c", "a\"b\n.rs"] {
        let lines = LineRange { start_line: 3, end_line: 9 };
        let target = source_target(path, lines);
        assert_eq!(parse_source_target(&target), Some((path.to_owned(), lines)));
        assert!(
            events(&cite("x", path, lines))
                .iter()
                .any(|event| matches!(event, Event::Start(Tag::Link { .. })))
        );
    }
    assert_eq!(parse_source_target("http://x#L1"), None);
}

proptest! {
    #[test]
    fn any_text_stays_text(text in "\\PC{0,60}") {
        for markdown in [escape(&text), code(&text), prose(&text)] {
            prop_assert!(is_only_text(&markdown), "{:?} became {:?}", text, markdown);
        }
    }

    #[test]
    fn marks_stay_text(text in "[\\[\\]()<>`*_~!|#:{}@a \\\\-]{0,30}") {
        for markdown in [escape(&text), code(&text), prose(&text)] {
            prop_assert!(is_only_text(&markdown), "{:?} became {:?}", text, markdown);
        }
    }
}
