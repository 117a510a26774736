//! What can happen to an analysis.

use jiff::Timestamp;

use super::{
    Analysis, AnalysisId, DocumentLanguage, EventId, Failure, LlmUsage, Progress, ResultId, Source, Status,
    Step,
};

/// How often an analysis was begun: 1, and one more with each resume. Tasks of an older run do nothing.
pub type Run = u32;

/// A queued analysis to be added.
#[derive(Debug, Clone)]
pub struct NewAnalysis {
    /// Its identity.
    pub id: AnalysisId,
    /// What people call it.
    pub name: String,
    /// The task that will run it.
    pub task_id: String,
    /// What is read.
    pub source: Source,
    /// The commit of git, where it is known already.
    pub commit: Option<String>,
    /// The language of the pages.
    pub language: DocumentLanguage,
    /// The LLM; `None` for static analysis.
    pub model: Option<String>,
}

/// The analysis after a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// As it stands now.
    pub analysis: Analysis,
    /// Its run.
    pub run: Run,
    /// The event that tells of it; `None` for a quiet change.
    pub event: Option<EventId>,
}

/// One step of an analysis' life. It is applied only from the states that permit it, so that whoever comes
/// late (a task of a cancelled or resumed analysis) changes nothing.
#[derive(Debug, Clone)]
pub struct Change {
    pub(crate) from: Vec<Status>,
    pub(crate) run: Option<Run>,
    pub(crate) next_run: Option<String>,
    pub(crate) result: Option<ResultId>,
    pub(crate) is_quiet: bool,
    kind: Kind,
    commit: Option<String>,
    counts: CountsSet,
    usage: LlmUsage,
}

/// Counts that are known now; the others stay.
#[derive(Debug, Clone, Copy, Default)]
pub struct CountsSet {
    /// Files that were read.
    pub files: Option<u64>,
    /// Files that were skipped.
    pub skipped: Option<u64>,
    /// Symbols found.
    pub symbols: Option<u64>,
    /// Files described.
    pub analyzed: Option<u64>,
    /// Files whose static description stands for the LLM's.
    pub failed: Option<u64>,
    /// Pages written.
    pub pages: Option<u64>,
}

#[derive(Debug, Clone)]
enum Kind {
    Start,
    At(Step, Option<Progress>),
    Complete,
    Fail(Failure),
    Cancel,
    Resume,
    Note,
}

impl Change {
    fn new(kind: Kind, run: Option<Run>, from: &[Status]) -> Self {
        Self {
            from: from.to_vec(),
            run,
            next_run: None,
            result: None,
            is_quiet: false,
            kind,
            commit: None,
            counts: CountsSet::default(),
            usage: LlmUsage::default(),
        }
    }

    /// A worker takes it; a second time when the message was delivered again.
    pub fn start(run: Run) -> Self {
        Self::new(Kind::Start, Some(run), &[Status::Queued, Status::Running])
    }

    /// It is so far in this step.
    pub fn at(run: Run, step: Step, progress: Option<Progress>) -> Self {
        Self::new(Kind::At(step, progress), Some(run), &[Status::Running])
    }

    /// Counts or usage alone.
    pub fn note(run: Run) -> Self {
        Self::new(Kind::Note, Some(run), &[Status::Running])
    }

    /// All pages are there.
    pub fn complete(run: Run) -> Self {
        Self::new(Kind::Complete, Some(run), &[Status::Running])
    }

    /// It cannot go on.
    pub fn fail(run: Run, failure: Failure) -> Self {
        Self::new(Kind::Fail(failure), Some(run), &[Status::Queued, Status::Running])
    }

    /// Somebody cancelled it.
    pub fn cancel() -> Self {
        Self::new(Kind::Cancel, None, &[Status::Queued, Status::Running])
    }

    /// It is queued again under this task, from one of these states.
    pub fn resume(task_id: String, from: &[Status]) -> Self {
        Self { next_run: Some(task_id), ..Self::new(Kind::Resume, None, from) }
    }

    /// Only this run.
    #[must_use]
    pub fn of_run(mut self, run: Run) -> Self {
        self.run = Some(run);
        self
    }

    /// Names the commit that is read, where there is one.
    #[must_use]
    pub fn commit(mut self, commit: Option<String>) -> Self {
        self.commit = commit;
        self
    }

    /// Sets these counts too.
    #[must_use]
    pub fn counts(mut self, counts: CountsSet) -> Self {
        self.counts = counts;
        self
    }

    /// Adds this usage too.
    #[must_use]
    pub fn usage(mut self, usage: LlmUsage) -> Self {
        self.usage = usage;
        self
    }

    /// Names the result that the analysis works on.
    #[must_use]
    pub fn result(mut self, result: ResultId) -> Self {
        self.result = Some(result);
        self
    }

    /// Writes no event: one of many small changes.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.is_quiet = true;
        self
    }

    pub(crate) fn applied_to(&self, mut analysis: Analysis) -> Analysis {
        let now = now();
        match &self.kind {
            Kind::Start => {
                analysis.status = Status::Running;
                analysis.started_at.get_or_insert(now);
            }
            Kind::At(step, progress) => {
                analysis.step = Some(*step);
                analysis.progress = *progress;
            }
            Kind::Complete => {
                analysis.status = Status::Completed;
                analysis.step = None;
                analysis.progress = None;
                analysis.error = None;
                analysis.finished_at = Some(now);
            }
            Kind::Fail(failure) => {
                analysis.status = Status::Failed;
                analysis.error = Some(failure.clone());
                analysis.finished_at = Some(now);
            }
            Kind::Cancel => {
                analysis.status = Status::Cancelled;
                analysis.finished_at = Some(now);
            }
            Kind::Resume => {
                analysis.status = Status::Queued;
                analysis.step = None;
                analysis.progress = None;
                analysis.error = None;
                analysis.finished_at = None;
            }
            Kind::Note => {}
        }
        analysis.commit = self.commit.clone().or(analysis.commit);
        let counts = &mut analysis.counts;
        for (count, set) in [
            (&mut counts.files, self.counts.files),
            (&mut counts.skipped, self.counts.skipped),
            (&mut counts.symbols, self.counts.symbols),
            (&mut counts.analyzed, self.counts.analyzed),
            (&mut counts.failed, self.counts.failed),
            (&mut counts.pages, self.counts.pages),
        ] {
            *count = set.unwrap_or(*count);
        }
        analysis.llm += self.usage;
        analysis
    }
}

/// Now, in the microseconds that the database keeps.
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}
