//! The rows, by language and called name.

use std::{collections::HashMap, sync::OnceLock};

use super::{Handler, Idiom, Means, Method, Qualifier};
use crate::domain::Language::{self, JavaScript, Python, Rust, Tsx, TypeScript};

const ECMA: &[Language] = &[JavaScript, TypeScript, Tsx];

static ROWS: &[Idiom] = &[
    // Settings
    setting(&[Python], &["getenv"], Qualifier::Any, 0, Some(1)),
    setting(&[Python], &["get", "pop", "setdefault"], Qualifier::Ends(&["environ"]), 0, Some(1)),
    setting(&[Rust], &["var", "var_os"], Qualifier::Ends(&["env"]), 0, None),
    // Routes
    route(
        &[Python],
        &["route"],
        Qualifier::Something,
        "flask",
        Method::Named("methods", "GET"),
        Handler::Decorated,
    ),
    route(
        &[Python],
        &["get", "post", "put", "delete", "patch", "head", "options", "websocket", "api_route"],
        Qualifier::Something,
        "fastapi",
        Method::Name,
        Handler::Decorated,
    ),
    route(
        ECMA,
        &["get", "post", "put", "delete", "patch", "head", "options", "all"],
        Qualifier::Something,
        "express",
        Method::Name,
        Handler::Last,
    ),
    // Commands
    command(&[Python], &["add_argument"], Qualifier::Something, "argparse", &["dest"], &["help"]),
    command(
        &[Python],
        &["add_parser"],
        Qualifier::Something,
        "argparse",
        &["name"],
        &["help", "description"],
    ),
    command(&[Python], &["command", "group"], Qualifier::Something, "click", &[], &["help", "short_help"]),
    command(&[Python], &["option"], Qualifier::Ends(&["click"]), "click", &[], &["help"]),
];

const fn setting(
    languages: &'static [Language],
    names: &'static [&'static str],
    qualifier: Qualifier,
    name: usize,
    default: Option<usize>,
) -> Idiom {
    Idiom { languages, names, qualifier, means: Means::Setting { name, default } }
}

const fn route(
    languages: &'static [Language],
    names: &'static [&'static str],
    qualifier: Qualifier,
    framework: &'static str,
    method: Method,
    handler: Handler,
) -> Idiom {
    let path = &["path", "value", "rule"];
    Idiom { languages, names, qualifier, means: Means::Route { framework, method, path, handler } }
}

const fn command(
    languages: &'static [Language],
    names: &'static [&'static str],
    qualifier: Qualifier,
    framework: &'static str,
    name: &'static [&'static str],
    help: &'static [&'static str],
) -> Idiom {
    Idiom { languages, names, qualifier, means: Means::Command { framework, name, help } }
}

/// The rows of a language for a called name.
pub(super) fn named(language: Language, name: &str) -> &'static [&'static Idiom] {
    type Index = HashMap<Language, HashMap<&'static str, Vec<&'static Idiom>>>;
    static INDEX: OnceLock<Index> = OnceLock::new();
    let index = INDEX.get_or_init(|| {
        let mut index = Index::new();
        for idiom in ROWS {
            for language in idiom.languages {
                for name in idiom.names {
                    index.entry(*language).or_default().entry(name).or_default().push(idiom);
                }
            }
        }
        index
    });
    index.get(&language).and_then(|names| names.get(name)).map_or(&[], Vec::as_slice)
}
