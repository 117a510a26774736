//! Go, C, C++, Ruby, Bash, PHP's `require` and Swift: imports name folders and files.

use std::collections::HashMap;

use super::{
    folders::{child, folder_of, nearness},
    modules::{Modules, Target},
    table::swift_target,
};
use crate::index::{
    manifests::join,
    tree::{FileId, Tree},
};

/// Files by the last part of their path.
pub(super) struct Paths<'t> {
    by_name: HashMap<&'t str, Vec<FileId>>,
}

/// Headers that come with the compiler: `<…>` never means a file of the repository of that name.
const SYSTEM: &str = "assert ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg \
    stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype unistd \
    fcntl pthread dirent poll dlfcn getopt netdb sched semaphore strings syslog termios malloc memory";

impl<'t> Paths<'t> {
    pub(super) fn of(tree: &'t Tree) -> Self {
        let mut by_name: HashMap<&str, Vec<FileId>> = HashMap::new();
        for id in tree.ids() {
            let path = &*tree.file(id).path;
            by_name.entry(path.rsplit('/').next().unwrap_or(path)).or_default().push(id);
        }
        Self { by_name }
    }

    /// `#include "x"` or `<x>`.
    pub(super) fn include(&self, modules: &Modules<'_>, file: FileId, path: &str, is_local: bool) -> Target {
        let from = &*modules.tree.file(file).path;
        let stem = path.strip_suffix(".h").unwrap_or(path);
        if !is_local && (!path.contains('.') || SYSTEM.split_whitespace().any(|name| name == stem)) {
            return Target::Outside(path.to_owned());
        }
        if is_local && let Some(found) = join(folder_of(from), path).and_then(|path| modules.tree.at(&path)) {
            return Target::File(found);
        }
        let is_include = |folder: &str| {
            matches!(folder.rsplit('/').next(), Some("include" | "inc" | "includes" | "src" | "lib" | ""))
        };
        let found =
            self.ending(modules, from, path, |folder| is_local || path.contains('/') || is_include(folder));
        match found {
            Some(found) => Target::File(found),
            None if is_local => Target::Unknown,
            None => Target::Outside(path.split('/').next().unwrap_or(path).to_owned()),
        }
    }

    /// The file whose path ends so, nearest to `from`, then shortest; `allows` judges the folder before the ending.
    fn ending(
        &self,
        modules: &Modules<'_>,
        from: &str,
        path: &str,
        allows: impl Fn(&str) -> bool,
    ) -> Option<FileId> {
        let path = path.trim_start_matches("./");
        let candidates = self.by_name.get(path.rsplit('/').next()?)?;
        let found = candidates.iter().filter(|id| {
            let candidate = &*modules.tree.file(**id).path;
            let folder = candidate.strip_suffix(path);
            folder.is_some_and(|folder| {
                (folder.is_empty() || folder.ends_with('/')) && allows(folder.trim_end_matches('/'))
            }) && modules.tree.at(candidate).is_some()
        });
        found.copied().min_by_key(|id| {
            let candidate = &*modules.tree.file(*id).path;
            (std::cmp::Reverse(nearness(folder_of(candidate), folder_of(from))), candidate.len(), *id)
        })
    }

    /// `import "module/folder"`.
    pub(super) fn go(&self, modules: &Modules<'_>, file: FileId, path: &str) -> Target {
        let from = &*modules.tree.file(file).path;
        let mut own = modules.tree.manifests.go.iter().filter(|go| {
            path.strip_prefix(go.module.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        // The longest module path wins; of equal ones the nearest.
        let found = own.by_ref().max_by_key(|go| (go.module.len(), nearness(&go.folder, from)));
        if let Some(go) = found {
            let folder = join(&go.folder, path[go.module.len()..].trim_start_matches('/'));
            return match folder.and_then(|folder| modules.folders.at(&folder)) {
                Some(folder) => Target::Folder(folder),
                None => Target::Unknown,
            };
        }
        let is_hosted = path.split('/').next().is_some_and(|host| host.contains('.'));
        Target::Outside(if is_hosted {
            path.split('/').take(3).collect::<Vec<_>>().join("/")
        } else {
            path.to_owned()
        })
    }

    /// `require "x/y"` or `require_relative "y"`.
    pub(super) fn ruby(&self, modules: &Modules<'_>, file: FileId, path: &str, is_relative: bool) -> Target {
        let from = &*modules.tree.file(file).path;
        let name = if path.ends_with(".rb") { path.to_owned() } else { format!("{path}.rb") };
        if is_relative || path.starts_with('.') {
            let found = join(folder_of(from), &name).and_then(|path| modules.tree.at(&path));
            return found.map_or(Target::Unknown, Target::File);
        }
        let is_root =
            |folder: &str| matches!(folder.rsplit('/').next(), Some("lib" | "app" | "test" | "spec"));
        match self.ending(modules, from, &name, |folder| folder.is_empty() || is_root(folder)) {
            Some(found) => Target::File(found),
            None => Target::Outside(path.split('/').next().unwrap_or(path).to_owned()),
        }
    }

    /// `source "$DIR/lib.sh"`, `require __DIR__ . '/x.php'`: what is known of the path is its end.
    pub(super) fn script(&self, modules: &Modules<'_>, file: FileId, path: &str) -> Target {
        let from = &*modules.tree.file(file).path;
        let known = match path.rfind(['$', ')', '}', '`']) {
            Some(_) => {
                let end = path.rfind([')', '}', '`']).map_or(0, |at| at + 1);
                let rest = &path[end..];
                match rest.find('$') {
                    Some(at) => rest[at..].split_once('/').map_or("", |(_, rest)| rest),
                    None => rest,
                }
            }
            None => path,
        };
        let known = known.trim_matches(['"', '\'']).trim_start_matches('/');
        if known.is_empty() {
            return Target::Unknown;
        }
        let beside = join(folder_of(from), known).and_then(|path| modules.tree.at(&path));
        let found = beside.or_else(|| modules.tree.at(known)).or_else(|| {
            let has_variable = known.len() < path.len();
            has_variable.then(|| self.ending(modules, from, known, |_| true)).flatten()
        });
        found.map_or(Target::Unknown, Target::File)
    }

    /// `import Name` of a target of the repository.
    pub(super) fn swift(&self, modules: &Modules<'_>, name: &str) -> Target {
        let target = name.split('.').next().unwrap_or(name);
        for root in ["Sources", "Source"] {
            let folder = child(root, target);
            if modules.folders.at(&folder).is_some() && swift_target(&child(&folder, "x")) == folder {
                return Target::SwiftModule(folder);
            }
        }
        Target::Outside(target.to_owned())
    }
}
