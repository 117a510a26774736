//! The conformance suite on SQLite, and what only SQLite promises.

use std::sync::Arc;

use super::super::conformance::backend_conformance;
use super::*;

async fn make() -> (Arc<dyn ResultBackend>, Arc<dyn ResultBackend>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.db");
    let one = SqliteBackend::open(&path, Some(super::super::DEFAULT_RESULT_EXPIRES)).await.unwrap();
    let other = SqliteBackend::on(File::open_as_another_process(&path), None);
    (Arc::new(one), Arc::new(other), folder)
}

backend_conformance!(make);

#[tokio::test]
async fn what_has_expired_is_unknown_and_swept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.db");
    let brief = SqliteBackend::open(&path, Some(Duration::ZERO)).await.unwrap();
    let kept = SqliteBackend::open(&path, None).await.unwrap();
    let meta = |id: usize| TaskMeta::new(format!("t{id}").into(), TaskState::Success, id.into());
    brief.store((0..2500).map(meta).collect()).await.unwrap();
    brief.chord_start(&"c".into(), 3).await.unwrap();
    brief.save_group(&ResultTuple::group("g".into(), Vec::new())).await.unwrap();
    assert_eq!(brief.get(&"t0".into()).await.unwrap(), None);
    assert_eq!(brief.get_group(&"g".into()).await.unwrap(), None);

    // Stores sweep in passing, and at once again while there is much to sweep.
    *kept.next_sweep.lock() = Instant::now();
    for id in 9000..9004 {
        kept.store(vec![meta(id)]).await.unwrap();
    }
    let rows = "SELECT (SELECT count(*) FROM result), (SELECT count(*) FROM chord) + (SELECT count(*) FROM group_result)";
    let left: (i64, i64) = kept
        .file
        .db
        .read(|conn| Ok(conn.query_row(rows, [], |row| Ok((row.get(0)?, row.get(1)?)))?))
        .await
        .unwrap();
    assert_eq!(left, (4, 0));
}
