//! Tar, read header by header: the crate's own reading of long names would take whatever size a header states.

use std::io::Read;

use tar::{Archive, EntryType};

use super::ArchiveError;
use super::bounds::{Unpacking, read_error};
use super::name::{place_of, shown};

/// An extended header longer than this is no name.
const MAX_EXTENDED_HEADER: u64 = 1 << 20;

pub(super) fn walk(reader: impl Read, unpacking: &mut Unpacking<'_>) -> Result<(), ArchiveError> {
    let mut archive = Archive::new(unpacking.bounded(reader));
    let mut long_name: Option<Vec<u8>> = None;
    for entry in archive.entries().map_err(read_error)?.raw(true) {
        let mut entry = entry.map_err(read_error)?;
        unpacking.entry()?;
        let size = entry.size();
        match entry.header().entry_type() {
            EntryType::GNULongName => {
                let mut name = extended(&mut entry, size)?;
                while name.last() == Some(&0) {
                    name.pop();
                }
                long_name = Some(name);
                continue;
            }
            EntryType::XHeader => {
                let header = extended(&mut entry, size)?;
                long_name = pax_path(&header, long_name)?;
                continue;
            }
            EntryType::XGlobalHeader | EntryType::GNULongLink => continue,
            kind => {
                let name = long_name.take().unwrap_or_else(|| entry.header().path_bytes().into_owned());
                let place = place_of(&name, unpacking.limits)?;
                match kind {
                    EntryType::Directory => unpacking.folder(&place)?,
                    // Old archives mark a folder by its name alone.
                    EntryType::Regular | EntryType::Continuous if name.ends_with(b"/") => {
                        unpacking.folder(&place)?
                    }
                    EntryType::Regular | EntryType::Continuous => {
                        unpacking.file(&place, &mut entry, Some(size))?
                    }
                    _ => unpacking.leave_out(),
                }
            }
        }
    }
    Ok(())
}

fn extended(entry: &mut impl Read, size: u64) -> Result<Vec<u8>, ArchiveError> {
    if size > MAX_EXTENDED_HEADER {
        return Err(ArchiveError::Limit(format!("one of its names has {size} bytes")));
    }
    let mut content = Vec::new();
    entry.read_to_end(&mut content).map_err(read_error)?;
    if content.len() as u64 != size {
        return Err(ArchiveError::Damaged("a name ends early".to_owned()));
    }
    Ok(content)
}

/// The name in an extended header of POSIX (`<length> path=<name>\n`); `before` when it gives none.
fn pax_path(header: &[u8], before: Option<Vec<u8>>) -> Result<Option<Vec<u8>>, ArchiveError> {
    let damaged = || ArchiveError::Damaged("an extended header is not as POSIX says".to_owned());
    let mut rest = header;
    let mut name = before;
    while !rest.is_empty() {
        let blank = rest.iter().position(|byte| *byte == b' ').ok_or_else(damaged)?;
        let length = std::str::from_utf8(&rest[..blank]).ok().and_then(|digits| digits.parse::<usize>().ok());
        let length =
            length.filter(|length| *length > blank + 1 && *length <= rest.len()).ok_or_else(damaged)?;
        let record = &rest[blank + 1..length];
        rest = &rest[length..];
        let record = record.strip_suffix(b"\n").ok_or_else(damaged)?;
        if let Some(path) = record.strip_prefix(b"path=") {
            name = Some(path.to_vec());
        } else if record.starts_with(b"size=") || record.starts_with(b"GNU.sparse.") {
            return Err(ArchiveError::Limit(format!(
                "the entry {} is sparse or larger than 8 GB",
                shown(name.as_deref().unwrap_or(b"(unnamed)"))
            )));
        }
    }
    Ok(name)
}
