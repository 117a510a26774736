//! The reading as files for others: a folder of Markdown, and one JSON document.
//!
//! [`markdown_folder`] writes `index.md` and a file per page whose citations lead to the source;
//! [`json()`] writes the export document of the API. Both are the same, byte for byte, whenever the same
//! repository is read with the same settings.

mod error;
mod folder;
mod json;
mod links;

pub use error::ExportError;
pub use folder::{FolderOptions, Written, check_folder, markdown_folder};
pub use json::{Export, VERSION, json, write_json};
