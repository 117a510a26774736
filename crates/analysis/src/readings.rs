//! Step `analyze`: what is said of each file.

use std::sync::atomic::{AtomicBool, Ordering};

use reader::analyze::{AnalyzeError, ReadOptions};
use reader::document::PageLanguage;
use reader::{FileReading, KnowledgeBase, Origin};
use store::{Analysis, Answer, LlmUsage, ReadResult, ResultId, Run, SaveReadings, SavedReading};

use crate::provider::{spared, usage_of};
use crate::{AnalysisError, ErrorKind, Shared, blocking};

/// The files that are described: those that were read, by path.
pub(crate) fn paths(base: &KnowledgeBase) -> Result<Vec<String>, AnalysisError> {
    let files = base.files().map_err(AnalysisError::internal)?;
    Ok(files.into_iter().filter(|file| file.skipped.is_none()).map(|file| file.path).collect())
}

/// Describes files by their source alone, each on its own: one that cannot be described does not stop the others.
pub(crate) fn of_files(
    base: &KnowledgeBase,
    paths: &[String],
    language: PageLanguage,
    cancelled: &AtomicBool,
) -> Result<Vec<FileReading>, AnalysisError> {
    let mut readings = Vec::with_capacity(paths.len());
    for path in paths {
        if cancelled.load(Ordering::Relaxed) {
            return Err(AnalysisError::new(ErrorKind::Conflict, "cancelled", "the work was cancelled", ""));
        }
        readings.push(of_file(base, path, language));
    }
    Ok(readings)
}

/// Describes a file by its source alone.
pub(crate) fn of_file(base: &KnowledgeBase, path: &str, language: PageLanguage) -> FileReading {
    reader::analyze::read_static(base, path, language).unwrap_or_else(|error| {
        tracing::warn!("{path} cannot be described: {error}");
        FileReading {
            path: path.to_owned(),
            summary: String::new(),
            items: Vec::new(),
            dependencies: Vec::new(),
            origin: Origin::Static,
            note: Some(match language {
                PageLanguage::En => format!("The file could not be described: {error}."),
                PageLanguage::Zh => format!("无法描述该文件：{error}。"),
            }),
        }
    })
}

/// What of a prompt's version is part of the result's identity.
pub(crate) fn prompt_version(analysis: &Analysis) -> &'static str {
    if analysis.model.is_some() { reader::analyze::PROMPT_VERSION.as_str() } else { "" }
}

/// Asks the provider for nothing but whether it takes the key, before anything is spent.
pub(crate) async fn check_provider(shared: &Shared, model: &str) -> Result<(), AnalysisError> {
    let client = shared.llm(model)?;
    match client.check().await {
        Err(error) if error.concerns_all_calls() => Err(AnalysisError::from_llm(&error)),
        // What may pass is the business of the calls that matter.
        _ => Ok(()),
    }
}

/// The usage of an analysis that takes over what another one made of the same: the calls that made it. Pages that are
/// not all there are made again, and counted then.
pub(crate) async fn taken_over(shared: &Shared, result: &ReadResult) -> Result<LlmUsage, AnalysisError> {
    let store = shared.store();
    let made_with = match result.is_complete {
        true => store.cost(&result.id).await?,
        false => store.cost_of_readings(&result.id).await?,
    };
    Ok(spared(&made_with))
}

/// Describes a file with the LLM, unless that is done; false when it was.
///
/// An answer is saved before its task is settled, under the digest of all that was asked: whoever asks the same later,
/// in this analysis or another, finds it. Two tasks of this process that want the same answer ask once.
pub(crate) async fn with_llm(
    shared: &Shared,
    analysis: &Analysis,
    run: Run,
    result: &ResultId,
    path: &str,
) -> Result<bool, AnalysisError> {
    let Some(model) = &analysis.model else {
        return Err(AnalysisError::internal("an analysis without a model has a task for the LLM"));
    };
    let store = shared.store();
    let _alone = shared.flights().enter(&format!("{result} {path}")).await;
    if !store.readings_of(result, vec![path.to_owned()]).await?.is_empty() {
        return Ok(false);
    }
    let base = shared.knowledge().of(shared, result).await?;
    let (found, wanted) = (base.clone(), path.to_owned());
    let file = blocking(move || found.file(&wanted)).await.map_err(AnalysisError::internal)?;
    let file =
        file.ok_or_else(|| AnalysisError::internal(format!("the knowledge base holds no file {path}")))?;
    let mut save = SaveReadings {
        analysis: analysis.id.clone(),
        run,
        result: result.clone(),
        readings: Vec::new(),
        answers: Vec::new(),
        used: Vec::new(),
        usage: LlmUsage::default(),
    };
    let language = crate::pages::options(analysis.language).language;
    let key = reader::analyze::cache_key(model, language, &file);
    if !reader::analyze::wants_llm(&file) {
        let path = path.to_owned();
        let reading = blocking(move || of_file(&base, &path, language)).await;
        save.readings.push(SavedReading { reading, is_fallback: false, usage: None });
    } else if let Some((reading, usage)) = kept(shared, &key).await? {
        save.usage = spared(&usage);
        save.readings.push(SavedReading { reading, is_fallback: false, usage: Some(usage) });
        save.used.push(key);
    } else {
        let client = shared.llm(model)?;
        let options = ReadOptions { language, ..ReadOptions::default() };
        let (reading, usage) = match reader::analyze::read_with_llm(&client, &base, path, &options).await {
            Ok(read) => (read.reading, usage_of(&client, read.calls.into(), read.usage)),
            Err(AnalyzeError::Llm(error)) if error.concerns_all_calls() => {
                return Err(AnalysisError::from_llm(&error));
            }
            Err(AnalyzeError::Llm(error)) => {
                tracing::warn!("{path} is described by static analysis: {error}");
                let path = path.to_owned();
                let mut reading = blocking(move || of_file(&base, &path, language)).await;
                reading.note = Some(match language {
                    PageLanguage::En => {
                        format!("Described by static analysis, since the LLM gave no answer: {error}.")
                    }
                    PageLanguage::Zh => format!("由静态分析描述，因为大模型没有回答：{error}。"),
                });
                (reading, LlmUsage { calls: 1, ..LlmUsage::default() })
            }
            Err(error) => return Err(AnalysisError::internal(error)),
        };
        let is_fallback = reading.origin == Origin::Static;
        if !is_fallback {
            let body = serde_json::to_value(&reading).map_err(AnalysisError::internal)?;
            save.answers.push((key, Answer { body, usage }));
        }
        save.usage = usage;
        save.readings.push(SavedReading { reading, is_fallback, usage: Some(usage) });
    }
    store.save_readings(save).await?;
    Ok(true)
}

/// The answer that the cache holds; one in an older form is none.
async fn kept(shared: &Shared, key: &str) -> Result<Option<(FileReading, LlmUsage)>, AnalysisError> {
    let answer = shared.store().answer(key).await?;
    Ok(answer.and_then(|answer| Some((serde_json::from_value(answer.body).ok()?, answer.usage))))
}
