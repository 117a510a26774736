//! What can be done with an analysis beside reading it.
#![allow(clippy::unwrap_used)]

mod common;

use analysis::{ErrorKind, ExportFormat, Source, Status, Submission, SubmissionOptions};
use common::{Bed, PACKAGE};
use futures_util::StreamExt;
use std::io::Read;

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_analysis_can_be_cancelled_resumed_and_removed() {
    let bed = Bed::with(|_| {}).await;
    let root = bed.repository("greeter", PACKAGE);
    let submitted = bed.submit(&root).await;
    bed.analyses.cancel(&submitted.id).await.unwrap();
    let bed = bed.working();
    // The task of the cancelled analysis is called off, or ends without doing anything.
    let marker = bed.read_path(&root).await;
    assert_eq!(marker.status, Status::Completed);
    assert_eq!(bed.analyses.get(submitted.id.as_str()).await.unwrap().status, Status::Cancelled);
    let resumed = bed.analyses.resume(&submitted.id).await.unwrap();
    assert_eq!(bed.end_of(&resumed).await.status, Status::Completed);
    let error = bed.analyses.resume(&submitted.id).await.unwrap_err();
    assert_eq!((error.kind, error.code), (ErrorKind::Conflict, "completed"));
    assert_eq!(bed.analyses.cancel(&submitted.id).await.unwrap_err().code, "not_running");
    bed.analyses.remove(&submitted.id).await.unwrap();
    for error in [
        bed.analyses.get(submitted.id.as_str()).await.unwrap_err(),
        bed.analyses.pages(&submitted.id).await.unwrap_err(),
        bed.analyses.knowledge(&submitted.id).await.unwrap_err(),
        bed.analyses.watch(&submitted.id, None).await.err().unwrap(),
    ] {
        assert_eq!((error.kind, error.code), (ErrorKind::NotFound, "not_found"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn for_readers_a_name_is_the_newest_that_is_completed_and_an_id_is_that_one() {
    let bed = Bed::new().await;
    let root = bed.repository("greeter", PACKAGE);
    let unreadable = bed.repository("other", &[("image.png", "x")]);
    let named =
        |path| Submission { name: Some("greeter".to_owned()), ..Submission::from(common::of_path(path)) };
    let first_failed = bed.read(named(&unreadable)).await;
    assert_eq!(bed.analyses.readable("greeter").await.unwrap().id, first_failed.id, "there is no better one");
    let first = bed.read(named(&root)).await;
    let second = bed.read(named(&root)).await;
    let failed = bed.read(named(&unreadable)).await;
    assert_eq!((second.status, failed.status), (Status::Completed, Status::Failed));
    assert_eq!(bed.analyses.get("greeter").await.unwrap().id, failed.id);
    assert_eq!(bed.analyses.readable("greeter").await.unwrap().id, second.id);
    for other in [&first, &failed] {
        assert_eq!(bed.analyses.readable(other.id.as_str()).await.unwrap().id, other.id);
    }
    assert!(!bed.analyses.page_heads("greeter").await.unwrap().is_empty());
    assert!(bed.analyses.page_by_name("greeter", "overview").await.unwrap().is_some());
    assert!(bed.analyses.knowledge_by_name("greeter").await.is_ok());
    assert!(bed.analyses.reading("greeter", "greeter/core.py").await.unwrap().is_some());
    assert!(bed.analyses.page_heads(failed.id.as_str()).await.unwrap().is_empty());
    assert!(bed.analyses.knowledge_by_name(failed.id.as_str()).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_one_that_is_removed_hears_of_no_cancellation() {
    let bed = Bed::with(|_| {}).await;
    let root = bed.repository("greeter", PACKAGE);
    let submitted = bed.submit(&root).await;
    let mut events = bed.analyses.watch(&submitted.id, None).await.unwrap();
    assert_eq!(events.next().await.unwrap().unwrap().analysis.status, Status::Queued);
    bed.analyses.remove(&submitted.id).await.unwrap();
    assert_eq!(events.next().await, None);
    let bed = bed.working();
    // The task of the removed analysis is called off, or ends without doing anything.
    assert_eq!(bed.read_path(&root).await.status, Status::Completed);
    assert_eq!(bed.analyses.get(submitted.id.as_str()).await.unwrap_err().code, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_goes_on_where_it_stopped() {
    let bed = Bed::new().await;
    let root = bed.repository("greeter", PACKAGE);
    let submitted = bed.submit(&root).await;
    let all = bed.events(&submitted).await;
    let history: Vec<_> = bed
        .analyses
        .watch(&submitted.id, Some(analysis::EventId(0)))
        .await
        .unwrap()
        .map(Result::unwrap)
        .collect()
        .await;
    assert!(history.len() >= all.len());
    let middle = history[history.len() / 2].id;
    let rest: Vec<_> =
        bed.analyses.watch(&submitted.id, Some(middle)).await.unwrap().map(Result::unwrap).collect().await;
    assert_eq!(rest, history[history.len() / 2 + 1..]);
    let last = bed.analyses.last_event(&submitted.id).await.unwrap();
    assert_eq!(last, history.last().map(|event| event.id));
    assert_eq!(bed.analyses.watch(&submitted.id, last).await.unwrap().count().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_analysis_that_lost_its_task_gets_a_new_one_when_a_worker_starts() {
    let bed = Bed::with(|_| {}).await;
    let root = bed.repository("greeter", PACKAGE);
    let submitted = bed.submit(&root).await;
    // Begun, then its message was lost.
    bed.analyses.app().broker().purge(&"analysis".into()).await.unwrap();
    let resumed = bed.analyses.resume(&submitted.id).await.unwrap();
    assert_ne!(resumed.task_id, submitted.task_id, "a stuck one can be resumed");
    let again = bed.analyses.resume(&submitted.id).await.unwrap();
    assert_eq!(again.task_id, resumed.task_id, "one that has a task is left alone");
    let bed = bed.working();
    assert_eq!(bed.end_of(&submitted).await.status, Status::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_exports_of_the_same_repository_are_equal_wherever_it_lies() {
    let bed = Bed::new().await;
    let mut exports = Vec::new();
    for place in ["one", "two/deeper"] {
        let root = bed.repository(&format!("{place}/greeter"), PACKAGE);
        let done = bed.read_path(&root).await;
        let mut text = String::new();
        bed.analyses
            .export_file(&done.id, ExportFormat::Json)
            .await
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["version"], 1);
        assert_eq!(json["files"].as_array().unwrap().len(), 6);
        assert!(!text.contains(bed.folder.path().to_str().unwrap()), "no path of this machine");
        for id_or_time in ["id", "task_id", "created_at", "started_at", "finished_at"] {
            json["analysis"].as_object_mut().unwrap().remove(id_or_time).unwrap();
        }
        let mut zip = Vec::new();
        bed.analyses.export_file(&done.id, ExportFormat::Zip).await.unwrap().read_to_end(&mut zip).unwrap();
        let mut packed = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
        let mut index = String::new();
        packed.by_name("index.md").unwrap().read_to_string(&mut index).unwrap();
        assert!(packed.by_name("analysis.json").is_ok());
        let out = bed.path(&format!("{place}/out"));
        bed.analyses.export_folder(&done.id, &out).await.unwrap();
        bed.analyses.export_folder(&done.id, &out).await.unwrap();
        assert_eq!(std::fs::read_to_string(out.join("analysis.json")).unwrap(), text);
        assert!(out.join("index.md").is_file());
        exports.push((json, index));
    }
    assert_eq!(exports[0], exports[1]);
    assert!(bed.temporary().is_empty(), "{:?}", bed.temporary());
}

#[tokio::test(flavor = "multi_thread")]
async fn items_are_listed_in_parts_that_join_up() {
    let bed = Bed::new().await;
    let root = bed.repository("greeter", PACKAGE);
    let done = bed.read_path(&root).await;
    let (all, next) = bed.analyses.items(&done.id, None, None, None, 10_000).await.unwrap();
    assert!(all.len() > 4 && next.is_none());
    let (mut joined, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let (part, next) = bed.analyses.items(&done.id, None, None, cursor.as_deref(), 2).await.unwrap();
        assert!(part.len() <= 2);
        joined.extend(part);
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(joined, all);
    let (of_file, _) = bed.analyses.items(&done.id, Some("greeter/core.py"), None, None, 100).await.unwrap();
    assert!(!of_file.is_empty() && of_file.iter().all(|item| item.path == "greeter/core.py"));
    let error = bed.analyses.items(&done.id, None, None, Some("nonsense"), 2).await.unwrap_err();
    assert_eq!(error.code, "cursor");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_that_cannot_be_done_is_refused_and_leaves_no_row() {
    let bed = Bed::with(|_| {}).await;
    let root = bed.repository("greeter", PACKAGE);
    let with = |options: SubmissionOptions| Submission { options, ..common::of_path(&root).into() };
    for (submission, code) in [
        (Source::Path { path: "/no/such/folder".into() }.into(), "path_not_found"),
        (Source::Upload { upload: "abc".parse().unwrap() }.into(), "upload_not_found"),
        (Source::Git { git: "file:///etc".into(), reference: None }.into(), "git_url"),
        (Source::Git { git: "https://h.test/x".into(), reference: Some("-x".into()) }.into(), "git_ref"),
        (Source::Git { git: "http://127.0.0.1/x".into(), reference: None }.into(), "git_private_host"),
        (with(SubmissionOptions { model: Some("m".into()), ..Default::default() }), "llm_not_configured"),
    ] {
        let submission: Submission = submission;
        assert_eq!(bed.analyses.submit(submission).await.unwrap_err().code, code);
    }
    assert!(bed.analyses.list(None, 10).await.unwrap().0.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_goes_before_it_is_read_fails_the_analysis_and_resume_reads_it_when_it_is_back() {
    let bed = Bed::with(|_| {}).await;
    let root = bed.repository("greeter", PACKAGE);
    let submitted = bed.submit(&root).await;
    std::fs::rename(&root, bed.path("away")).unwrap();
    let bed = bed.working();
    let failed = bed.end_of(&submitted).await;
    assert_eq!((failed.status, failed.error.unwrap().code.as_str()), (Status::Failed, "path_not_found"));
    std::fs::rename(bed.path("away"), &root).unwrap();
    let resumed = bed.analyses.resume(&submitted.id).await.unwrap();
    assert_eq!(bed.end_of(&resumed).await.status, Status::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_kills_its_workers_fails_its_analysis() {
    let bed = Bed::with(|_| {}).await;
    let root = bed.repository("greeter", PACKAGE);
    let submitted = bed.submit(&root).await;
    // A worker begins it three times and dies each time: its lease ends and nothing was settled.
    let broker = bed.analyses.app().broker().clone();
    let mut want = celeriac::broker::Consume::new("doomed@lab", "analysis");
    want.lease = std::time::Duration::from_millis(1);
    let mut held = Vec::new();
    let begun = std::time::Instant::now();
    while broker.dead_letters(10).await.unwrap().is_empty() {
        assert!(begun.elapsed() < common::LONG, "it is not given up");
        let taken = broker.consume(want.clone()).await.unwrap();
        let tags: Vec<_> = taken.iter().map(|delivery| delivery.tag().clone()).collect();
        broker.begin(&tags).await.unwrap();
        held.extend(taken);
        broker.recover().await.unwrap();
    }
    let bed = bed.working();
    let failed = bed.end_of(&submitted).await;
    assert_eq!(failed.status, Status::Failed);
    let error = failed.error.unwrap();
    assert_eq!(error.code, "worker_died", "{error:?}");
    assert!(error.message.contains("tasks.run_analysis_task"), "{error:?}");
    drop(held);
    let resumed = bed.analyses.resume(&submitted.id).await.unwrap();
    assert_eq!(bed.end_of(&resumed).await.status, Status::Completed);
}
