//! Names of objects.

use std::fmt;
use std::str::FromStr;

use crate::StoreError;

/// The name of an object: parts of letters, digits, `-`, `_` and `.` joined by `/`. It cannot lead out of
/// the store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// The text of the key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ObjectKey {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let is_part = |part: &str| {
            (1..=128).contains(&part.len()) && !part.starts_with('.') && part.bytes().all(allowed)
        };
        if text.len() <= 512 && text.split('/').all(is_part) {
            Ok(Self(text.to_owned()))
        } else {
            Err(StoreError::Key(text.chars().take(128).collect()))
        }
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_leads_out_of_the_store() {
        for text in
            ["", "/", "/etc/passwd", "a//b", "../a", "a/../b", "a/.", ".hidden", "a\\b", "a\0", "a b", "a/"]
        {
            assert!(text.parse::<ObjectKey>().is_err(), "{text:?}");
        }
        assert_eq!("knowledge/0a1b.sqlite".parse::<ObjectKey>().unwrap().as_str(), "knowledge/0a1b.sqlite");
    }
}
