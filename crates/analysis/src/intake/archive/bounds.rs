//! What is written, and how much of it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::ArchiveError;
use crate::settings::ArchiveLimits;

/// A small archive may be packed as tightly as it likes.
const RATIO_COUNTS_FROM: u64 = 16 << 20;

/// What an archive holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contents {
    /// Files.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Links and devices that were left out.
    pub left_out: u64,
}

/// An archive on its way to the disk.
pub(super) struct Unpacking<'a> {
    /// Where files go; `None` when the archive is only checked.
    into: Option<&'a Path>,
    packed_bytes: u64,
    pub(super) limits: &'a ArchiveLimits,
    cancelled: &'a AtomicBool,
    contents: Contents,
    entries: u64,
    /// Folders that were made, so that each is made once.
    folders: BTreeSet<PathBuf>,
}

impl<'a> Unpacking<'a> {
    pub(super) fn new(
        into: Option<&'a Path>,
        packed_bytes: u64,
        limits: &'a ArchiveLimits,
        cancelled: &'a AtomicBool,
    ) -> Self {
        Self {
            into,
            packed_bytes,
            limits,
            cancelled,
            contents: Contents::default(),
            entries: 0,
            folders: BTreeSet::new(),
        }
    }

    pub(super) fn is_check(&self) -> bool {
        self.into.is_none()
    }

    /// Counts an entry of any kind.
    pub(super) fn entry(&mut self) -> Result<(), ArchiveError> {
        self.entries += 1;
        check_entries(self.entries, self.limits)?;
        self.check_cancelled()
    }

    /// An entry that is never made: a link, a device.
    pub(super) fn leave_out(&mut self) {
        self.contents.left_out += 1;
    }

    pub(super) fn folder(&mut self, place: &Path) -> Result<(), ArchiveError> {
        let Some(into) = self.into else { return Ok(()) };
        if place.as_os_str().is_empty() || self.folders.contains(place) {
            return Ok(());
        }
        fs::create_dir_all(into.join(place)).map_err(|error| clash(place, error))?;
        self.folders.insert(place.to_owned());
        Ok(())
    }

    /// A file with what `content` gives, which must be `expected` bytes when that is known.
    pub(super) fn file(
        &mut self,
        place: &Path,
        mut content: impl Read,
        expected: Option<u64>,
    ) -> Result<(), ArchiveError> {
        if place.as_os_str().is_empty() {
            return Err(ArchiveError::Damaged("a file without a name".to_owned()));
        }
        if let Some(parent) = place.parent() {
            self.folder(parent)?;
        }
        // Links are never made, so nothing that lies here leads out; a later entry of the same name wins.
        let mut file = match self.into {
            Some(into) => Some(File::create(into.join(place)).map_err(|error| clash(place, error))?),
            None => None,
        };
        let mut buffer = [0; 64 << 10];
        let mut bytes = 0_u64;
        loop {
            let read = match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(read_error(error)),
            };
            bytes += read as u64;
            self.take(place, bytes, read as u64)?;
            if let Some(file) = &mut file {
                file.write_all(&buffer[..read]).map_err(ArchiveError::Io)?;
            }
        }
        if expected.is_some_and(|expected| expected != bytes) {
            return Err(ArchiveError::Damaged(format!("{} ends early", place.display())));
        }
        self.contents.files += 1;
        Ok(())
    }

    /// A file whose size is only declared.
    pub(super) fn declared_file(&mut self, place: &Path, bytes: u64) -> Result<(), ArchiveError> {
        self.take(place, bytes, bytes)?;
        self.contents.files += 1;
        Ok(())
    }

    fn take(&mut self, place: &Path, of_file: u64, more: u64) -> Result<(), ArchiveError> {
        self.check_cancelled()?;
        if of_file > self.limits.max_file_bytes {
            return Err(ArchiveError::Limit(format!(
                "the entry {} has more than {} bytes",
                super::name::shown(place.as_os_str().as_encoded_bytes()),
                self.limits.max_file_bytes
            )));
        }
        self.contents.bytes = self.contents.bytes.saturating_add(more);
        check_bytes(self.contents.bytes, self.packed_bytes, self.limits)
    }

    pub(super) fn check_cancelled(&self) -> Result<(), ArchiveError> {
        if self.cancelled.load(Ordering::Relaxed) { Err(ArchiveError::Cancelled) } else { Ok(()) }
    }

    /// Bounds everything that comes out of a decompressor, also what is skipped.
    pub(super) fn bounded<R: Read>(&self, inner: R) -> Bounded<'a, R> {
        Bounded {
            inner,
            bytes: 0,
            packed_bytes: self.packed_bytes,
            limits: self.limits,
            cancelled: self.cancelled,
        }
    }

    pub(super) fn finish(self) -> Result<Contents, ArchiveError> {
        if self.contents.files == 0 { Err(ArchiveError::Empty) } else { Ok(self.contents) }
    }
}

pub(super) fn check_entries(entries: u64, limits: &ArchiveLimits) -> Result<(), ArchiveError> {
    if entries > limits.max_entries {
        return Err(ArchiveError::Limit(format!("it holds more than {} entries", limits.max_entries)));
    }
    Ok(())
}

fn check_bytes(bytes: u64, packed_bytes: u64, limits: &ArchiveLimits) -> Result<(), ArchiveError> {
    if bytes > limits.max_total_bytes {
        return Err(ArchiveError::Limit(format!("it unpacks to more than {} bytes", limits.max_total_bytes)));
    }
    if bytes > RATIO_COUNTS_FROM && bytes / packed_bytes.max(1) > limits.max_ratio {
        return Err(ArchiveError::Limit(format!(
            "it unpacks to more than {} times its size, as only bombs do",
            limits.max_ratio
        )));
    }
    Ok(())
}

/// A reader that ends with an error once more came out of it than an archive may hold.
pub(super) struct Bounded<'a, R> {
    inner: R,
    bytes: u64,
    packed_bytes: u64,
    limits: &'a ArchiveLimits,
    cancelled: &'a AtomicBool,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(io::Error::other(ArchiveError::Cancelled));
        }
        let read = self.inner.read(buffer)?;
        self.bytes += read as u64;
        // A tar header of half a KiB stands before each file: they count too, so the limit is a little lower here.
        check_bytes(self.bytes, self.packed_bytes, self.limits).map_err(io::Error::other)?;
        Ok(read)
    }
}

/// What an error while reading an archive means: ours are taken out again, others are the archive's fault.
pub(super) fn read_error(error: io::Error) -> ArchiveError {
    match error.downcast::<ArchiveError>() {
        Ok(ours) => ours,
        Err(error) if error.raw_os_error().is_some() => ArchiveError::Io(error),
        Err(error) => ArchiveError::Damaged(error.to_string()),
    }
}

/// A file where an earlier entry made a folder, or the reverse.
fn clash(place: &Path, error: io::Error) -> ArchiveError {
    match error.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => {
            ArchiveError::Damaged(format!("{} is both a file and a folder", place.display()))
        }
        io::ErrorKind::InvalidFilename => ArchiveError::Name(
            super::name::shown(place.as_os_str().as_encoded_bytes()),
            "has a longer name than a disk takes",
        ),
        _ => ArchiveError::Io(error),
    }
}
