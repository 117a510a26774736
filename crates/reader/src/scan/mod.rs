//! Step 0: reads the files of a folder.
//!
//! [`scan`] lists the folder (`.gitignore` honoured, links never followed), then reads, decodes and parses the
//! files on a pool of threads and hands the facts of each to a [`FileSink`](crate::FileSink), in the order of their paths. At no
//! time does it hold more than a few dozen megabytes of text. It writes nothing anywhere.

mod digest;
mod options;
mod pool;
mod read;
mod role;
mod skip;
mod walk;

pub use digest::digest;
pub use options::{LanguageCount, ScanError, ScanOptions, ScanProgress, ScanSummary};
pub use pool::scan;
pub(crate) use pool::{Contents, scan_listed};
pub(crate) use read::Content;
pub use role::{FileRole, role_of};
pub(crate) use walk::{Listed, Listing};
