//! The arguments of a request, read with their types.

use std::fmt;

use serde_json::{Value, json};

use crate::protocol::{JsonMap, Unfit};
use crate::repr;

/// An exception that Celery's worker would raise; the sender is told its `repr`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Raised {
    class: &'static str,
    text: String,
}

impl Raised {
    pub(super) fn new(class: &'static str, text: impl Into<String>) -> Self {
        Self { class, text: text.into() }
    }

    /// For a request that has no method, or no arguments by name.
    pub(super) fn by(unfit: &Unfit, method: &str) -> Self {
        let shown = |value| repr::python(value).chars().take(100).collect::<String>();
        match unfit {
            Unfit::Method(value) => Self::new("KeyError", shown(value)),
            Unfit::Arguments(value) => {
                let kind = match value {
                    Value::Array(_) => "list",
                    Value::String(_) => "str",
                    Value::Bool(_) => "bool",
                    Value::Number(number) if number.is_f64() => "float",
                    Value::Number(_) => "int",
                    Value::Null | Value::Object(_) => "dict",
                };
                let method: String = method.chars().take(100).collect();
                Self::new("TypeError", format!("{method}() argument after ** must be a mapping, not {kind}"))
            }
        }
    }

    pub(super) fn into_reply(self) -> Value {
        json!({"error": self.to_string()})
    }
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.class, repr::python(&Value::from(self.text.as_str())))
    }
}

/// Arguments by name. `null` stands for the default, as in Celery.
pub(super) struct Arguments<'a> {
    method: &'static str,
    named: &'a JsonMap,
}

impl<'a> Arguments<'a> {
    pub(super) fn new(method: &'static str, named: &'a JsonMap) -> Self {
        Self { method, named }
    }

    /// The value as it came; nothing for `null`.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.named.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, Raised> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(name, "a text", other)),
        }
    }

    /// A text that must be there.
    pub(super) fn name(&self, name: &str) -> Result<&'a str, Raised> {
        self.text(name)?.ok_or_else(|| self.wrong(name, "a text", &Value::Null))
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, Raised> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::Number(number)) => Ok(number.as_f64() != Some(0.0)),
            Some(other) => Err(self.wrong(name, "true or false", other)),
        }
    }

    pub(super) fn count(&self, name: &str, otherwise: usize) -> Result<usize, Raised> {
        let Some(value) = self.get(name) else { return Ok(otherwise) };
        value
            .as_u64()
            .and_then(|n| usize::try_from(n).ok())
            .ok_or_else(|| self.wrong(name, "a number from 0 on", value))
    }

    /// A number of seconds; 0 stands for none, as in Celery.
    pub(super) fn seconds(&self, name: &str) -> Result<Option<std::time::Duration>, Raised> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let seconds = value.as_f64().and_then(|seconds| std::time::Duration::try_from_secs_f64(seconds).ok());
        let seconds = seconds.ok_or_else(|| self.wrong(name, "a number of seconds", value))?;
        Ok(Some(seconds).filter(|seconds| !seconds.is_zero()))
    }

    /// A text or a list of texts.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, Raised> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(vec![text.clone()]),
            Some(Value::Array(values)) => values
                .iter()
                .map(|value| {
                    let text = value.as_str().map(str::to_owned);
                    text.ok_or_else(|| self.wrong(name, "a text or a list of texts", value))
                })
                .collect(),
            Some(other) => Err(self.wrong(name, "a text or a list of texts", other)),
        }
    }

    /// The exception for a value of the wrong type.
    pub(super) fn wrong(&self, name: &str, expected: &str, value: &Value) -> Raised {
        let shown: String = repr::python(value).chars().take(100).collect();
        Raised::new("TypeError", format!("{}() argument {name} must be {expected}, not {shown}", self.method))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_wrong_type_are_told() {
        let named = json!({"n": -1, "ids": ["a", 1], "flag": "x", "name": null, "text": "t", "soft": 0.5});
        let Value::Object(named) = named else { panic!("no object") };
        let arguments = Arguments::new("do_it", &named);
        let told = arguments.count("n", 1).unwrap_err().into_reply();
        assert_eq!(
            told,
            json!({"error": "TypeError('do_it() argument n must be a number from 0 on, not -1')"})
        );
        assert!(arguments.texts("ids").is_err() && arguments.flag("flag").is_err());
        assert!(arguments.name("name").is_err() && arguments.seconds("text").is_err());
        assert_eq!(arguments.texts("text").unwrap(), ["t"]);
        assert_eq!(arguments.count("missing", 7).unwrap(), 7);
        assert_eq!(arguments.seconds("soft").unwrap(), Some(std::time::Duration::from_millis(500)));
    }
}
