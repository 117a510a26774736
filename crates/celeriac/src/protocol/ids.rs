//! Names and identities: newtypes, so that a queue is never taken for a node.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::{ProtocolError, shortened};
use super::time::Timestamp;

/// Longest id or name that is accepted from outside, in bytes.
const MAX_NAME_BYTES: usize = 1024;

macro_rules! text_newtype {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Self(String::deserialize(deserializer)?.into()))
            }
        }
    };
}

text_newtype! {
    /// The id of one task: usually a UUID, but any text that a caller chose.
    TaskId
}

text_newtype! {
    /// The id of a group, which is also the id of the chord that the group is the header of.
    GroupId
}

text_newtype! {
    /// The name of a worker or client process, `name@host`.
    NodeName
}

text_newtype! {
    /// The name of a queue, such as `celery`.
    QueueName
}

impl TaskId {
    /// A new id. It is a UUID of version 7: ids made one after the other lie side by side in an index, which is what
    /// keeps the result table fast when it is large.
    #[expect(clippy::new_without_default, reason = "each call gives another value")]
    pub fn new() -> Self {
        Self(uuid::Uuid::now_v7().to_string().into())
    }

    /// When the id was made, if it tells: a UUID of version 7 does.
    pub fn created_at(&self) -> Option<Timestamp> {
        let id = uuid::Uuid::try_parse(&self.0).ok().filter(|id| id.get_version_num() == 7)?;
        let (seconds, nanoseconds) = id.get_timestamp()?.to_unix();
        let milliseconds = seconds.checked_mul(1000)?.checked_add(u64::from(nanoseconds) / 1_000_000)?;
        Some(Timestamp::from_unix_ms(i64::try_from(milliseconds).ok()?))
    }

    /// Accepts an id from outside unless it is empty or absurdly long.
    pub(crate) fn checked(self) -> Result<Self, ProtocolError> {
        check("task id", &self.0)?;
        Ok(self)
    }
}

impl GroupId {
    /// A new id, a UUID.
    #[expect(clippy::new_without_default, reason = "each call gives another value")]
    pub fn new() -> Self {
        Self(uuid::Uuid::now_v7().to_string().into())
    }
}

impl QueueName {
    /// Celery's default queue, `celery`.
    pub fn celery() -> Self {
        Self::from("celery")
    }

    /// Accepts a name from a user or from the wire: not empty, at most 1,024 bytes, no control characters.
    pub fn parse(text: &str) -> Result<Self, ProtocolError> {
        check("queue name", text)?;
        Ok(Self::from(text))
    }
}

impl NodeName {
    /// The part before the `@`, or all of it.
    pub fn name(&self) -> &str {
        self.0.split_once('@').map_or(self.as_str(), |(name, _)| name)
    }

    /// The part after the `@`, or nothing.
    pub fn host(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, host)| host)
    }
}

/// Accepts a name from outside unless it is empty, absurdly long, or would break a line of the log.
pub(super) fn check(what: &'static str, text: &str) -> Result<(), ProtocolError> {
    let reason = if text.is_empty() {
        "it is empty"
    } else if text.len() > MAX_NAME_BYTES {
        "it is longer than 1,024 bytes"
    } else if text.chars().any(char::is_control) {
        "it has control characters"
    } else {
        return Ok(());
    };
    Err(ProtocolError::Name { what, value: shortened(text), reason })
}

/// How urgent a message is, as Celery means it on Redis: **0 is the most urgent** (and the default), 9 the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Priority(pub u8);

impl Priority {
    /// Read before all others.
    pub const HIGHEST: Priority = Priority(0);
    /// Read after all others.
    pub const LOWEST: Priority = Priority(9);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_name_is_checked() {
        assert!(QueueName::parse("analysis").is_ok());
        assert!(QueueName::parse("").is_err());
        assert!(QueueName::parse("a\u{6}\u{16}3").is_err());
        let error = QueueName::parse(&"x".repeat(2000)).unwrap_err().to_string();
        assert!(error.len() < 300 && error.contains("1,024"), "{error}");
    }

    #[test]
    fn a_node_name_splits_at_the_first_at_sign() {
        let node = NodeName::from("w1@host.example");
        assert_eq!((node.name(), node.host()), ("w1", "host.example"));
        assert_eq!(NodeName::from("alone").host(), "");
    }

    #[test]
    fn new_task_ids_differ_and_sort_by_time() {
        let ids: Vec<TaskId> = (0..100).map(|_| TaskId::new()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(ids[0].created_at() <= ids[99].created_at() && ids[0].created_at().unwrap().has_passed());
        assert_eq!(TaskId::from("51aec144-ea8f-4aa1-a0a7-c50731455f85").created_at(), None);
    }
}
