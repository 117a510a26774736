//! The arguments of a call as serde sees them.

use serde::de::value::{BorrowedStrDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

use super::any::{DOUBLE_STAR, STAR};
use super::filler::Filler;
use super::refusal::Refusal;
use crate::json::Reader;

/// The arguments of one call, seen by serde as one value.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) args: &'a [Value],
    pub(super) kwargs: &'a Map<String, Value>,
    /// Are the values only passed on? See [`Reader::raw`].
    pub(super) is_raw: bool,
    /// Fields that the call has left out, with what stands in for them.
    pub(super) filled: &'a [(&'static str, Filler)],
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
        let is_raw = self.is_raw;
        match self.positional_only(1)?.first() {
            Some(value) => Ok(Reader::new(value).raw(is_raw).deserialize_any(visitor)?),
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
        let one = |value| Given::One(Reader::new(value).raw(self.is_raw));
        let mut values: Vec<(&'de str, Given<'de>)> =
            bound.iter().map(|name| *name as &'de str).zip(self.args.iter().map(one)).collect();
        if star.is_some() {
            values.push((STAR, Given::List(self.args.get(bound.len()..).unwrap_or_default())));
        }
        let (own, others): (Vec<_>, Vec<_>) = self.kwargs.iter().partition(|(name, _)| is_field(name));
        values.extend(own.into_iter().map(|(name, value)| (name.as_str(), one(value))));
        values.extend(self.filled.iter().map(|(name, filler)| (*name, Given::Filled(*filler))));
        if double_star {
            values.push((DOUBLE_STAR, Given::Named(others)));
        }
        visitor.visit_map(Fields { values: values.into_iter(), value: None, is_raw: self.is_raw })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        if !self.args.is_empty() {
            return Err(Refusal::TooMany { taken: 0, given: self.args.len() });
        }
        let entries = self
            .kwargs
            .iter()
            .map(|(name, value)| (name.as_str(), Loose(Reader::new(value).raw(self.is_raw))));
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
        let is_raw = self.is_raw;
        let args = self.positional_only(len)?.iter().map(|value| Loose(Reader::new(value).raw(is_raw)));
        visitor.visit_seq(SeqDeserializer::new(args))
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

/// What a field is given.
enum Given<'de> {
    /// One argument.
    One(Reader<'de>),
    /// None.
    Filled(Filler),
    /// All positional arguments that are left.
    List(&'de [Value]),
    /// All keywords that are left.
    Named(Vec<(&'de String, &'de Value)>),
}

/// The bound fields: first those by position, then those by name.
struct Fields<'de> {
    values: std::vec::IntoIter<(&'de str, Given<'de>)>,
    /// Name and value of the field whose key serde has just read.
    value: Option<(&'de str, Given<'de>)>,
    is_raw: bool,
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
        let reader = |value| Reader::new(value).raw(self.is_raw);
        let read = match value {
            Given::One(value) => seed.deserialize(value),
            Given::Filled(filler) => seed.deserialize(filler),
            Given::List(values) => seed.deserialize(SeqDeserializer::new(values.iter().map(reader))),
            Given::Named(values) => {
                let entries = values.into_iter().map(|(name, value)| (name.as_str(), reader(value)));
                seed.deserialize(MapDeserializer::new(entries))
            }
        };
        read.map_err(|error: serde_json::Error| Refusal::Invalid {
            name: Some(name.to_owned()),
            message: error.to_string(),
        })
    }
}

/// A JSON value whose errors are refusals.
struct Loose<'de>(Reader<'de>);

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

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        Ok(self.0.deserialize_i128(visitor)?)
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        Ok(self.0.deserialize_u128(visitor)?)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq
        tuple tuple_struct map identifier ignored_any
    }
}
