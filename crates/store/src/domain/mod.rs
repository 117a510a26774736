//! The values that the store keeps, in the JSON shapes that the API shows.

mod analysis;
mod change;
mod event;
mod id;
mod result;
mod source;
mod state;

pub use analysis::{Analysis, Counts, Failure, LlmUsage, Progress};
pub use change::{Change, Changed, CountsSet, NewAnalysis, Run};
pub use event::{AnalysisEvent, EventId};
pub use id::{AnalysisId, InvalidId, ResultId, UploadId};
pub use result::{Answer, Found, KnowledgeEntry, ReadResult, SavedPage, SavedReading, Upload};
pub use source::{DocumentLanguage, Source};
pub use state::{Status, Step, UnknownWord};
