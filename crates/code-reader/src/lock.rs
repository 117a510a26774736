//! Who uses the data folder: one `serve` or `api`, any number of workers, one `read` that brings a worker of its own, and those that watch it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use analysis::LlmSettings;

use crate::error::CliError;

/// Held by the process that serves a data folder; freed by the system when it ends, however it ends.
#[derive(Debug)]
pub struct ServeLock {
    file: File,
}

impl ServeLock {
    /// Takes the lock, or says who has it.
    pub fn take(data_dir: &Path) -> Result<ServeLock, CliError> {
        let path = data_dir.join("serve.lock");
        let mut file = open(&path)?;
        if taken(file.try_lock(), &path)? {
            return Ok(ServeLock { file });
        }
        let mut holder = String::new();
        // What the holder wrote is a courtesy; without it the sentence still stands.
        drop(file.read_to_string(&mut holder));
        let holder = if holder.trim().is_empty() { "another process" } else { holder.trim() };
        Err(CliError::failed(format!("{} is already served by {holder}", data_dir.display()))
            .hint("use that one, stop it, or give this one a data folder of its own with --data-dir"))
    }

    /// Tells others where this process answers.
    pub fn announce(&mut self, url: &str) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        writeln!(self.file, "process {} at {url}", std::process::id())
    }
}

/// Held, shared, by every worker process.
#[derive(Debug)]
pub struct WorkerLock {
    _file: File,
}

impl WorkerLock {
    /// Marks that a worker runs.
    pub fn share(data_dir: &Path) -> Result<WorkerLock, CliError> {
        shared(&data_dir.join("worker.lock")).map(|file| WorkerLock { _file: file })
    }

    /// Whether a worker process runs on this data folder now.
    pub fn is_held(data_dir: &Path) -> Result<bool, CliError> {
        Ok(alone(&data_dir.join("worker.lock"))?.is_none())
    }
}

/// Held by the one `read` that works; others watch, so that the provider's limits hold for all of them together.
#[derive(Debug)]
pub struct ReadLock {
    _file: File,
}

/// Held, shared, by every `read` that leaves calls of an LLM to the one that works: until it is done, or has taken over,
/// nobody begins who would make them otherwise.
#[derive(Debug)]
pub struct WatchLock {
    _file: File,
}

impl WatchLock {
    /// Marks that somebody watches. Whoever works is looked at once more afterwards: it may have been another one by now.
    pub fn share(data_dir: &Path) -> Result<WatchLock, CliError> {
        shared(&data_dir.join("watch.lock")).map(|file| WatchLock { _file: file })
    }

    fn is_held(data_dir: &Path) -> Result<bool, CliError> {
        Ok(alone(&data_dir.join("watch.lock"))?.is_none())
    }
}

/// What came of taking the lock.
#[derive(Debug)]
pub enum Turn {
    /// It was free.
    Ours(ReadLock),
    /// Another `read` has it, or had it and was watched by some that take over.
    Theirs(Holder),
}

/// With which queue and which provider a `read` works. The model is none of it, since each analysis names its own.
#[derive(Debug, Clone)]
pub struct Terms {
    queue: String,
    provider: Option<String>,
}

/// The `read` that works.
#[derive(Debug)]
pub struct Holder {
    /// Its process id.
    pub process: String,
    salt: String,
    terms: Option<(String, String)>,
}

impl ReadLock {
    /// Takes the lock and writes who works and how, or says who has it.
    pub fn take(data_dir: &Path, terms: &Terms) -> Result<Turn, CliError> {
        let path = data_dir.join("read.lock");
        let Some(mut file) = alone(&path)? else {
            // The holder may be about to write; what is not whole yet fits nobody, and is looked at again.
            return Ok(Turn::Theirs(Holder::of(&std::fs::read_to_string(&path).unwrap_or_default())));
        };
        let mut before = String::new();
        // What is unreadable was written by no holder that anybody watched.
        drop(file.read_to_string(&mut before));
        let before = Holder::of(&before);
        if !before.worked_as(terms) && WatchLock::is_held(data_dir)? {
            return Ok(Turn::Theirs(before));
        }
        let (process, salt) = (std::process::id(), uuid::Uuid::new_v4().to_string());
        let (queue, provider) = terms.digests(&salt);
        let line = format!("{process} {salt} {queue} {provider}\n");
        // Written before the rest is cut, so that whoever is killed in between leaves one line or the other.
        file.rewind()?;
        file.write_all(line.as_bytes())?;
        file.set_len(line.len() as u64)?;
        Ok(Turn::Ours(ReadLock { _file: file }))
    }
}

impl Terms {
    /// Those of this queue and this provider, where one is asked for.
    pub fn new(broker_url: &str, llm: Option<&LlmSettings>) -> Terms {
        let provider = llm.map(|llm| {
            let limits = (llm.max_concurrent, llm.requests_per_minute, llm.tokens_per_minute);
            let prices = (llm.prompt_price, llm.completion_price);
            format!("{:?}", (&llm.base_url, &llm.api_key, llm.timeout, limits, prices))
        });
        Terms { queue: broker_url.to_owned(), provider }
    }

    /// Only digests are written: keys and passwords are no business of a file.
    fn digests(&self, salt: &str) -> (String, String) {
        let digest = |text: &str| blake3::hash(format!("{salt} {text}").as_bytes()).to_hex().to_string();
        (digest(&self.queue), self.provider.as_deref().map_or_else(|| "-".to_owned(), digest))
    }
}

impl Holder {
    /// The holder that the lock's file names.
    fn of(text: &str) -> Holder {
        let mut words = text.lines().next().unwrap_or_default().split_whitespace().map(str::to_owned);
        Holder {
            process: words.next().unwrap_or_else(|| "unknown".to_owned()),
            salt: words.next().unwrap_or_default(),
            terms: words.next().zip(words.next()),
        }
    }

    /// Whether it worked just as these terms say, so that what was left to it may be done by them.
    fn worked_as(&self, terms: &Terms) -> bool {
        self.terms.as_ref().is_none_or(|held| *held == terms.digests(&self.salt))
    }

    /// Whether it does the work of these terms as they want it done.
    pub fn works_as(&self, terms: &Terms) -> bool {
        let (queue, provider) = terms.digests(&self.salt);
        self.terms.as_ref().is_some_and(|held| held.0 == queue && (provider == "-" || held.1 == provider))
    }
}

/// The file, locked with others.
fn shared(path: &Path) -> Result<File, CliError> {
    let file = open(path)?;
    if !taken(file.try_lock_shared(), path)? {
        // Somebody just looks whether it is locked; that takes no time.
        file.lock_shared().map_err(|error| cannot_lock(path, &error))?;
    }
    Ok(file)
}

/// The file, locked for nobody else; `None` while somebody has it.
fn alone(path: &Path) -> Result<Option<File>, CliError> {
    let file = open(path)?;
    Ok(taken(file.try_lock(), path)?.then_some(file))
}

/// Whether the lock was free.
fn taken(tried: Result<(), TryLockError>, path: &Path) -> Result<bool, CliError> {
    match tried {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(cannot_lock(path, &error)),
    }
}

fn cannot_lock(path: &Path, error: &std::io::Error) -> CliError {
    CliError::failed(format!("cannot lock {}: {error}", path.display())).hint(
        "put the data folder on a local disk with --data-dir or DATA_DIR: some network disks know no locks",
    )
}

fn open(path: &Path) -> Result<File, CliError> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path).map_err(
        |error| {
            CliError::failed(format!("cannot open {}: {error}", path.display()))
                .hint("check that the data folder may be written, or choose another with --data-dir")
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_server_is_told_who_is_first() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = ServeLock::take(folder.path()).unwrap();
        first.announce("http://127.0.0.1:8000").unwrap();
        let error = ServeLock::take(folder.path()).unwrap_err().to_string();
        assert!(error.contains("http://127.0.0.1:8000") && error.contains("--data-dir"), "{error}");
        drop(first);
        assert!(ServeLock::take(folder.path()).is_ok());
    }

    #[test]
    fn one_read_works_at_a_time_and_others_learn_whether_it_works_as_they_would() {
        let folder = tempfile::tempdir().unwrap();
        let llm = LlmSettings::new("https://host/v1", "sk-secret", "m");
        let terms = |llm: Option<&LlmSettings>| Terms::new("sqlite:///q.db", llm);
        let take = |terms: &Terms| ReadLock::take(folder.path(), terms).unwrap();
        let first = take(&terms(Some(&llm)));
        assert!(matches!(first, Turn::Ours(_)));
        let written = std::fs::read_to_string(folder.path().join("read.lock")).unwrap();
        assert!(!written.contains("secret") && !written.contains("host"), "{written}");

        let Turn::Theirs(holder) = take(&terms(None)) else { panic!("it was free") };
        assert_eq!(holder.process, std::process::id().to_string());
        let of = |base, key, model| LlmSettings::new(base, key, model);
        for (asked, fits) in [
            (None, true),
            (Some(of("https://host/v1", "sk-secret", "other-model")), true),
            (Some(of("https://host/v1", "sk-other", "m")), false),
            (Some(of("https://other/v1", "sk-secret", "m")), false),
            (Some(LlmSettings { requests_per_minute: 7, ..llm.clone() }), false),
        ] {
            assert_eq!(holder.works_as(&terms(asked.as_ref())), fits, "{asked:?}");
        }
        assert!(!holder.works_as(&Terms::new("redis://127.0.0.1/0", None)));
        drop(first);
        let without = take(&terms(None));
        let Turn::Theirs(holder) = take(&terms(None)) else { panic!("it was free") };
        assert!(holder.works_as(&terms(None)) && !holder.works_as(&terms(Some(&llm))));
        drop(without);
    }

    #[test]
    fn what_was_left_to_a_read_is_taken_over_by_those_who_left_it_and_by_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let take = |terms: &Terms| ReadLock::take(folder.path(), terms).unwrap();
        let of = |key| Terms::new("sqlite:///q.db", Some(&LlmSettings::new("https://host/v1", key, "m")));
        let (ours, others, none) = (of("sk-ours"), of("sk-others"), Terms::new("sqlite:///q.db", None));
        let first = take(&ours);
        let watching = WatchLock::share(folder.path()).unwrap();
        assert!(matches!(take(&ours), Turn::Theirs(holder) if holder.works_as(&ours)));
        drop(first);
        for terms in [&others, &none] {
            assert!(matches!(take(terms), Turn::Theirs(_)), "{terms:?}");
        }
        let second = take(&ours);
        assert!(matches!(second, Turn::Ours(_)));
        drop((second, watching));
        let third = take(&others);
        assert!(matches!(third, Turn::Ours(_)));
        drop(third);
        // A line that was never finished, and one of the former version.
        for text in ["12", ""] {
            std::fs::write(folder.path().join("read.lock"), text).unwrap();
            let watching = WatchLock::share(folder.path()).unwrap();
            let fourth = take(&others);
            assert!(matches!(fourth, Turn::Ours(_)), "{text}");
            drop((fourth, watching));
        }
    }

    #[test]
    fn a_lock_that_the_disk_refuses_is_told_with_its_file_and_a_way_out() {
        let refused = std::io::Error::from_raw_os_error(nix::errno::Errno::ENOLCK as i32);
        let error = taken(Err(TryLockError::Error(refused)), Path::new("/data/worker.lock")).unwrap_err();
        let told = error.to_string();
        assert!(told.contains("/data/worker.lock") && told.contains("--data-dir"), "{told}");
    }

    #[test]
    fn workers_are_many_and_seen() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!WorkerLock::is_held(folder.path()).unwrap());
        let one = WorkerLock::share(folder.path()).unwrap();
        let two = WorkerLock::share(folder.path()).unwrap();
        assert!(WorkerLock::is_held(folder.path()).unwrap());
        drop((one, two));
        assert!(!WorkerLock::is_held(folder.path()).unwrap());
    }
}
