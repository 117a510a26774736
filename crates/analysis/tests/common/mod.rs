//! An `Analyses` over a temporary data folder, with a worker inside.
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use analysis::{Analyses, Analysis, AnalysisError, AnalysisEvent, Settings, Source, Submission};
use celeriac::Shutdown;
use futures_util::StreamExt;
use tokio::task::JoinHandle;

/// Nothing takes so long; a test that waits so long has failed.
pub const LONG: Duration = Duration::from_secs(60);

pub struct Bed {
    pub folder: tempfile::TempDir,
    pub analyses: Analyses,
    worker: Option<(Shutdown, JoinHandle<Result<(), AnalysisError>>)>,
}

impl Bed {
    /// With a worker.
    pub async fn new() -> Self {
        Self::with(|_| {}).await.working()
    }

    /// Without a worker.
    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::new(folder.path().join("data"));
        change(&mut settings);
        let analyses = Analyses::open(settings).await.unwrap();
        Self { folder, analyses, worker: None }
    }

    /// As [`with`](Self::with), over a data folder that was used before.
    pub async fn again(folder: tempfile::TempDir, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::new(folder.path().join("data"));
        change(&mut settings);
        let analyses = Analyses::open(settings).await.unwrap();
        Self { folder, analyses, worker: None }
    }

    /// Waits for the first event that satisfies this.
    pub async fn until(&self, analysis: &Analysis, wanted: impl Fn(&Analysis) -> bool) -> Analysis {
        let mut events = self.analyses.watch(&analysis.id, None).await.unwrap();
        let found = async {
            while let Some(event) = events.next().await {
                let analysis = event.unwrap().analysis;
                if wanted(&analysis) {
                    return analysis;
                }
            }
            panic!("the analysis ended without it");
        };
        tokio::time::timeout(LONG, found).await.expect("it did not come to that")
    }

    pub fn working(mut self) -> Self {
        let shutdown = Shutdown::new();
        let worker = worker(&self.analyses);
        let task = tokio::spawn(self.analyses.clone().run_worker(worker, shutdown.clone()));
        self.worker = Some((shutdown, task));
        self
    }

    /// Ends the worker and everything that holds the data folder; gives the folder back.
    pub async fn stopped(mut self) -> tempfile::TempDir {
        if let Some((shutdown, task)) = self.worker.take() {
            shutdown.warm();
            task.await.unwrap().unwrap();
        }
        self.folder
    }

    /// Drops the worker in the middle of what it does, as a kill would: nothing is settled.
    pub async fn kill_worker(&mut self) {
        if let Some((_, task)) = self.worker.take() {
            task.abort();
            let _ = task.await;
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A folder of these files.
    pub fn repository(&self, name: &str, files: &[(&str, &str)]) -> PathBuf {
        let root = self.path(name);
        write(&root, files);
        root
    }

    pub async fn submit(&self, path: &Path) -> Analysis {
        self.analyses.submit(of_path(path).into()).await.unwrap()
    }

    /// Submits and waits for the end.
    pub async fn read(&self, submission: impl Into<Submission>) -> Analysis {
        let submitted = self.analyses.submit(submission.into()).await.unwrap();
        self.end_of(&submitted).await
    }

    pub async fn read_path(&self, path: &Path) -> Analysis {
        self.read(of_path(path)).await
    }

    pub async fn end_of(&self, analysis: &Analysis) -> Analysis {
        self.events(analysis).await.pop().unwrap().analysis
    }

    /// All events until the end.
    pub async fn events(&self, analysis: &Analysis) -> Vec<AnalysisEvent> {
        let events = self.analyses.watch(&analysis.id, None).await.unwrap();
        let all = tokio::time::timeout(LONG, events.map(Result::unwrap).collect::<Vec<_>>()).await;
        all.expect("the analysis did not end")
    }

    /// What lies in the folder for temporary files but for the place of this process.
    pub fn temporary(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for own in fs::read_dir(self.path("data/tmp")).unwrap().flatten() {
            if own.file_type().unwrap().is_dir() {
                found.extend(fs::read_dir(own.path()).unwrap().flatten().map(|entry| entry.path()));
            }
        }
        found
    }
}

pub fn worker(analyses: &Analyses) -> celeriac::WorkerBuilder<analysis::Shared> {
    analyses
        .worker()
        .hostname(&format!("test-{}@lab", uuid::Uuid::new_v4().simple()))
        .concurrency(4)
        .prefetch_multiplier(1)
        .time_limit(Some(Duration::from_secs(3600)))
        .soft_time_limit(Some(Duration::from_secs(3300)))
        .events(true)
}

pub fn of_path(path: &Path) -> Source {
    Source::Path { path: path.to_str().unwrap().to_owned() }
}

pub fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// A small package in Python.
pub const PACKAGE: &[(&str, &str)] = &[
    ("README.md", "# Greeter\n\nGreets people by name.\n"),
    ("pyproject.toml", "[project]\nname = \"greeter\"\nversion = \"1.0\"\n"),
    ("greeter/__init__.py", "\"\"\"Greets people.\"\"\"\nfrom .core import greet\n"),
    (
        "greeter/core.py",
        "\"\"\"How greetings are made.\"\"\"\nimport os\n\nfrom .words import WORDS\n\n\ndef greet(name):\n    \"\"\"Greets one person.\"\"\"\n    return f\"{WORDS['hello']} {name} {os.environ.get('PLACE', '')}\"\n\n\nclass Greeter:\n    \"\"\"Greets many.\"\"\"\n\n    def all(self, names):\n        \"\"\"Greets them all.\"\"\"\n        return [greet(name) for name in names]\n",
    ),
    ("greeter/words.py", "\"\"\"The words.\"\"\"\nWORDS = {'hello': 'Hello'}\n"),
    ("tests/test_core.py", "from greeter import greet\n\n\ndef test_greet():\n    assert greet('x')\n"),
];
