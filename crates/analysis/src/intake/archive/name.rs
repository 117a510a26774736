//! Names of entries.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use super::ArchiveError;
use crate::settings::ArchiveLimits;

/// The place of an entry below the folder that is unpacked into; empty for that folder itself.
pub(super) fn place_of(name: &[u8], limits: &ArchiveLimits) -> Result<PathBuf, ArchiveError> {
    let refuse = |why| Err(ArchiveError::Name(shown(name), why));
    if name.len() > limits.max_name_bytes {
        return refuse("has a longer name than is taken");
    }
    if name.contains(&0) {
        return refuse("has a NUL in its name");
    }
    if name.starts_with(b"/") || name.starts_with(b"\\") {
        return refuse("has an absolute name, which would lead out of the archive");
    }
    let mut place = PathBuf::new();
    let mut depth = 0;
    for part in name.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => continue,
            b".." => return refuse("leads out of the archive with `..`"),
            [letter, b':', ..] if depth == 0 && letter.is_ascii_alphabetic() && part.len() == 2 => {
                return refuse("begins with a drive letter");
            }
            part if part.len() > 255 => return refuse("has a longer name than a disk takes"),
            part => place.push(OsString::from_vec(part.to_vec())),
        }
        depth += 1;
        if depth > limits.max_depth {
            return Err(ArchiveError::Limit(format!(
                "the entry {} lies in more than {} folders within one another",
                shown(name),
                limits.max_depth
            )));
        }
    }
    Ok(place)
}

/// As [`place_of`], where `\` parts folders too, as programs on Windows write it.
pub(super) fn place_in_zip(name: &[u8], limits: &ArchiveLimits) -> Result<PathBuf, ArchiveError> {
    let name: Vec<u8> = name.iter().map(|byte| if *byte == b'\\' { b'/' } else { *byte }).collect();
    place_of(&name, limits)
}

/// The name for people: on one line, not too long.
pub(super) fn shown(name: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(name).chars().take(80).collect();
    format!("{text:?}")
}
