//! What a file is, by its first bytes.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::ArchiveError;

/// The archives that can be unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Zip,
    Tar,
    TarGz,
}

impl Format {
    /// The format of the file, which is left at its start.
    pub(super) fn of(mut file: &File) -> Result<Self, ArchiveError> {
        let mut head = Vec::with_capacity(512);
        file.seek(SeekFrom::Start(0)).map_err(ArchiveError::Io)?;
        file.take(512).read_to_end(&mut head).map_err(ArchiveError::Io)?;
        file.seek(SeekFrom::Start(0)).map_err(ArchiveError::Io)?;
        let other = |what: &str| Err(ArchiveError::Format(what.to_owned()));
        match head.as_slice() {
            [] => other("an empty file"),
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [b'P', b'K', 7, 8, ..] => Ok(Self::Zip),
            [0x1f, 0x8b, ..] => Ok(Self::TarGz),
            [0xfd, b'7', b'z', b'X', b'Z', ..] => other("packed with xz, which is not supported"),
            [b'B', b'Z', b'h', ..] => other("packed with bzip2, which is not supported"),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => other("packed with zstd, which is not supported"),
            [b'7', b'z', 0xbc, 0xaf, ..] => other("a 7z archive, which is not supported"),
            [b'R', b'a', b'r', b'!', ..] => other("a rar archive, which is not supported"),
            block if is_tar_header(block) => Ok(Self::Tar),
            _ => other("no archive: its first bytes are those of no zip, tar or tar.gz"),
        }
    }
}

/// Old tar files have no magic; the sum of the header's bytes tells them.
fn is_tar_header(block: &[u8]) -> bool {
    if block.len() < 512 {
        return false;
    }
    let digits = block[148..156].iter().filter(|byte| byte.is_ascii_digit());
    let stated = digits.fold(0_u64, |sum, digit| sum.wrapping_mul(8).wrapping_add(u64::from(digit - b'0')));
    let sum: u64 =
        block[..148].iter().chain(&block[156..512]).map(|byte| u64::from(*byte)).sum::<u64>() + 8 * 32;
    stated == sum
}
