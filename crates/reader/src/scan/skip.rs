//! Which files are not worth reading, judged by name and content.

use crate::domain::{Language, SkipReason};

/// Folders that hold the code of others, whatever stands beside them.
const VENDORED: [&str; 18] = [
    "node_modules",
    "bower_components",
    "jspm_packages",
    "third_party",
    "third-party",
    "thirdparty",
    "3rdparty",
    "_vendor",
    "vendored",
    "site-packages",
    "pods",
    "carthage",
    ".venv",
    "virtualenv",
    "godeps",
    "external_libs",
    "extern_libs",
    "vendor_libs",
];
/// Folders of built things.
const BUILT: [&str; 6] = ["__pycache__", ".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache"];
/// Files beside a folder `vendor` that say that a package manager fills it.
pub(super) const VENDOR_MANIFESTS: [&str; 5] =
    ["go.mod", "composer.json", "Gemfile", "Cargo.toml", "package.json"];

/// Why a folder with this name is not entered.
pub(super) fn folder(name: &str) -> Option<SkipReason> {
    let lower = name.to_ascii_lowercase();
    if VENDORED.contains(&lower.as_str()) {
        return Some(SkipReason::Vendored);
    }
    (BUILT.contains(&lower.as_str()) || lower.ends_with(".egg-info")).then_some(SkipReason::Generated)
}

/// Hidden files and folders that say something of the project.
pub(super) fn is_useful_hidden(name: &str) -> bool {
    matches!(
        name,
        ".github"
            | ".circleci"
            | ".gitlab"
            | ".gitlab-ci.yml"
            | ".travis.yml"
            | ".pre-commit-config.yaml"
            | ".env.example"
            | ".env.sample"
            | ".env.template"
            | ".editorconfig"
            | ".dockerignore"
            | ".goreleaser.yml"
            | ".goreleaser.yaml"
            | ".readthedocs.yml"
            | ".readthedocs.yaml"
            | ".storybook"
            | ".ci"
            | ".cargo"
            | ".devcontainer"
            | ".woodpecker.yml"
            | ".cirrus.yml"
            | ".appveyor.yml"
    )
}

/// Names that generators give; `name` is in lower case.
pub(super) fn is_generated_name(name: &str) -> bool {
    const LOCKS: [&str; 17] = [
        "package-lock.json",
        "npm-shrinkwrap.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "bun.lock",
        "bun.lockb",
        "cargo.lock",
        "poetry.lock",
        "pdm.lock",
        "uv.lock",
        "pipfile.lock",
        "gemfile.lock",
        "composer.lock",
        "go.sum",
        "packages.lock.json",
        "podfile.lock",
        "flake.lock",
    ];
    const ENDS: [&str; 16] = [
        ".pb.go",
        ".pb.cc",
        ".pb.h",
        "_pb2.py",
        "_pb2.pyi",
        "_pb2_grpc.py",
        ".g.dart",
        ".freezed.dart",
        ".g.cs",
        ".designer.cs",
        ".generated.cs",
        ".generated.ts",
        "_generated.go",
        ".gen.go",
        "_pb.js",
        "_pb.d.ts",
    ];
    LOCKS.contains(&name) || ENDS.iter().any(|end| name.ends_with(end))
}

/// Names of files that are never text worth reading.
pub(super) fn is_binary_name(name: &str) -> bool {
    const EXTENSIONS: [&str; 68] = [
        "png",
        "jpg",
        "jpeg",
        "gif",
        "bmp",
        "ico",
        "webp",
        "avif",
        "tif",
        "tiff",
        "psd",
        "pdf",
        "zip",
        "gz",
        "tgz",
        "bz2",
        "xz",
        "zst",
        "7z",
        "rar",
        "tar",
        "jar",
        "war",
        "class",
        "o",
        "a",
        "so",
        "dll",
        "dylib",
        "exe",
        "bin",
        "dat",
        "db",
        "sqlite",
        "sqlite3",
        "pyc",
        "pyo",
        "pyd",
        "whl",
        "egg",
        "woff",
        "woff2",
        "ttf",
        "otf",
        "eot",
        "mp3",
        "mp4",
        "avi",
        "mov",
        "ogg",
        "wav",
        "flac",
        "webm",
        "wasm",
        "pack",
        "idx",
        "npy",
        "npz",
        "parquet",
        "onnx",
        "pt",
        "safetensors",
        "gguf",
        "mo",
        "icns",
        "xcf",
        "doc",
        "docx",
    ];
    name.rsplit_once('.').is_some_and(|(_, extension)| EXTENSIONS.contains(&extension))
}

/// Why text is not read as source, judged by its first lines and their lengths.
pub(super) fn content(name: &str, language: Option<Language>, text: &str) -> Option<SkipReason> {
    if is_minified(name, language, text) {
        return Some(SkipReason::Minified);
    }
    // `cargo publish` writes the manifest anew; it still says what the package is.
    (name != "cargo.toml" && is_generated(text)).then_some(SkipReason::Generated)
}

/// Machine-shortened: code whose lines are far longer than anyone writes.
fn is_minified(name: &str, language: Option<Language>, text: &str) -> bool {
    if name.contains(".min.") || name.ends_with("-min.js") {
        return true;
    }
    let Some(language) = language else { return false };
    let (shortest, longest_average) = match language {
        Language::JavaScript | Language::Css => (1_000, 500),
        Language::Json | Language::Html | Language::Xml => (10_000, 500),
        _ if crate::languages::spec_of(language).is_some() => (10_000, 5_000),
        _ => return false,
    };
    let lines = memchr::memchr_iter(b'\n', text.as_bytes()).count() + 1;
    text.len() >= shortest && text.len() / lines > longest_average
}

/// One of the first lines says that a program wrote the file.
fn is_generated(text: &str) -> bool {
    text.lines().take(25).any(|line| {
        let line = crate::languages::cut(line, 300).trim_start();
        if !line.starts_with(['/', '#', '*', '-', '<', ';', '%', '"']) {
            return false;
        }
        let lower = line.to_ascii_lowercase();
        lower.contains("@generated")
            || (lower.contains("code generated") && lower.contains("do not edit"))
            || (lower.contains("generated by") && (lower.contains("do not") || lower.contains("don't")))
            || lower.contains("<auto-generated")
            || lower.contains("automatically generated")
            || lower.contains("autogenerated file")
            || lower.contains("a bison parser, made by")
            || lower.starts_with("#define flex_scanner")
            || (lower.contains("auto-generated") && lower.contains("do not"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_and_minified_text_is_known() {
        assert!(is_generated("// Code generated by protoc-gen-go. DO NOT EDIT.\npackage x\n"));
        assert!(is_generated("# Generated by Django 4.2. Do not change.\n"));
        assert!(is_generated("/* A Bison parser, made by GNU Bison 3.0.4.  */\n"));
        assert!(is_generated("#line 2 \"lexer.c\"\n\n#define FLEX_SCANNER\n"));
        assert!(!is_generated("let text = \"code generated, do not edit\";\n"));
        assert!(!is_generated("// The ids are generated by the database.\n"));
        let long = format!("var a={};", "1+".repeat(10_000));
        assert!(is_minified("a.js", Some(Language::JavaScript), &long));
        assert!(is_minified("a.min.js", Some(Language::JavaScript), "a\n"));
        let normal = "function f() { return 1; }\n".repeat(1000);
        assert!(!is_minified("a.js", Some(Language::JavaScript), &normal));
    }
}
