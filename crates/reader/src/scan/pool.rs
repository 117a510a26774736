//! Reads and parses on several threads, and hands the results on in order.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::{
    options::{ScanError, ScanOptions, ScanProgress, ScanSummary},
    read::{self, Content},
    skip,
    walk::{self, Listed, Listing},
};
use crate::{
    domain::{File, Language, SkipReason},
    facts::FileFacts,
    languages::{self, Engine, Extract, detect, spec_for},
    sink::FileSink,
};

/// Files that may be under way at once, and their size on disk: the bound of the memory.
const MAX_FILES_AHEAD: usize = 512;
const MAX_BYTES_AHEAD: u64 = 24 * 1024 * 1024;

/// Reads the folder `root` and hands every file to `sink`.
///
/// `progress` is called after each file, from the caller's thread. When `cancelled` becomes true the scan ends
/// with [`ScanError::Cancelled`] after the files that are being parsed.
pub fn scan(
    root: &Path,
    options: &ScanOptions,
    sink: &mut dyn FileSink,
    progress: &(dyn Fn(ScanProgress) + Sync),
    cancelled: &AtomicBool,
) -> Result<ScanSummary, ScanError> {
    progress(ScanProgress { done: 0, total: 0 });
    let listing = walk::list(root, options)?;
    scan_listed(
        &Folder { root, max_file_bytes: options.max_file_bytes },
        &listing,
        options,
        sink,
        progress,
        cancelled,
    )
}

/// Where the contents of listed files are.
pub(crate) trait Contents: Sync {
    /// What is in a file that is not skipped.
    fn read(&self, file: &Listed) -> Content;
}

/// A folder on the disk.
struct Folder<'a> {
    root: &'a Path,
    max_file_bytes: u64,
}

impl Contents for Folder<'_> {
    fn read(&self, file: &Listed) -> Content {
        read::read(&self.root.join(&file.relative), self.max_file_bytes)
    }
}

/// The same as [`scan`], of what is listed already.
pub(crate) fn scan_listed(
    contents: &dyn Contents,
    listing: &Listing,
    options: &ScanOptions,
    sink: &mut dyn FileSink,
    progress: &(dyn Fn(ScanProgress) + Sync),
    cancelled: &AtomicBool,
) -> Result<ScanSummary, ScanError> {
    let mut summary = ScanSummary::default();
    if listing.too_many > 0 {
        summary.skipped.insert(SkipReason::TooMany, listing.too_many);
    }
    let files = &listing.files;
    let (jobs, todo) = unbounded::<usize>();
    let (done, results) = unbounded::<(usize, Box<Outcome>)>();
    thread::scope(|scope| {
        for number in 0..threads(options, files.len()) {
            let (todo, done) = (todo.clone(), done.clone());
            thread::Builder::new()
                .name(format!("scan-{number}"))
                .stack_size(languages::STACK)
                .spawn_scoped(scope, move || work(contents, options, files, &todo, &done))
                .map_err(ScanError::Threads)?;
        }
        drop((todo, done));
        let mut order = InOrder { files, jobs, results, waiting: BTreeMap::new(), sent: 0, bytes: 0 };
        for at in 0..files.len() {
            if cancelled.load(Ordering::Relaxed) {
                return Err(ScanError::Cancelled);
            }
            let Some(outcome) = order.next(at) else { return Err(ScanError::Cancelled) };
            let Outcome { facts, text, is_cut } = *outcome;
            count(&mut summary, &facts, is_cut);
            let path = facts.file.path.clone();
            sink.accept(facts, text).map_err(|source| ScanError::Sink { path, source })?;
            progress(ScanProgress { done: at + 1, total: files.len() });
        }
        Ok(())
    })?;
    Ok(summary)
}

/// What one file gave.
struct Outcome {
    facts: FileFacts,
    text: Option<String>,
    is_cut: bool,
}

pub(super) fn threads(options: &ScanOptions, files: usize) -> usize {
    let processors = || thread::available_parallelism().map_or(2, usize::from);
    options.threads.unwrap_or_else(processors).clamp(1, 64).min(files.max(1))
}

fn count(summary: &mut ScanSummary, facts: &FileFacts, is_cut: bool) {
    let file = &facts.file;
    summary.files += 1;
    summary.cut += u64::from(is_cut);
    if let Some(reason) = file.skipped {
        *summary.skipped.entry(reason).or_default() += 1;
        return;
    }
    summary.read += 1;
    summary.lines += u64::from(file.lines);
    summary.bytes += file.bytes;
    if let Some(language) = file.language {
        let count = summary.languages.entry(language).or_default();
        count.files += 1;
        count.lines += u64::from(file.lines);
    }
}

/// Gives out files to the threads, a bounded way ahead, and returns their outcomes in order.
struct InOrder<'a> {
    files: &'a [Listed],
    jobs: Sender<usize>,
    results: Receiver<(usize, Box<Outcome>)>,
    waiting: BTreeMap<usize, Box<Outcome>>,
    sent: usize,
    /// Of the files sent and not yet returned.
    bytes: u64,
}

impl InOrder<'_> {
    fn next(&mut self, at: usize) -> Option<Box<Outcome>> {
        self.send_ahead(at);
        let outcome = loop {
            if let Some(outcome) = self.waiting.remove(&at) {
                break outcome;
            }
            let (number, outcome) = self.results.recv().ok()?;
            self.waiting.insert(number, outcome);
        };
        self.bytes = self.bytes.saturating_sub(self.weight(at));
        Some(outcome)
    }

    fn send_ahead(&mut self, at: usize) {
        while self.sent < self.files.len()
            && self.sent < at + MAX_FILES_AHEAD
            && (self.bytes < MAX_BYTES_AHEAD || self.sent == at)
        {
            self.bytes += self.weight(self.sent);
            if self.jobs.send(self.sent).is_err() {
                return;
            }
            self.sent += 1;
        }
    }

    fn weight(&self, at: usize) -> u64 {
        self.files.get(at).filter(|file| file.skipped.is_none()).map_or(0, |file| file.bytes)
    }
}

/// One thread: reads and parses until there is nothing to do.
fn work(
    contents: &dyn Contents,
    options: &ScanOptions,
    files: &[Listed],
    todo: &Receiver<usize>,
    done: &Sender<(usize, Box<Outcome>)>,
) {
    let mut engines = Engines::default();
    for at in todo {
        let Some(listed) = files.get(at) else { continue };
        let outcome = read_one(contents, options, listed, &mut engines);
        if done.send((at, Box::new(outcome))).is_err() {
            return;
        }
    }
}

fn read_one(
    contents: &dyn Contents,
    options: &ScanOptions,
    listed: &Listed,
    engines: &mut Engines,
) -> Outcome {
    let mut facts = empty(listed);
    if facts.file.skipped.is_some() {
        return Outcome { facts, text: None, is_cut: false };
    }
    let (text, hash) = match contents.read(listed) {
        Content::Text { text, hash } => (text, hash),
        Content::Skipped(reason) => {
            facts.file.skipped = Some(reason);
            return Outcome { facts, text: None, is_cut: false };
        }
    };
    facts.file.hash = hash;
    facts.file.language = detect(&listed.path, &text);
    let name = listed.path.rsplit('/').next().unwrap_or(&listed.path).to_ascii_lowercase();
    facts.file.skipped = skip::content(&name, facts.file.language, &text);
    if facts.file.skipped.is_some() {
        return Outcome { facts, text: None, is_cut: false };
    }
    facts.file.lines = count_lines(&text);
    let extract =
        facts.file.language.and_then(|language| engines.extract(language, options, &listed.path, &text));
    let is_cut = extract.as_ref().is_some_and(|extract| extract.is_cut);
    if let Some(extract) = extract {
        fill(&mut facts, extract);
    }
    Outcome { facts, text: Some(text), is_cut }
}

fn empty(listed: &Listed) -> FileFacts {
    FileFacts {
        file: File {
            path: listed.path.clone(),
            language: None,
            lines: 0,
            bytes: listed.bytes,
            hash: String::new(),
            skipped: listed.skipped,
            rank: 0.0,
            summary: None,
            imports: Vec::new(),
        },
        doc: None,
        symbols: Vec::new(),
        imports: Vec::new(),
        uses: Vec::new(),
        settings: Vec::new(),
        routes: Vec::new(),
        mounts: Vec::new(),
        commands: Vec::new(),
        entry_points: Vec::new(),
    }
}

fn fill(facts: &mut FileFacts, extract: Extract) {
    facts.doc = extract.doc;
    facts.symbols = extract.symbols;
    facts.imports = extract.imports;
    facts.uses = extract.uses;
    facts.settings = extract.settings;
    facts.routes = extract.routes;
    facts.mounts = extract.mounts;
    facts.commands = extract.commands;
    facts.entry_points = extract.entry_points;
}

fn count_lines(text: &str) -> u32 {
    let newlines = memchr::memchr_iter(b'\n', text.as_bytes()).count();
    let unended = usize::from(!text.is_empty() && !text.ends_with('\n'));
    u32::try_from(newlines + unended).unwrap_or(u32::MAX)
}

/// The engines of one thread, made when their language is first met.
#[derive(Default)]
struct Engines(HashMap<Language, Engine>);

impl Engines {
    fn extract(
        &mut self,
        language: Language,
        options: &ScanOptions,
        path: &str,
        text: &str,
    ) -> Option<Extract> {
        let spec = spec_for(language, text)?;
        let engine = match self.0.entry(spec.language) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => match Engine::new(spec) {
                Ok(engine) => entry.insert(engine),
                Err(message) => {
                    tracing::error!(?language, message, "a query does not compile; files are read as text");
                    return None;
                }
            },
        };
        match catch_unwind(AssertUnwindSafe(|| engine.extract(path, text, options.parse_limit))) {
            Ok(extract) => Some(extract),
            Err(_) => {
                tracing::error!(path, "reading this file's symbols failed; it is read as text");
                self.0.remove(&spec.language);
                None
            }
        }
    }
}
