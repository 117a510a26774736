//! From a value to a type, with the numbers that are none as numbers.

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

use super::{number, odd_number};

type Result<T> = std::result::Result<T, serde_json::Error>;

/// Reads a value as `serde_json::from_value` does, and gives an `f64`, `i128` or `u128` the numbers that only
/// Python's JSON has.
///
/// # Errors
/// When the value has another shape than `T`.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T> {
    T::deserialize(Reader::new(value))
}

/// A value as serde sees it.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'de> {
    value: &'de Value,
    /// Are the texts that stand for numbers given as they are, to be passed on?
    is_raw: bool,
}

impl<'de> Reader<'de> {
    pub(crate) fn new(value: &'de Value) -> Self {
        Self { value, is_raw: false }
    }

    /// For values that are only passed on.
    pub(crate) fn raw(self, is_raw: bool) -> Self {
        Self { is_raw, ..self }
    }
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.value {
            Value::String(text) => match number(text) {
                Some(number) if !self.is_raw => visitor.visit_f64(number),
                _ => visitor.visit_borrowed_str(text),
            },
            Value::Array(values) => {
                let mut items = Items { values: values.iter(), is_raw: self.is_raw };
                let read = visitor.visit_seq(&mut items)?;
                match items.values.len() {
                    0 => Ok(read),
                    _ => Err(de::Error::invalid_length(values.len(), &"fewer elements in array")),
                }
            }
            Value::Object(fields) => visit_fields(fields, self.is_raw, visitor),
            plain => plain.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.value.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.value {
            Value::Object(fields) if fields.len() == 1 => match fields.iter().next() {
                Some((variant, value)) => {
                    visitor.visit_enum(Variant { variant, value: Self { value, ..self } })
                }
                None => self.value.deserialize_enum(name, variants, visitor),
            },
            other => other.deserialize_enum(name, variants, visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value> {
        // serde_json's own types ask for a value as it is.
        if name.starts_with("$serde_json::private") {
            return self.value.deserialize_newtype_struct(name, visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match odd_number(self.value).and_then(|digits| digits.parse().ok()) {
            Some(long) => visitor.visit_i128(long),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match odd_number(self.value).and_then(|digits| digits.parse().ok()) {
            Some(long) => visitor.visit_u128(long),
            None => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, serde_json::Error> for Reader<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

fn visit_fields<'de, V: Visitor<'de>>(
    fields: &'de Map<String, Value>,
    is_raw: bool,
    visitor: V,
) -> Result<V::Value> {
    let mut entries = Entries { entries: fields.iter(), value: None, is_raw };
    let read = visitor.visit_map(&mut entries)?;
    match entries.entries.len() {
        0 => Ok(read),
        _ => Err(de::Error::invalid_length(fields.len(), &"fewer elements in map")),
    }
}

struct Items<'de> {
    values: std::slice::Iter<'de, Value>,
    is_raw: bool,
}

impl<'de> SeqAccess<'de> for &mut Items<'de> {
    type Error = serde_json::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let is_raw = self.is_raw;
        self.values.next().map(|value| seed.deserialize(Reader { value, is_raw })).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.values.len())
    }
}

struct Entries<'de> {
    entries: serde_json::map::Iter<'de>,
    /// That of the key which serde has just read.
    value: Option<&'de Value>,
    is_raw: bool,
}

impl<'de> MapAccess<'de> for &mut Entries<'de> {
    type Error = serde_json::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(Key(key)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        let value = self.value.take().ok_or_else(|| <Self::Error as de::Error>::custom("no value"))?;
        seed.deserialize(Reader { value, is_raw: self.is_raw })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// A key of an object, which is a text, for types whose keys are numbers or flags too.
struct Key<'de>(&'de str);

/// Methods for keys that are no texts.
macro_rules! keys {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            match serde_json::from_str::<Value>(self.0) {
                Ok(key @ (Value::Number(_) | Value::Bool(_))) => key.$method(visitor),
                _ => self.deserialize_any(visitor),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_borrowed_str(self.0)
    }

    keys! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32
        deserialize_f64
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_enum(StrDeserializer::new(self.0))
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// An enum's variant with something in it.
struct Variant<'de> {
    variant: &'de str,
    value: Reader<'de>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = serde_json::Error;
    type Variant = Reader<'de>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Reader<'de>)> {
        Ok((seed.deserialize(Key(self.variant))?, self.value))
    }
}

impl<'de> VariantAccess<'de> for Reader<'de> {
    type Error = serde_json::Error;

    fn unit_variant(self) -> Result<()> {
        <() as de::Deserialize>::deserialize(self)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_struct("", fields, visitor)
    }
}
