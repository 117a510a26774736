//! A folder of Markdown.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::ExportError;
use super::links::{Links, file_of, relative, rewrite};
use crate::domain::Page;

/// Lists the files that an export wrote, so that the next one may replace them, and only them.
const MARKER: &str = ".code-reader-export";

/// How a folder is written.
#[derive(Debug, Clone, Default)]
pub struct FolderOptions {
    /// Where the repository lies on this machine: citations become links to its files.
    pub repository: Option<PathBuf>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The page to open first.
    pub index: PathBuf,
    /// How many files.
    pub files: usize,
}

/// Writes `index.md` and a file per page into `folder`, which is made if need be.
///
/// Files of an earlier export are replaced, and removed where no page stands for them any more. Any other
/// file is left alone: when one stands where a page would go, nothing is written.
/// Each file appears whole or not at all, and where the disk has no room for all of them, none does.
pub fn markdown_folder(
    pages: &[Page],
    folder: &Path,
    options: &FolderOptions,
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
        .as_deref()
        .and_then(|repository| fs::canonicalize(repository).ok())
        .and_then(|repository| relative(folder, &repository));
    let index = pages.first().map_or("overview", |page| page.slug.as_str());
    let mut files: Vec<(String, String)> = Vec::new();
    for page in pages {
        let name = file_of(&page.slug, page.slug == index);
        let links = Links { up: "../".repeat(name.matches('/').count()), repository: repository.as_deref() };
        let mut text = rewrite(page, index, &links);
        if page.slug == index {
            text.push_str(&contents(pages, index));
        }
        files.push((name, text));
    }
    let ours = owned(folder);
    for (name, _) in &files {
        let path = folder.join(name);
        if !ours.contains(name) && fs::symlink_metadata(&path).is_ok() {
            return Err(ExportError::Foreign { path });
        }
    }
    // The list is written first: an export that is cut off can be taken up by the next.
    let names: BTreeSet<String> =
        files.iter().map(|(name, _)| name.clone()).chain(ours.iter().cloned()).collect();
    let mut ready = Unfinished::default();
    for (name, text) in &files {
        ready.write(folder, name, text.as_bytes())?;
    }
    write_marker(folder, &names)?;
    ready.move_into_place()?;
    let kept: BTreeSet<String> = files.iter().map(|(name, _)| name.clone()).collect();
    for name in ours.difference(&kept).filter(|name| name.ends_with(".md")) {
        // A page of an earlier export that no longer exists; nobody misses it if it is gone already.
        let _ = fs::remove_file(folder.join(name));
    }
    write_marker(folder, &kept)?;
    Ok(Written { index: folder.join("index.md"), files: files.len() })
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
        && !name.contains(['\\', '\0'])
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
        let options = FolderOptions { repository: Some(repository) };
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
