//! The slow part: from a checked source to a folder that can be read.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use store::{Source, Store};

use super::{TempFolder, TempSpace, archive, git, local, name, revision};
use crate::settings::{GitRules, Settings};
use crate::{AnalysisError, ErrorKind, blocking};

/// A folder that can be read, for as long as this value lives.
pub(crate) struct Fetched {
    /// The repository's own folder.
    pub(crate) root: PathBuf,
    /// The commit, where there is one.
    pub(crate) revision: Option<String>,
    /// Holds what was cloned or unpacked.
    _folder: Option<Arc<TempFolder>>,
}

/// Makes the source readable: at once for a folder with files, by git or by unpacking otherwise.
pub(crate) async fn fetch(
    source: &Source,
    settings: &Settings,
    store: &Store,
    space: &TempSpace,
    cancelled: &Arc<AtomicBool>,
) -> Result<Fetched, AnalysisError> {
    match source {
        Source::Path { path } => {
            // Again, since it may have gone since it was submitted.
            let root = PathBuf::from(local::folder(path, &settings.local_paths)?);
            if local::is_bare_repository(&root) {
                let url = git::file_url(&root)?;
                blocking(move || local::check_inside(&root)).await?;
                let rules = GitRules { allow_file: true, ..settings.git.clone() };
                return cloned(&url, None, &rules, space, cancelled).await;
            }
            Ok(Fetched { revision: revision::of(&root), root, _folder: None })
        }
        Source::Archive { archive } => {
            let file = local::archive(archive, &settings.local_paths)?;
            unpacked(Path::new(&file), &name::of_archive(&file), settings, space, cancelled).await
        }
        Source::Upload { upload } => {
            let name = store.upload(upload).await?.map_or_else(String::new, |upload| upload.name);
            let file = store.upload_file(upload).await?.ok_or_else(|| {
                AnalysisError::new(
                    ErrorKind::NotFound,
                    "upload_not_found",
                    format!("there is no upload {upload}"),
                    "Upload the archive again.",
                )
            })?;
            unpacked(&file, &name, settings, space, cancelled).await
        }
        Source::Git { git: url, reference } => {
            cloned(url, reference.as_deref(), &settings.git, space, cancelled).await
        }
    }
}

async fn cloned(
    url: &str,
    reference: Option<&str>,
    rules: &GitRules,
    space: &TempSpace,
    cancelled: &Arc<AtomicBool>,
) -> Result<Fetched, AnalysisError> {
    let folder = space.folder().map_err(|error| AnalysisError::io("make a temporary folder", &error))?;
    let cloned = git::clone(url, reference, folder.path(), rules, cancelled).await?;
    Ok(Fetched { root: cloned.folder, revision: Some(cloned.commit), _folder: Some(Arc::new(folder)) })
}

async fn unpacked(
    file: &Path,
    name: &str,
    settings: &Settings,
    space: &TempSpace,
    cancelled: &Arc<AtomicBool>,
) -> Result<Fetched, AnalysisError> {
    let folder = space.folder().map_err(|error| AnalysisError::io("make a temporary folder", &error))?;
    let folder = Arc::new(folder);
    // The thread holds the folder too: it goes when both have ended.
    let (into, file, limits) = (folder.clone(), file.to_owned(), settings.archives.clone());
    let cancelled = cancelled.clone();
    let result = blocking(move || archive::unpack(&file, into.path(), &limits, &cancelled)).await;
    let contents = result.map_err(|error| archive::explained(name, error))?;
    if contents.left_out > 0 {
        tracing::info!("left {} links and devices of the archive {name} out", contents.left_out);
    }
    Ok(Fetched { root: archive::top_folder(folder.path()), revision: None, _folder: Some(folder) })
}
