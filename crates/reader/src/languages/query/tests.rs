use std::{fs, path::Path, time::Duration};

use streaming_iterator::StreamingIterator;
use tree_sitter::{Language, Parser, QueryCursor};

use super::Query;
use crate::languages::{
    deadline::Deadline,
    detect, specs,
    syntax::{Grammar, Syntax},
};

/// A match: its pattern, and each capture's name with its place.
type Seen = (usize, Vec<(String, usize, usize)>);

fn ours(language: &Language, source: &str, text: &str) -> Vec<Seen> {
    let query = Query::new(language, source).expect("a query that compiles");
    let mut parser = Parser::new();
    parser.set_language(language).expect("a grammar of this version");
    let tree = parser.parse(text, None).expect("a tree");
    let grammar = Grammar::of(language);
    let deadline = Deadline::after(Duration::from_secs(60));
    let (syntax, is_cut) = Syntax::of(&tree, &grammar, text, deadline);
    let matches = query.matches(&syntax, text, deadline);
    assert!(!is_cut && !matches.is_cut);
    let name = |index: u16| query.capture_names()[usize::from(index)].clone();
    matches
        .iter()
        .map(|(pattern, captures)| {
            let captures = captures
                .iter()
                .map(|capture| (name(capture.index), capture.node.start_byte(), capture.node.end_byte()));
            (pattern, captures.collect())
        })
        .collect()
}

fn theirs(language: &Language, source: &str, text: &str) -> Vec<Seen> {
    let query = tree_sitter::Query::new(language, source).expect("a query that compiles");
    let mut parser = Parser::new();
    parser.set_language(language).expect("a grammar of this version");
    let tree = parser.parse(text, None).expect("a tree");
    let mut cursor = QueryCursor::new();
    let mut matches = cursor.matches(&query, tree.root_node(), text.as_bytes());
    let mut seen = Vec::new();
    while let Some(matched) = matches.next() {
        let captures = matched.captures().iter().map(|capture| {
            let name = query.capture_names()[capture.index as usize].to_owned();
            (name, capture.node.start_byte(), capture.node.end_byte())
        });
        seen.push((matched.pattern_index, captures.collect()));
    }
    seen
}

fn assert_same(language: &Language, source: &str, text: &str) {
    let (mut ours, mut theirs) = (ours(language, source, text), theirs(language, source, text));
    ours.sort();
    theirs.sort();
    for (one, other) in ours.iter().zip(&theirs) {
        assert_eq!(one, other);
    }
    assert_eq!(ours.len(), theirs.len());
}

#[test]
fn every_query_finds_what_tree_sitter_finds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/languages");
    let mut compared = std::collections::BTreeSet::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the fixtures") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let language = detect(&path.to_string_lossy(), &text);
            let Some(spec) = specs().iter().find(|spec| Some(spec.language) == language) else { continue };
            assert_same(&(spec.grammar)(), &spec.queries.join("\n"), &text);
            compared.insert(spec.language);
        }
    }
    let missing: Vec<_> =
        specs().iter().map(|spec| spec.language).filter(|language| !compared.contains(language)).collect();
    assert!(missing.is_empty(), "no fixture for {missing:?}");
}

#[test]
fn anchors_quantifiers_and_choices_mean_what_they_mean_to_tree_sitter() {
    let language = tree_sitter_javascript::LANGUAGE.into();
    let text = "/* a */ f(1, 'x', /* b */ g); class A { /* c */ m() {} static n = 1 }\n\
                f('y'); f(); var a = 1, b, c = [1, 2, , 3]; import x, { y as z } from 'm';\n\
                if (a) { b } else c; (((((";
    for source in [
        "(arguments . (number) @first)",
        "(arguments (_) @last .)",
        "(arguments (number) @a . (string) @b)",
        "(arguments (string) @a . (identifier) @b)",
        "(arguments (_) @a (_) @b)",
        "(call_expression function: (_) @f arguments: (arguments . (string) @only .))",
        "(call_expression function: (identifier) @f arguments: (arguments (string)? @s))",
        "(class_body (comment)? @doc . (method_definition) @m)",
        "(class_body . (comment)* . (method_definition) @m)",
        "(array . (_)* . (number) @n)",
        "(array (number)+ . (number) @n)",
        "(variable_declarator name: (_) @n !value)",
        "(field_definition \"static\" @s property: _ @p)",
        "[(number) (string) @s] @b",
        "((identifier) @i (#eq? @i \"f\"))",
        "((identifier) @i (#not-eq? @i \"f\"))",
        "((identifier) @i (#any-of? @i \"a\" \"b\"))",
        "((string) @i (#match? @i \"^.[xy]\"))",
        "(program (expression_statement (call_expression arguments: (arguments)) @c))",
        "(import_statement (import_clause (identifier) @d) source: (string) @s)",
        "(call_expression function: (_) @f)",
    ] {
        assert_same(&language, source, text);
    }
}

#[test]
fn what_is_wrong_with_a_query_is_said_with_its_line() {
    let language = tree_sitter_javascript::LANGUAGE.into();
    let wrong = |source: &str| Query::new(&language, source).expect_err("not a query");
    assert_eq!(wrong("(identifier) @a\n(identifer) @b"), "line 2: the grammar has no node \"identifer\"");
    assert_eq!(wrong("(pair kee: (_) @b)"), "line 1: the grammar has no field \"kee\"");
    assert_eq!(wrong("(pair key: (_) @b"), "line 1: expected a name");
    assert_eq!(
        wrong("(expression) @e"),
        "line 1: \"expression\" is a group of kinds: name the kinds that are meant"
    );
    assert!(wrong("((_) @a (#maybe? @a))").contains("#maybe? is not understood"));
    assert!(wrong("(array (number)* @a)").contains("neither captures nor children"));
    assert!(wrong("((number) (string))").contains("a group of several nodes"));
}

#[test]
fn a_pattern_that_can_match_in_too_many_ways_ends() {
    let language = tree_sitter_javascript::LANGUAGE.into();
    let text = format!("f({});", "1, ".repeat(2_000));
    let source = "(arguments (number) @a (number) @b (number) @c (number) @d)";
    let query = Query::new(&language, source).expect("a query");
    let mut parser = Parser::new();
    parser.set_language(&language).expect("a grammar of this version");
    let tree = parser.parse(&text, None).expect("a tree");
    let grammar = Grammar::of(&language);
    let deadline = Deadline::after(Duration::from_secs(60));
    let (syntax, _) = Syntax::of(&tree, &grammar, &text, deadline);
    let found = query.matches(&syntax, &text, deadline).iter().count();
    assert!(found > 0 && found < 1 << 21, "{found}");
}
