//! Where an analysis stands.

/// A word that the database holds and this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not one of {known}")]
pub struct UnknownWord {
    word: String,
    known: String,
}

impl UnknownWord {
    pub(crate) fn new(word: &str, known: &[&str]) -> Self {
        Self { word: word.chars().take(64).collect(), known: known.join(", ") }
    }
}

/// An enum whose variants are words in JSON, in the database and on the command line.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:tt,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in JSON, in the database and on the command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::UnknownWord;
            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::domain::UnknownWord::new(word, &[$($word),+])),
                }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// The state of an analysis: `queued → running → completed | failed | cancelled`; `resume` leads from
    /// the last two back to `queued`.
    Status {
        /// Submitted; no worker has begun.
        Queued = "queued",
        /// A worker reads it.
        Running = "running",
        /// All pages are there.
        Completed = "completed",
        /// It ended with an error, which the analysis tells.
        Failed = "failed",
        /// It was cancelled.
        Cancelled = "cancelled",
    }
}

words! {
    /// The four steps, in their order.
    Step {
        /// Finding and parsing the files.
        Scan = "scan",
        /// Building the knowledge base.
        Index = "index",
        /// Describing each file.
        Analyze = "analyze",
        /// Writing the pages.
        Document = "document",
    }
}

impl Status {
    /// Nothing more happens until somebody asks.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}
