//! The folders of the repository and the code in them.

use std::collections::{BTreeMap, HashMap};

use crate::index::tree::{FileId, Tree};

/// The place of a folder in [`Folders`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FolderId(u32);

/// All folders, with the files right in them.
#[derive(Debug, Default)]
pub(super) struct Folders<'t> {
    by_path: HashMap<&'t str, FolderId>,
    folders: Vec<(&'t str, Vec<FileId>)>,
}

impl<'t> Folders<'t> {
    /// Folders of files, and the folders around them.
    pub(super) fn of(tree: &'t Tree) -> Self {
        let mut files: BTreeMap<&str, Vec<FileId>> = BTreeMap::new();
        for id in tree.ids() {
            let mut folder = folder_of(&tree.file(id).path);
            files.entry(folder).or_default().push(id);
            while !folder.is_empty() {
                folder = folder_of(folder);
                if files.contains_key(folder) {
                    break;
                }
                files.insert(folder, Vec::new());
            }
        }
        let folders: Vec<(&str, Vec<FileId>)> = files.into_iter().collect();
        let by_path = folders.iter().zip(0..).map(|((path, _), at)| (*path, FolderId(at))).collect();
        Self { by_path, folders }
    }

    /// The folder at a path.
    pub(super) fn at(&self, path: &str) -> Option<FolderId> {
        self.by_path.get(path).copied()
    }

    /// The path of a folder.
    pub(super) fn path(&self, id: FolderId) -> &'t str {
        self.folders[id.0 as usize].0
    }

    /// The files right in a folder, by path.
    pub(super) fn files(&self, id: FolderId) -> &[FileId] {
        &self.folders[id.0 as usize].1
    }

    /// All folders, by path.
    pub(super) fn paths(&self) -> impl Iterator<Item = &'t str> {
        self.folders.iter().map(|(path, _)| *path)
    }
}

/// What stands before the last `/`.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// `folder/name`, or `name` at the top.
pub(super) fn child(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// How many leading folders two paths share.
pub(super) fn nearness(a: &str, b: &str) -> usize {
    a.split('/').zip(b.split('/')).take_while(|(a, b)| a == b).count()
}
