//! Reads one file and decodes its text.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    path::Path,
};

use crate::domain::SkipReason;

/// The content of a file.
#[derive(Debug)]
pub(crate) enum Content {
    /// Text in UTF-8, and the hash of the bytes on disk.
    Text { text: String, hash: String },
    /// Not read, or not text.
    Skipped(SkipReason),
}

/// Reads `path` if it is a regular file of at most `max` bytes of text.
pub(super) fn read(path: &Path, max: u64) -> Content {
    match bytes_of(path, max) {
        Ok(Some(bytes)) if bytes.len() as u64 > max => Content::Skipped(SkipReason::TooLarge),
        Ok(Some(bytes)) => {
            let hash = blake3::hash(&bytes).to_hex().to_string();
            match decode(bytes) {
                Some(text) => Content::Text { text, hash },
                None => Content::Skipped(SkipReason::Binary),
            }
        }
        Ok(None) => Content::Skipped(SkipReason::Special),
        Err(error) if is_link(&error) => Content::Skipped(SkipReason::Symlink),
        Err(_) => Content::Skipped(SkipReason::Unreadable),
    }
}

pub(super) fn bytes_of(path: &Path, max: u64) -> io::Result<Option<Vec<u8>>> {
    let file = open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(max)).unwrap_or(0) + 1);
    file.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Opens without following a link and without waiting, should a FIFO have taken the file's place.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    use nix::fcntl::OFlag;

    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC | OFlag::O_NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

#[cfg(unix)]
fn is_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(nix::errno::Errno::ELOOP as i32)
}

#[cfg(not(unix))]
fn is_link(_: &io::Error) -> bool {
    false
}

/// UTF-8, UTF-16 with a mark, else Latin-1; `None` when it is no text.
fn decode(bytes: Vec<u8>) -> Option<String> {
    match bytes.as_slice() {
        [0xFF, 0xFE, ..] => return Some(encoding_rs::UTF_16LE.decode(&bytes).0.into_owned()),
        [0xFE, 0xFF, ..] => return Some(encoding_rs::UTF_16BE.decode(&bytes).0.into_owned()),
        _ => {}
    }
    if memchr::memchr(0, &bytes).is_some() || has_binary_magic(&bytes) {
        return None;
    }
    let bytes = match bytes.strip_prefix(b"\xEF\xBB\xBF") {
        Some(rest) => rest.to_vec(),
        None => bytes,
    };
    match String::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) => {
            let bytes = error.into_bytes();
            let start = &bytes[..bytes.len().min(8192)];
            let control = start
                .iter()
                .filter(|byte| **byte < 32 && !byte.is_ascii_whitespace() && **byte != 27)
                .count();
            (control * 50 < start.len())
                .then(|| encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes).0.into_owned())
        }
    }
}

fn has_binary_magic(bytes: &[u8]) -> bool {
    const MAGIC: [&[u8]; 6] = [b"%PDF-", b"\x7fELF", b"\x1f\x8b", b"PK\x03\x04", b"\x89PNG", b"GIF8"];
    MAGIC.iter().any(|magic| bytes.starts_with(magic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_decoded_whatever_its_encoding() {
        assert_eq!(decode(b"\xEF\xBB\xBFa".to_vec()).as_deref(), Some("a"));
        assert_eq!(decode(b"\xFF\xFEa\0\xe9\0".to_vec()).as_deref(), Some("a\u{e9}"));
        assert_eq!(decode(b"\xFE\xFF\0a".to_vec()).as_deref(), Some("a"));
        assert_eq!(decode(b"caf\xe9\r\n".to_vec()).as_deref(), Some("caf\u{e9}\r\n"));
        assert_eq!(decode("n\u{e4}h".as_bytes().to_vec()).as_deref(), Some("n\u{e4}h"));
        assert_eq!(decode(b"a\0b".to_vec()), None);
        assert_eq!(decode(vec![0x80, 1, 2, 3, 4, 5, 6]), None);
        assert_eq!(decode(Vec::new()).as_deref(), Some(""));
    }
}
