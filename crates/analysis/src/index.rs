//! Steps `scan` and `index`: from a folder to a knowledge base in the object store.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use celeriac::Context;
use reader::SkipReason;
use reader::document::grouped;
use reader::index::{Counts, KnowledgeBaseWriter, RepositoryMeta};
use reader::knowledge::OlderBase;
use reader::scan::{ScanError, ScanOptions, ScanProgress, ScanSummary, scan};
use store::{Analysis, AnalysisId, Change, CountsSet, Progress, ResultId, Run, Step};
use tokio::sync::watch;

use crate::intake::{Fetched, TempFolder};
use crate::progress::change_in_task;
use crate::settings::Settings;
use crate::tasks::Broken;
use crate::{AnalysisError, ErrorKind, Shared, blocking};

/// Where the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Scan(Progress),
    Index,
}

/// The digest of all that a scan would read of the folder: equal digests give equal knowledge bases.
pub(crate) async fn digest(
    shared: &Shared,
    fetched: &Fetched,
    cancelled: Arc<AtomicBool>,
) -> Result<String, Broken> {
    let (root, options) = (fetched.root.clone(), options(shared));
    Ok(blocking(move || reader::scan::digest(&root, &options, &cancelled)).await.map_err(scan_error)?)
}

/// Builds the knowledge base of a result and hands it to the object store, telling how far it is.
pub(crate) async fn build(
    cx: &Context<Shared>,
    id: &AnalysisId,
    run: Run,
    analysis: &Analysis,
    fetched: &Fetched,
    result: &ResultId,
    cancelled: Arc<AtomicBool>,
) -> Result<(), Broken> {
    let shared = cx.state();
    let folder = shared.space().folder();
    let folder = Arc::new(folder.map_err(|error| AnalysisError::io("make a temporary folder", &error))?);
    let (stage, stages) = watch::channel(Stage::Scan(Progress::default()));
    let work = Building {
        root: fetched.root.clone(),
        target: made_in(&folder),
        meta: RepositoryMeta {
            name: analysis.name.clone(),
            revision: fetched.revision.clone(),
            is_name_given: crate::intake::is_name_given(analysis),
        },
        options: options(shared),
        cancelled,
        stage,
        _folder: folder.clone(),
    };
    let target = work.target.clone();
    let (counts, told) = tokio::join!(blocking(move || work.run()), tell(cx, id, run, stages));
    let (counts, skipped) = counts?;
    told?;
    if counts.files == counts.skipped {
        let found =
            CountsSet { files: Some(0), skipped: Some(skipped.values().sum()), ..CountsSet::default() };
        change_in_task(cx, id, Change::note(run).counts(found)).await?;
        return Err(Broken::Analysis(nothing_to_read(&analysis.name, &skipped, shared.settings())));
    }
    shared.knowledge().forget(result);
    let read = counts.files - counts.skipped;
    shared.store().save_knowledge(result, &target, read, counts.skipped, counts.symbols).await?;
    Ok(())
}

/// Where a knowledge base is made before it is handed to the object store.
pub(crate) fn made_in(folder: &TempFolder) -> PathBuf {
    folder.path().join("knowledge.sqlite")
}

/// Makes a knowledge base of today's format of what an older one holds, in a folder.
pub(crate) async fn renew(shared: &Shared, older: PathBuf) -> Result<(Counts, TempFolder), AnalysisError> {
    let folder = shared.space().folder();
    let folder = folder.map_err(|error| AnalysisError::io("make a temporary folder", &error))?;
    let options = options(shared);
    blocking(move || {
        let older = OlderBase::open(older)?;
        let mut writer = KnowledgeBaseWriter::create(made_in(&folder), older.meta().clone())
            .map_err(|error| index_error(&error))?
            .with_threads(options.threads);
        let found =
            older.scan(&options, &mut writer, &|_| {}, &AtomicBool::new(false)).map_err(scan_error)?;
        Ok((finish(writer, &found)?, folder))
    })
    .await
}

fn finish(mut writer: KnowledgeBaseWriter, found: &ScanSummary) -> Result<Counts, AnalysisError> {
    writer.leave_out(found.skipped.get(&SkipReason::TooMany).copied().unwrap_or_default());
    writer.finish(&|_| {}).map_err(|error| index_error(&error))
}

/// Why a file was not read, as it is told after the number of such files.
pub fn why_skipped(reason: SkipReason, settings: &Settings) -> String {
    match reason {
        SkipReason::Binary => "not text".to_owned(),
        SkipReason::Vendored => "code of others, such as node_modules".to_owned(),
        SkipReason::Generated => "written by a program".to_owned(),
        SkipReason::Minified => "minified".to_owned(),
        SkipReason::TooLarge => format!("larger than {} MiB", settings.max_file_bytes >> 20),
        SkipReason::Symlink => "a symbolic link".to_owned(),
        SkipReason::Special => "no regular file".to_owned(),
        SkipReason::Unreadable => "not to be read by this user".to_owned(),
        SkipReason::TooMany => {
            format!("beyond the first {} files (READ_MAX_FILES)", grouped(settings.max_files as u64))
        }
    }
}

fn nothing_to_read(name: &str, skipped: &Skipped, settings: &Settings) -> AnalysisError {
    let reasons: Vec<String> =
        skipped.iter().map(|(reason, count)| format!("{count} {}", why_skipped(*reason, settings))).collect();
    let reasons =
        if reasons.is_empty() { String::new() } else { format!(" (skipped: {})", reasons.join(", ")) };
    AnalysisError::new(
        ErrorKind::Invalid,
        "nothing_to_read",
        format!("{name} holds no text file that can be read{reasons}"),
        "Give a folder that holds source files; what .gitignore names is not read.",
    )
}

/// How many files were not read, and why.
type Skipped = BTreeMap<SkipReason, u64>;

struct Building {
    root: PathBuf,
    target: PathBuf,
    meta: RepositoryMeta,
    options: ScanOptions,
    cancelled: Arc<AtomicBool>,
    stage: watch::Sender<Stage>,
    /// It goes when the thread has ended, also where nobody waits for that any more.
    _folder: Arc<TempFolder>,
}

impl Building {
    fn run(self) -> Result<(Counts, Skipped), AnalysisError> {
        let mut writer = KnowledgeBaseWriter::create(&self.target, self.meta)
            .map_err(|error| index_error(&error))?
            .with_threads(self.options.threads);
        let progress = |progress: ScanProgress| {
            let total = (progress.total > 0).then_some(progress.total as u64);
            self.stage.send_replace(Stage::Scan(Progress { done: progress.done as u64, total }));
        };
        let found =
            scan(&self.root, &self.options, &mut writer, &progress, &self.cancelled).map_err(scan_error)?;
        self.stage.send_replace(Stage::Index);
        Ok((finish(writer, &found)?, found.skipped))
    }
}

/// Tells of each stage until the work has ended: the step at once, numbers as often as watchers want them.
async fn tell(
    cx: &Context<Shared>,
    id: &AnalysisId,
    run: Run,
    mut stages: watch::Receiver<Stage>,
) -> Result<(), AnalysisError> {
    let mut told = Step::Scan;
    while stages.changed().await.is_ok() {
        let stage = *stages.borrow_and_update();
        let change = match stage {
            Stage::Scan(_) if !cx.state().announcer().may_tell(id) => continue,
            Stage::Scan(progress) => Change::at(run, Step::Scan, Some(progress))
                .counts(CountsSet { files: Some(progress.done), ..CountsSet::default() }),
            Stage::Index if told == Step::Index => continue,
            Stage::Index => {
                told = Step::Index;
                Change::at(run, Step::Index, None)
            }
        };
        change_in_task(cx, id, change).await?;
    }
    Ok(())
}

fn options(shared: &Shared) -> ScanOptions {
    let settings = shared.settings();
    ScanOptions {
        max_file_bytes: settings.max_file_bytes,
        max_files: settings.max_files,
        threads: settings.read_threads,
        ..ScanOptions::default()
    }
}

fn scan_error(error: ScanError) -> AnalysisError {
    let message = error.to_string();
    match error {
        ScanError::Cancelled => {
            AnalysisError::new(ErrorKind::Conflict, "cancelled", message, "`code-reader resume` goes on.")
        }
        ScanError::NotFound(_) => AnalysisError::invalid(
            "path_not_found",
            message,
            "Check that the folder is still there, then resume.",
        ),
        ScanError::NotADirectory(_) => {
            AnalysisError::invalid("not_a_directory", message, "Give a folder that holds source files.")
        }
        ScanError::Unreadable { .. } => AnalysisError::invalid(
            "path_unreadable",
            message,
            "Give yourself the right to read it, then resume.",
        ),
        error => written(&error, message),
    }
}

fn index_error(error: &reader::index::IndexError) -> AnalysisError {
    written(error, error.to_string())
}

/// An error on the way to our own disk.
fn written(error: &(dyn Error + 'static), message: String) -> AnalysisError {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let is_full = error.downcast_ref::<std::io::Error>().is_some_and(crate::error::is_disk_full)
            || matches!(error.downcast_ref(), Some(reader::index::IndexError::Full { .. }));
        if is_full || error.to_string().contains("disk is full") {
            return AnalysisError::disk_full("write the knowledge base");
        }
        cause = error.source();
    }
    AnalysisError::internal(message)
}
