//! One row per language.

use crate::domain::Language;

/// So far from its start a file says that it has Flow's types: behind a licence.
const FLOW_HEAD: usize = 1_000;

/// All that the engine needs to know of a language beside its query file.
#[derive(Debug)]
pub struct Spec {
    /// The language.
    pub language: Language,
    /// Extensions of file names, without the dot, in lower case.
    pub extensions: &'static [&'static str],
    /// Whole file names.
    pub file_names: &'static [&'static str],
    /// Interpreters named by a first line `#!`.
    pub interpreters: &'static [&'static str],
    /// The grammar.
    pub grammar: fn() -> tree_sitter::Language,
    /// The query files, read one after the other as one query.
    pub queries: &'static [&'static str],
    /// Which comments above a definition document it.
    pub docs: Docs,
    /// When a definition is visible outside its module.
    pub export: Export,
    /// What stands between the parts of a name.
    pub separator: &'static str,
    /// Imports that start with `.` or `/` are paths of files.
    pub imports_paths: bool,
    /// Rewrites the text for the parser, every byte in its place, when the grammar cannot read it as it is.
    pub prepare: Option<fn(&str) -> Option<String>>,
    /// Top-level functions with these names, or such methods, start a program.
    pub entry: &'static [&'static str],
    /// The only files whose own statements make them programs; where there are none, any file's do.
    pub entry_files: &'static [&'static str],
}

/// Which comments above a definition document it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Docs {
    /// Any that touch it.
    Any,
    /// Only those marked as documentation: `///`, `/** */`, `//!`.
    Marked,
    /// None: the language has docstrings.
    Inside,
}

/// When a definition is visible outside its module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// Its name does not start with `_`, and a list of exports, when there is one, holds it.
    NoUnderscore,
    /// Its name starts with a capital.
    Capital,
    /// An export statement or list names it; members go with what they belong to.
    Marked,
    /// One of these words stands before its name; members of interfaces and traits go with them.
    Word(&'static [&'static str]),
    /// None of these words stands before its name.
    NoWord(&'static [&'static str]),
}

const ECMASCRIPT: &str = include_str!("../../queries/ecmascript.scm");
const JSX: &str = include_str!("../../queries/jsx.scm");

static SPECS: &[Spec] = &[
    Spec {
        language: Language::Python,
        extensions: &["py", "pyi", "pyw"],
        file_names: &["SConstruct", "SConscript", "wscript"],
        interpreters: &["python", "python2", "python3"],
        grammar: || tree_sitter_python::LANGUAGE.into(),
        queries: &[include_str!("../../queries/python.scm")],
        docs: Docs::Inside,
        export: Export::NoUnderscore,
        separator: ".",
        imports_paths: false,
        prepare: None,
        entry: &[],
        entry_files: &[],
    },
    Spec {
        language: Language::JavaScript,
        extensions: &["js", "mjs", "cjs", "jsx"],
        file_names: &[],
        interpreters: &["node", "nodejs"],
        grammar: || tree_sitter_javascript::LANGUAGE.into(),
        queries: &[ECMASCRIPT, include_str!("../../queries/javascript.scm"), JSX],
        docs: Docs::Any,
        export: Export::Marked,
        separator: ".",
        imports_paths: true,
        prepare: None,
        entry: &[],
        entry_files: &[],
    },
    Spec {
        language: Language::TypeScript,
        extensions: &["ts", "mts", "cts"],
        file_names: &[],
        interpreters: &["deno", "ts-node", "tsx", "bun"],
        grammar: || tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
        queries: &[ECMASCRIPT, include_str!("../../queries/typescript.scm")],
        docs: Docs::Any,
        export: Export::Marked,
        separator: ".",
        imports_paths: true,
        prepare: None,
        entry: &[],
        entry_files: &[],
    },
    Spec {
        language: Language::Tsx,
        extensions: &["tsx"],
        file_names: &[],
        interpreters: &[],
        grammar: || tree_sitter_typescript::LANGUAGE_TSX.into(),
        queries: &[ECMASCRIPT, include_str!("../../queries/typescript.scm"), JSX],
        docs: Docs::Any,
        export: Export::Marked,
        separator: ".",
        imports_paths: true,
        prepare: None,
        entry: &[],
        entry_files: &[],
    },
    Spec {
        language: Language::Rust,
        extensions: &["rs"],
        file_names: &[],
        interpreters: &["rust-script"],
        grammar: || tree_sitter_rust::LANGUAGE.into(),
        queries: &[include_str!("../../queries/rust.scm")],
        docs: Docs::Marked,
        export: Export::Word(&["pub"]),
        separator: "::",
        imports_paths: false,
        prepare: None,
        entry: &["main"],
        entry_files: &[],
    },
    Spec {
        language: Language::Java,
        extensions: &["java"],
        file_names: &[],
        interpreters: &[],
        grammar: || tree_sitter_java::LANGUAGE.into(),
        queries: &[include_str!("../../queries/java.scm")],
        docs: Docs::Marked,
        export: Export::Word(&["public", "protected"]),
        separator: ".",
        imports_paths: false,
        prepare: None,
        entry: &["main"],
        entry_files: &[],
    },
    Spec {
        language: Language::C,
        extensions: &["c", "h"],
        file_names: &[],
        interpreters: &["tcc"],
        grammar: || tree_sitter_c::LANGUAGE.into(),
        queries: &[include_str!("../../queries/c_common.scm"), include_str!("../../queries/c.scm")],
        docs: Docs::Any,
        export: Export::NoWord(&["static"]),
        separator: "::",
        imports_paths: false,
        prepare: Some(super::macros::blanked),
        entry: &["main"],
        entry_files: &[],
    },
    Spec {
        language: Language::Cpp,
        extensions: &["cpp", "cc", "cxx", "c++", "hpp", "hh", "hxx", "h++", "ipp", "inl", "tcc", "cu", "cuh"],
        file_names: &[],
        interpreters: &[],
        grammar: || tree_sitter_cpp::LANGUAGE.into(),
        queries: &[include_str!("../../queries/c_common.scm"), include_str!("../../queries/cpp.scm")],
        docs: Docs::Any,
        export: Export::NoWord(&["static"]),
        separator: "::",
        imports_paths: false,
        prepare: Some(super::macros::blanked),
        entry: &["main"],
        entry_files: &[],
    },
    Spec {
        language: Language::Go,
        extensions: &["go"],
        file_names: &[],
        interpreters: &[],
        grammar: || tree_sitter_go::LANGUAGE.into(),
        queries: &[include_str!("../../queries/go.scm")],
        docs: Docs::Any,
        export: Export::Capital,
        separator: ".",
        imports_paths: false,
        prepare: None,
        entry: &["main"],
        entry_files: &[],
    },
    Spec {
        language: Language::CSharp,
        extensions: &["cs", "csx"],
        file_names: &[],
        interpreters: &["dotnet-script"],
        grammar: || tree_sitter_c_sharp::LANGUAGE.into(),
        queries: &[include_str!("../../queries/csharp.scm")],
        docs: Docs::Marked,
        export: Export::Word(&["public", "protected"]),
        separator: ".",
        imports_paths: false,
        prepare: None,
        entry: &["Main"],
        entry_files: &[],
    },
    Spec {
        language: Language::Php,
        extensions: &["php", "phtml", "inc"],
        file_names: &[],
        interpreters: &["php"],
        grammar: || tree_sitter_php::LANGUAGE_PHP.into(),
        queries: &[include_str!("../../queries/php.scm")],
        docs: Docs::Any,
        export: Export::NoWord(&["private", "protected"]),
        separator: "\\",
        imports_paths: false,
        prepare: None,
        entry: &[],
        entry_files: &[],
    },
    Spec {
        language: Language::Ruby,
        extensions: &["rb", "rake", "gemspec", "ru"],
        file_names: &["Rakefile", "Gemfile", "Guardfile", "Capfile", "Vagrantfile"],
        interpreters: &["ruby", "jruby"],
        grammar: || tree_sitter_ruby::LANGUAGE.into(),
        queries: &[include_str!("../../queries/ruby.scm")],
        docs: Docs::Any,
        export: Export::NoWord(&["private", "protected"]),
        separator: "::",
        imports_paths: false,
        prepare: None,
        entry: &[],
        entry_files: &[],
    },
    Spec {
        language: Language::Kotlin,
        extensions: &["kt", "kts"],
        file_names: &[],
        interpreters: &["kotlin"],
        grammar: || tree_sitter_kotlin_ng::LANGUAGE.into(),
        queries: &[include_str!("../../queries/kotlin.scm")],
        docs: Docs::Marked,
        export: Export::NoWord(&["private", "internal"]),
        separator: ".",
        imports_paths: false,
        prepare: Some(super::kotlin::joined),
        entry: &["main"],
        entry_files: &[],
    },
    Spec {
        language: Language::Swift,
        extensions: &["swift"],
        file_names: &[],
        interpreters: &["swift"],
        grammar: || tree_sitter_swift::LANGUAGE.into(),
        queries: &[include_str!("../../queries/swift.scm")],
        docs: Docs::Marked,
        export: Export::NoWord(&["private", "fileprivate"]),
        separator: ".",
        imports_paths: false,
        prepare: None,
        entry: &["main"],
        entry_files: &["main.swift"],
    },
    Spec {
        language: Language::Scala,
        extensions: &["scala", "sc", "sbt"],
        file_names: &[],
        interpreters: &["scala"],
        grammar: || tree_sitter_scala::LANGUAGE.into(),
        queries: &[include_str!("../../queries/scala.scm")],
        docs: Docs::Marked,
        export: Export::NoWord(&["private", "protected"]),
        separator: ".",
        imports_paths: false,
        prepare: None,
        entry: &["main"],
        entry_files: &[],
    },
    Spec {
        language: Language::Bash,
        extensions: &["sh", "bash", "bats", "ksh", "zsh"],
        file_names: &[".bashrc", ".profile"],
        interpreters: &["sh", "bash", "dash", "ksh", "zsh", "bats"],
        grammar: || tree_sitter_bash::LANGUAGE.into(),
        queries: &[include_str!("../../queries/bash.scm")],
        docs: Docs::Any,
        export: Export::NoUnderscore,
        separator: ".",
        imports_paths: false,
        prepare: Some(super::braces::overwritten),
        entry: &[],
        entry_files: &[],
    },
    Spec {
        language: Language::Sql,
        extensions: &["sql", "ddl", "psql"],
        file_names: &[],
        interpreters: &[],
        grammar: || tree_sitter_sequel::LANGUAGE.into(),
        queries: &[include_str!("../../queries/sql.scm")],
        docs: Docs::Any,
        export: Export::NoWord(&[]),
        separator: ".",
        imports_paths: false,
        prepare: None,
        entry: &[],
        entry_files: &[],
    },
];

/// The languages whose symbols are read.
pub fn specs() -> &'static [Spec] {
    SPECS
}

/// The row by which a file is read: JavaScript with Flow's types has the grammar of TypeScript.
pub fn spec_for(language: Language, text: &str) -> Option<&'static Spec> {
    let head = text.char_indices().nth(FLOW_HEAD).map_or(text, |(end, _)| &text[..end]);
    match language {
        Language::JavaScript if head.contains("@flow") => spec_of(Language::Tsx),
        language => spec_of(language),
    }
}

/// The row of a language; `None` when its files are read as text.
pub fn spec_of(language: Language) -> Option<&'static Spec> {
    SPECS.iter().find(|spec| spec.language == language)
}

/// The language of a file, by its name, its first line, and for C headers by what stands in it.
pub fn detect(path: &str, text: &str) -> Option<Language> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let by_name = SPECS.iter().find(|spec| spec.file_names.contains(&name)).map(|spec| spec.language);
    by_name.or_else(|| by_extension(name, text)).or_else(|| text_language(name)).or_else(|| by_shebang(text))
}

fn by_extension(name: &str, text: &str) -> Option<Language> {
    let name = name.strip_suffix(".in").unwrap_or(name);
    let (stem, extension) = name.rsplit_once('.')?;
    if stem.is_empty() {
        return None;
    }
    let extension = extension.to_ascii_lowercase();
    if extension == "h" && is_cpp_header(text) {
        return spec_of(Language::Cpp).map(|spec| spec.language);
    }
    SPECS.iter().find(|spec| spec.extensions.contains(&extension.as_str())).map(|spec| spec.language)
}

/// C++ in a `.h` file: a word that C does not have, at the start of a line.
fn is_cpp_header(text: &str) -> bool {
    const WORDS: [&str; 7] =
        ["class ", "namespace ", "template<", "template <", "public:", "private:", "using namespace "];
    text.lines().take(4000).any(|line| {
        let line = line.trim_start();
        WORDS.iter().any(|word| line.starts_with(word))
    })
}

fn by_shebang(text: &str) -> Option<Language> {
    let line = text.strip_prefix("#!")?.lines().next()?;
    let mut words = line.split_whitespace().map(|word| word.rsplit('/').next().unwrap_or(word));
    let program = words.find(|word| *word != "env" && !word.starts_with('-') && !word.contains('='))?;
    let plain = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    SPECS
        .iter()
        .find(|spec| spec.interpreters.iter().any(|known| *known == program || *known == plain))
        .map(|spec| spec.language)
}

fn text_language(name: &str) -> Option<Language> {
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        "dockerfile" | "containerfile" => return Some(Language::Dockerfile),
        "makefile" | "gnumakefile" => return Some(Language::Makefile),
        _ => {}
    }
    if lower.starts_with("dockerfile.") {
        return Some(Language::Dockerfile);
    }
    Some(match lower.rsplit_once('.')?.1 {
        "css" | "scss" | "less" => Language::Css,
        "html" | "htm" => Language::Html,
        "ini" | "cfg" | "conf" | "properties" => Language::Ini,
        "json" | "jsonc" | "json5" => Language::Json,
        "mk" | "mak" => Language::Makefile,
        "md" | "markdown" | "mdx" => Language::Markdown,
        "toml" => Language::Toml,
        "xml" | "xsd" | "xsl" | "svg" | "plist" => Language::Xml,
        "yaml" | "yml" => Language::Yaml,
        "rst" => Language::Rst,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_extension_name_and_first_line() {
        assert_eq!(detect("a/b.py", ""), Some(Language::Python));
        assert_eq!(detect("a/B.TSX", ""), Some(Language::Tsx));
        assert_eq!(detect("bin/tool", "#!/usr/bin/env -S python3.12 -u\n"), Some(Language::Python));
        assert_eq!(detect("bin/tool", "#!/usr/bin/perl\n"), None);
        assert_eq!(detect("Makefile", ""), Some(Language::Makefile));
        assert_eq!(detect("config.h.in", "int a;"), Some(Language::C));
        assert_eq!(detect("a.h", "namespace a {\n}\n"), Some(Language::Cpp));
        assert_eq!(detect(".rs", ""), None);
    }

    #[test]
    fn every_query_compiles_and_uses_known_captures() {
        let wrong: Vec<String> = specs()
            .iter()
            .filter_map(|spec| {
                crate::languages::Engine::new(spec).err().map(|e| format!("{:?}: {e}", spec.language))
            })
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
