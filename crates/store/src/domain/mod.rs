//! The values that the store keeps, in the JSON shapes that the API shows.

mod analysis;
mod event;
mod id;
mod source;
mod state;

pub use analysis::{Analysis, Counts, Failure, LlmUsage, Progress};
pub use event::{AnalysisEvent, EventId};
pub use id::{AnalysisId, InvalidId, ResultId, UploadId};
pub use source::{DocumentLanguage, Source};
pub use state::{Status, Step, UnknownWord};
