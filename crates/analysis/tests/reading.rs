//! A repository from submission to pages, without an LLM.
#![allow(clippy::unwrap_used)]

mod common;

use analysis::{Status, Step};
use common::{Bed, PACKAGE};

#[tokio::test(flavor = "multi_thread")]
async fn files_beyond_the_limit_are_counted_and_told() {
    let bed = Bed::with(|settings| settings.max_files = 4).await.working();
    let root = bed.repository("greeter", PACKAGE);
    for time in ["first", "second"] {
        let done = bed.read_path(&root).await;
        assert_eq!((done.counts.files, done.counts.skipped), (4, 2), "the {time} time");
        let counts = bed.analyses.knowledge(&done.id).await.unwrap().counts();
        assert_eq!((counts.files, counts.skipped, counts.left_out), (6, 2, 2));
        let overview = bed.analyses.page(&done.id, "overview").await.unwrap().unwrap();
        assert!(overview.markdown.contains("Not read: 2 beyond the limit."), "{}", overview.markdown);
    }
}

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

#[tokio::test(flavor = "multi_thread")]
async fn what_an_older_program_read_is_made_anew_from_its_own_texts() {
    let bed = Bed::new().await;
    let root = bed.repository("greeter", PACKAGE);
    let done = bed.read_path(&root).await;
    let folder = bed.stopped().await;
    std::fs::remove_dir_all(&root).unwrap();
    let knowledge = folder.path().join("data/objects/knowledge");
    let base = std::fs::read_dir(knowledge).unwrap().next().unwrap().unwrap().path();
    let version = || std::fs::read(&base).unwrap()[60..64].to_vec();
    let todays = version();
    // SQLite keeps the version that a program gave to its file in these bytes.
    let mut bytes = std::fs::read(&base).unwrap();
    bytes[60..64].copy_from_slice(&1_i32.to_be_bytes());
    std::fs::write(&base, bytes).unwrap();

    let bed = Bed::again(folder, |_| {}).await;
    let (one, two) =
        tokio::join!(bed.analyses.knowledge(&done.id), bed.analyses.knowledge_by_name(done.id.as_str()));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert!(std::sync::Arc::ptr_eq(&one, &two), "it is made once");
    assert_eq!(one.source("greeter/words.py").unwrap().unwrap(), PACKAGE[4].1);
    assert_eq!(one.counts().symbols, done.counts.symbols);
    assert_eq!(version(), todays, "and kept");
    assert!(bed.temporary().is_empty());

    // What cannot be kept is looked at all the same.
    let mut bytes = std::fs::read(&base).unwrap();
    bytes[60..64].copy_from_slice(&1_i32.to_be_bytes());
    let folder = bed.stopped().await;
    std::fs::write(&base, bytes).unwrap();
    let looking =
        analysis::Analyses::look(analysis::Settings::new(folder.path().join("data"))).await.unwrap();
    let found = looking.knowledge(&done.id).await.unwrap();
    assert_eq!(found.source("greeter/words.py").unwrap().unwrap(), PACKAGE[4].1);
    assert_ne!(version(), todays);
}
