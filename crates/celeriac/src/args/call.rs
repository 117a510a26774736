//! The arguments of a call as serde sees them.

use std::borrow::Cow;

use serde::de::value::{BorrowedStrDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

use super::any::{DOUBLE_STAR, STAR};
use super::refusal::Refusal;

/// The arguments of one call, seen by serde as one value.
pub(super) struct Call<'a> {
    pub(super) args: &'a [Value],
    pub(super) kwargs: &'a Map<String, Value>,
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
