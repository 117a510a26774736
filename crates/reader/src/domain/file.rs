//! Files of the repository.

use serde::{Deserialize, Serialize};

use super::Language;

/// One file of the repository, read or skipped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct File {
    /// Relative to the repository, with `/` between folders; bytes that are not UTF-8 are shown as U+FFFD.
    pub path: String,
    /// `None` for a text file of no known language and for most skipped files.
    pub language: Option<Language>,
    /// Lines of text; 0 for a skipped file.
    pub lines: u32,
    /// Size on disk.
    pub bytes: u64,
    /// BLAKE3 of the content in hex; empty for a file that was not read.
    pub hash: String,
    /// Why the file was not read.
    pub skipped: Option<SkipReason>,
    /// Importance over the import graph; the ranks of all files add up to 1.
    pub rank: f64,
    /// One sentence: from the file's own documentation, or from the LLM.
    pub summary: Option<String>,
    /// Files of this repository that the file imports, sorted.
    pub imports: Vec<String>,
}

/// Why a file was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// Not text.
    Binary,
    /// Code of others, kept in the repository (vendor, node_modules, third_party …).
    Vendored,
    /// Written by a program (a header says so, a lock file, protobuf output …).
    Generated,
    /// Machine-shortened: very long lines.
    Minified,
    /// Over the size that is read.
    TooLarge,
    /// A symbolic link; links are not followed.
    Symlink,
    /// A FIFO, socket or device.
    Special,
    /// The system did not let us read it.
    Unreadable,
    /// The repository holds more files than are read.
    TooMany,
}
