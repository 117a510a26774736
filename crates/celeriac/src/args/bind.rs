//! From the arguments of a call to the task's struct.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::ArgumentError;
use super::call::Call;
use super::filler::{Filler, TEXTS};
use super::refusal::Refusal;

/// Makes a task's struct from the arguments of a call.
///
/// Fields are bound by position in the order in which they are declared, then by name; `#[serde(default)]` and
/// `Option` fields may be left out. Fields renamed with serde are known by their new name.
///
/// # Errors
/// When the call does not fit; the message names the argument.
pub fn bind<T: DeserializeOwned>(
    task_name: &str,
    args: &[Value],
    kwargs: &Map<String, Value>,
) -> Result<T, ArgumentError> {
    bind_as(task_name, Call { args, kwargs, is_raw: false, filled: &[] })
}

/// The same for tasks that pass their arguments on: values are as they came, also the texts that stand for numbers
/// which only Python's JSON has.
pub(crate) fn bind_raw<T: DeserializeOwned>(
    task_name: &str,
    args: &[Value],
    kwargs: &Map<String, Value>,
) -> Result<T, ArgumentError> {
    bind_as(task_name, Call { args, kwargs, is_raw: true, filled: &[] })
}

fn bind_as<T: DeserializeOwned>(task_name: &str, call: Call<'_>) -> Result<T, ArgumentError> {
    let function = task_name.rsplit('.').next().unwrap_or(task_name);
    match T::deserialize(call) {
        Ok(task) => Ok(task),
        Err(Refusal::Missing(first)) => {
            let names = find_other_missing::<T>(call, first);
            Err(ArgumentError::Missing { function: function.to_owned(), names })
        }
        Err(refusal) => Err(refusal.of(function)),
    }
}

/// Serde stops at the first missing field; Python names them all. Fills what is missing with a value that its place
/// accepts, and looks which field is missing next.
fn find_other_missing<T: DeserializeOwned>(call: Call<'_>, first: &'static str) -> Vec<String> {
    let mut filled: Vec<(&'static str, Filler)> = Vec::new();
    let mut next = Some(first);
    while let Some(name) = next {
        next = TEXTS.iter().find_map(|text| {
            filled.retain(|(known, _)| *known != name);
            filled.push((name, Filler::new(text)));
            match T::deserialize(Call { filled: &filled, ..call }) {
                Err(Refusal::Missing(next)) if filled.iter().all(|(known, _)| *known != next) => Some(next),
                _ => None,
            }
        });
    }
    filled.into_iter().map(|(name, _)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::unbind;
    use super::*;
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Add {
        x: i64,
        y: i64,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Read {
        path: String,
        tags: Vec<String>,
        limit: Option<u32>,
        #[serde(default)]
        deep: bool,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Ping;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Pair(i64, String);

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Double(i64);

    fn call<T: DeserializeOwned>(args: Value, kwargs: Value) -> Result<T, String> {
        let (Value::Array(args), Value::Object(kwargs)) = (args, kwargs) else { panic!("not a call") };
        bind("tasks.add", &args, &kwargs).map_err(|error| error.to_string())
    }

    #[test]
    fn fields_are_bound_by_position_then_by_name() {
        let sum = Add { x: 2, y: 3 };
        assert_eq!(call::<Add>(json!([2, 3]), json!({})).as_ref(), Ok(&sum));
        assert_eq!(call::<Add>(json!([]), json!({"y": 3, "x": 2})).as_ref(), Ok(&sum));
        assert_eq!(call::<Add>(json!([2]), json!({"y": 3})).as_ref(), Ok(&sum));
    }

    #[test]
    fn fields_with_defaults_may_be_left_out() {
        let read: Read = call(json!(["a"]), json!({"tags": ["t"]})).unwrap();
        assert_eq!(read, Read { path: "a".into(), tags: vec!["t".into()], limit: None, deep: false });
    }

    #[test]
    fn a_call_that_does_not_fit_is_refused_in_the_words_of_python() {
        let refused = |args, kwargs| call::<Add>(args, kwargs).unwrap_err();
        assert_eq!(
            refused(json!([1, 2, 3]), json!({})),
            "add() takes 2 positional arguments but 3 were given"
        );
        assert_eq!(refused(json!([1]), json!({"z": 1})), "add() got an unexpected keyword argument 'z'");
        assert_eq!(refused(json!([1]), json!({"x": 1})), "add() got multiple values for argument 'x'");
        assert_eq!(refused(json!([1]), json!({})), "add() missing 1 required positional argument: 'y'");
        assert_eq!(
            refused(json!([]), json!({})),
            "add() missing 2 required positional arguments: 'x' and 'y'"
        );
        let wrong = refused(json!([1, "two"]), json!({}));
        assert!(wrong.starts_with("add() argument 'y': invalid type: string \"two\""), "{wrong}");
        assert_eq!(
            call::<Read>(json!([]), json!({})).unwrap_err(),
            "add() missing 2 required positional arguments: 'path' and 'tags'"
        );
        assert_eq!(
            call::<Ping>(json!([1]), json!({})).unwrap_err(),
            "add() takes 0 positional arguments but 1 was given"
        );
    }

    #[test]
    fn all_missing_arguments_are_named_whatever_their_types() {
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only read")]
        enum Kind {
            Big { size: u32, of: Box<Kind2> },
        }
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only read")]
        struct Kind2(char, Option<i128>, std::collections::BTreeMap<String, f32>);
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only read")]
        struct All {
            a: String,
            kind: Kind,
            from: std::net::IpAddr,
            note: Option<String>,
            id: uuid::Uuid,
            pair: (u8, bool),
            value: Value,
            last: Kind2,
        }
        assert_eq!(
            call::<All>(json!([]), json!({"pair": [1, true]})).unwrap_err(),
            "add() missing 6 required positional arguments: 'a', 'kind', 'from', 'id', 'value', and 'last'"
        );
        // A type that holds itself in its first variant cannot be filled: what is known is told.
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only read")]
        enum Endless {
            More(Box<Endless>),
        }
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only read")]
        struct Holds {
            endless: Endless,
            other: u8,
        }
        let refused = call::<Holds>(json!([]), json!({})).unwrap_err();
        assert_eq!(refused, "add() missing 1 required positional argument: 'endless'");
    }

    #[test]
    fn every_shape_of_task_survives_the_way_there_and_back() {
        fn there_and_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(task: T) {
            let (args, kwargs) = unbind(&task).unwrap();
            assert_eq!(bind::<T>("t", &args, &kwargs).unwrap(), task);
        }
        there_and_back(Add { x: 1, y: -2 });
        there_and_back(Read { path: "p".into(), tags: vec![], limit: Some(3), deep: true });
        there_and_back(Ping);
        there_and_back(Pair(1, "a".into()));
        there_and_back(Double(4));
    }
}
