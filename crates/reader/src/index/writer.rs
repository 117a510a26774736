//! Takes scanned files and makes one knowledge base of them.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use serde::{Deserialize, Serialize};

use super::{
    error::IndexError,
    rank, resolve, rows,
    thread::{FileRow, Row, RowThread},
    tree::Tree,
};
use crate::{FileSink, SinkError, facts::FileFacts};

/// Which repository a knowledge base was made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryMeta {
    /// The name that pages show.
    pub name: String,
    /// The commit, when the folder is a git repository.
    #[serde(default)]
    pub revision: Option<String>,
    /// Somebody gave it this name: it counts more than what a manifest calls the project.
    #[serde(default)]
    pub is_name_given: bool,
}

/// What a knowledge base holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// All files, read or skipped.
    pub files: u64,
    /// Files that were not read.
    pub skipped: u64,
    /// Of these the ones that stand in no list: there were more files than are listed.
    pub left_out: u64,
    /// Lines of the files that were read.
    pub lines: u64,
    /// Definitions.
    pub symbols: u64,
    /// Imports as written.
    pub imports: u64,
    /// Pieces that are searched.
    pub chunks: u64,
    /// Resolved uses: imports, calls, inheritance, references.
    pub links: u64,
}

/// How far [`KnowledgeBaseWriter::finish`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexProgress {
    /// Names are resolved.
    Resolving,
    /// The graph is written.
    Writing,
    /// The file is flushed to the disk.
    Flushing,
}

/// Writes one knowledge base: a SQLite file that appears at its path when it is whole, or not at all.
///
/// Text goes to a thread of its own as it arrives; only names, symbols and uses are kept in memory.
pub struct KnowledgeBaseWriter {
    target: PathBuf,
    unfinished: Unfinished,
    thread: RowThread,
    tree: Tree,
    counts: Counts,
    meta: RepositoryMeta,
    /// Threads that resolve; `None` for one per processor.
    threads: Option<usize>,
}

/// More threads than this resolve no faster.
const MAX_THREADS: usize = 16;

impl KnowledgeBaseWriter {
    /// Starts a knowledge base that will stand at `path`.
    pub fn create(path: impl Into<PathBuf>, meta: RepositoryMeta) -> Result<Self, IndexError> {
        let target = path.into();
        let unfinished = Unfinished::beside(&target)?;
        let thread = RowThread::start(unfinished.path.clone(), target.clone())?;
        let (tree, counts) = (Tree::default(), Counts::default());
        Ok(Self { target, unfinished, thread, tree, counts, meta, threads: None })
    }

    /// Resolves on so many threads instead of one per processor; they give the same knowledge base.
    pub fn with_threads(mut self, threads: Option<usize>) -> Self {
        self.threads = threads;
        self
    }

    /// Takes one file.
    pub fn add(&mut self, facts: FileFacts, text: Option<String>) -> Result<(), IndexError> {
        let first_symbol = i64::from(u32::try_from(self.tree.symbols.len()).unwrap_or(u32::MAX));
        let Some(id) = self.tree.take(&facts, text.as_deref()) else {
            return Err(IndexError::Twice { path: facts.file.path });
        };
        self.counts.files += 1;
        self.counts.skipped += u64::from(facts.file.skipped.is_some());
        self.counts.lines += u64::from(facts.file.lines);
        self.counts.symbols += facts.symbols.len() as u64;
        self.counts.imports += facts.imports.len() as u64;
        self.thread.send(Row::File(Box::new(FileRow { id: i64::from(id.0), first_symbol, facts, text })))
    }

    /// Counts files that were neither read nor handed over: those beyond the limit of the scan.
    pub fn leave_out(&mut self, files: u64) {
        self.counts.files += files;
        self.counts.skipped += files;
        self.counts.left_out += files;
    }

    /// Resolves, ranks, writes the graph and moves the file into place.
    pub fn finish(mut self, progress: &(dyn Fn(IndexProgress) + Sync)) -> Result<Counts, IndexError> {
        progress(IndexProgress::Resolving);
        self.thread.send(Row::FilesEnd)?;
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = self.threads.unwrap_or_else(processors).clamp(1, MAX_THREADS);
        let resolved = resolve::resolve(&self.tree, threads);
        let ranks = rank::ranks(&self.tree, &resolved);
        progress(IndexProgress::Writing);
        self.counts.links = resolved.links.len() as u64;
        resolved.send(&self.tree, &ranks, &mut self.thread)?;
        self.thread.send(Row::Meta { key: rows::REPOSITORY, value: rows::json(&self.meta) })?;
        // The number of chunks is known to the thread only; reading counts them.
        self.thread.send(Row::Meta { key: rows::COUNTS, value: rows::json(&self.counts) })?;
        self.counts.chunks = self.thread.join()?.chunks;
        progress(IndexProgress::Flushing);
        self.unfinished.move_to(&self.target)?;
        Ok(self.counts)
    }
}

impl FileSink for KnowledgeBaseWriter {
    fn accept(&mut self, facts: FileFacts, text: Option<String>) -> Result<(), SinkError> {
        self.add(facts, text).map_err(SinkError::from)
    }
}

impl Drop for KnowledgeBaseWriter {
    fn drop(&mut self) {
        self.thread.abandon();
    }
}

/// A file that is removed unless it was moved into place.
struct Unfinished {
    path: PathBuf,
}

impl Unfinished {
    fn beside(target: &Path) -> Result<Self, IndexError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let Some(name) = target.file_name() else {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "the path names no file");
            return Err(IndexError::Write { path: target.to_owned(), source });
        };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}-{count}.unfinished", std::process::id()));
        let path = target.with_file_name(hidden);
        // SQLite's own message for a missing folder says too little.
        fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .map_err(|source| IndexError::Write { path: target.to_owned(), source })?;
        Ok(Self { path })
    }

    fn move_to(&self, target: &Path) -> Result<(), IndexError> {
        let moved = || {
            fs::File::open(&self.path)?.sync_all()?;
            fs::rename(&self.path, target)?;
            match target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                Some(folder) => fs::File::open(folder)?.sync_all(),
                None => fs::File::open(".")?.sync_all(),
            }
        };
        moved().map_err(|source| IndexError::Write { path: target.to_owned(), source })
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After the move there is nothing here.
        let _ = fs::remove_file(&self.path);
    }
}
