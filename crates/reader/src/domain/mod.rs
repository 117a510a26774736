//! The values that the steps pass on, in the JSON shapes that the API and the export show.

mod citation;
mod file;
mod graph;
mod item;
mod language;
mod page;
mod symbol;

pub use citation::{Citation, LineRange};
pub use file::{File, SkipReason};
pub use graph::{Edge, EdgeKind, Graph, Node};
pub use item::{FileReading, Item, ItemKind, Origin};
pub use language::Language;
pub use page::{Diagram, Page, PageHead};
pub use symbol::{Symbol, SymbolKind};
