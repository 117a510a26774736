//! From what the user names to a folder that can be read.
//!
//! `checked` looks at a submission at once, so that plain mistakes are told at once; `fetch` does the
//! slow part in the worker: clone, unpack. Everything that is fetched lies in a `TempFolder` and goes with it.

pub mod archive;
mod fetch;
mod git;
mod local;
mod name;
mod revision;
mod temp;

pub(crate) use fetch::{Fetched, fetch};
pub(crate) use local::is_bare_repository;
pub(crate) use name::of_archive as name_of_archive;
pub(crate) use temp::{TempFolder, TempSpace};

use std::path::Path;

use store::{Analysis, Source};

use crate::settings::Settings;
use crate::{AnalysisError, Submission};

/// A submission that may be queued: its source in the form that is stored, and its name.
pub(crate) struct Checked {
    pub(crate) source: Source,
    pub(crate) name: String,
    /// The commit of a folder that git keeps.
    pub(crate) commit: Option<String>,
}

/// Checks a submission without waiting for anything far away.
pub(crate) fn checked(submission: &Submission, settings: &Settings) -> Result<Checked, AnalysisError> {
    let mut commit = None;
    let (source, found) = match &submission.source {
        Source::Path { path } => {
            let path = local::folder(path, &settings.local_paths)?;
            local::check_apart(Path::new(&path), &settings.data_dir)?;
            let name = name::of_path(&path);
            commit = revision::of(Path::new(&path));
            (Source::Path { path }, name)
        }
        Source::Archive { archive } => {
            let archive = local::archive(archive, &settings.local_paths)?;
            let name = name::of_archive(&archive);
            (Source::Archive { archive }, name)
        }
        Source::Git { git, reference } => {
            let url = git::GitUrl::parse(git, &settings.git)?;
            if let Some(reference) = reference {
                git::check_reference(reference)?;
            }
            (Source::Git { git: url.to_string(), reference: reference.clone() }, url.repository_name())
        }
        // Whether it is there is the store's to say.
        Source::Upload { upload } => (submission.source.clone(), upload.to_string()),
    };
    let name = match &submission.name {
        Some(name) => name::checked(name)?,
        None => found,
    };
    Ok(Checked { source, name, commit })
}

/// Whether an analysis has another name than that of its source. Of an upload only the row knows; it counts as its own.
pub(crate) fn is_name_given(analysis: &Analysis) -> bool {
    let of_source = match &analysis.source {
        Source::Path { path } => name::of_path(path),
        Source::Archive { archive } => name::of_archive(archive),
        Source::Git { git, .. } => git::repository_name(git),
        Source::Upload { .. } => return false,
    };
    of_source != analysis.name
}
