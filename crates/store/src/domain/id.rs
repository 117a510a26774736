//! Identities.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A text that is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no id: ids are 1 to 64 lower-case letters and digits")]
pub struct InvalidId(String);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                is_id(text).then(|| Self(text.to_owned())).ok_or_else(|| InvalidId(text.chars().take(64).collect()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

id! {
    /// An analysis: 16 letters and digits (Crockford's base 32), sorted by the time they were made.
    AnalysisId
}
id! {
    /// An uploaded archive.
    UploadId
}
id! {
    /// What was read of one content with one set of settings: the digest of both. Analyses of an
    /// unchanged repository share it.
    ResultId
}

impl AnalysisId {
    /// A new id, greater than those of earlier milliseconds.
    pub fn generate() -> Self {
        Self(sortable())
    }
}

impl UploadId {
    /// A new id.
    pub fn generate() -> Self {
        Self(sortable())
    }
}

impl ResultId {
    /// The id of the content and settings whose parts are given; the order counts.
    pub fn of(parts: &[&str]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        Self(hasher.finalize().to_hex()[..32].to_owned())
    }
}

fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// 48 bits of milliseconds and 32 random bits in 16 letters.
fn sortable() -> String {
    let milliseconds = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0) & 0xffff_ffff_ffff;
    let random = uuid::Uuid::new_v4().as_u128() as u32;
    let bits = (u128::from(milliseconds) << 32) | u128::from(random);
    (0..16).rev().map(|place| char::from(ALPHABET[((bits >> (place * 5)) & 31) as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_sorted_by_time_and_read_back() {
        let first = AnalysisId::generate();
        let start = jiff::Timestamp::now().as_millisecond();
        while jiff::Timestamp::now().as_millisecond() == start {}
        let second = AnalysisId::generate();
        assert!(first < second);
        assert_eq!(first.as_str().len(), 16);
        assert_eq!(first.as_str().parse::<AnalysisId>(), Ok(first));
    }

    #[test]
    fn a_path_is_no_id() {
        for text in ["", "../x", "A", "a b", "a/b", &"a".repeat(65)] {
            assert!(text.parse::<AnalysisId>().is_err(), "{text}");
            assert!(serde_json::from_value::<UploadId>(text.into()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_result_id_depends_on_where_its_parts_end() {
        assert_ne!(ResultId::of(&["ab", "c"]), ResultId::of(&["a", "bc"]));
        assert_eq!(ResultId::of(&["ab", "c"]), ResultId::of(&["ab", "c"]));
    }
}
