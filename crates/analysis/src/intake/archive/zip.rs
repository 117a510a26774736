//! Zip.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use zip::ZipArchive;
use zip::result::ZipError;

use super::ArchiveError;
use super::bounds::{Unpacking, check_entries, read_error};
use super::name::{place_in_zip, shown};
use crate::settings::ArchiveLimits;

const S_IFMT: u32 = 0o170_000;
const S_IFREG: u32 = 0o100_000;
const S_IFDIR: u32 = 0o040_000;

pub(super) fn walk(file: &File, unpacking: &mut Unpacking<'_>) -> Result<(), ArchiveError> {
    check_stated_entries(file, unpacking.limits)?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(zip_error)?;
    for index in 0..archive.len() {
        unpacking.entry()?;
        if unpacking.is_check() {
            let entry = archive.by_index_raw(index).map_err(zip_error)?;
            let place = place_in_zip(entry.name_raw(), unpacking.limits)?;
            refuse_encrypted(entry.encrypted(), entry.name_raw())?;
            match kind_of(entry.unix_mode(), entry.name_raw()) {
                Kind::Folder => {}
                Kind::Other => unpacking.leave_out(),
                Kind::File => unpacking.declared_file(&place, entry.size())?,
            }
            continue;
        }
        let raw = archive.by_index_raw(index).map_err(zip_error)?;
        refuse_encrypted(raw.encrypted(), raw.name_raw())?;
        drop(raw);
        let mut entry = archive.by_index(index).map_err(zip_error)?;
        let place = place_in_zip(entry.name_raw(), unpacking.limits)?;
        match kind_of(entry.unix_mode(), entry.name_raw()) {
            Kind::Folder => unpacking.folder(&place)?,
            Kind::Other => unpacking.leave_out(),
            Kind::File => unpacking.file(&place, &mut entry, None)?,
        }
    }
    Ok(())
}

enum Kind {
    File,
    Folder,
    Other,
}

fn kind_of(mode: Option<u32>, name: &[u8]) -> Kind {
    match mode.map_or(0, |mode| mode & S_IFMT) {
        S_IFDIR => Kind::Folder,
        0 | S_IFREG if name.ends_with(b"/") || name.ends_with(b"\\") => Kind::Folder,
        0 | S_IFREG => Kind::File,
        _ => Kind::Other,
    }
}

fn refuse_encrypted(is_encrypted: bool, name: &[u8]) -> Result<(), ArchiveError> {
    if is_encrypted { Err(ArchiveError::Encrypted(shown(name))) } else { Ok(()) }
}

/// The directory is read into memory as a whole: refuses one that states too many entries before that.
fn check_stated_entries(mut file: &File, limits: &ArchiveLimits) -> Result<(), ArchiveError> {
    const END: &[u8] = b"PK\x05\x06";
    const END_64: &[u8] = b"PK\x06\x06";
    let length = file.metadata().map_err(ArchiveError::Io)?.len();
    let tail_at = length.saturating_sub(66 << 10);
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(tail_at)).map_err(ArchiveError::Io)?;
    file.take(66 << 10).read_to_end(&mut tail).map_err(ArchiveError::Io)?;
    file.seek(SeekFrom::Start(0)).map_err(ArchiveError::Io)?;
    for at in 0..tail.len() {
        let rest = &tail[at..];
        if rest.starts_with(END) {
            if let Some(&[low, high]) = rest.get(10..12) {
                let entries = u16::from_le_bytes([low, high]);
                // 65,535 says that the record for large archives holds the number.
                if entries != u16::MAX {
                    check_entries(u64::from(entries), limits)?;
                }
            }
        } else if rest.starts_with(END_64)
            && let Some(bytes) = rest.get(32..40).and_then(|bytes| <[u8; 8]>::try_from(bytes).ok())
        {
            check_entries(u64::from_le_bytes(bytes), limits)?;
        }
    }
    Ok(())
}

fn zip_error(error: ZipError) -> ArchiveError {
    match error {
        ZipError::Io(error) => read_error(error),
        ZipError::UnsupportedArchive(what) => {
            ArchiveError::Format(format!("a zip with a feature that is not supported: {what}"))
        }
        ZipError::CompressionMethodNotSupported(method) => {
            ArchiveError::Format(format!("a zip packed with method {method}, which is not supported"))
        }
        error => ArchiveError::Damaged(error.to_string()),
    }
}
