//! A task is its arguments: the way from Celery's `(args, kwargs)` to a struct and back.
//!
//! Python calls a task as `add.delay(2, 3)`, `add.delay(x=2, y=3)` or mixed. [`bind`] gives a struct its fields
//! by position, then by name, and refuses a call in the words of Python's `TypeError`. [`unbind`] is the way
//! back: a struct with named fields becomes keyword arguments, a tuple struct positional ones.

use std::borrow::Cow;

use serde::de::value::{BorrowedStrDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};
use thiserror::Error;

/// Positional and keyword arguments, as they travel in a message.
pub type Arguments = (Vec<Value>, Map<String, Value>);

/// The name of a field that takes all further positional arguments, and those after it by name only.
const STAR: &str = "*args";
/// The name of a field that takes all keywords that are no other field's.
const DOUBLE_STAR: &str = "**kwargs";

/// Whatever a task is called with, as `def task(*args, **kwargs)`: for tasks that are a tuple struct around it. A task
/// may also have a field of its own that is renamed to `*args` or `**kwargs`, which takes the rest.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AnyArguments {
    /// The positional arguments.
    #[serde(rename = "*args", default)]
    pub args: Vec<Value>,
    /// The keyword arguments.
    #[serde(rename = "**kwargs", default)]
    pub kwargs: Map<String, Value>,
}

/// A call that does not fit its task. The text is what Python's `TypeError` would say.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ArgumentError {
    /// More positional arguments than the task has fields.
    #[error("{function}() takes {} but {given} {} given", positional(*taken), if *given == 1 { "was" } else { "were" })]
    TooMany {
        /// Last part of the task's name.
        function: String,
        /// How many fields the task has.
        taken: usize,
        /// How many positional arguments came.
        given: usize,
    },
    /// A keyword that is no field of the task.
    #[error("{function}() got an unexpected keyword argument '{name}'")]
    Unexpected {
        /// Last part of the task's name.
        function: String,
        /// The keyword.
        name: String,
    },
    /// A field given by position and by name.
    #[error("{function}() got multiple values for argument '{name}'")]
    Multiple {
        /// Last part of the task's name.
        function: String,
        /// The field.
        name: String,
    },
    /// Fields without a value.
    #[error("{function}() missing {} required positional argument{}: {}", names.len(), if names.len() == 1 { "" } else { "s" }, enumeration(names))]
    Missing {
        /// Last part of the task's name.
        function: String,
        /// The fields, in their order.
        names: Vec<String>,
    },
    /// A value of the wrong type.
    #[error("{function}() argument {}: {message}", name.as_deref().map(|n| format!("'{n}'")).unwrap_or_else(|| "list".to_owned()))]
    Invalid {
        /// Last part of the task's name.
        function: String,
        /// The field, where it has a name.
        name: Option<String>,
        /// What serde says about the value.
        message: String,
    },
}

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
    let function = task_name.rsplit('.').next().unwrap_or(task_name);
    match T::deserialize(Call { args, kwargs }) {
        Ok(task) => Ok(task),
        Err(Refusal::Missing(first)) => {
            let mut names = vec![first.to_owned()];
            find_other_missing::<T>(args, kwargs.clone(), &mut names);
            Err(ArgumentError::Missing { function: function.to_owned(), names })
        }
        Err(refusal) => Err(refusal.of(function)),
    }
}

/// Turns a task's struct into the arguments of its message.
///
/// # Errors
/// When a field cannot be written as JSON (a map with keys that are no strings, for example).
pub fn unbind<T: serde::Serialize>(task: &T) -> Result<Arguments, serde_json::Error> {
    Ok(match serde_json::to_value(task)? {
        Value::Object(kwargs) => unbind_fields(kwargs),
        Value::Array(args) => (args, Map::new()),
        Value::Null => (Vec::new(), Map::new()),
        single => (vec![single], Map::new()),
    })
}

/// Fields before one that takes the rest of the positional arguments are positional too, unless there is no rest.
fn unbind_fields(mut fields: Map<String, Value>) -> Arguments {
    let mut args = Vec::new();
    if let Some(Value::Array(rest)) = fields.get_mut(STAR).map(Value::take) {
        if !rest.is_empty() {
            let before: Vec<String> = fields.keys().take_while(|name| *name != STAR).cloned().collect();
            args.extend(before.iter().filter_map(|name| fields.shift_remove(name)));
            args.extend(rest);
        }
        fields.shift_remove(STAR);
    }
    if let Some(Value::Object(rest)) = fields.get_mut(DOUBLE_STAR).map(Value::take) {
        fields.shift_remove(DOUBLE_STAR);
        fields.extend(rest);
    }
    (args, fields)
}

/// Serde stops at the first missing field; Python names them all. Fills each missing field with a value of some
/// type that its place accepts, and looks which field is missing next.
fn find_other_missing<T: DeserializeOwned>(
    args: &[Value],
    mut kwargs: Map<String, Value>,
    names: &mut Vec<String>,
) {
    const FILLERS: [fn() -> Value; 6] = [
        || Value::from(0),
        || Value::from(""),
        || Value::from(false),
        || Value::Array(Vec::new()),
        || Value::Object(Map::new()),
        || Value::Null,
    ];
    while let Some(name) = names.last().cloned() {
        let next = FILLERS.iter().find_map(|filler| {
            kwargs.insert(name.clone(), filler());
            match T::deserialize(Call { args, kwargs: &kwargs }) {
                Err(Refusal::Missing(next)) if !names.iter().any(|known| known == next) => Some(next),
                _ => None,
            }
        });
        match next {
            Some(next) => names.push(next.to_owned()),
            None => return,
        }
    }
}

fn positional(count: usize) -> String {
    format!("{count} positional argument{}", if count == 1 { "" } else { "s" })
}

fn enumeration(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [first @ .., last] => format!("{}, and {last}", first.join(", ")),
    }
}

/// Why serde could not build the task, before the function's name is known.
#[derive(Debug)]
enum Refusal {
    TooMany { taken: usize, given: usize },
    Unexpected(String),
    Multiple(String),
    Missing(&'static str),
    Invalid { name: Option<String>, message: String },
}

impl Refusal {
    fn of(self, function: &str) -> ArgumentError {
        let function = function.to_owned();
        match self {
            Self::TooMany { taken, given } => ArgumentError::TooMany { function, taken, given },
            Self::Unexpected(name) => ArgumentError::Unexpected { function, name },
            Self::Multiple(name) => ArgumentError::Multiple { function, name },
            Self::Missing(name) => ArgumentError::Missing { function, names: vec![name.to_owned()] },
            Self::Invalid { name, message } => ArgumentError::Invalid { function, name, message },
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Refusal {}

impl de::Error for Refusal {
    fn custom<M: std::fmt::Display>(message: M) -> Self {
        Self::Invalid { name: None, message: message.to_string() }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }

    fn unknown_field(field: &str, _expected: &'static [&'static str]) -> Self {
        Self::Unexpected(field.to_owned())
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::Multiple(field.to_owned())
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Self {
        Self::Invalid { name: None, message: error.to_string() }
    }
}

/// The arguments of one call, seen by serde as one value.
struct Call<'a> {
    args: &'a [Value],
    kwargs: &'a Map<String, Value>,
}

impl<'a> Call<'a> {
    fn no_keywords(&self) -> Result<(), Refusal> {
        match self.kwargs.keys().next() {
            Some(name) => Err(Refusal::Unexpected(name.clone())),
            None => Ok(()),
        }
    }

    fn positional_only(self, taken: usize) -> Result<&'a [Value], Refusal> {
        self.no_keywords()?;
        match self.args.len() {
            given if given > taken => Err(Refusal::TooMany { taken, given }),
            _ => Ok(self.args),
        }
    }
}

impl<'de> de::Deserializer<'de> for Call<'de> {
    type Error = Refusal;

    /// A struct with `#[serde(flatten)]` or a map takes keywords only; anything else is one positional argument.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        if self.args.is_empty() {
            return self.deserialize_map(visitor);
        }
        match self.positional_only(1)?.first() {
            Some(value) => Ok(de::Deserializer::deserialize_any(value, visitor)?),
            None => visitor.visit_unit(),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let (star, double_star) =
            (fields.iter().position(|name| *name == STAR), fields.contains(&DOUBLE_STAR));
        let places = star.unwrap_or(fields.len() - usize::from(double_star));
        let given = self.args.len();
        if given > places && star.is_none() {
            return Err(Refusal::TooMany { taken: places, given });
        }
        let bound = &fields[..given.min(places)];
        let is_field = |name: &str| fields.contains(&name) && name != STAR && name != DOUBLE_STAR;
        let is_bound = |name: &str| bound.contains(&name);
        if let Some(name) = self.kwargs.keys().find(|name| !double_star && !is_field(name)) {
            return Err(Refusal::Unexpected(name.clone()));
        }
        if let Some(name) = self.kwargs.keys().find(|name| is_bound(name)) {
            return Err(Refusal::Multiple(name.clone()));
        }
        let mut values: Vec<(&'de str, Cow<'de, Value>)> =
            bound.iter().map(|name| *name as &'de str).zip(self.args.iter().map(Cow::Borrowed)).collect();
        if star.is_some() {
            values.push((STAR, Cow::Owned(self.args[bound.len()..].to_vec().into())));
        }
        let (own, others): (Vec<_>, Vec<_>) = self.kwargs.iter().partition(|(name, _)| is_field(name));
        values.extend(own.into_iter().map(|(name, value)| (name.as_str(), Cow::Borrowed(value))));
        if double_star {
            let others = others.into_iter().map(|(name, value)| (name.clone(), value.clone()));
            values.push((DOUBLE_STAR, Cow::Owned(Value::Object(others.collect()))));
        }
        visitor.visit_map(Fields { values: values.into_iter(), value: None })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        if !self.args.is_empty() {
            return Err(Refusal::TooMany { taken: 0, given: self.args.len() });
        }
        let entries = self.kwargs.iter().map(|(name, value)| (name.as_str(), Loose(value)));
        visitor.visit_map(MapDeserializer::new(entries))
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.positional_only(0)?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Refusal> {
        let args = self.positional_only(len)?;
        visitor.visit_seq(SeqDeserializer::new(args.iter().map(Loose)))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_tuple(usize::MAX, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option enum identifier
        ignored_any
    }
}

/// The bound fields: first those by position, then those by name.
struct Fields<'de> {
    values: std::vec::IntoIter<(&'de str, Cow<'de, Value>)>,
    /// Name and value of the field whose key serde has just read.
    value: Option<(&'de str, Cow<'de, Value>)>,
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refusal> {
        let Some((name, value)) = self.values.next() else {
            return Ok(None);
        };
        let name_value: BorrowedStrDeserializer<'de, Refusal> = BorrowedStrDeserializer::new(name);
        let key = seed.deserialize(name_value)?;
        self.value = Some((name, value));
        Ok(Some(key))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Refusal> {
        let (name, value) =
            self.value.take().ok_or_else(|| <Refusal as de::Error>::custom("value read before its key"))?;
        let read = match value {
            Cow::Borrowed(value) => seed.deserialize(value),
            Cow::Owned(value) => seed.deserialize(value),
        };
        read.map_err(|error: serde_json::Error| Refusal::Invalid {
            name: Some(name.to_owned()),
            message: error.to_string(),
        })
    }
}

/// A JSON value whose errors are refusals.
struct Loose<'de>(&'de Value);

impl<'de> IntoDeserializer<'de, Refusal> for Loose<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> de::Deserializer<'de> for Loose<'de> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        Ok(de::Deserializer::deserialize_any(self.0, visitor)?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        Ok(de::Deserializer::deserialize_option(self.0, visitor)?)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        Ok(de::Deserializer::deserialize_enum(self.0, name, variants, visitor)?)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        Ok(de::Deserializer::deserialize_newtype_struct(self.0, name, visitor)?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        Ok(de::Deserializer::deserialize_struct(self.0, name, fields, visitor)?)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq
        tuple tuple_struct map identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
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
