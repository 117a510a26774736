//! Lists the files of a folder, in the order of their paths' bytes.

use std::{
    collections::HashSet,
    ffi::OsStr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use ignore::{DirEntry, WalkBuilder};

use super::{
    options::{ScanError, ScanOptions},
    skip,
};
use crate::domain::SkipReason;

/// Folders inside folders that are followed.
const MAX_DEPTH: usize = 255;

/// A file, or a folder that is not entered.
#[derive(Debug)]
pub(crate) struct Listed {
    /// Relative to the root, as the system names it.
    pub(crate) relative: PathBuf,
    /// As shown: `/` between folders, and at the end of a folder; unique.
    pub(crate) path: String,
    /// Size on disk; 0 for a folder.
    pub(crate) bytes: u64,
    /// Why it will not be read.
    pub(crate) skipped: Option<SkipReason>,
}

/// What a folder holds.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) files: Vec<Listed>,
    /// Files over the limit, not in `files`.
    pub(crate) too_many: u64,
}

/// Lists `root`; never enters a link, never opens a file.
pub(super) fn list(root: &Path, options: &ScanOptions) -> Result<Listing, ScanError> {
    check_root(root)?;
    let folders: Arc<Mutex<Vec<(PathBuf, SkipReason)>>> = Arc::default();
    let mut builder = WalkBuilder::new(root);
    builder
        .standard_filters(false)
        .git_ignore(true)
        .require_git(false)
        .parents(false)
        .follow_links(false)
        .max_depth(Some(MAX_DEPTH))
        .sort_by_file_name(OsStr::cmp);
    let skipped_folders = folders.clone();
    builder.filter_entry(move |entry| match enter(entry) {
        Enter::Yes => true,
        Enter::Hidden => false,
        Enter::Skip(reason) => {
            let mut folders = skipped_folders.lock().unwrap_or_else(PoisonError::into_inner);
            folders.push((entry.path().to_owned(), reason));
            false
        }
    });
    let mut listing = Listing::default();
    let mut found: Vec<(PathBuf, bool, u64, Option<SkipReason>)> = Vec::new();
    for entry in builder.build() {
        let (path, bytes, skipped) = match entry {
            Ok(entry) => match classify(&entry, options) {
                Some((bytes, skipped)) => (entry.into_path(), bytes, skipped),
                None => continue,
            },
            Err(error) => match path_of(&error) {
                Some(path) => (path.to_owned(), 0, Some(SkipReason::Unreadable)),
                None => continue,
            },
        };
        if found.len() >= options.max_files {
            listing.too_many += 1;
        } else if let Ok(relative) = path.strip_prefix(root) {
            found.push((relative.to_owned(), false, bytes, skipped));
        }
    }
    let folders = std::mem::take(&mut *folders.lock().unwrap_or_else(PoisonError::into_inner));
    for (path, reason) in folders.into_iter().take(options.max_files) {
        if let Ok(relative) = path.strip_prefix(root) {
            found.push((relative.to_owned(), true, 0, Some(reason)));
        }
    }
    listing.files = in_order(found);
    Ok(listing)
}

fn check_root(root: &Path) -> Result<(), ScanError> {
    match std::fs::metadata(root) {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => return Err(ScanError::NotADirectory(root.to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(ScanError::NotFound(root.to_owned()));
        }
        Err(source) => return Err(ScanError::Unreadable { path: root.to_owned(), source }),
    }
    match std::fs::read_dir(root) {
        Ok(_) => Ok(()),
        Err(source) => Err(ScanError::Unreadable { path: root.to_owned(), source }),
    }
}

enum Enter {
    Yes,
    Hidden,
    Skip(SkipReason),
}

fn enter(entry: &DirEntry) -> Enter {
    if entry.depth() == 0 {
        return Enter::Yes;
    }
    let name = entry.file_name().to_string_lossy();
    let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
    if is_folder && let Some(reason) = skip::folder(&name) {
        return Enter::Skip(reason);
    }
    if name.starts_with('.') && !skip::is_useful_hidden(&name) {
        return Enter::Hidden;
    }
    if is_folder && name == "vendor" && is_filled_by_packages(entry) {
        return Enter::Skip(SkipReason::Vendored);
    }
    if is_folder && entry.path().join("CACHEDIR.TAG").is_file() {
        return Enter::Skip(SkipReason::Generated);
    }
    if is_folder && entry.path().join("pyvenv.cfg").is_file() {
        return Enter::Skip(SkipReason::Vendored);
    }
    Enter::Yes
}

/// A folder `vendor` may also be part of the program: only a package manager's is skipped.
fn is_filled_by_packages(entry: &DirEntry) -> bool {
    let filled = ["modules.txt", "autoload.php", "bundle", "cache"];
    let beside = entry.path().parent();
    filled.iter().any(|name| entry.path().join(name).exists())
        || skip::VENDOR_MANIFESTS.iter().any(|name| beside.is_some_and(|beside| beside.join(name).is_file()))
}

/// Size and reason to skip; `None` for a folder.
fn classify(entry: &DirEntry, options: &ScanOptions) -> Option<(u64, Option<SkipReason>)> {
    let Some(kind) = entry.file_type() else { return Some((0, Some(SkipReason::Special))) };
    if kind.is_dir() {
        return None;
    }
    if kind.is_symlink() {
        return Some((0, Some(SkipReason::Symlink)));
    }
    if !kind.is_file() {
        return Some((0, Some(SkipReason::Special)));
    }
    let Ok(metadata) = entry.metadata() else { return Some((0, Some(SkipReason::Unreadable))) };
    let name = entry.file_name().to_string_lossy().to_ascii_lowercase();
    let skipped = if skip::is_binary_name(&name) {
        Some(SkipReason::Binary)
    } else if skip::is_generated_name(&name) {
        Some(SkipReason::Generated)
    } else if metadata.len() > options.max_file_bytes {
        Some(SkipReason::TooLarge)
    } else {
        None
    };
    Some((metadata.len(), skipped))
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
    }
}

fn in_order(mut found: Vec<(PathBuf, bool, u64, Option<SkipReason>)>) -> Vec<Listed> {
    found.sort_by(|a, b| a.0.as_os_str().as_encoded_bytes().cmp(b.0.as_os_str().as_encoded_bytes()));
    found.dedup_by(|a, b| a.0 == b.0);
    let mut lossy: HashSet<String> = HashSet::new();
    found
        .into_iter()
        .map(|(relative, is_folder, bytes, skipped)| {
            let mut path = shown(&relative);
            if relative.to_str().is_none() {
                let plain = path.clone();
                let mut copy = 1;
                while !lossy.insert(path.clone()) {
                    copy += 1;
                    path = format!("{plain}~{copy}");
                }
            }
            if is_folder {
                path.push('/');
            }
            Listed { relative, path, bytes, skipped }
        })
        .collect()
}

fn shown(relative: &Path) -> String {
    let path = relative.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' {
        path.into_owned()
    } else {
        path.replace(std::path::MAIN_SEPARATOR, "/")
    }
}
