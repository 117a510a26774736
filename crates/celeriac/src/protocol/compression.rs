//! How a body is compressed, by the names that kombu has for it (`task_compression`).

use std::io::{self, Read};
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::MAX_BODY_BYTES;
use super::error::{ProtocolError, shortened};

/// Most memory that unpacking xz may ask for, in KiB: its strongest preset wants 64 MiB and a little, whatever the body's
/// size, and a header may claim 4 GiB.
const XZ_MEMORY_KIB: u32 = 80 * 1024;
/// Bodies are small, and a stronger preset wants ten times the memory for hardly a byte less.
const XZ_PRESET: u32 = 2;

/// A way of compressing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Codec {
    /// What kombu calls gzip is zlib's format. That of gzip is read as well.
    Zlib,
    Bzip2,
    /// What kombu calls lzma is xz's format.
    Xz,
}

impl Codec {
    /// By content type, as kombu writes it into the header, or by one of its short names.
    fn named(name: &str) -> Result<Self, ProtocolError> {
        match name {
            "application/x-gzip" | "gzip" | "zlib" => Ok(Self::Zlib),
            "application/x-bz2" | "bzip2" | "bzip" => Ok(Self::Bzip2),
            "application/x-lzma" | "lzma" | "xz" => Ok(Self::Xz),
            other => Err(ProtocolError::Compression { compression: shortened(other) }),
        }
    }
}

/// The name that stands in the headers of what is compressed so.
pub(crate) fn content_type(name: &str) -> Result<&'static str, ProtocolError> {
    Ok(match Codec::named(name)? {
        Codec::Zlib => "application/x-gzip",
        Codec::Bzip2 => "application/x-bz2",
        Codec::Xz => "application/x-lzma",
    })
}

/// Whether these envelopes are read in no time: together they have at most so many bytes, and none is compressed.
pub(crate) fn is_quick_to_read<'e>(
    mut envelopes: impl Iterator<Item = &'e [u8]> + Clone,
    most_bytes: usize,
) -> bool {
    envelopes.clone().map(<[u8]>::len).sum::<usize>() <= most_bytes && !envelopes.any(may_be_compressed)
}

/// Whether reading this envelope may cost far more than its size tells, for a body of 16 MiB is packed in 45 bytes. It
/// may say so of one that is not compressed, and looks at the bytes alone, since most are not.
fn may_be_compressed(envelope: &[u8]) -> bool {
    // The header's name, and its letters where somebody hides them in escapes that no JSON library writes.
    static SIGNS: LazyLock<[Finder<'static>; 3]> =
        LazyLock::new(|| [r#""compression""#, r"\u006", r"\u007"].map(Finder::new));
    SIGNS.iter().any(|sign| sign.find(envelope).is_some())
}

/// The body that was packed. It stops one byte past [`MAX_BODY_BYTES`], however large it would grow. As kombu writes it, it
/// is one stream: of empty ones, each of which costs as much as a large one, 16 MiB would keep a processor for minutes.
pub(super) fn decompress(name: &str, packed: &[u8]) -> Result<Vec<u8>, ProtocolError> {
    let read = match Codec::named(name)? {
        Codec::Zlib if packed.starts_with(&[0x1f, 0x8b]) => bounded(flate2::read::GzDecoder::new(packed)),
        Codec::Zlib => bounded(flate2::read::ZlibDecoder::new(packed)),
        Codec::Bzip2 => single(packed, |packed| bounded(bzip2::bufread::BzDecoder::new(packed))),
        Codec::Xz => single(packed, |packed| {
            bounded(lzma_rust2::XzReader::new_mem_limit(packed, false, XZ_MEMORY_KIB))
        }),
    };
    read.map_err(|error| ProtocolError::malformed("the compressed body", error))
}

/// The body, packed.
pub(super) fn compress(name: &str, body: &[u8]) -> Result<Vec<u8>, ProtocolError> {
    let mut packed = Vec::new();
    let written = match Codec::named(name)? {
        Codec::Zlib => {
            flate2::read::ZlibEncoder::new(body, flate2::Compression::default()).read_to_end(&mut packed)
        }
        Codec::Bzip2 => {
            bzip2::read::BzEncoder::new(body, bzip2::Compression::default()).read_to_end(&mut packed)
        }
        Codec::Xz => xz(body, &mut packed),
    };
    written.map_err(|error| ProtocolError::malformed("the compressed body", error))?;
    Ok(packed)
}

/// What is unpacked from one stream, which nothing may follow.
fn single(packed: &[u8], unpack: impl FnOnce(&mut &[u8]) -> io::Result<Vec<u8>>) -> io::Result<Vec<u8>> {
    let mut rest = packed;
    let body = unpack(&mut rest)?;
    if body.len() <= MAX_BODY_BYTES && !rest.is_empty() {
        let follows = format!("{} bytes follow the compressed stream", rest.len());
        return Err(io::Error::new(io::ErrorKind::InvalidData, follows));
    }
    Ok(body)
}

fn bounded(unpacked: impl Read) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    unpacked.take(MAX_BODY_BYTES as u64 + 1).read_to_end(&mut body)?;
    Ok(body)
}

fn xz(body: &[u8], packed: &mut Vec<u8>) -> io::Result<usize> {
    let options = lzma_rust2::XzOptions::with_preset(XZ_PRESET);
    let mut writer = lzma_rust2::XzWriter::new(packed, options)?;
    io::Write::write_all(&mut writer, body)?;
    Ok(writer.finish()?.len())
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD as BASE64;

    use super::*;

    const NAMES: [&str; 8] = [
        "application/x-gzip",
        "gzip",
        "application/x-bz2",
        "bzip2",
        "bzip",
        "application/x-lzma",
        "lzma",
        "xz",
    ];

    // What `bz2.compress`, `lzma.compress`, `lzma.compress(preset=9)` and a dictionary of 1 GiB make of it.
    const BODY: &[u8] = b"[[2, 3], {}, {}]";
    const BZ2: &str = "QlpoOTFBWSZTWbn4u+kAAASagEAEGAAACgAKIAAxDAgaaMIc12M9EhR4u5IpwoSFz8XfSA==";
    const XZ: &str =
        "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAPW1syLCAzXSwge30sIHt9XQCHd4k64lkR4QABKBDlC2xgH7bzfQEAAAAABFla";
    const XZ_9: &str =
        "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jMAQAPW1syLCAzXSwge30sIHt9XQCHd4k64lkR4QABKBDlC2xgH7bzfQEAAAAABFla";
    const XZ_GREEDY: &str =
        "/Td6WFoAAATm1rRGAgAhASQAAABeH8f5AQAPW1syLCAzXSwge30sIHt9XQCHd4k64lkR4QABKBDlC2xgH7bzfQEAAAAABFla";

    #[test]
    fn every_way_of_kombus_goes_there_and_back() {
        for name in NAMES {
            for body in [&b""[..], b"[[1], {}, {}]", &b"spam ".repeat(20_000)] {
                assert_eq!(decompress(name, &compress(name, body).unwrap()).unwrap(), body, "{name}");
            }
        }
    }

    #[test]
    fn what_python_packs_is_read() {
        for (name, packed) in
            [("application/x-bz2", BZ2), ("application/x-lzma", XZ), ("application/x-lzma", XZ_9)]
        {
            assert_eq!(decompress(name, &BASE64.decode(packed).unwrap()).unwrap(), BODY, "{name}");
        }
    }

    #[test]
    fn a_bomb_is_unpacked_no_further_than_the_bound() {
        for name in NAMES {
            let bomb = compress(name, &vec![b' '; MAX_BODY_BYTES + 10_000]).unwrap();
            assert_eq!(decompress(name, &bomb).unwrap().len(), MAX_BODY_BYTES + 1, "{name}");
        }
    }

    #[test]
    fn what_is_cut_off_or_asks_for_too_much_memory_is_refused() {
        for name in NAMES {
            let packed = compress(name, &b"spam ".repeat(1_000)).unwrap();
            assert!(decompress(name, &packed[..packed.len() / 2]).is_err(), "{name}");
            assert!(decompress(name, b"spam").is_err(), "{name}");
        }
        let greedy = BASE64.decode(XZ_GREEDY).unwrap();
        let error = decompress("xz", &greedy).unwrap_err().to_string();
        assert!(error.contains("memory"), "{error}");
        let error = compress("application/x-brotli", b"").unwrap_err().to_string();
        assert!(error.contains("x-brotli") && error.contains("bzip2"), "{error}");
    }

    #[test]
    fn one_stream_is_read_and_no_second_one() {
        for (name, many) in [("bzip2", 2), ("bzip2", 10_000), ("xz", 2)] {
            let packed = compress(name, b"").unwrap().repeat(many);
            let error = decompress(name, &packed).unwrap_err().to_string();
            assert!(error.contains("bytes follow the compressed stream"), "{name}: {error}");
        }
        for name in ["bzip2", "xz"] {
            let mut packed = compress(name, b"[[], {}, {}]").unwrap();
            packed.push(0);
            assert!(decompress(name, &packed).is_err(), "{name}");
        }
    }

    #[test]
    fn envelopes_with_compressed_bodies_are_known_by_their_bytes() {
        assert!(may_be_compressed(br#"{"headers": {"compression": "gzip"}, "body": ""}"#));
        assert!(may_be_compressed(br#"{"headers": {"com\u0070ression": "gzip"}, "body": ""}"#));
        assert!(!may_be_compressed(br#"{"headers": {"argsrepr": "('\u00e9',)"}, "body": "W10="}"#));
    }
}
