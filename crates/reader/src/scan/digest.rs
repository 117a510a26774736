//! One hash over all that a scan would read.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};

use super::{
    options::{ScanError, ScanOptions},
    read,
    walk::{self, Listed},
};

/// The hash of all that [`scan`](super::scan) would read of `root` with these options, wherever the folder lies: as
/// long as it stays the same, so do the facts. It reads every file and parses none.
pub fn digest(root: &Path, options: &ScanOptions, cancelled: &AtomicBool) -> Result<String, ScanError> {
    let listing = walk::list(root, options)?;
    let files = &listing.files;
    let next = AtomicUsize::new(0);
    let workers = super::pool::threads(options, files.len());
    let mut hashes = thread::scope(|scope| {
        let workers: Vec<_> =
            (0..workers).map(|_| scope.spawn(|| hashes_of(root, options, files, &next, cancelled))).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect::<Vec<_>>()
    });
    if cancelled.load(Ordering::Relaxed) || hashes.len() != files.len() {
        return Err(ScanError::Cancelled);
    }
    hashes.sort_unstable_by_key(|(at, _)| *at);
    let mut all = blake3::Hasher::new();
    all.update(&listing.too_many.to_le_bytes());
    for (file, (_, hash)) in files.iter().zip(hashes) {
        all.update(&(file.path.len() as u64).to_le_bytes());
        all.update(file.path.as_bytes());
        all.update(hash.as_bytes());
    }
    Ok(all.finalize().to_hex().to_string())
}

fn hashes_of(
    root: &Path,
    options: &ScanOptions,
    files: &[Listed],
    next: &AtomicUsize,
    cancelled: &AtomicBool,
) -> Vec<(usize, blake3::Hash)> {
    let mut hashes = Vec::new();
    while !cancelled.load(Ordering::Relaxed) {
        let at = next.fetch_add(1, Ordering::Relaxed);
        let Some(file) = files.get(at) else { break };
        hashes.push((at, hash_of(root, options, file)));
    }
    hashes
}

/// The content of a file that is read; of the others the reason why not, and the size, which is shown.
fn hash_of(root: &Path, options: &ScanOptions, file: &Listed) -> blake3::Hash {
    let unread = |reason: String| blake3::hash(format!("{reason} {}", file.bytes).as_bytes());
    match file.skipped {
        Some(reason) => unread(format!("{reason:?}")),
        None => match read::bytes_of(&root.join(&file.relative), options.max_file_bytes) {
            Ok(Some(bytes)) => blake3::hash(&bytes),
            Ok(None) => unread("Special".to_owned()),
            Err(error) => unread(error.kind().to_string()),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn of(root: &Path) -> String {
        digest(root, &ScanOptions::default(), &AtomicBool::new(false)).unwrap()
    }

    #[test]
    fn the_digest_tells_of_every_change_and_of_no_move() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for root in [one.path(), two.path()] {
            fs::create_dir_all(root.join("src")).unwrap();
            fs::write(root.join("src/a.py"), "x = 1\n").unwrap();
            fs::write(root.join("b.bin"), [0, 1]).unwrap();
            fs::write(root.join(".gitignore"), "ignored\n").unwrap();
        }
        let first = of(one.path());
        assert_eq!(first, of(two.path()));
        fs::write(one.path().join("ignored"), "not read").unwrap();
        assert_eq!(first, of(one.path()));
        fs::write(one.path().join("src/a.py"), "x = 2\n").unwrap();
        let changed = of(one.path());
        assert_ne!(first, changed);
        fs::rename(one.path().join("src/a.py"), one.path().join("src/c.py")).unwrap();
        assert_ne!(changed, of(one.path()));
    }

    #[test]
    fn a_cancelled_digest_is_none() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a.py"), "x = 1\n").unwrap();
        let result = digest(root.path(), &ScanOptions::default(), &AtomicBool::new(true));
        assert!(matches!(result, Err(ScanError::Cancelled)));
    }
}
