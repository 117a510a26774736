//! Taking a reading away: one JSON document, a folder of Markdown, or that folder as a zip.
//!
//! The same repository and settings give the same bytes, wherever the repository lies and however often it was read,
//! apart from ids and times: so the document names a folder by its name only, and tells what the reading cost to make,
//! not what of it came from the cache this time.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reader::export::{Export, ExportError, FolderOptions, markdown_folder, write_json};
use reader::{Item, KnowledgeBase, Page};
use serde_json::Value;
use store::{Analysis, AnalysisId, Source, Status};
use zip::write::SimpleFileOptions;

use crate::error::is_disk_full;
use crate::intake::is_bare_repository;
use crate::{Analyses, AnalysisError, ErrorKind, blocking, pages};

/// As what a reading is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// One document: `{version, analysis, files, symbols, items, pages, graph}`.
    Json,
    /// The pages as Markdown files with `analysis.json`, packed.
    Zip,
}

impl Analyses {
    /// Writes the export to a file without a name, to be read from its start.
    pub async fn export_file(&self, id: &AnalysisId, format: ExportFormat) -> Result<File, AnalysisError> {
        let taken = self.taken(id).await?;
        let folder = self.shared().space().folder().map_err(|error| AnalysisError::io("export", &error))?;
        blocking(move || {
            let path = folder.path().join("export");
            let mut file =
                File::options().read(true).write(true).create_new(true).open(&path).map_err(io_error)?;
            match format {
                ExportFormat::Json => taken.write_json(&mut file)?,
                ExportFormat::Zip => {
                    let pages = folder.path().join("pages");
                    // Packed pages go anywhere: no link leads to this machine's folders, but to copies of what is cited.
                    Taken { repository: None, ..taken }.write_folder(&pages)?;
                    pack(&pages, &mut file).map_err(io_error)?;
                }
            }
            file.rewind().map_err(io_error)?;
            Ok(file)
        })
        .await
    }

    /// Writes `index.md`, a file for each page and `analysis.json` into this folder. Files that are not of an export are
    /// left alone.
    pub async fn export_folder(&self, id: &AnalysisId, folder: &Path) -> Result<(), AnalysisError> {
        let (taken, folder) = (self.taken(id).await?, folder.to_owned());
        blocking(move || taken.write_folder(&folder)).await
    }

    async fn taken(&self, id: &AnalysisId) -> Result<Taken, AnalysisError> {
        let (analysis, _) = self.existing(id).await?;
        let result = self.result(id).await?;
        let written = match &result {
            Some(result) => self.store().pages(result).await?,
            None => Vec::new(),
        };
        let (Some(result), false) = (result, written.is_empty()) else {
            let (state, hint) = match analysis.status {
                Status::Failed => ("failed", "Resume it, or read the repository again."),
                Status::Cancelled => ("was cancelled", "Resume it."),
                _ => ("is not completed yet", "Wait until it is."),
            };
            let message = format!("the analysis {} has no pages: it {state}", analysis.name);
            return Err(AnalysisError::new(ErrorKind::Conflict, "no_pages", message, hint));
        };
        let base = self.shared().knowledge().of(self.shared(), &result).await?;
        let mut summaries = BTreeMap::new();
        let items = pages::each_reading(self.store(), &result, |reading| {
            if !reading.summary.is_empty() {
                summaries.insert(reading.path, reading.summary);
            }
            Some(reading.items)
        })
        .await?;
        let cost = self.store().cost(&result).await?;
        let repository = match &analysis.source {
            // A bare repository has no files that links could lead to.
            Source::Path { path } => Some(PathBuf::from(path)).filter(|path| !is_bare_repository(path)),
            _ => None,
        };
        let items = items.into_iter().flatten().collect();
        Ok(Taken {
            analysis: as_exported(&analysis, cost)?,
            repository,
            base,
            summaries,
            items,
            pages: written,
        })
    }
}

/// The analysis as every export of this reading shows it.
fn as_exported(analysis: &Analysis, cost: store::LlmUsage) -> Result<Value, AnalysisError> {
    let name_of = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let source = match &analysis.source {
        Source::Path { path } => Source::Path { path: name_of(path) },
        Source::Archive { archive } => Source::Archive { archive: name_of(archive) },
        other => other.clone(),
    };
    let shown = Analysis { source, llm: cost, ..analysis.clone() };
    serde_json::to_value(shown).map_err(AnalysisError::internal)
}

/// All that an export is made of.
struct Taken {
    analysis: Value,
    /// The folder that was read, where the source still lies.
    repository: Option<PathBuf>,
    base: Arc<KnowledgeBase>,
    /// What is said of files, by path.
    summaries: BTreeMap<String, String>,
    items: Vec<Item>,
    pages: Vec<Page>,
}

impl Taken {
    fn write_json(&self, file: &mut File) -> Result<(), AnalysisError> {
        let mut out = BufWriter::new(file);
        let export = Export {
            analysis: &self.analysis,
            kb: &self.base,
            summaries: &self.summaries,
            items: &self.items,
            pages: &self.pages,
        };
        write_json(&export, &mut out).map_err(export_error)?;
        out.flush().map_err(io_error)
    }

    /// The pages and the document, or, where they do not all find room, what was there before.
    fn write_folder(&self, folder: &Path) -> Result<(), AnalysisError> {
        if folder.exists() && !folder.is_dir() {
            return Err(export_error(ExportError::NotAFolder { path: folder.to_owned() }));
        }
        let is_new = !folder.exists();
        fs::create_dir_all(folder)
            .map_err(|error| export_error(ExportError::Write { path: folder.to_owned(), source: error }))?;
        let options = FolderOptions { repository: self.repository.as_deref(), sources: Some(&*self.base) };
        let (path, part) = (folder.join("analysis.json"), folder.join(".analysis.json.part"));
        let written = File::create(&part).map_err(io_error).and_then(|mut file| {
            self.write_json(&mut file)?;
            file.sync_all().map_err(io_error)?;
            markdown_folder(&self.pages, folder, &options).map_err(export_error)?;
            fs::rename(&part, &path).map_err(io_error)
        });
        if written.is_err() {
            // What is half written is of no use; the error tells why.
            let _ = fs::remove_file(&part);
            if is_new {
                let _ = fs::remove_dir(folder);
            }
        }
        written
    }
}

/// All files below the folder, by name, with one time for all: the same pages give the same bytes.
fn pack(folder: &Path, out: &mut File) -> io::Result<()> {
    let mut zip = zip::ZipWriter::new(out);
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    for path in files(folder)? {
        let name = path.strip_prefix(folder).map_err(io::Error::other)?.to_string_lossy().into_owned();
        zip.start_file(name, options).map_err(io::Error::other)?;
        io::copy(&mut File::open(&path)?, &mut zip)?;
    }
    zip.finish().map_err(io::Error::other)?;
    Ok(())
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() { folders.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found.sort();
    Ok(found)
}

fn io_error(error: io::Error) -> AnalysisError {
    if is_disk_full(&error) { no_room() } else { AnalysisError::io("write the export", &error) }
}

fn no_room() -> AnalysisError {
    AnalysisError {
        hint: "Free some space or choose a folder on another disk, then export again: the reading is kept."
            .to_owned(),
        ..AnalysisError::disk_full("write the export")
    }
}

fn export_error(error: ExportError) -> AnalysisError {
    let message = error.to_string();
    match error {
        ExportError::Write { source, .. } | ExportError::Io(source) if is_disk_full(&source) => no_room(),
        ExportError::Write { .. } => {
            AnalysisError::invalid("export_folder", message, "Choose another folder.")
        }
        // The message says it.
        ExportError::Foreign { .. } | ExportError::NotAFolder { .. } => {
            AnalysisError::invalid("export_folder", message, "")
        }
        _ => AnalysisError::internal(message),
    }
}
