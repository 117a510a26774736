//! Reading with an LLM: what is asked, what is not asked again, what happens when the provider fails.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;

use analysis::{LlmSettings, Settings, Status, Step};
use common::{Bed, PACKAGE};
use fake_llm::{Config, FakeLlm, Fault, FaultRule, Latency, When};
use reader::Origin;

const KEY: &str = "sk-right";

async fn provider(change: impl FnOnce(&mut Config)) -> FakeLlm {
    let mut config = Config { api_key: Some(KEY.into()), ..Config::default() };
    change(&mut config);
    FakeLlm::start(config).await.unwrap()
}

fn asks(provider: &FakeLlm) -> impl FnOnce(&mut Settings) + use<> {
    let url = provider.base_url();
    move |settings| settings.llm = Some(LlmSettings::new(url, KEY, "fake-model"))
}

/// Answered questions about files, by file.
fn asked(provider: &FakeLlm) -> BTreeMap<String, usize> {
    let mut files = BTreeMap::new();
    let items = |entry: &fake_llm::LogEntry| entry.status == 200 && entry.purpose != "text";
    for entry in provider.log().into_iter().filter(items) {
        if let Some(path) = entry.path {
            *files.entry(path).or_default() += 1;
        }
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn each_file_is_asked_about_once_and_a_second_analysis_asks_nothing() {
    let provider = provider(|_| {}).await;
    let bed = Bed::with(asks(&provider)).await.working();
    let root = bed.repository("greeter", PACKAGE);
    let first = bed.read_path(&root).await;
    assert_eq!((first.status, first.error.clone()), (Status::Completed, None));
    assert_eq!(first.model.as_deref(), Some("fake-model"));
    assert_eq!((first.counts.analyzed, first.counts.failed), (6, 0));
    let asked_first = asked(&provider);
    assert_eq!(asked_first.keys().filter(|path| path.ends_with(".py")).count(), 4, "{asked_first:?}");
    assert!(
        first.llm.calls >= 4 && first.llm.prompt_tokens > 0 && first.llm.completion_tokens > 0,
        "{:?}",
        first.llm
    );
    assert_eq!(first.llm.calls, provider.stats().requests);
    let reading = bed.analyses.reading(first.id.as_str(), "greeter/core.py").await.unwrap().unwrap();
    assert_eq!((reading.origin, reading.note), (Origin::Llm, None));

    let pages = bed.analyses.pages(&first.id).await.unwrap();
    let written = pages.iter().filter(|page| page.origin == Origin::Llm).count() as u64;
    assert!(written >= 1);
    assert_eq!(first.llm.calls, asked_first.len() as u64 + written);

    let second = bed.read_path(&root).await;
    assert_eq!(second.status, Status::Completed);
    assert_eq!(provider.stats().requests, first.llm.calls, "the second asks nothing");
    assert_eq!((second.llm.calls, second.counts), (0, first.counts));
    assert_eq!(second.llm.cached, first.llm.calls, "what one run calls, the next finds in the cache");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_costs_its_own_call() {
    let provider = provider(|_| {}).await;
    let bed = Bed::with(asks(&provider)).await.working();
    let root = bed.repository("greeter", PACKAGE);
    let first = bed.read_path(&root).await;
    let before = asked(&provider);
    std::fs::write(root.join("greeter/words.py"), "\"\"\"Other words.\"\"\"\nWORDS = {'hello': 'Hi'}\n")
        .unwrap();
    let changed = bed.read_path(&root).await;
    assert_eq!(changed.status, Status::Completed);
    let mut after = asked(&provider);
    after.retain(|path, times| before.get(path) != Some(times));
    assert_eq!(after.into_keys().collect::<Vec<_>>(), ["greeter/words.py"]);
    assert_eq!(changed.llm.calls + changed.llm.cached, first.llm.calls, "{:?}", changed.llm);
    let pages = bed.analyses.pages(&changed.id).await.unwrap();
    let cites =
        |page: &&reader::Page| page.citations.iter().any(|citation| citation.path == "greeter/words.py");
    let written_again = pages.iter().filter(|page| page.origin == Origin::Llm).filter(cites).count() as u64;
    assert!(
        changed.llm.calls > 1 && changed.llm.calls <= 1 + written_again,
        "{:?}, {written_again}",
        changed.llm
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_fails_the_analysis_before_anything_is_spent_and_resume_goes_on_with_the_right_one() {
    let provider = provider(|_| {}).await;
    let url = provider.base_url();
    let wrong =
        |settings: &mut Settings| settings.llm = Some(LlmSettings::new(url, "sk-wrong", "fake-model"));
    let bed = Bed::with(wrong).await.working();
    let root = bed.repository("greeter", PACKAGE);
    let failed = bed.read_path(&root).await;
    let error = failed.error.unwrap();
    assert_eq!((failed.status, error.code.as_str()), (Status::Failed, "llm_unauthorized"));
    assert!(error.hint.contains("OPENAI_API_KEY") && !error.message.contains("sk-wrong"), "{error:?}");
    assert!(asked(&provider).is_empty());

    let bed = Bed::again(bed.stopped().await, asks(&provider)).await.working();
    let resumed = bed.analyses.resume(&failed.id).await.unwrap();
    assert_eq!((resumed.status, resumed.error.clone()), (Status::Queued, None));
    assert_eq!(bed.end_of(&resumed).await.status, Status::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_the_llm_does_not_manage_is_described_without_it_and_asked_again_next_time() {
    let hopeless = FaultRule::new(Fault::Nonsense, When::Contains("lonely_marker".into())).times(2);
    let provider = provider(|config| config.faults = vec![hopeless]).await;
    let bed = Bed::with(asks(&provider)).await.working();
    let root = bed.repository("greeter", PACKAGE);
    // No other file's prompt shows it.
    common::write(
        &root,
        &[("greeter/lonely.py", "def alone():\n    lonely_marker = 1\n    return lonely_marker\n")],
    );
    let first = bed.read_path(&root).await;
    assert_eq!(first.status, Status::Completed);
    let fallbacks: Vec<_> = {
        let paths = ["greeter/lonely.py", "greeter/core.py"].map(str::to_owned).into();
        let readings = bed.analyses.readings(&first.id, paths).await.unwrap();
        readings.into_iter().filter(|reading| reading.note.is_some()).collect()
    };
    assert_eq!(first.counts.failed as usize, fallbacks.len());
    assert!(fallbacks.len() == 1 && fallbacks.iter().all(|reading| reading.origin == Origin::Static));

    let second = bed.read_path(&root).await;
    assert_eq!((second.status, second.counts.failed), (Status::Completed, 0));
    assert!(second.llm.calls >= fallbacks.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_analysis_stays_cancelled_and_resume_asks_only_what_is_left() {
    let files: Vec<(String, String)> = (0..12)
        .map(|number| {
            (
                format!("src/m{number:02}.py"),
                format!("\"\"\"Module {number}.\"\"\"\n\n\ndef f{number}():\n    return {number}\n"),
            )
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let provider = provider(|config| config.latency = Latency::Fixed(0.1)).await;
    let mut bed = Bed::with(asks(&provider)).await.working();
    let root = bed.repository("many", &files);
    let submitted = bed.submit(&root).await;
    bed.until(&submitted, |now| now.step == Some(Step::Analyze) && now.counts.analyzed >= 2).await;
    let cancelled = bed.analyses.cancel(&submitted.id).await.unwrap();
    assert_eq!(cancelled.status, Status::Cancelled);
    assert_eq!(bed.analyses.cancel(&submitted.id).await.unwrap().status, Status::Cancelled, "twice is once");
    assert!(cancelled.counts.analyzed < 12);
    let asked_then = asked(&provider);

    let resumed = bed.analyses.resume(&submitted.id).await.unwrap();
    assert_ne!(resumed.task_id, submitted.task_id);
    let done = bed.end_of(&resumed).await;
    assert_eq!((done.status, done.counts.analyzed), (Status::Completed, 12));
    let twice: Vec<_> = asked(&provider).into_iter().filter(|(_, times)| *times > 1).collect();
    // What was in flight when it was cancelled may be asked again: at most one for each slot of the worker.
    assert!(twice.len() <= 4, "{twice:?}");
    assert!(asked_then.len() < 12, "{asked_then:?}");
    // Together the runs of one analysis made all calls, and what was in flight is paid for, but spared nobody a call.
    let again = bed.read_path(&root).await;
    assert_eq!((done.llm.cached, again.llm.calls), (0, 0), "{:?} {:?}", done.llm, again.llm);

    common::write(&root, &[("src/m99.py", "def f99():\n    return 99\n")]);
    let half = bed.submit(&root).await;
    bed.until(&half, |now| now.counts.analyzed >= 13 || now.status.is_final()).await;
    let _ = bed.analyses.cancel(&half.id).await;
    // What is in flight ends with the worker.
    bed.kill_worker().await;
    let bed = bed.working();
    let other = bed.read_path(&root).await;
    let alone = bed.read_path(&root).await;
    assert_eq!(other.llm.calls + other.llm.cached, alone.llm.cached, "{:?} {:?}", other.llm, alone.llm);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_in_the_middle_leaves_nothing_to_be_asked_twice_but_what_was_in_flight() {
    let files: Vec<(String, String)> = (0..12)
        .map(|number| {
            (
                format!("src/m{number:02}.py"),
                format!("\"\"\"Module {number}.\"\"\"\n\n\ndef f{number}():\n    return {number}\n"),
            )
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let provider = provider(|config| config.latency = Latency::Fixed(0.1)).await;
    let mut bed = Bed::with(asks(&provider)).await.working();
    let root = bed.repository("many", &files);
    let submitted = bed.submit(&root).await;
    bed.until(&submitted, |now| now.counts.analyzed >= 2).await;
    bed.kill_worker().await;
    let bed = bed.working();
    let done = bed.end_of(&submitted).await;
    assert_eq!((done.status, done.counts.analyzed), (Status::Completed, 12));
    let twice: Vec<_> = asked(&provider).into_iter().filter(|(_, times)| *times > 1).collect();
    assert!(twice.len() <= 4, "{twice:?}");
}
