//! What parsing one file tells, before anything is resolved across files.

use serde::{Deserialize, Serialize};

use crate::domain::{EdgeKind, File, Symbol};

/// Everything that [`mod@crate::scan`] knows of one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileFacts {
    /// The row; `rank`, `summary` and `imports` are filled by `index`.
    pub file: File,
    /// The file's own documentation: module docstring, inner doc comment, leading comment that is no licence.
    pub doc: Option<String>,
    /// Definitions by line; same-named ones are all kept.
    pub symbols: Vec<Symbol>,
    /// What the file asks for from elsewhere.
    pub imports: Vec<Import>,
    /// Calls, inheritance and references, not yet resolved.
    pub uses: Vec<Use>,
    /// Environment variables and settings read.
    pub settings: Vec<Setting>,
    /// HTTP routes declared.
    pub routes: Vec<Route>,
    /// Routers that answer within others.
    pub mounts: Vec<Mount>,
    /// CLI commands and options declared.
    pub commands: Vec<Command>,
    /// Lines of a `main` function or of the language's idiom for a program's start.
    pub entry_points: Vec<EntryPoint>,
}

/// One import statement, or one part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The module as written: `..pkg.mod`, `./x`, `java.util.List`, `stdio.h`, `crate::a::b`.
    pub module: String,
    /// Names taken from it; empty when the module itself is bound.
    pub names: Vec<ImportedName>,
    /// The name that the module itself is bound to, when it is.
    pub alias: Option<String>,
    /// Everything is taken (`*`).
    pub wildcard: bool,
    /// Handed on to importers of this file (`export … from`, `pub use`, names in `__init__.py`).
    pub reexport: bool,
    /// Written as a path of files (`"x.h"`, `require_relative`), not as a module name.
    pub relative: bool,
    /// When it takes effect.
    pub when: ImportTime,
    /// Where it is written.
    pub line: u32,
}

/// A name taken by an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedName {
    /// As the module calls it.
    pub name: String,
    /// As this file calls it.
    pub alias: Option<String>,
}

/// When an import takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImportTime {
    /// When the file is loaded.
    Load,
    /// For type checking only.
    Types,
    /// Inside a function.
    Call,
}

/// A use of a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// The last part: `run` in `app.server.run()`.
    pub name: String,
    /// What stands before it: `app.server`; `self`, `this`, `super` as written.
    pub qualifier: Option<String>,
    /// Call, inherit or reference.
    pub kind: EdgeKind,
    /// The qualified name of the symbol in which it is written.
    pub scope: Option<String>,
    /// Where it is written.
    pub line: u32,
}

/// An environment variable or a settings key that the code reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Its name; parts made at run time are shown as `<…>`.
    pub name: String,
    /// The default as written, when the call gives one.
    pub default: Option<String>,
    /// Where it is read.
    pub line: u32,
}

/// An HTTP route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// `GET`, … or `ANY`.
    pub method: String,
    /// The path as written.
    pub path: String,
    /// The function that answers, as written.
    pub handler: Option<String>,
    /// Where it is declared.
    pub line: u32,
    /// `flask`, `fastapi`, `express`, `axum`, …
    pub framework: String,
    /// The router that it is declared on.
    #[serde(default, skip_serializing_if = "Router::is_unnamed")]
    pub on: Router,
}

impl Route {
    /// The route where its router answers below a prefix.
    pub(crate) fn below(&self, prefix: &str) -> Route {
        Route { path: path_below(&self.framework, prefix, &self.path), ..self.clone() }
    }
}

/// `api/` and `/:id` are `/api/:id`; Django's patterns are put behind each other as they are.
pub(crate) fn path_below(framework: &str, prefix: &str, path: &str) -> String {
    if prefix.is_empty() {
        return path.to_owned();
    }
    if framework == "django" {
        return format!("{}{}", prefix.trim_end_matches('$'), path.trim_start_matches('^'));
    }
    // ASP.NET: `~/x` is a path of its own.
    if let Some(own) = path.strip_prefix('~') {
        return own.to_owned();
    }
    let parts = [prefix, path].map(|part| part.trim_matches('/'));
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("/{}", parts.join("/"))
}

/// A router as the code names it where it is used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Router {
    /// `app`, `users.router`; `None` for the one that the function or file around fills.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The qualified name of the function around.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

impl Router {
    fn is_unnamed(&self) -> bool {
        *self == Router::default()
    }
}

/// What a function is called that its file stands for and that has no name.
pub(crate) const UNNAMED: &str = "default";

/// A router that answers within another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// What is mounted.
    pub what: Mounted,
    /// Where.
    pub on: Router,
    /// What its paths start with there.
    pub prefix: String,
    /// What that means for its own prefix.
    pub kind: MountKind,
    /// Where it is written.
    pub line: u32,
}

impl Mount {
    /// The names of routers and modules that must be resolved.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        let what = match &self.what {
            Mounted::Name(name) | Mounted::Call(name) | Mounted::Module(_, Some(name)) => Some(name),
            Mounted::Module(_, None) => None,
        };
        what.into_iter().chain(&self.on.name)
    }
}

/// What is mounted, as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mounted {
    /// A router, or a function that fills one: `users.router`.
    Name(String),
    /// What a function gives: `users::router`, called.
    Call(String),
    /// A module written in place, or a name in it: `require("./users").router`.
    Module(String, Option<String>),
}

/// How a prefix is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MountKind {
    /// By mounting it in another router, before its own prefix.
    Before,
    /// By mounting it in another router, in the place of its own prefix.
    Instead,
    /// When it was made: its own prefix.
    Own,
    /// It is what its file stands for (`module.exports = router`).
    Whole,
}

/// A command or option of a command-line program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// `serve`, or `--port`.
    pub name: String,
    /// Its help text.
    pub help: Option<String>,
    /// The command that an option belongs to.
    pub of: Option<String>,
    /// Where it is declared.
    pub line: u32,
    /// `argparse`, `click`, `clap`, `cobra`, …
    pub framework: String,
}

/// Where a program starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryPoint {
    /// The qualified name of the function or type, the file's name where all of it is the program, or the idiom
    /// (`if __name__ == "__main__"`).
    pub name: String,
    /// Where it stands.
    pub line: u32,
}
