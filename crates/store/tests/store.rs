//! The store over real files.
#![allow(clippy::unwrap_used)]

use reader::{FileReading, Origin, Page};
use store::*;

async fn open(folder: &tempfile::TempDir) -> Store {
    Store::open(folder.path(), None, None).await.unwrap()
}

fn new(name: &str) -> NewAnalysis {
    NewAnalysis {
        id: AnalysisId::generate(),
        name: name.into(),
        task_id: "t1".into(),
        commit: None,
        source: Source::Path { path: format!("/src/{name}") },
        language: DocumentLanguage::En,
        model: None,
    }
}

fn reading(path: &str, is_fallback: bool) -> SavedReading {
    SavedReading {
        reading: FileReading {
            path: path.into(),
            summary: format!("What {path} is for."),
            items: Vec::new(),
            dependencies: Vec::new(),
            origin: Origin::Static,
            note: is_fallback.then(|| "the LLM timed out".into()),
        },
        is_fallback,
        usage: None,
    }
}

fn saved(slug: &str) -> SavedPage {
    SavedPage { page: page(slug), is_fallback: false, usage: None }
}

fn page(slug: &str) -> Page {
    Page {
        slug: slug.into(),
        title: slug.to_uppercase(),
        parent: None,
        order: 0,
        origin: Origin::Static,
        markdown: "# Text".into(),
        citations: Vec::new(),
        diagrams: Vec::new(),
        links: Vec::new(),
    }
}

#[tokio::test]
async fn an_analysis_goes_its_way_and_tells_of_each_step() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let new = new("attrs");
    let id = new.id.clone();
    store.add(new).await.unwrap();
    store.change(&id, Change::start(1)).await.unwrap().unwrap();
    let scan = Change::at(1, Step::Scan, Some(Progress { done: 3, total: None }));
    store.change(&id, scan.clone().quiet()).await.unwrap().unwrap();
    let counts = CountsSet { files: Some(3), ..CountsSet::default() };
    store.change(&id, scan.counts(counts)).await.unwrap().unwrap();
    store.change(&id, Change::complete(1)).await.unwrap().unwrap();

    let events = store.events(&id, EventId(0), 100).await.unwrap();
    let told: Vec<_> = events.iter().map(|event| (event.analysis.status, event.analysis.step)).collect();
    assert_eq!(
        told,
        [
            (Status::Queued, None),
            (Status::Running, None),
            (Status::Running, Some(Step::Scan)),
            (Status::Completed, None)
        ]
    );
    assert!(events.windows(2).all(|pair| pair[0].id < pair[1].id));
    let latest = store.latest(&id).await.unwrap().unwrap();
    assert_eq!(latest, events[3]);
    assert_eq!(latest.analysis.counts.files, 3);
    assert_eq!(store.events(&id, events[1].id, 1).await.unwrap(), [events[2].clone()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_is_seen_has_been_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    for _ in 0..100 {
        let new = new("attrs");
        let id = new.id.clone();
        store.add(new).await.unwrap();
        store.change(&id, Change::start(1)).await.unwrap().unwrap();
        let (writer, ends) = (store.clone(), id.clone());
        let ending = tokio::spawn(async move { writer.change(&ends, Change::complete(1)).await.unwrap() });
        let seen = loop {
            let latest = store.latest(&id).await.unwrap().unwrap();
            if latest.analysis.status.is_final() {
                break latest.id;
            }
        };
        ending.await.unwrap().unwrap();
        assert_eq!(store.events(&id, seen, 1).await.unwrap(), []);
    }
}

#[tokio::test]
async fn whoever_comes_late_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let new = new("a");
    let id = new.id.clone();
    store.add(new).await.unwrap();
    assert!(store.change(&id, Change::complete(1)).await.unwrap().is_none(), "a queued one cannot complete");
    store.change(&id, Change::start(1)).await.unwrap().unwrap();
    store.change(&id, Change::cancel()).await.unwrap().unwrap();
    let failure = Failure { code: "x".into(), message: "m".into(), hint: "h".into() };
    for late in [Change::start(1), Change::complete(1), Change::fail(1, failure), Change::cancel()] {
        assert!(store.change(&id, late).await.unwrap().is_none());
    }
    let resumed = store
        .change(&id, Change::resume("t2".into(), &[Status::Failed, Status::Cancelled]))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (resumed.run, resumed.analysis.task_id.as_str(), resumed.analysis.status),
        (2, "t2", Status::Queued)
    );
    assert!(store.change(&id, Change::start(1)).await.unwrap().is_none(), "the old run is over");
    assert!(store.change(&id, Change::start(2)).await.unwrap().is_some());
}

#[tokio::test]
async fn an_analysis_is_found_by_id_name_and_the_beginning_of_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let mut ids = Vec::new();
    for (name, id) in [("attrs", "0aa1"), ("flask", "0aa2"), ("attrs", "0bb3")] {
        let new = NewAnalysis { id: id.parse().unwrap(), ..new(name) };
        ids.push(new.id.clone());
        store.add(new).await.unwrap();
    }
    let found = |text: &'static str| {
        let store = store.clone();
        async move {
            match store.find(text).await.unwrap() {
                Found::One(analysis) => analysis.id.to_string(),
                Found::None => "none".into(),
                Found::Ambiguous(ids) => format!("{} ids", ids.len()),
            }
        }
    };
    assert_eq!(found("attrs").await, "0bb3");
    assert_eq!(found("flask").await, "0aa2");
    assert_eq!(found("0aa1").await, "0aa1");
    assert_eq!(found("0b").await, "0bb3");
    assert_eq!(found("0aa").await, "2 ids");
    for text in ["", "nothing", "%", "0zz", "' OR 1=1"] {
        assert_eq!(found(text).await, "none", "{text}");
    }
    let all = store.list(None, 2).await.unwrap();
    assert_eq!(all.iter().map(|analysis| analysis.id.as_str()).collect::<Vec<_>>(), ["0bb3", "0aa2"]);
    let rest = store.list(Some(all[1].id.clone()), 2).await.unwrap();
    assert_eq!(rest.iter().map(|analysis| analysis.id.as_str()).collect::<Vec<_>>(), ["0aa1"]);
}

#[tokio::test]
async fn a_reading_that_is_saved_twice_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let new = new("a");
    let id = new.id.clone();
    store.add(new).await.unwrap();
    let result = ResultId::of(&["content", "settings"]);
    store.result(&result).await.unwrap();
    store.change(&id, Change::start(1).result(result.clone())).await.unwrap().unwrap();
    store
        .change(&id, Change::at(1, Step::Analyze, Some(Progress { done: 0, total: Some(2) })))
        .await
        .unwrap()
        .unwrap();
    let save = |path: &str, is_fallback| SaveReadings {
        analysis: id.clone(),
        run: 1,
        result: result.clone(),
        readings: vec![reading(path, is_fallback)],
        answers: vec![(
            format!("key of {path}"),
            Answer {
                body: serde_json::json!({"path": path}),
                usage: LlmUsage { calls: 1, ..LlmUsage::default() },
            },
        )],
        used: Vec::new(),
        usage: LlmUsage { calls: 1, prompt_tokens: 10, ..LlmUsage::default() },
    };
    store.save_readings(save("a.py", false)).await.unwrap();
    store.save_readings(save("a.py", false)).await.unwrap();
    store.save_readings(save("b.py", true)).await.unwrap();
    let (analysis, _) = store.analysis(&id).await.unwrap().unwrap();
    assert_eq!((analysis.counts.analyzed, analysis.counts.failed), (2, 1));
    assert_eq!(analysis.progress, Some(Progress { done: 2, total: Some(2) }));
    assert_eq!((analysis.llm.calls, analysis.llm.prompt_tokens), (3, 30), "each call was paid for");
    assert_eq!(store.answer("key of a.py").await.unwrap().unwrap().body["path"], "a.py");
    assert_eq!(store.read_paths(&result).await.unwrap().into_iter().collect::<Vec<_>>(), ["a.py", "b.py"]);
    assert_eq!(store.forget_fallbacks(&result).await.unwrap(), 1);
    assert_eq!(store.readings(&result, None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_no_analysis_uses_any_more_is_removed_with_the_last_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let result = ResultId::of(&["x"]);
    let made = folder.path().join("made");
    std::fs::write(&made, "knowledge").unwrap();
    store.save_knowledge(&result, &made, 1, 0, 2).await.unwrap();
    store.save_pages(&result, ["overview", "architecture"].map(saved).into()).await.unwrap();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let new = new("a");
        ids.push(new.id.clone());
        let id = new.id.clone();
        store.add(new).await.unwrap();
        store.change(&id, Change::start(1).result(result.clone())).await.unwrap().unwrap();
    }
    assert!(store.remove(&ids[0]).await.unwrap());
    assert!(!store.remove(&ids[0]).await.unwrap());
    assert!(store.events(&ids[0], EventId(0), 10).await.unwrap().is_empty());
    assert_eq!(store.page(&result, "architecture").await.unwrap(), Some(page("architecture")));
    let knowledge = store.knowledge(&result).await.unwrap().unwrap();
    assert!(knowledge.exists());
    assert!(store.existing_result(&result).await.unwrap().unwrap().is_complete);
    store.remove(&ids[1]).await.unwrap();
    assert!(!knowledge.exists());
    assert!(store.pages(&result).await.unwrap().is_empty());
    assert!(store.existing_result(&result).await.unwrap().is_none());
}

#[tokio::test]
async fn an_upload_stays_as_long_as_an_analysis_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let made = folder.path().join("made");
    std::fs::write(&made, "zip").unwrap();
    let upload = store.add_upload("my project.zip", &made, 4).await.unwrap();
    let new = NewAnalysis { source: Source::Upload { upload: upload.id.clone() }, ..new("a") };
    let id = new.id.clone();
    store.add(new).await.unwrap();
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    assert_eq!(store.remove_stale_uploads(later).await.unwrap(), 0);
    let file = store.upload_file(&upload.id).await.unwrap().unwrap();
    assert!(file.exists());
    store.remove(&id).await.unwrap();
    assert!(!file.exists());
    assert!(store.upload(&upload.id).await.unwrap().is_none());
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_with_both_versions() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(&folder).await);
    let path = folder.path().join("newer.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE schema_version (component TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID; INSERT INTO schema_version VALUES ('analyses', 99)").unwrap();
    let url = format!("sqlite://{}", path.display());
    let Err(error) = Store::open(folder.path(), Some(&url), None).await else { panic!("it was opened") };
    let message = error.to_string();
    assert!(message.contains("version 99") && message.contains("up to 4"), "{message}");
}

#[tokio::test]
async fn addresses_of_other_databases_are_refused_without_their_password() {
    let folder = tempfile::tempdir().unwrap();
    for url in ["postgres://me:secret@host/db", "sqlite://", "analyses.db"] {
        let Err(error) = Store::open(folder.path(), Some(url), None).await else {
            panic!("{url} was opened")
        };
        assert!(error.to_string().contains("sqlite:///absolute/path.db"), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    assert!(Store::open(folder.path(), None, Some("s3://bucket")).await.is_err());
}

#[tokio::test]
async fn the_json_of_an_analysis_is_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let new = NewAnalysis { id: "01".parse().unwrap(), ..new("attrs") };
    let mut analysis = store.add(new).await.unwrap().analysis;
    analysis.created_at = "2026-11-24T06:00:00Z".parse().unwrap();
    insta::assert_json_snapshot!(analysis);
}
