//! What the reader knows of each language, and the one engine that turns a parsed file into facts.
//!
//! A language is a grammar, a query file in `queries/` and one row of `table.rs`; the engine knows no
//! language. A query file speaks to it through these captures:
//!
//! | capture | is |
//! | --- | --- |
//! | `@definition.KIND` | a definition; KIND is a [`SymbolKind`](crate::SymbolKind) in lower case. A function whose nearest definition around is a type becomes a method, a variable or constant there a field; variables, constants and fields inside functions are dropped. When two patterns name the same place, the earlier pattern of the file wins |
//! | `@name` | its name |
//! | `@body` | where its signature ends; without it, the node's field `body` is looked for |
//! | `@parent` | its parent when that is written (a receiver, `X.prototype`) instead of standing around it |
//! | `@exported` | present when it is visible outside |
//! | `@scope` | with `@name`: gives its name to what stands inside, is no definition itself (`impl`) |
//! | `@wrapper`, `@wrapper.exported` | a node around a definition that belongs to it (decorators, `export`) |
//! | `@attribute` | a sibling before a definition that belongs to it |
//! | `@comment` | a comment |
//! | `@doc` | documentation written inside the definition around it, or inside the file |
//! | `@section.hidden`, `@section.hidden_methods`, `@section.shown` | what follows in the same body is hidden or visible; of the second, only methods and fields are hidden |
//! | `@hidden.name` | a member of the type around it that is hidden |
//! | `@export.whole` | what a file is as a whole (`module.exports = …`) |
//! | `@export.name` | a top-level name that is handed out by a list (`__all__`, `module.exports = {…}`) |
//! | `@import.module` | an import; with `.name`, `.alias`, `.default`, `.wildcard`, `.reexport`, `.types`, `.relative` beside it in the same pattern. Matches with the same module node are one import |
//! | `@import.tree` | a path with braces that holds several imports (`a::{b, c::d as e}`) |
//! | `@region.types` | imports inside are for type checking only |
//! | `@call`, `@qualifier`, `@arguments` | the name that is called, what stands before it, and with what |
//! | `@inherit` | a type that the definition around it extends or implements |
//! | `@reference` | a use of a type's name |
//! | `@setting`, `@setting.default` | the name of an environment variable or settings key that is read |
//! | `@route`, `@route.method`, `@route.handler` | the path of an HTTP route; `(#set! framework "x")` names who serves it |
//! | `@command`, `@command.help`, `@command.of` | a command or option, likewise |
//! | `@entry` | where a program starts, when it is no function of the row's `entry` list; before a definition's name, that definition |
//! | `@entry.file` | a statement that makes the whole file the program, unless a type stands before it |
//! | `@_…` | for predicates only |
//!
//! Calls and annotations are also held against `idioms/`, which know what a call means to a framework.

mod above;
mod braces;
mod captures;
mod comments;
mod common_js;
mod deadline;
mod engine;
mod exports;
mod found;
mod idioms;
mod imports;
mod kotlin;
mod macros;
mod nesting;
mod query;
mod sections;
mod signature;
mod syntax;
mod table;

/// The stack that a thread needs to read whatever may come: the parser uses some of it for each level of
/// nesting where a source is ambiguous.
pub const STACK: usize = 64 * 1024 * 1024;

pub(crate) use comments::cut;
pub use engine::{Engine, Extract};
pub use table::{Spec, detect, spec_for, spec_of, specs};
