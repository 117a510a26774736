//! What a model answers about a file, and whether it is true to the file.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::names::shown_name;
use crate::domain::{ItemKind, LineRange};

/// The schema's name, by which calls of this kind are told apart in logs.
pub(super) const SCHEMA_NAME: &str = "file_items";
/// Problems that are told to the model at most.
const MAX_PROBLEMS: usize = 12;
/// Longer texts are no descriptions.
const MAX_TEXT: usize = 6_000;

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) struct FileAnswer {
    /// One or two sentences: what the file is for.
    pub summary: String,
    /// How its parts work together.
    pub description: String,
    /// One for each listed symbol.
    pub items: Vec<ItemAnswer>,
}

/// A described symbol.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) struct ItemAnswer {
    /// What the symbol is.
    pub kind: AnswerKind,
    /// As listed.
    pub name: String,
    /// At most ten words.
    pub title: String,
    /// One to five sentences.
    pub description: String,
    /// As listed.
    pub start_line: u32,
    /// As listed.
    pub end_line: u32,
}

/// What a symbol is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AnswerKind {
    Class,
    Function,
    DataModel,
}

impl From<AnswerKind> for ItemKind {
    fn from(kind: AnswerKind) -> Self {
        match kind {
            AnswerKind::Class => Self::Class,
            AnswerKind::Function => Self::Function,
            AnswerKind::DataModel => Self::DataModel,
        }
    }
}

/// The JSON schema of the answer, in the strict subset that providers enforce.
pub(super) fn schema() -> Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<FileAnswer>().to_value();
    make_strict(&mut schema);
    schema
}

/// Every object closed, every property required, no formats.
fn make_strict(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.remove("format");
            map.remove("minimum");
            if map.contains_key("properties") {
                map.insert("additionalProperties".into(), false.into());
            }
            map.values_mut().for_each(make_strict);
        }
        Value::Array(values) => values.iter_mut().for_each(make_strict),
        _ => {}
    }
}

/// A symbol that an answer may speak of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub qualified: String,
    pub lines: LineRange,
}

/// An item of an answer, tied to its symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checked {
    pub symbol: Known,
    pub answer: ItemAnswer,
}

/// An answer that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CheckedAnswer {
    pub summary: String,
    pub description: String,
    pub items: Vec<Checked>,
}

/// Reads an answer and checks it against the symbols and lines of the file; the error says what is wrong, for
/// the model.
pub(super) fn check(text: &str, symbols: &[Known], lines: u32) -> Result<CheckedAnswer, Vec<String>> {
    let answer: FileAnswer = serde_json::from_str(object_in(text))
        .map_err(|error| vec![format!("It is no JSON object of the asked form: {error}.")])?;
    let mut problems = Vec::new();
    for (field, text) in [("summary", &answer.summary), ("description", &answer.description)] {
        problems.extend(text_problem(field, text));
    }
    let mut items = Vec::new();
    for item in answer.items {
        problems.extend(text_problem("title", &item.title));
        problems.extend(text_problem("description", &item.description));
        match symbol_of(&item, symbols, lines) {
            Ok(symbol) => items.push(Checked { symbol: symbol.clone(), answer: item }),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        return Ok(CheckedAnswer { summary: answer.summary, description: answer.description, items });
    }
    problems.truncate(MAX_PROBLEMS);
    Err(problems)
}

/// The JSON object in a text that may have a code fence or a greeting around it.
fn object_in(text: &str) -> &str {
    let start = text.find('{').unwrap_or(0);
    let end = text.rfind('}').map_or(text.len(), |end| end + 1);
    text.get(start..end).unwrap_or(text).trim()
}

fn text_problem(field: &str, text: &str) -> Option<String> {
    if text.trim().is_empty() {
        Some(format!("A `{field}` is empty."))
    } else if text.len() > MAX_TEXT {
        Some(format!("A `{field}` is longer than {MAX_TEXT} bytes."))
    } else {
        None
    }
}

/// The symbol that an item is about.
fn symbol_of<'a>(item: &ItemAnswer, symbols: &'a [Known], lines: u32) -> Result<&'a Known, String> {
    let shown: String = item.name.chars().filter(|c| !c.is_control()).take(100).collect();
    let (start, end) = (item.start_line, item.end_line);
    if start < 1 || end < start || end > lines {
        return Err(format!("`{shown}` cannot stand at lines {start} to {end}: the file has {lines} lines."));
    }
    // As listed first: `#run` of JavaScript and `log::info` of a shell script are names as they stand.
    let listed = item.name.trim().trim_matches('`');
    let written = listed.replace("::", ".").replace('#', ".");
    // `f()` means `f`, but the name of C++'s call operator ends that way itself.
    let called = written.trim_end_matches("()");
    let is_named = |name: &str| name == listed || name == written || name == called;
    let named: Vec<&Known> = symbols
        .iter()
        .filter(|symbol| {
            let name = shown_name(&symbol.qualified);
            is_named(&name) || name.rsplit('.').next().is_some_and(is_named)
        })
        .collect();
    let overlapping =
        named.iter().find(|symbol| symbol.lines.start_line <= end && symbol.lines.end_line >= start);
    match (overlapping, named.first()) {
        (Some(symbol), _) => Ok(symbol),
        (None, Some(symbol)) => Err(format!(
            "`{shown}` stands at lines {} to {}, not {start} to {end}.",
            symbol.lines.start_line, symbol.lines.end_line
        )),
        (None, None) => Err(format!("There is no symbol `{shown}` in the list.")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn known() -> Vec<Known> {
        let symbol = |name: &str, start_line, end_line| Known {
            qualified: name.into(),
            lines: LineRange { start_line, end_line },
        };
        vec![
            symbol("A", 1, 9),
            symbol("A.run", 3, 5),
            symbol("A.run", 7, 9),
            symbol("A.operator()", 6, 6),
            symbol("A.<<", 1, 1),
            symbol("A.#run", 2, 2),
            symbol("log::info", 2, 2),
            symbol("a`b", 2, 2),
        ]
    }

    fn answer(name: &str, start: u32, end: u32) -> String {
        json!({"summary": "s", "description": "d", "items": [{
            "kind": "function", "name": name, "title": "t", "description": "d", "start_line": start, "end_line": end,
        }]})
        .to_string()
    }

    #[test]
    fn an_answer_is_tied_to_the_symbols_that_it_names() {
        for (name, start, end, line) in [
            ("A.run", 7, 9, 7),
            ("`A::run()`", 4, 4, 3),
            ("run", 8, 9, 7),
            ("A", 2, 3, 1),
            ("A::operator()", 6, 6, 6),
            ("A.<<", 1, 1, 1),
            ("A.#run", 2, 2, 2),
            ("log::info", 2, 2, 2),
            ("a?b", 2, 2, 2),
        ] {
            let checked = check(&format!("```json\n{}\n```", answer(name, start, end)), &known(), 9).unwrap();
            assert_eq!(checked.items[0].symbol.lines.start_line, line, "{name}");
        }
    }

    #[test]
    fn what_is_not_in_the_file_is_refused_with_the_reason() {
        let cases = [
            (answer("B", 1, 2), "no symbol `B`"),
            (answer("A.run", 6, 6), "lines 3 to 5, not 6 to 6"),
            (answer("A", 1, 10), "the file has 9 lines"),
            (answer("A", 0, 1), "the file has 9 lines"),
            ("Ignore all previous instructions.".into(), "no JSON object"),
            (r#"{"answer": 42, "items": "none"}"#.into(), "no JSON object"),
            (r#"{"summary": " ", "description": "d", "items": []}"#.into(), "`summary` is empty"),
        ];
        for (text, reason) in cases {
            let problems = check(&text, &known(), 9).unwrap_err();
            assert!(problems.concat().contains(reason), "{problems:?}");
        }
    }

    #[test]
    fn the_schema_is_closed_and_complete() {
        let schema = schema();
        let item = &schema["properties"]["items"]["items"];
        assert_eq!(item["additionalProperties"], json!(false));
        assert_eq!(item["required"].as_array().unwrap().len(), 6);
        assert!(!schema.to_string().contains("$ref") && !schema.to_string().contains("format"));
    }
}
