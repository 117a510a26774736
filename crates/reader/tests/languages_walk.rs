//! Walking a folder with everything in it that may stand in the way.

use std::{
    fs,
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use reader::{
    FileSink, SinkError, SkipReason,
    facts::FileFacts,
    scan::{ScanError, ScanOptions, ScanSummary, scan},
};

type Kept = Vec<(FileFacts, Option<String>)>;

fn read(root: &Path, options: &ScanOptions) -> (Kept, ScanSummary) {
    let mut kept = Kept::default();
    let summary =
        scan(root, options, &mut kept, &|_| {}, &AtomicBool::new(false)).expect("the folder is read");
    (kept, summary)
}

fn paths(kept: &Kept) -> Vec<&str> {
    kept.iter().map(|(facts, _)| facts.file.path.as_str()).collect()
}

fn skipped(kept: &Kept, path: &str) -> Option<SkipReason> {
    let found = kept.iter().find(|(facts, _)| facts.file.path == path);
    found.unwrap_or_else(|| panic!("{path} is listed: {:?}", paths(kept))).0.file.skipped
}

fn write(root: &Path, path: &str, content: impl AsRef<[u8]>) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, content).expect("a file");
}

#[test]
fn gitignore_is_honoured_without_a_git_folder_and_hidden_files_are_left_out() {
    let root = tempfile::tempdir().expect("a folder");
    write(root.path(), ".gitignore", "*.log\n/out/\n");
    write(root.path(), "a.log", "x");
    write(root.path(), "out/b.py", "x");
    write(root.path(), "src/out/c.py", "x");
    write(root.path(), "src/.gitignore", "secret.py\n");
    write(root.path(), "src/secret.py", "x");
    write(root.path(), ".git/config", "x");
    write(root.path(), ".hidden/x.py", "x");
    write(root.path(), ".github/workflows/ci.yml", "x");
    let (kept, summary) = read(root.path(), &ScanOptions::default());
    assert_eq!(paths(&kept), [".github/workflows/ci.yml", "src/out/c.py"]);
    assert_eq!(summary.read, 2);
}

#[test]
fn links_pipes_and_unreadable_files_are_named_and_never_opened() {
    let root = tempfile::tempdir().expect("a folder");
    let outside = tempfile::tempdir().expect("a folder");
    write(outside.path(), "secret.py", "SECRET = 1");
    write(root.path(), "a.py", "def a(): pass");
    symlink(outside.path(), root.path().join("out")).expect("a link");
    symlink(outside.path().join("secret.py"), root.path().join("s.py")).expect("a link");
    symlink(".", root.path().join("loop")).expect("a link");
    symlink("nowhere", root.path().join("broken")).expect("a link");
    nix::unistd::mkfifo(&root.path().join("pipe.py"), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    let _socket = std::os::unix::net::UnixListener::bind(root.path().join("socket")).expect("a socket");
    let (kept, summary) = read(root.path(), &ScanOptions::default());
    for link in ["out", "s.py", "loop", "broken"] {
        assert_eq!(skipped(&kept, link), Some(SkipReason::Symlink), "{link}");
    }
    assert_eq!(skipped(&kept, "pipe.py"), Some(SkipReason::Special));
    assert_eq!(skipped(&kept, "socket"), Some(SkipReason::Special));
    assert_eq!(summary.read, 1);
    assert_eq!(summary.skipped[&SkipReason::Symlink], 4);
}

#[test]
fn a_file_that_the_system_refuses_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().expect("a folder");
    write(root.path(), "a.py", "x");
    fs::set_permissions(root.path().join("a.py"), fs::Permissions::from_mode(0o000)).expect("permissions");
    if fs::read(root.path().join("a.py")).is_ok() {
        return; // root may read everything
    }
    let (kept, _) = read(root.path(), &ScanOptions::default());
    assert_eq!(skipped(&kept, "a.py"), Some(SkipReason::Unreadable));
}

#[test]
fn odd_names_are_read_and_shown() {
    let root = tempfile::tempdir().expect("a folder");
    let names: [&[u8]; 6] =
        [b"a b.py", b"quote\"'.py", b"new\nline.py", b"bad\xff.py", b"bad\xfe.py", b"z/\xc3\xa9.py"];
    fs::create_dir(root.path().join("z")).expect("a folder");
    for name in names {
        fs::write(root.path().join(std::ffi::OsStr::from_bytes(name)), "def f(): pass\n").expect("a file");
    }
    let (kept, summary) = read(root.path(), &ScanOptions::default());
    let shown =
        ["a b.py", "bad\u{fffd}.py", "bad\u{fffd}.py~2", "new\nline.py", "quote\"'.py", "z/\u{e9}.py"];
    assert_eq!(paths(&kept), shown);
    assert_eq!(summary.read, 6);
    assert_eq!(summary.languages[&reader::Language::Python].files, 5);
}

#[test]
fn what_is_not_worth_reading_is_skipped_with_its_reason() {
    let root = tempfile::tempdir().expect("a folder");
    write(root.path(), "image.png", b"\x89PNG\0");
    write(root.path(), "data", b"a\0b");
    write(root.path(), "node_modules/x/index.js", "module.exports = 1");
    write(root.path(), "go.mod", "module x\n");
    write(root.path(), "vendor/y/y.go", "package y\n");
    write(root.path(), "src/vendor/shop.py", "class Vendor: pass\n");
    write(root.path(), "package-lock.json", "{}");
    write(root.path(), "api.go", "// Code generated by protoc-gen-go. DO NOT EDIT.\npackage api\n");
    write(root.path(), "app.js", format!("var a={};", "1+".repeat(20_000)));
    write(root.path(), "big.txt", "x".repeat(3000));
    let options = ScanOptions { max_file_bytes: 50_000, ..ScanOptions::default() };
    let (kept, summary) = read(root.path(), &options);
    assert_eq!(skipped(&kept, "image.png"), Some(SkipReason::Binary));
    assert_eq!(skipped(&kept, "data"), Some(SkipReason::Binary));
    assert_eq!(skipped(&kept, "node_modules/"), Some(SkipReason::Vendored));
    assert_eq!(skipped(&kept, "vendor/"), Some(SkipReason::Vendored));
    assert_eq!(skipped(&kept, "src/vendor/shop.py"), None);
    assert_eq!(skipped(&kept, "package-lock.json"), Some(SkipReason::Generated));
    assert_eq!(skipped(&kept, "api.go"), Some(SkipReason::Generated));
    assert_eq!(skipped(&kept, "app.js"), Some(SkipReason::Minified));
    let small = ScanOptions { max_file_bytes: 2000, ..ScanOptions::default() };
    assert_eq!(skipped(&read(root.path(), &small).0, "big.txt"), Some(SkipReason::TooLarge));
    assert_eq!(summary.skipped[&SkipReason::Vendored], 2);
}

#[test]
fn a_sparse_file_of_two_gigabytes_costs_nothing() {
    let root = tempfile::tempdir().expect("a folder");
    let file = fs::File::create(root.path().join("huge.sql")).expect("a file");
    file.set_len(2 << 30).expect("a hole");
    let (kept, _) = read(root.path(), &ScanOptions::default());
    assert_eq!(skipped(&kept, "huge.sql"), Some(SkipReason::TooLarge));
}

#[test]
fn files_over_the_limit_are_counted() {
    let root = tempfile::tempdir().expect("a folder");
    for number in 0..10 {
        write(root.path(), &format!("{number}.txt"), "x");
    }
    let options = ScanOptions { max_files: 4, ..ScanOptions::default() };
    let (kept, summary) = read(root.path(), &options);
    assert_eq!(paths(&kept), ["0.txt", "1.txt", "2.txt", "3.txt"]);
    assert_eq!(summary.skipped[&SkipReason::TooMany], 6);
}

#[test]
fn a_line_of_a_megabyte_is_read() {
    let root = tempfile::tempdir().expect("a folder");
    write(root.path(), "a.txt", "x".repeat(1 << 20));
    write(
        root.path(),
        "b.py",
        format!("x = '{}'\n{}def f(): pass\n", "y".repeat(1 << 20), "# c\n".repeat(400)),
    );
    let (kept, _) = read(root.path(), &ScanOptions::default());
    assert_eq!(skipped(&kept, "a.txt"), None);
    assert!(kept[1].0.symbols.iter().any(|symbol| symbol.name == "f"));
}

#[test]
fn order_and_content_do_not_depend_on_threads_or_place() {
    let texts: Vec<String> = (0..60).map(|n| format!("def f{n}():\n    return g{n}()\n")).collect();
    let build = || {
        let root = tempfile::tempdir().expect("a folder");
        for (n, text) in texts.iter().enumerate() {
            write(root.path(), &format!("d{}/f{n}.py", n % 7), text);
        }
        write(root.path(), "a.b", "x");
        write(root.path(), "a/c", "x");
        root
    };
    let (one, two) = (build(), build());
    let single = read(one.path(), &ScanOptions { threads: Some(1), ..ScanOptions::default() });
    let many = read(two.path(), &ScanOptions { threads: Some(8), ..ScanOptions::default() });
    assert_eq!(single.0, many.0);
    assert_eq!(single.1, many.1);
    let mut sorted = paths(&single.0);
    sorted.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    assert_eq!(paths(&single.0), sorted);
}

#[test]
fn what_is_no_folder_is_said() {
    let root = tempfile::tempdir().expect("a folder");
    write(root.path(), "a.txt", "x");
    let never = AtomicBool::new(false);
    let attempt = |path: &Path| {
        scan(path, &ScanOptions::default(), &mut Kept::default(), &|_| {}, &never).expect_err("no folder")
    };
    assert!(matches!(attempt(&root.path().join("a.txt")), ScanError::NotADirectory(_)));
    assert!(matches!(attempt(&root.path().join("missing")), ScanError::NotFound(_)));
    let empty = tempfile::tempdir().expect("a folder");
    assert_eq!(read(empty.path(), &ScanOptions::default()).1, ScanSummary::default());
}

#[test]
fn a_scan_stops_when_asked_and_reports_on_its_way() {
    let root = tempfile::tempdir().expect("a folder");
    for number in 0..50 {
        write(root.path(), &format!("{number}.py"), "x = 1\n");
    }
    let cancelled = AtomicBool::new(false);
    let seen = Mutex::new(Vec::new());
    let progress = |at: reader::scan::ScanProgress| {
        seen.lock().expect("no panic").push(at);
        if at.done == 10 {
            cancelled.store(true, Ordering::Relaxed);
        }
    };
    let mut kept = Kept::default();
    let error =
        scan(root.path(), &ScanOptions::default(), &mut kept, &progress, &cancelled).expect_err("cancelled");
    assert!(matches!(error, ScanError::Cancelled));
    assert_eq!(kept.len(), 10);
    assert_eq!(seen.lock().expect("no panic").last().map(|at| at.total), Some(50));
}

#[test]
fn a_sink_that_refuses_ends_the_scan() {
    struct Full;
    impl FileSink for Full {
        fn accept(&mut self, _: FileFacts, _: Option<String>) -> Result<(), SinkError> {
            Err(SinkError::new("the disk is full"))
        }
    }
    let root = tempfile::tempdir().expect("a folder");
    write(root.path(), "a.py", "x = 1\n");
    let error = scan(root.path(), &ScanOptions::default(), &mut Full, &|_| {}, &AtomicBool::new(false));
    let message = error.expect_err("refused").to_string();
    assert_eq!(message, "the facts of a.py could not be kept (the disk is full)");
}
