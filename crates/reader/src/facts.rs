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
