//! JSON for any schema, filled with what the prompt shows.

use serde_json::{Map, Value, json};

use super::{Prompt, ShownSymbol};

/// Deeper schemas are cut; ours and everybody's are flat.
const MAX_DEPTH: usize = 12;

/// A value that follows the schema.
pub(super) fn fill(schema: &Value, shown: &Prompt) -> Value {
    Filler { root: schema, shown }.value(schema, "", None, 0)
}

struct Filler<'a> {
    root: &'a Value,
    shown: &'a Prompt,
}

impl Filler<'_> {
    fn value(&self, schema: &Value, name: &str, symbol: Option<&ShownSymbol>, depth: usize) -> Value {
        let schema = self.resolved(schema);
        if depth > MAX_DEPTH {
            return Value::Null;
        }
        if let Some(options) = schema.get("enum").and_then(Value::as_array) {
            return choice(options, symbol);
        }
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        if let Some(options) = ["anyOf", "oneOf"].iter().find_map(|key| schema.get(*key)?.as_array()) {
            let constants: Vec<Value> =
                options.iter().filter_map(|option| option.get("const").cloned()).collect();
            if !constants.is_empty() {
                return choice(&constants, symbol);
            }
            return options.first().map_or(Value::Null, |first| self.value(first, name, symbol, depth + 1));
        }
        match type_of(schema) {
            "object" => self.object(schema, symbol, depth),
            "array" => self.array(schema, name, symbol, depth),
            "integer" | "number" => self.number(schema, name, symbol),
            "boolean" => Value::Bool(false),
            "null" => Value::Null,
            _ => Value::String(self.text(name, symbol)),
        }
    }

    fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let mut schema = schema;
        for _ in 0..MAX_DEPTH {
            let Some(target) = schema.get("$ref").and_then(Value::as_str) else { break };
            schema = self.root.pointer(target.trim_start_matches('#')).unwrap_or(&Value::Null);
        }
        schema
    }

    fn object(&self, schema: &Value, symbol: Option<&ShownSymbol>, depth: usize) -> Value {
        let properties = schema.get("properties").and_then(Value::as_object);
        let filled: Map<String, Value> = properties
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.clone(), self.value(schema, name, symbol, depth + 1)))
            .collect();
        Value::Object(filled)
    }

    /// One element for each symbol, where elements have names and lines; else the shown paths or one.
    fn array(&self, schema: &Value, name: &str, symbol: Option<&ShownSymbol>, depth: usize) -> Value {
        let items = schema.get("items").unwrap_or(&Value::Null);
        let is_of_symbols = self.resolved(items).pointer("/properties/start_line").is_some();
        if is_of_symbols && symbol.is_none() {
            let all = self.shown.symbols.iter();
            return all.map(|symbol| self.value(items, name, Some(symbol), depth + 1)).collect();
        }
        if type_of(self.resolved(items)) == "string" {
            return self.shown.files.iter().map(|file| json!(file.path)).collect();
        }
        json!([])
    }

    fn number(&self, schema: &Value, name: &str, symbol: Option<&ShownSymbol>) -> Value {
        let first = self.shown.files.first().and_then(|file| file.lines.first()).map(|(number, _)| *number);
        let last = self.shown.files.first().and_then(|file| file.lines.last()).map(|(number, _)| *number);
        match (name, symbol) {
            ("start_line", Some(symbol)) => json!(symbol.start),
            ("end_line", Some(symbol)) => json!(symbol.end),
            ("start_line", None) => json!(first.unwrap_or(1)),
            ("end_line", None) => json!(last.unwrap_or(1)),
            _ => schema.get("minimum").cloned().unwrap_or(json!(1)),
        }
    }

    fn text(&self, name: &str, symbol: Option<&ShownSymbol>) -> String {
        let path = self.shown.files.first().map_or("the prompt", |file| file.path.as_str());
        match (name, symbol) {
            ("name", Some(symbol)) => symbol.name.clone(),
            ("title", Some(symbol)) => format!("{} `{}`", symbol.kind, symbol.name),
            (_, Some(symbol)) => self.described(symbol),
            ("path" | "name", None) => path.to_owned(),
            (_, None) => {
                let names: Vec<String> =
                    self.shown.symbols.iter().take(3).map(|symbol| format!("`{}`", symbol.name)).collect();
                if names.is_empty() {
                    format!("`{path}` defines no symbols.")
                } else {
                    format!("`{path}` defines {}.", names.join(", "))
                }
            }
        }
    }

    /// Says what stands on the symbol's first line.
    fn described(&self, symbol: &ShownSymbol) -> String {
        let ShownSymbol { kind, name, start, end } = symbol;
        let lines = self.shown.files.iter().flat_map(|file| &file.lines);
        let first = lines.into_iter().find(|(number, _)| number == start).map_or("", |(_, text)| text.trim());
        let first: String = first.chars().filter(|c| *c != '`').take(80).collect();
        format!("The {kind} `{name}` fills lines {start} to {end} and begins with `{first}`.")
    }
}

fn type_of(schema: &Value) -> &str {
    let word = match schema.get("type") {
        Some(Value::String(word)) => Some(word.as_str()),
        Some(Value::Array(words)) => words.first().and_then(Value::as_str),
        _ => None,
    };
    word.unwrap_or(if schema.get("properties").is_some() { "object" } else { "string" })
}

/// The value that is named like the symbol's kind or stands for it, else the first.
fn choice(options: &[Value], symbol: Option<&ShownSymbol>) -> Value {
    let has = |word: &str| options.iter().find(|option| option.as_str() == Some(word));
    let group = match symbol.map(|symbol| symbol.kind.as_str()) {
        Some("class" | "struct" | "enum" | "interface" | "trait" | "type") => "class",
        Some("table") => "data_model",
        Some("function" | "method") => "function",
        _ => "",
    };
    symbol
        .and_then(|symbol| has(&symbol.kind))
        .or_else(|| has(group))
        .or_else(|| options.first())
        .cloned()
        .unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_with_references_is_filled_from_the_symbols() {
        let schema = json!({
            "type": "object",
            "properties": {"summary": {"type": "string"}, "items": {"type": "array", "items": {"$ref": "#/$defs/Item"}}},
            "$defs": {"Item": {"type": "object", "properties": {
                "kind": {"type": "string", "enum": ["class", "function"]},
                "name": {"type": "string"}, "start_line": {"type": "integer"}, "end_line": {"type": "integer"},
            }}},
        });
        let shown =
            Prompt::read("<file path=\"a.py\">\n1| def f():\n2|   pass\n</file>\n- method `f` lines 1-2");
        assert_eq!(
            fill(&schema, &shown),
            json!({"summary": "`a.py` defines `f`.", "items": [{"kind": "function", "name": "f", "start_line": 1, "end_line": 2}]})
        );
    }

    #[test]
    fn a_schema_that_refers_to_itself_comes_to_an_end() {
        let schema = json!({"properties": {"child": {"$ref": "#"}}});
        assert!(fill(&schema, &Prompt::default()).is_object());
    }
}
