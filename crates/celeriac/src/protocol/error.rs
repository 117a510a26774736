//! What can be wrong with bytes that claim to be a message.

/// Why something from the wire cannot be read, or a value cannot be put on it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// The bytes are no JSON, or JSON of another shape.
    #[error("{what} cannot be read: {reason}")]
    Malformed {
        /// What was being read, for example "the envelope".
        what: &'static str,
        /// The parser's words.
        reason: String,
    },
    /// The body is serialised in a way that is never accepted, such as pickle.
    #[error(
        "refusing to deserialize a body of type {content_type:?}: only application/json is accepted (set task_serializer = 'json' in the sender)"
    )]
    ContentType {
        /// The content type that the envelope names.
        content_type: String,
    },
    /// The body is compressed in a way that is not understood.
    #[error("the body is compressed with {compression:?}: gzip (zlib), bzip2 and lzma (xz) are understood")]
    Compression {
        /// The compression that the headers name.
        compression: String,
    },
    /// The body is compressed where none is expected to be.
    #[error("the body is compressed with {compression:?}: only messages of tasks may be")]
    Packed {
        /// The compression that the headers name.
        compression: String,
    },
    /// The body is larger than a message may be.
    #[error(
        "the body is {bytes} bytes or more, a message may have {limit}: store the data elsewhere and send where it lies"
    )]
    TooLarge {
        /// Size in bytes, as far as it was read.
        bytes: usize,
        /// The bound, [`MAX_BODY_BYTES`](super::MAX_BODY_BYTES).
        limit: usize,
    },
    /// A name or id that cannot be used.
    #[error("{value:?} is no {what}: {reason}")]
    Name {
        /// What it should have been, for example "queue name".
        what: &'static str,
        /// The value, shortened.
        value: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// A point in time in a form that is not understood.
    #[error("{value:?} is no time: expected ISO 8601 such as 2026-01-31T12:00:00+00:00")]
    Time {
        /// The value, shortened.
        value: String,
    },
}

impl ProtocolError {
    /// A [`ProtocolError::Malformed`] from a JSON error.
    pub(crate) fn malformed(what: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::Malformed { what, reason: reason.to_string() }
    }
}

/// At most the first 80 characters of a value from outside, for an error message.
pub(crate) fn shortened(value: &str) -> String {
    match value.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}
