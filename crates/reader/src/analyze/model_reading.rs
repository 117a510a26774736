//! A file described by a model and checked against the file.

use std::sync::Arc;

use llm::{ChatModel, ChatRequest, FinishReason, LlmError, Message, Usage};

use super::answer::{self, CheckedAnswer, Known};
use super::context::Context;
use super::excerpt::{Lines, masked};
use super::parts::{Part, described, parts};
use super::prompt::{self, Shown};
use super::segments::{Border, segments};
use super::{AnalyzeError, facts_reading, markdown, phrases};
use crate::document::PageLanguage;
use crate::domain::{File, FileReading, Item, ItemKind, Language, LineRange, Origin};
use crate::knowledge::KnowledgeBase;

/// Tokens of an answer: a base, and so many for each symbol.
const ANSWER_TOKENS: u32 = 900;
const ANSWER_TOKENS_PER_SYMBOL: u32 = 220;
/// A wrong answer is shown to the model again up to this many characters.
const MAX_SHOWN_ANSWER: usize = 12_000;

/// How a file is described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOptions {
    /// The language of the descriptions.
    pub language: PageLanguage,
    /// Tokens of source in one call; longer files are cut at the borders of symbols.
    pub source_tokens: usize,
    /// Calls for one file at most, repairs aside; what lies behind is described by facts.
    pub max_segments: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { language: PageLanguage::default(), source_tokens: 12_000, max_segments: 16 }
    }
}

/// A description and what it cost.
#[derive(Debug, Clone, PartialEq)]
pub struct LlmReading {
    /// The description; by facts, with a note, where the model's could not be used.
    pub reading: FileReading,
    /// Tokens of all calls.
    pub usage: Usage,
    /// Calls that were answered.
    pub calls: u32,
}

/// Whether a model is asked about this file at all: code is, data and empty files are not.
pub fn wants_llm(file: &File) -> bool {
    use Language::*;
    let is_code = file.language.is_some_and(|language| {
        !matches!(language, Css | Html | Ini | Json | Markdown | Toml | Xml | Yaml | Rst)
    });
    file.skipped.is_none() && file.lines > 0 && is_code
}

/// The name of a file's description in a cache: the same file, model, language and prompts give the same.
pub fn cache_key(model: &str, language: PageLanguage, file: &File) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in
        [prompt::PROMPT_VERSION.as_str(), model, prompt::language_name(language), &file.path, &file.hash]
    {
        hasher.update(part.as_bytes()).update(&[0]);
    }
    format!("file-{}", hasher.finalize().to_hex())
}

/// Describes a file with a model.
///
/// An answer that is not true to the file is sent back once; then the description by facts stands, and its
/// note says why. An error means that the model cannot be used for any file, or not now.
pub async fn read_with_llm(
    model: &dyn ChatModel,
    kb: &Arc<KnowledgeBase>,
    path: &str,
    options: &ReadOptions,
) -> Result<LlmReading, AnalyzeError> {
    let (kb, path, options) = (kb.clone(), path.to_owned(), options.clone());
    let prepared = tokio::task::spawn_blocking(move || prepare(&kb, &path, &options));
    let job = prepared.await.map_err(|error| AnalyzeError::Interrupted(error.to_string()))??;
    job.run(model).await
}

/// A file's questions, and what their answers are checked and completed with.
struct Job {
    language: PageLanguage,
    /// What stands when the answers do not.
    by_facts: FileReading,
    masked: String,
    lines: u32,
    questions: Vec<Question>,
    /// The first line that no question shows.
    cut_at: Option<u32>,
}

struct Question {
    text: String,
    symbols: Vec<Known>,
    segment: LineRange,
}

fn prepare(kb: &KnowledgeBase, path: &str, options: &ReadOptions) -> Result<Job, AnalyzeError> {
    let context = Context::load(kb, path, options.language)?;
    let by_facts = facts_reading::reading(&context)?;
    let masked = masked(&context.text).into_owned();
    let mut job = Job {
        language: options.language,
        by_facts,
        masked,
        lines: context.facts.file.lines,
        questions: Vec::new(),
        cut_at: None,
    };
    if wants_llm(&context.facts.file) {
        let (questions, cut_at) = questions(&context, &job.masked, options)?;
        job.questions = questions;
        job.cut_at = cut_at;
    }
    Ok(job)
}

fn questions(
    context: &Context<'_>,
    masked: &str,
    options: &ReadOptions,
) -> Result<(Vec<Question>, Option<u32>), AnalyzeError> {
    let lines: Vec<&str> = masked.lines().collect();
    let parts = parts(context);
    let parts = described(&parts);
    let borders: Vec<Border> = parts
        .iter()
        .map(|part| Border { line: part.symbol.lines.start_line, is_top: part.symbol.parent.is_none() })
        .collect();
    let shortened: Vec<_> = lines.iter().map(|line| super::excerpt::short(line)).collect();
    let shortened: Vec<&str> = shortened.iter().map(AsRef::as_ref).collect();
    let segments = segments(&shortened, &borders, options.source_tokens);
    let count = segments.len().min(options.max_segments);
    let cut_at = segments.get(count).map(|segment| segment.start_line);
    let around = prompt::around(context)?;
    let question = |(number, segment): (usize, &LineRange)| {
        let is_inside = |part: &&Part<'_>| {
            (segment.start_line..=segment.end_line).contains(&part.symbol.lines.start_line)
        };
        let inside: Vec<Part<'_>> = parts.iter().filter(is_inside).copied().collect();
        let shown = Shown { lines: &lines, segment: *segment, place: (number + 1, count), parts: &inside };
        Question {
            text: prompt::question(context, &shown, &around),
            symbols: inside
                .iter()
                .map(|part| Known { qualified: part.symbol.qualified_name(), lines: part.symbol.lines })
                .collect(),
            segment: *segment,
        }
    };
    let asked = segments.iter().take(count).enumerate().map(question);
    // A later part without symbols has nothing to add.
    Ok((
        asked.filter(|question| question.segment.start_line == 1 || !question.symbols.is_empty()).collect(),
        cut_at,
    ))
}

/// A description failed for this file alone, for this reason; or for all.
enum Failed {
    ThisFile(String),
    All(LlmError),
}

impl Job {
    async fn run(self, model: &dyn ChatModel) -> Result<LlmReading, AnalyzeError> {
        let (mut usage, mut calls) = (Usage::default(), 0);
        let mut answers = Vec::new();
        for question in &self.questions {
            match self.ask(model, question, &mut usage, &mut calls).await {
                Ok(answer) => answers.push(answer),
                Err(Failed::ThisFile(reason)) => {
                    let note = phrases::answer_unusable(self.language, &reason);
                    let reading = FileReading { note: Some(note), ..self.by_facts };
                    return Ok(LlmReading { reading, usage, calls });
                }
                Err(Failed::All(error)) => return Err(error.into()),
            }
        }
        let reading = if answers.is_empty() { self.by_facts } else { self.merged(answers) };
        Ok(LlmReading { reading, usage, calls })
    }

    /// Asks, and once more with what was wrong.
    async fn ask(
        &self,
        model: &dyn ChatModel,
        question: &Question,
        usage: &mut Usage,
        calls: &mut u32,
    ) -> Result<CheckedAnswer, Failed> {
        let mut messages =
            vec![Message::system(prompt::system(self.language)), Message::user(&question.text)];
        let mut is_repair = false;
        loop {
            let symbols = u32::try_from(question.symbols.len()).unwrap_or(u32::MAX);
            let request = ChatRequest {
                max_tokens: Some(ANSWER_TOKENS + symbols.saturating_mul(ANSWER_TOKENS_PER_SYMBOL)),
                temperature: Some(0.0),
                ..ChatRequest::new(answer::SCHEMA_NAME, messages.clone())
            };
            let response =
                model.chat(request.json(answer::SCHEMA_NAME, answer::schema())).await.map_err(failed)?;
            *usage += response.usage;
            *calls += 1;
            let mut problems = match answer::check(&response.text, &question.symbols, self.lines) {
                Ok(answer) => return Ok(answer),
                Err(problems) => problems,
            };
            if response.finish_reason == FinishReason::Length {
                problems
                    .insert(0, "It was cut off because it was too long: write shorter descriptions.".into());
            }
            if is_repair {
                return Err(Failed::ThisFile(problems.into_iter().next().unwrap_or_default()));
            }
            is_repair = true;
            let shown: String = response.text.chars().take(MAX_SHOWN_ANSWER).collect();
            messages.push(Message::assistant(shown));
            messages.push(Message::user(prompt::repair(&problems)));
        }
    }

    /// The reading by facts with every described part in the model's words.
    fn merged(mut self, answers: Vec<CheckedAnswer>) -> FileReading {
        let lines = Lines::new(&self.masked);
        let mut reading = self.by_facts;
        reading.origin = Origin::Llm;
        let mut answers = answers.into_iter();
        let Some(first) = answers.next() else { return reading };
        reading.summary = markdown::one_line(&first.summary);
        if let Some(file) = reading.items.iter_mut().find(|item| item.kind == ItemKind::File) {
            file.description = markdown::plain(&first.description);
            file.origin = Origin::Llm;
        }
        for checked in first.items.into_iter().chain(answers.flat_map(|answer| answer.items)) {
            let item = Item {
                path: reading.path.clone(),
                kind: checked.answer.kind.into(),
                name: checked.symbol.qualified,
                title: markdown::one_line(&checked.answer.title),
                description: markdown::plain(&checked.answer.description),
                lines: checked.symbol.lines,
                code: lines.excerpt(checked.symbol.lines, usize::MAX),
                origin: Origin::Llm,
            };
            let same =
                reading.items.iter_mut().find(|known| known.name == item.name && known.lines == item.lines);
            match same {
                // What is a function is known for certain; whether a type holds data is a matter of judgement.
                Some(known) if known.kind == ItemKind::Function => {
                    *known = Item { kind: ItemKind::Function, ..item }
                }
                Some(known) if item.kind == ItemKind::Function => *known = Item { kind: known.kind, ..item },
                Some(known) => *known = item,
                None => reading.items.push(item),
            }
        }
        reading.items.sort_by_key(|item| (item.kind != ItemKind::File, item.lines));
        if let Some(line) = self.cut_at.take() {
            reading.note = Some(phrases::cut_at(self.language, line - 1));
        }
        reading
    }
}

fn failed(error: LlmError) -> Failed {
    if error.concerns_this_call() { Failed::ThisFile(error.to_string()) } else { Failed::All(error) }
}
