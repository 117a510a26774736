//! Archives of strangers: zip, tar and tar.gz, unpacked without trust.
//!
//! The format is told by the first bytes, never by the name. Names that lead out refuse the whole archive;
//! links and devices are left out; everything is bounded (size, ratio, count, depth, names) while it is
//! streamed to disk, whatever the headers say.

mod bounds;
mod format;
mod name;
mod tar;
#[cfg(test)]
mod tests;
mod zip;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

pub use bounds::Contents;
use bounds::Unpacking;
use format::Format;

use crate::settings::ArchiveLimits;
use crate::{AnalysisError, ErrorKind};

/// What is wrong with an archive.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArchiveError {
    #[error("it is {0}")]
    Format(String),
    #[error("it is cut off or damaged ({0})")]
    Damaged(String),
    #[error("the entry {0} {1}")]
    Name(String, &'static str),
    #[error("{0}")]
    Limit(String),
    #[error("the entry {0} is encrypted")]
    Encrypted(String),
    #[error("it holds no file")]
    Empty,
    #[error("the work was cancelled")]
    Cancelled,
    #[error("{0}")]
    Io(#[source] io::Error),
}

/// Unpacks the archive below `into`, which exists and is empty. On an error part of it may lie there: the caller
/// removes the folder.
pub(crate) fn unpack(
    archive: &Path,
    into: &Path,
    limits: &ArchiveLimits,
    cancelled: &AtomicBool,
) -> Result<Contents, ArchiveError> {
    walk(archive, Some(into), limits, cancelled)
}

/// Reads the archive as [`unpack`] does and writes nothing; a zip by its directory only.
pub(crate) fn check(
    archive: &Path,
    limits: &ArchiveLimits,
    cancelled: &AtomicBool,
) -> Result<Contents, ArchiveError> {
    walk(archive, None, limits, cancelled)
}

fn walk(
    archive: &Path,
    into: Option<&Path>,
    limits: &ArchiveLimits,
    cancelled: &AtomicBool,
) -> Result<Contents, ArchiveError> {
    let file = File::open(archive).map_err(ArchiveError::Io)?;
    let bytes = file.metadata().map_err(ArchiveError::Io)?.len();
    if bytes > limits.max_archive_bytes {
        return Err(ArchiveError::Limit(format!(
            "it has {bytes} bytes, more than the {} that are taken",
            limits.max_archive_bytes
        )));
    }
    let mut unpacking = Unpacking::new(into, bytes, limits, cancelled);
    match Format::of(&file)? {
        Format::Zip => zip::walk(&file, &mut unpacking)?,
        Format::Tar => tar::walk(&file, &mut unpacking)?,
        Format::TarGz => {
            tar::walk(flate2::read::MultiGzDecoder::new(io::BufReader::new(&file)), &mut unpacking)?
        }
    }
    unpacking.finish()
}

/// True when the first bytes are those of an archive that can be unpacked.
pub fn is_archive(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| Format::of(&file).is_ok())
}

/// The folder that is meant: archives of releases hold one folder, and all else in it.
pub(crate) fn top_folder(unpacked: &Path) -> PathBuf {
    let Ok(entries) = fs::read_dir(unpacked) else { return unpacked.to_owned() };
    let mut entries = entries.flatten();
    match (entries.next(), entries.next()) {
        (Some(only), None) if only.file_type().is_ok_and(|kind| kind.is_dir()) => only.path(),
        _ => unpacked.to_owned(),
    }
}

/// What the user is told of an archive called `name`.
pub(crate) fn explained(name: &str, error: ArchiveError) -> AnalysisError {
    let (kind, code, hint) = match &error {
        ArchiveError::Format(_) => (ErrorKind::Invalid, "archive_format", "Give a zip, tar or tar.gz file."),
        ArchiveError::Damaged(_) => (ErrorKind::Invalid, "archive_damaged", "Fetch or pack it again."),
        ArchiveError::Name(..) => (
            ErrorKind::Invalid,
            "archive_unsafe",
            "Pack the folder with relative names, such as `tar czf project.tar.gz project`.",
        ),
        ArchiveError::Limit(_) => (
            ErrorKind::TooLarge,
            "archive_too_large",
            "Leave out data and build output, or unpack it and give the folder.",
        ),
        ArchiveError::Encrypted(_) => {
            (ErrorKind::Invalid, "archive_encrypted", "Unpack it with its password and give the folder.")
        }
        ArchiveError::Empty => {
            (ErrorKind::Invalid, "archive_empty", "Give an archive that holds source files.")
        }
        ArchiveError::Cancelled => (ErrorKind::Conflict, "cancelled", "`code-reader resume` goes on."),
        ArchiveError::Io(error) => return AnalysisError::io(&format!("unpack the archive {name}"), error),
    };
    AnalysisError::new(kind, code, format!("cannot read the archive {name}: {error}"), hint)
}
