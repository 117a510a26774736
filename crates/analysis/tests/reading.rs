//! A repository from submission to pages, without an LLM.
#![allow(clippy::unwrap_used)]

mod common;

use analysis::{Status, Step};
use common::{Bed, PACKAGE};

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_read_from_submission_to_pages() {
    let bed = Bed::new().await;
    let root = bed.repository("greeter", PACKAGE);
    let submitted = bed.submit(&root).await;
    assert_eq!((submitted.status, submitted.name.as_str()), (Status::Queued, "greeter"));
    let events = bed.events(&submitted).await;
    let done = &events.last().unwrap().analysis;
    assert_eq!((done.status, done.error.clone()), (Status::Completed, None));
    assert_eq!((done.counts.files, done.counts.skipped, done.counts.analyzed), (6, 0, 6));
    assert!(done.counts.symbols >= 4 && done.counts.pages >= 1, "{:?}", done.counts);
    assert!(done.started_at.unwrap() <= done.finished_at.unwrap());
    let mut steps: Vec<_> = events.iter().filter_map(|event| event.analysis.step).collect();
    steps.dedup();
    assert_eq!(steps, Step::ALL);

    let pages = bed.analyses.pages(&done.id).await.unwrap();
    assert_eq!(pages.len() as u64, done.counts.pages);
    let first = bed.analyses.page(&done.id, &pages[0].slug).await.unwrap().unwrap();
    assert_eq!(first, pages[0]);
    let knowledge = bed.analyses.knowledge(&done.id).await.unwrap();
    assert_eq!(knowledge.source("greeter/words.py").unwrap().unwrap(), PACKAGE[4].1);
    let reading = bed.analyses.reading(done.id.as_str(), "greeter/core.py").await.unwrap().unwrap();
    assert_eq!(reading.path, "greeter/core.py");
    assert!(bed.temporary().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_repository_is_not_read_again() {
    let bed = Bed::new().await;
    let root = bed.repository("greeter", PACKAGE);
    let first = bed.read_path(&root).await;
    let second = bed.read_path(&root).await;
    assert_ne!(first.id, second.id);
    assert_eq!(first.counts, second.counts);
    let (one, two) =
        (bed.analyses.knowledge(&first.id).await.unwrap(), bed.analyses.knowledge(&second.id).await.unwrap());
    assert!(std::sync::Arc::ptr_eq(&one, &two), "it shares the knowledge base");

    std::fs::write(root.join("greeter/words.py"), "WORDS = {}\n").unwrap();
    let third = bed.read_path(&root).await;
    let knowledge = bed.analyses.knowledge(&third.id).await.unwrap();
    assert_eq!(knowledge.source("greeter/words.py").unwrap().unwrap(), "WORDS = {}\n");
    bed.analyses.remove(&first.id).await.unwrap();
    assert!(!bed.analyses.pages(&second.id).await.unwrap().is_empty(), "what others use stays");
}
