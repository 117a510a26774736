//! Names modules as their languages do.

use std::collections::BTreeSet;

use crate::domain::{File, Language};

/// What naming needs to know of all files.
pub(super) struct Names<'f> {
    repository: &'f str,
    /// Folders with an `__init__.py`.
    packages: BTreeSet<&'f str>,
}

impl<'f> Names<'f> {
    pub(super) fn of(repository: &'f str, files: &'f [File]) -> Self {
        let packages = files.iter().filter_map(|file| {
            let (folder, name) = file.path.rsplit_once('/')?;
            (name == "__init__.py").then_some(folder)
        });
        Self { repository, packages: packages.collect() }
    }

    /// The name of the module at `path`, a folder or a file.
    pub(super) fn name(&self, path: &str, members: &[&File]) -> String {
        let is_in = |file: &File| file.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        let is_folder = members.iter().any(|file| is_in(file));
        let path = if is_folder { path } else { without_extension(path) };
        let name = match members.first().and_then(|file| file.language) {
            Some(Language::Python) => self.python(path),
            Some(Language::Rust) => self.rust(path),
            Some(Language::Java | Language::Kotlin | Language::Scala) => jvm(path),
            _ => path.trim_end_matches("/index").to_owned(),
        };
        if name.is_empty() { self.repository.to_owned() } else { name }
    }

    fn python(&self, path: &str) -> String {
        let path = path.strip_suffix("/__init__").unwrap_or(path);
        let parts: Vec<&str> = path.split('/').collect();
        // From the first folder that is a package, else from behind `src`.
        let first =
            (1..=parts.len()).find(|&count| self.packages.contains(parts[..count].join("/").as_str()));
        match first {
            Some(count) => parts[count - 1..].join("."),
            None => path.strip_prefix("src/").unwrap_or(path).replace('/', "."),
        }
    }

    fn rust(&self, path: &str) -> String {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let Some(src) = parts.iter().position(|part| *part == "src") else { return path.to_owned() };
        let package = match src {
            0 => self.repository.replace('-', "_"),
            src => parts[src - 1].replace('-', "_"),
        };
        let inner = parts[src + 1..].iter().filter(|part| !matches!(**part, "lib" | "mod" | "main"));
        std::iter::once(package.as_str()).chain(inner.copied()).collect::<Vec<_>>().join("::")
    }
}

fn jvm(path: &str) -> String {
    for language in ["java", "kotlin", "scala"] {
        let root = format!("src/main/{language}");
        if let Some(at) = path.find(&root) {
            let package = path[at + root.len()..].trim_start_matches('/').replace('/', ".");
            if !package.is_empty() {
                return package;
            }
        }
    }
    path.to_owned()
}

/// The path of a file without its extension; a folder's path as it is.
fn without_extension(path: &str) -> &str {
    let start = path.rfind('/').map_or(0, |slash| slash + 1);
    match path[start..].rfind('.') {
        Some(dot) if dot > 0 && path[start + dot + 1..].chars().all(|c| c.is_ascii_alphanumeric()) => {
            &path[..start + dot]
        }
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_language() {
        let names = Names { repository: "my-tool", packages: BTreeSet::from(["src/app", "src/app/sub"]) };
        assert_eq!(names.python("src/app/sub/x"), "app.sub.x");
        assert_eq!(names.python("src/app/__init__"), "app");
        assert_eq!(names.python("scripts/run"), "scripts.run");
        assert_eq!(names.rust("crates/a-b/src/x/mod"), "a_b::x");
        assert_eq!(names.rust("src/lib"), "my_tool");
        assert_eq!(names.rust("crates/c/src"), "c");
        assert_eq!(jvm("core/src/main/java/org/x"), "org.x");
        assert_eq!(without_extension("a.b/c"), "a.b/c");
    }

    #[test]
    fn only_files_lose_an_extension() {
        let names = Names { repository: "x", packages: BTreeSet::new() };
        let file = |path| File { language: Some(Language::Go), ..super::super::units::tests::file(path, 1) };
        assert_eq!(names.name("lib/a.b", &[&file("lib/a.b/c.go")]), "lib/a.b");
        assert_eq!(names.name("lib/a.go", &[&file("lib/a.go")]), "lib/a");
    }
}
