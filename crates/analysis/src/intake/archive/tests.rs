//! Archives of every hostile kind.

use std::io::{Cursor, Write};

use ::zip::write::SimpleFileOptions;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

/// The three formats, from the same entries.
fn archives(entries: &[(&str, &[u8])]) -> Vec<(&'static str, Vec<u8>)> {
    let tar = tar(entries);
    vec![("zip", zip(entries)), ("tar", tar.clone()), ("tar.gz", gz(&tar))]
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Names are written as they are: the crate's own setters refuse hostile ones.
fn header(name: &str, kind: ::tar::EntryType, size: u64) -> ::tar::Header {
    let mut header = ::tar::Header::new_gnu();
    let bytes = name.as_bytes();
    header.as_old_mut().name[..bytes.len()].copy_from_slice(bytes);
    header.set_entry_type(kind);
    header.set_mode(0o4777);
    header.set_size(size);
    header.set_cksum();
    header
}

fn tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = ::tar::Builder::new(Vec::new());
    for (name, content) in entries {
        builder.append(&header(name, ::tar::EntryType::Regular, content.len() as u64), *content).unwrap();
    }
    builder.into_inner().unwrap()
}

struct Outcome {
    _folder: tempfile::TempDir,
    root: PathBuf,
    result: Result<Contents, ArchiveError>,
}

impl Outcome {
    fn error(&self) -> String {
        self.result.as_ref().unwrap_err().to_string()
    }
}

fn unpacked(bytes: &[u8], limits: &ArchiveLimits) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("archive");
    fs::write(&archive, bytes).unwrap();
    let root = folder.path().join("a/b/into");
    fs::create_dir_all(&root).unwrap();
    let never = AtomicBool::new(false);
    let result = unpack(&archive, &root, limits, &never);
    let checked = check(&archive, limits, &never);
    // A zip's check reads only its directory; it may not refuse what can be unpacked.
    assert!(result.is_err() || checked.is_ok(), "{checked:?}");
    let around: Vec<_> =
        walk_names(folder.path()).into_iter().filter(|name| !name.starts_with("a/b/into/")).collect();
    assert_eq!(around, ["a", "a/b", "a/b/into", "archive"], "something was written outside");
    Outcome { _folder: folder, root, result }
}

fn walk_names(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            found.push(path.strip_prefix(root).unwrap().to_string_lossy().into_owned());
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}

fn few() -> ArchiveLimits {
    ArchiveLimits {
        max_entries: 20,
        max_total_bytes: 64 << 20,
        max_file_bytes: 48 << 20,
        ..ArchiveLimits::default()
    }
}

#[test]
fn every_format_is_unpacked_and_its_only_folder_is_the_root() {
    for (format, bytes) in
        archives(&[("p-1.0/a.py", b"import b"), ("p-1.0/sub dir/b.py", b""), ("./p-1.0/c", b"c")])
    {
        let outcome = unpacked(&bytes, &few());
        assert_eq!(
            outcome.result.as_ref().unwrap(),
            &Contents { files: 3, bytes: 9, left_out: 0 },
            "{format}"
        );
        let top = top_folder(&outcome.root);
        assert_eq!(walk_names(&top), ["a.py", "c", "sub dir", "sub dir/b.py"], "{format}");
        assert_eq!(fs::read(top.join("a.py")).unwrap(), b"import b");
    }
}

#[test]
fn names_that_lead_out_refuse_the_archive() {
    for name in ["../x", "a/../../x", "/etc/x", "a/..", "C:/x", "c:", "a/b/../../../x"] {
        for (format, bytes) in archives(&[("good", b"1"), (name, b"2")]) {
            let outcome = unpacked(&bytes, &few());
            assert!(
                matches!(outcome.result, Err(ArchiveError::Name(..))),
                "{format} {name}: {:?}",
                outcome.result
            );
        }
    }
    for name in ["..\\x", "\\x", "a\\..\\..\\x"] {
        let outcome = unpacked(&zip(&[(name, b"2")]), &few());
        assert!(matches!(outcome.result, Err(ArchiveError::Name(..))), "{name}: {:?}", outcome.result);
    }
}

#[test]
fn links_and_devices_are_left_out_and_nothing_is_written_through_them() {
    let mut builder = ::tar::Builder::new(Vec::new());
    for (name, kind, link) in [
        ("link", ::tar::EntryType::Symlink, "/tmp"),
        ("up", ::tar::EntryType::Symlink, "../.."),
        ("hard", ::tar::EntryType::Link, "/etc/passwd"),
        ("device", ::tar::EntryType::Block, ""),
        ("char", ::tar::EntryType::Char, ""),
        ("fifo", ::tar::EntryType::Fifo, ""),
    ] {
        let mut header = header(name, kind, 0);
        header.set_link_name_literal(link).unwrap();
        header.set_cksum();
        builder.append(&header, &b""[..]).unwrap();
    }
    for name in ["up/escaped", "file"] {
        builder.append(&header(name, ::tar::EntryType::Regular, 1), &b"x"[..]).unwrap();
    }
    let outcome = unpacked(&builder.into_inner().unwrap(), &few());
    assert_eq!(outcome.result.as_ref().unwrap().left_out, 6);
    assert_eq!(walk_names(&outcome.root), ["file", "up", "up/escaped"], "`up` is a folder of its own now");

    let mut writer = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_symlink("link", "../../..", SimpleFileOptions::default()).unwrap();
    writer.start_file("link/escaped", SimpleFileOptions::default()).unwrap();
    let outcome = unpacked(&writer.finish().unwrap().into_inner(), &few());
    assert_eq!(outcome.result.as_ref().unwrap(), &Contents { files: 1, bytes: 0, left_out: 1 });
}

#[test]
fn bombs_end_early() {
    let zeros = vec![0; 40 << 20];
    for (format, bytes) in archives(&[("zeros", &zeros)]).into_iter().filter(|(format, _)| *format != "tar") {
        let limits = ArchiveLimits { max_ratio: 50, ..few() };
        let error = unpacked(&bytes, &limits).error();
        assert!(error.contains("50 times"), "{format}: {error}");
    }
    for (format, bytes) in archives(&[("a", &zeros), ("b", &zeros)]) {
        let error = unpacked(&bytes, &ArchiveLimits { max_ratio: u64::MAX, ..few() }).error();
        assert!(error.contains("unpacks to more than 67108864 bytes"), "{format}: {error}");
        let limits = ArchiveLimits { max_file_bytes: 1 << 20, max_ratio: u64::MAX, ..few() };
        assert!(unpacked(&bytes, &limits).error().contains("more than 1048576 bytes"), "{format}");
        let limits = ArchiveLimits { max_archive_bytes: 100, ..few() };
        assert!(unpacked(&bytes, &limits).error().contains("that are taken"), "{format}");
    }
    let names: Vec<String> = (0..21).map(|number| format!("f{number}")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    for (format, bytes) in archives(&many) {
        assert!(unpacked(&bytes, &few()).error().contains("more than 20 entries"), "{format}");
    }
    let deep = "d/".repeat(40) + "f";
    for (format, bytes) in archives(&[(&deep, b"")]) {
        let limits = ArchiveLimits { max_depth: 30, ..few() };
        assert!(unpacked(&bytes, &limits).error().contains("more than 30 folders"), "{format}");
    }
}

#[test]
fn a_long_name_is_read_and_an_endless_one_is_not() {
    let long = format!("{}/file.py", "x".repeat(150));
    let mut builder = ::tar::Builder::new(Vec::new());
    let mut plain = header("short", ::tar::EntryType::Regular, 1);
    builder.append_data(&mut plain, &long, &b"1"[..]).unwrap();
    let outcome = unpacked(&builder.into_inner().unwrap(), &few());
    assert_eq!(outcome.result.as_ref().unwrap().files, 1);
    assert!(outcome.root.join(&long).is_file());

    let mut posix = ::tar::Builder::new(Vec::new());
    posix.append_pax_extensions([("path", b"renamed/../../out".as_slice())]).unwrap();
    posix.append(&header("innocent", ::tar::EntryType::Regular, 1), &b"1"[..]).unwrap();
    let outcome = unpacked(&posix.into_inner().unwrap(), &few());
    assert!(matches!(outcome.result, Err(ArchiveError::Name(..))), "{:?}", outcome.result);

    let mut endless = header("././@LongLink", ::tar::EntryType::GNULongName, 30 << 20).as_bytes().to_vec();
    endless.resize(endless.len() + (30 << 20), b'x');
    assert!(unpacked(&gz(&endless), &few()).error().contains("one of its names has"));
    assert!(unpacked(&zip(&[(&"n".repeat(2000), b"")]), &few()).error().contains("longer name"));
}

#[test]
fn cut_off_archives_are_told_from_whole_ones() {
    let noise: Vec<u8> =
        (0..200_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    for (format, bytes) in archives(&[("a", &noise), ("b", b"end")]) {
        for keep in [600, bytes.len() / 2, bytes.len() - 1100] {
            let outcome = unpacked(&bytes[..keep], &few());
            assert!(
                matches!(outcome.result, Err(ArchiveError::Damaged(_))),
                "{format} {keep}: {:?}",
                outcome.result
            );
        }
    }
    let mut flipped = zip(&[("a", &noise)]);
    flipped[5000] ^= 0xff;
    assert!(matches!(unpacked(&flipped, &few()).result, Err(ArchiveError::Damaged(_))));
}

#[test]
fn what_is_no_archive_is_named() {
    for (bytes, said) in [
        (b"".to_vec(), "an empty file"),
        (b"hello".to_vec(), "no archive"),
        (vec![0; 4096], "no archive"),
        (b"\xfd7zXZ\0".to_vec(), "xz"),
        (gz(b"hello"), "cut off or damaged"),
        (zip(&[]), "no file"),
        (tar(&[("folder/", b"")]), "no file"),
    ] {
        let outcome = unpacked(&bytes, &few());
        assert!(outcome.error().contains(said), "{said}: {}", outcome.error());
    }
}

#[test]
fn a_file_cannot_stand_where_a_folder_is() {
    let outcome = unpacked(&tar(&[("a", b"1"), ("a/b", b"2")]), &few());
    assert!(outcome.error().contains("both a file and a folder"), "{}", outcome.error());
    let twice = unpacked(&tar(&[("a", b"first"), ("a", b"second")]), &few());
    assert_eq!(fs::read(twice.root.join("a")).unwrap(), b"second");
}

#[test]
fn unpacking_ends_when_it_is_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("archive");
    for (_, bytes) in archives(&[("a", b"1")]) {
        fs::write(&archive, bytes).unwrap();
        let result = check(&archive, &few(), &AtomicBool::new(true));
        assert!(matches!(result, Err(ArchiveError::Cancelled)), "{result:?}");
    }
}

#[test]
fn files_get_plain_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let outcome = unpacked(&tar(&[("a", b"1")]), &few());
    let mode = fs::metadata(outcome.root.join("a")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7111, 0, "{mode:o}");
}
