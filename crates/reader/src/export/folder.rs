//! A folder of Markdown.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::ExportError;
use super::links::{COPIES, Links, Sources, file_of, relative, rewrite};
use crate::domain::Page;
use crate::knowledge::KnowledgeBase;
use crate::secrets::mask;

/// Lists the files that an export wrote, so that the next one may replace them, and only them.
const MARKER: &str = ".code-reader-export";
/// File systems take names of 255 bytes.
const MAX_NAME_BYTES: usize = 200;

/// How a folder is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct FolderOptions<'a> {
    /// Where the repository lies on this machine: citations become links to its files.
    pub repository: Option<&'a Path>,
    /// What was read. Without a repository, the files that are cited are copied from here into `source/`, with
    /// secrets masked, and citations become links to the copies.
    pub sources: Option<&'a KnowledgeBase>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The page to open first.
    pub index: PathBuf,
    /// How many files.
    pub files: usize,
}

/// Tells before the work what [`markdown_folder`] would tell after it, as far as that is known without the pages: a
/// foreign file stands where the first page goes.
pub fn check_folder(folder: &Path) -> Result<(), ExportError> {
    let name = file_of("", true);
    let path = folder.join(&name);
    if !owned(folder).contains(&name) && fs::symlink_metadata(&path).is_ok() {
        return Err(ExportError::Foreign { path });
    }
    Ok(())
}

/// Writes `index.md` and a file per page into `folder`, which is made if need be.
///
/// Files of an earlier export are replaced, and removed where no page stands for them any more. Any other
/// file is left alone: when one stands where a page would go, nothing is written.
/// Each file appears whole or not at all, and where the disk has no room for all of them, none does.
pub fn markdown_folder(
    pages: &[Page],
    folder: &Path,
    options: &FolderOptions<'_>,
) -> Result<Written, ExportError> {
    let written = |path: &Path| {
        let path = path.to_owned();
        move |source: io::Error| ExportError::Write { path, source }
    };
    if folder.exists() && !folder.is_dir() {
        return Err(ExportError::NotAFolder { path: folder.to_owned() });
    }
    fs::create_dir_all(folder).map_err(written(folder))?;
    let folder = &fs::canonicalize(folder).map_err(written(folder))?;
    let repository = options
        .repository
        .and_then(|repository| fs::canonicalize(repository).ok())
        .and_then(|repository| relative(folder, &repository));
    let kb = options.sources.filter(|_| repository.is_none());
    let copies = kb.map_or_else(|| Ok(BTreeSet::new()), |kb| copied(pages, kb))?;
    let sources = repository.as_deref().map_or(Sources::Copies(&copies), Sources::Repository);
    let index = pages.first().map_or("overview", |page| page.slug.as_str());
    let mut files: Vec<(String, String)> = Vec::new();
    for page in pages {
        let name = file_of(&page.slug, page.slug == index);
        let links = Links { up: "../".repeat(name.matches('/').count()), sources };
        let mut text = rewrite(page, index, &links);
        if page.slug == index {
            text.push_str(&contents(pages, index));
        }
        files.push((name, text));
    }
    let kept: BTreeSet<String> =
        files.iter().map(|(name, _)| name.clone()).chain(copies.iter().map(|path| copy_of(path))).collect();
    let ours = owned(folder);
    for name in &kept {
        let path = folder.join(name);
        if !ours.contains(name) && fs::symlink_metadata(&path).is_ok() {
            return Err(ExportError::Foreign { path });
        }
    }
    // The list is written first: an export that is cut off can be taken up by the next.
    let names: BTreeSet<String> = kept.union(&ours).cloned().collect();
    let mut ready = Unfinished::default();
    for (name, text) in &files {
        ready.write(folder, name, text.as_bytes())?;
    }
    for path in &copies {
        // One text at a time: all of them may be more than the memory holds.
        let text = kb.map_or(Ok(None), |kb| kb.source(path))?.unwrap_or_default();
        ready.write(folder, &copy_of(path), mask(&text).as_bytes())?;
    }
    write_marker(folder, &names)?;
    ready.move_into_place()?;
    for name in ours.difference(&kept).filter(|name| name.ends_with(".md") || name.starts_with(COPIES)) {
        // A page or source of an earlier export that no longer exists or is cited; nobody misses it if it is gone already.
        let _ = fs::remove_file(folder.join(name));
    }
    write_marker(folder, &kept)?;
    Ok(Written { index: folder.join("index.md"), files: kept.len() })
}

/// The files that these pages cite and that can be given along.
fn copied(pages: &[Page], kb: &KnowledgeBase) -> Result<BTreeSet<String>, ExportError> {
    let cited: BTreeSet<&str> =
        pages.iter().flat_map(|page| &page.citations).map(|cited| cited.path.as_str()).collect();
    let mut copies = BTreeSet::new();
    for path in cited.into_iter().filter(|path| is_inside(path)) {
        // While it is written, a file has a longer name than afterwards.
        let fits = path.split('/').all(|part| part.len() <= MAX_NAME_BYTES);
        if fits && kb.file(path)?.is_some_and(|file| file.skipped.is_none()) {
            copies.insert(path.to_owned());
        }
    }
    Ok(copies)
}

fn copy_of(path: &str) -> String {
    format!("{COPIES}{path}")
}

/// Links to all pages, below the text of the first.
fn contents(pages: &[Page], index: &str) -> String {
    let mut out = String::from("\n---\n\n");
    for page in pages.iter().filter(|page| page.slug != index) {
        let indent = if page.parent.as_deref().is_some_and(|parent| parent != index) { "  " } else { "" };
        let title = crate::document::markdown::prose(&page.title);
        out.push_str(&format!("{indent}- [{title}]({})\n", file_of(&page.slug, false)));
    }
    out
}

/// The files that earlier exports wrote here, as far as the names stay in the folder.
fn owned(folder: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(folder.join(MARKER)).unwrap_or_default();
    text.lines().filter(|name| is_inside(name)).map(str::to_owned).collect()
}

fn is_inside(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('/')
        && !name.contains(['\\', '\0', '\n'])
        && name.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

fn write_marker(folder: &Path, names: &BTreeSet<String>) -> Result<(), ExportError> {
    let mut text = names.iter().cloned().collect::<Vec<_>>().join("\n");
    text.push('\n');
    let path = folder.join(MARKER);
    write_whole(&path, text.as_bytes()).map_err(|source| ExportError::Write { path, source })
}

/// Files that are written beside their targets; what is not moved into place goes with this value.
#[derive(Default)]
struct Unfinished {
    /// Where each lies now, and its target.
    files: Vec<(PathBuf, PathBuf)>,
    /// The folders that were made for them, the outermost first.
    folders: Vec<PathBuf>,
}

impl Unfinished {
    fn write(&mut self, folder: &Path, name: &str, bytes: &[u8]) -> Result<(), ExportError> {
        let path = folder.join(name);
        let missing: Vec<&Path> = path.ancestors().skip(1).take_while(|above| !above.exists()).collect();
        for above in missing.into_iter().rev() {
            fs::create_dir(above).map_err(|source| ExportError::Write { path: above.to_owned(), source })?;
            self.folders.push(above.to_owned());
        }
        let unfinished = beside(&path);
        self.files.push((unfinished.clone(), path.clone()));
        fs::write(unfinished, bytes).map_err(|source| ExportError::Write { path, source })
    }

    fn move_into_place(mut self) -> Result<(), ExportError> {
        while let Some((unfinished, path)) = self.files.pop() {
            if let Err(source) = fs::rename(&unfinished, &path) {
                self.files.push((unfinished, path.clone()));
                return Err(ExportError::Write { path, source });
            }
        }
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        for (unfinished, _) in &self.files {
            let _ = fs::remove_file(unfinished);
        }
        // Those that hold files by now stay.
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().map(std::ffi::OsStr::to_os_string).unwrap_or_default();
    name.push(format!(".{}.unfinished", std::process::id()));
    path.with_file_name(name)
}

/// Writes beside the target, then renames.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = beside(path);
    let result = fs::File::create(&unfinished)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&unfinished, path));
    if result.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Origin;

    fn page(slug: &str, markdown: &str) -> Page {
        Page {
            slug: slug.into(),
            title: slug.into(),
            parent: None,
            order: 0,
            origin: Origin::Static,
            markdown: markdown.into(),
            citations: Vec::new(),
            diagrams: Vec::new(),
            links: Vec::new(),
        }
    }

    #[test]
    fn pages_become_files_whose_links_work() {
        let dir = tempfile::tempdir().unwrap();
        let repository = dir.path().join("repo");
        fs::create_dir(&repository).unwrap();
        let out = dir.path().join("out");
        let pages = [
            page("overview", "[x](source:a.py#L1) [m](page:modules/m)\n"),
            page("modules/m", "[x](source:a.py#L1)\n"),
        ];
        let options = FolderOptions { repository: Some(&repository), sources: None };
        let written = markdown_folder(&pages, &out, &options).unwrap();
        assert_eq!(written.files, 2);
        let index = fs::read_to_string(out.join("index.md")).unwrap();
        assert!(index.starts_with("[x](../repo/a.py#L1) [m](modules/m.md)\n"), "{index}");
        assert_eq!(fs::read_to_string(out.join("modules/m.md")).unwrap(), "[x](../../repo/a.py#L1)\n");
    }

    #[test]
    fn only_own_files_are_replaced_or_removed() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path();
        fs::write(out.join("notes.md"), "mine").unwrap();
        let options = FolderOptions::default();
        markdown_folder(&[page("overview", "a\n"), page("old", "b\n")], out, &options).unwrap();
        markdown_folder(&[page("overview", "c\n")], out, &options).unwrap();
        assert!(!out.join("old.md").exists());
        assert_eq!(fs::read_to_string(out.join("notes.md")).unwrap(), "mine");
        let refused = markdown_folder(&[page("overview", "d\n"), page("notes", "e\n")], out, &options);
        assert!(matches!(refused, Err(ExportError::Foreign { .. })));
        assert_eq!(fs::read_to_string(out.join("notes.md")).unwrap(), "mine");
        assert!(fs::read_to_string(out.join("index.md")).unwrap().starts_with("c\n"));
    }

    #[test]
    fn a_foreign_index_is_told_before_there_are_pages() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        assert!(check_folder(&out).is_ok());
        markdown_folder(&[page("overview", "a\n")], &out, &FolderOptions::default()).unwrap();
        assert!(check_folder(&out).is_ok());
        fs::write(dir.path().join("index.md"), "mine").unwrap();
        assert!(matches!(check_folder(dir.path()), Err(ExportError::Foreign { .. })));
    }

    #[test]
    fn a_marker_that_names_files_elsewhere_is_not_believed() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        fs::create_dir(&out).unwrap();
        fs::write(dir.path().join("precious.md"), "mine").unwrap();
        fs::write(out.join(MARKER), "../precious.md\n/etc/x.md\n").unwrap();
        markdown_folder(&[page("overview", "a\n")], &out, &FolderOptions::default()).unwrap();
        assert!(dir.path().join("precious.md").exists());
    }
}
