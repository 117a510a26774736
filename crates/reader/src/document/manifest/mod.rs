//! What a project says of itself in the files that its build tools read.
//!
//! [`read_manifest`] takes one file and tells its name, dependencies, entry points and commands, each
//! with the lines where it is written. Nothing is run and nothing is fetched; a file that cannot be
//! parsed tells nothing.

mod cargo;
mod ci;
mod cmake;
mod docker;
mod dotnet;
mod go;
mod gradle;
mod make;
mod maven;
mod node;
mod php;
mod python;
mod ruby;
mod sbt;
mod swift;
mod text;
mod tree;
mod xml;

pub use self::facts::{Command, CommandFor, Dependency, Ecosystem, Entry, EntryKind, Fact, Manifest, Need};

mod facts;

/// A manifest larger than this is not one that people write.
const MAX_BYTES: usize = 2 * 1024 * 1024;
/// No more dependencies, entries or commands of one kind are taken from one file.
const MAX_FACTS: usize = 1_000;

/// Reads `text` as the manifest that `path` names; `None` when it is none, or says nothing that we know.
pub fn read_manifest(path: &str, text: &str) -> Option<Manifest> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let file = path.rsplit('/').next().unwrap_or(path);
    let mut manifest = match file {
        "pyproject.toml" => python::pyproject(text)?,
        "setup.cfg" => python::setup_cfg(text)?,
        "setup.py" => python::setup_py(text)?,
        "tox.ini" => python::tox(text)?,
        "noxfile.py" => python::nox(text)?,
        "package.json" => node::package(text)?,
        "Cargo.toml" => cargo::cargo(text)?,
        "go.mod" => go::go_mod(text)?,
        "pom.xml" => maven::pom(text)?,
        "build.gradle" | "build.gradle.kts" => gradle::gradle(text)?,
        "composer.json" => php::composer(text)?,
        "Gemfile" => ruby::gemfile(text)?,
        "Rakefile" => ruby::rakefile(text)?,
        "rails" if is_rails(path) => ruby::rails(text)?,
        "Package.swift" => swift::package(text)?,
        "build.sbt" => sbt::sbt(text)?,
        "CMakeLists.txt" => cmake::cmake(text)?,
        "Makefile" | "makefile" | "GNUmakefile" | "justfile" | "Justfile" => make::make(file, text)?,

        _ if file.ends_with(".gemspec") => ruby::gemspec(text)?,
        _ if file.ends_with(".csproj") || file.ends_with(".fsproj") => dotnet::project(path, text)?,
        _ if file.ends_with(".sln") || file.ends_with(".slnx") => dotnet::solution(path, text)?,
        _ if file.starts_with("requirements") && file.ends_with(".txt") => python::requirements(file, text)?,
        _ if docker::is_dockerfile(file) => docker::dockerfile(text)?,
        _ if docker::is_compose(file) => docker::compose(text)?,
        _ if ci::is_workflow(path) => ci::ci(text)?,
        _ => return None,
    };
    manifest.path = path.to_owned();
    manifest.drop_variables();
    manifest.bound(MAX_FACTS);
    manifest.says_something().then_some(manifest)
}

/// Whether [`read_manifest`] knows a file of this path.
pub fn is_manifest(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    matches!(
        file,
        "pyproject.toml"
            | "setup.cfg"
            | "setup.py"
            | "tox.ini"
            | "noxfile.py"
            | "package.json"
            | "Cargo.toml"
            | "go.mod"
            | "pom.xml"
            | "build.gradle"
            | "build.gradle.kts"
            | "composer.json"
            | "Gemfile"
            | "Rakefile"
            | "Package.swift"
            | "build.sbt"
            | "CMakeLists.txt"
            | "Makefile"
            | "makefile"
            | "GNUmakefile"
            | "justfile"
            | "Justfile"
    ) || file.ends_with(".gemspec")
        || file.ends_with(".csproj")
        || file.ends_with(".fsproj")
        || file.ends_with(".sln")
        || file.ends_with(".slnx")
        || (file.starts_with("requirements") && file.ends_with(".txt"))
        || is_rails(path)
        || docker::is_dockerfile(file)
        || docker::is_compose(file)
        || ci::is_workflow(path)
}

fn is_rails(path: &str) -> bool {
    path == "bin/rails" || path.ends_with("/bin/rails")
}

#[cfg(test)]
mod tests;
