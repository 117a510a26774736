//! JavaScript and TypeScript: paths, `tsconfig.json` paths, packages of the workspace.

use super::{
    folders::{child, folder_of},
    modules::{Modules, Target},
};
use crate::{
    domain::Language,
    index::{manifests::join, tree::FileId},
};

/// Extensions that may be left out, in the order in which they are tried.
type Extensions = [&'static str; 12];

/// What TypeScript tries.
const TYPED: Extensions =
    ["ts", "tsx", "d.ts", "js", "jsx", "mjs", "cjs", "mts", "cts", "vue", "svelte", "json"];
/// What runs comes before what only declares its types.
const PLAIN: Extensions =
    ["js", "cjs", "mjs", "jsx", "ts", "tsx", "mts", "cts", "vue", "svelte", "json", "d.ts"];

/// What `import … from "spec"` means in a file, as Node, TypeScript and bundlers see it.
pub(super) fn locate(modules: &Modules<'_>, file: FileId, spec: &str) -> Target {
    let folder = folder_of(&modules.tree.file(file).path);
    let extensions = match modules.tree.file(file).language {
        Some(Language::JavaScript) => &PLAIN,
        _ => &TYPED,
    };
    let spec = spec.split(['?', '#']).next().filter(|spec| !spec.is_empty()).unwrap_or(spec);
    if spec.starts_with('.') || spec.starts_with('/') {
        let found = join(folder, spec).and_then(|path| at(modules, extensions, &path));
        return found.map_or(Target::Unknown, Target::File);
    }
    if let Some(file) =
        mapped(modules, extensions, folder, spec).or_else(|| of_workspace(modules, extensions, spec))
    {
        return Target::File(file);
    }
    let parts = if spec.starts_with('@') { 2 } else { 1 };
    let package = spec.split('/').take(parts).collect::<Vec<_>>().join("/");
    if modules.tree.manifests.npm.iter().any(|npm| npm.name == package) {
        return Target::Unknown;
    }
    Target::Outside(package)
}

/// The file that a path without its extension, or the path of a folder, means.
fn at(modules: &Modules<'_>, extensions: &Extensions, path: &str) -> Option<FileId> {
    file_at(modules, extensions, path).or_else(|| {
        let npm = modules.tree.manifests.npm.iter().find(|npm| npm.folder == path);
        let entries = npm.into_iter().flat_map(|npm| &npm.entries);
        entries.filter_map(|entry| file_at(modules, extensions, &join(path, entry)?)).next().or_else(|| {
            extensions.iter().find_map(|ext| modules.tree.at(&child(path, &format!("index.{ext}"))))
        })
    })
}

fn file_at(modules: &Modules<'_>, extensions: &Extensions, path: &str) -> Option<FileId> {
    if let Some(file) = modules.tree.at(path) {
        return Some(file);
    }
    if let Some(file) = extensions.iter().find_map(|ext| modules.tree.at(&format!("{path}.{ext}"))) {
        return Some(file);
    }
    // TypeScript names the file that will be compiled: `./x.js` is `./x.ts`.
    let (stem, extension) = path.rsplit_once('.')?;
    let written: &[&str] = match extension {
        "js" | "jsx" => &["ts", "tsx", "d.ts"],
        "mjs" => &["mts", "d.mts"],
        "cjs" => &["cts", "d.cts"],
        _ => &[],
    };
    written.iter().find_map(|ext| modules.tree.at(&format!("{stem}.{ext}")))
}

/// By the nearest `tsconfig.json` that maps the name.
fn mapped(modules: &Modules<'_>, extensions: &Extensions, folder: &str, spec: &str) -> Option<FileId> {
    let is_around = |config: &str| {
        config.is_empty()
            || folder == config
            || folder.strip_prefix(config).is_some_and(|rest| rest.starts_with('/'))
    };
    let mut configs: Vec<_> =
        modules.tree.manifests.tsconfigs.iter().filter(|config| is_around(&config.folder)).collect();
    configs.sort_by_key(|config| std::cmp::Reverse(config.folder.len()));
    configs.into_iter().find_map(|config| {
        let by_paths = config.paths.iter().find_map(|(pattern, targets)| {
            let star = matched(pattern, spec)?;
            targets.iter().find_map(|target| at(modules, extensions, &target.replacen('*', star, 1)))
        });
        by_paths.or_else(|| at(modules, extensions, &join(config.base.as_deref()?, spec)?))
    })
}

/// What `*` stands for when `spec` fits `pattern`; the empty text when there is no `*`.
fn matched<'s>(pattern: &str, spec: &'s str) -> Option<&'s str> {
    match pattern.split_once('*') {
        Some((before, after)) => spec.strip_prefix(before)?.strip_suffix(after),
        None => (pattern == spec).then_some(""),
    }
}

/// By the name of a package of this repository.
fn of_workspace(modules: &Modules<'_>, extensions: &Extensions, spec: &str) -> Option<FileId> {
    let npm = modules.tree.manifests.npm.iter().find(|npm| {
        spec.strip_prefix(npm.name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })?;
    let rest = spec[npm.name.len()..].trim_start_matches('/');
    if !rest.is_empty() {
        let folders = ["", "src", "lib"].map(|inner| join(&npm.folder, inner));
        return folders
            .into_iter()
            .flatten()
            .find_map(|folder| at(modules, extensions, &child(&folder, rest)));
    }
    at(modules, extensions, &npm.folder)
        .or_else(|| at(modules, extensions, &child(&npm.folder, "src")))
        .or_else(|| at(modules, extensions, &child(&npm.folder, "lib")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_tsconfig_match() {
        assert_eq!(matched("@/*", "@/a/b"), Some("a/b"));
        assert_eq!(matched("x", "x"), Some(""));
        assert_eq!(matched("@/*", "b"), None);
    }
}
