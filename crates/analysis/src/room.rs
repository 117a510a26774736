//! Whether the data folder still takes what a step writes.

use crate::{Analyses, AnalysisError, blocking};

/// Less than this, and neither the queue nor the database gets on.
const PROBE: usize = 256 * 1024;

impl Analyses {
    /// An error with the code `disk_full` when the data folder has no room for even the next step. A full disk keeps the
    /// queue from handing out tasks, so nobody may be left who could tell in any other way.
    pub async fn check_room(&self) -> Result<(), AnalysisError> {
        let space = self.shared().space().clone();
        let tried = blocking(move || {
            let folder = space.folder()?;
            std::fs::write(folder.path().join("probe"), vec![0; PROBE])
        })
        .await;
        let what = format!("go on in {}", self.shared().settings().data_dir.display());
        tried.map_err(|error| AnalysisError::io(&what, &error))
    }
}
