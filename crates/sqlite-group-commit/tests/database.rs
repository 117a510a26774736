//! What a [`Database`] promises.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use sqlite_group_commit::{Database, DatabaseError, OpenOptions, apply_migrations};

fn migrate(conn: &Connection) -> Result<(), DatabaseError> {
    apply_migrations(
        conn,
        "notes",
        &["CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)"],
    )
}

fn open(path: &Path) -> Arc<Database> {
    Database::open(path, OpenOptions { migrate, ..OpenOptions::default() }).unwrap()
}

fn insert(conn: &Connection, text: &str) -> Result<usize, DatabaseError> {
    Ok(conn.prepare_cached("INSERT INTO note (text) VALUES (?1)")?.execute([text])?)
}

async fn count(db: &Database) -> i64 {
    db.read(|conn| Ok(conn.query_row("SELECT count(*) FROM note", [], |row| row.get(0))?)).await.unwrap()
}

/// Holds the writer up until the sender is used.
fn hold_up(db: &Arc<Database>) -> (std::sync::mpsc::Sender<()>, tokio::task::JoinHandle<()>) {
    let (release, held) = std::sync::mpsc::channel();
    let db = Arc::clone(db);
    let holding = tokio::spawn(async move {
        let wait = move |_: &Connection| {
            held.recv().unwrap();
            Ok(())
        };
        db.write(wait).await.unwrap();
    });
    (release, holding)
}

/// Polls once: the outcome, if there is one already.
async fn poll_once<F: Future + Unpin>(mut future: F) -> Option<F::Output> {
    std::future::poll_fn(|cx| match std::pin::Pin::new(&mut future).poll(cx) {
        std::task::Poll::Ready(outcome) => std::task::Poll::Ready(Some(outcome)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

#[tokio::test]
async fn changes_that_wait_together_are_one_commit() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(&folder.path().join("n.db"));
    let (release, holding) = hold_up(&db);
    let mut changes = tokio::task::JoinSet::new();
    for index in 0..100 {
        let db = Arc::clone(&db);
        changes.spawn(async move { db.write(move |conn| insert(conn, &index.to_string())).await });
    }
    tokio::task::yield_now().await;
    let wal = folder.path().join("n.db-wal");
    let before = std::fs::metadata(&wal).unwrap().len();
    release.send(()).unwrap();
    holding.await.unwrap();
    while let Some(changed) = changes.join_next().await {
        changed.unwrap().unwrap();
    }
    assert_eq!(count(&db).await, 100);
    // Each commit appends at least the table's page and the index's to the log: one hundred would be 200 pages.
    let pages = (std::fs::metadata(&wal).unwrap().len() - before) / 4096;
    assert!(pages < 40, "{pages} pages were logged");
}

#[tokio::test]
async fn a_change_that_fails_undoes_only_itself() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(&folder.path().join("n.db"));
    let (release, holding) = hold_up(&db);
    let good = db.write(|conn| insert(conn, "good"));
    let twice = db.write(|conn| {
        insert(conn, "half")?;
        insert(conn, "good")
    });
    let panics = db.write(|conn| -> Result<(), DatabaseError> {
        insert(conn, "lost")?;
        panic!("a defect");
    });
    let better = db.write(|conn| insert(conn, "better"));
    let releasing = async { release.send(()).unwrap() };
    let (good, twice, panics, better, ()) = tokio::join!(good, twice, panics, better, releasing);
    holding.await.unwrap();
    assert!(good.is_ok() && better.is_ok());
    assert!(matches!(twice, Err(DatabaseError::Sqlite { .. })));
    let words = panics.unwrap_err().to_string();
    assert!(words.contains("a defect") && words.contains("n.db"), "{words}");
    assert_eq!(count(&db).await, 2);
}

#[tokio::test]
async fn a_call_that_is_dropped_before_its_turn_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(&folder.path().join("n.db"));
    let (release, holding) = hold_up(&db);
    tokio::task::yield_now().await;
    {
        let change = db.write(|conn| insert(conn, "abandoned"));
        tokio::pin!(change);
        assert!(poll_once(change.as_mut()).await.is_none());
    }
    release.send(()).unwrap();
    holding.await.unwrap();
    db.write(|conn| insert(conn, "after")).await.unwrap();
    assert_eq!(count(&db).await, 1);
}

#[tokio::test]
async fn a_full_disk_is_told_and_forgotten_when_there_is_space_again() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(&folder.path().join("n.db"));
    let limit = |pages: i64| {
        move |conn: &Connection| {
            Ok(conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?)
        }
    };
    let large = |conn: &Connection| insert(conn, &"x".repeat(200_000));
    db.write(limit(10)).await.unwrap();
    let error = db.write(large).await.unwrap_err();
    assert!(matches!(error, DatabaseError::Full { .. }) && error.is_transient(), "{error:?}");
    assert!(error.to_string().contains("free some space"), "{error}");
    assert_eq!(count(&db).await, 0);
    db.write(limit(10_000)).await.unwrap();
    db.write(large).await.unwrap();
    assert_eq!(count(&db).await, 1);
}

#[tokio::test]
async fn writers_of_two_processes_take_turns() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("n.db");
    let apart = || {
        Database::open(&path, OpenOptions { migrate, is_shared: false, ..OpenOptions::default() }).unwrap()
    };
    let databases = [apart(), apart()];
    let mut changes = tokio::task::JoinSet::new();
    for index in 0..200 {
        let db = Arc::clone(&databases[index % 2]);
        changes.spawn(async move { db.write(move |conn| insert(conn, &index.to_string())).await });
    }
    while let Some(changed) = changes.join_next().await {
        changed.unwrap().unwrap();
    }
    assert_eq!(count(&databases[0]).await, 200);
}

#[tokio::test]
async fn a_lazy_change_is_seen_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(&folder.path().join("n.db"));
    db.write_lazily(|conn| insert(conn, "lazy")).await.unwrap();
    db.write(|conn| insert(conn, "full")).await.unwrap();
    assert_eq!(count(&db).await, 2);
}

#[tokio::test]
async fn a_file_is_open_once_however_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(&folder.path().join("n.db"));
    let again = open(&folder.path().join(".").join("n.db"));
    assert!(Arc::ptr_eq(&db, &again));
    drop((db, again));
    let reopened = open(&folder.path().join("n.db"));
    reopened.write(|conn| insert(conn, "works")).await.unwrap();
}

#[test]
fn files_that_cannot_be_used_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let options = || OpenOptions { migrate, ..OpenOptions::default() };

    let error = Database::open(folder.path().join("no/such/folder.db"), options()).unwrap_err();
    assert!(matches!(error, DatabaseError::CannotOpen { .. }), "{error:?}");

    let garbage = folder.path().join("garbage.db");
    std::fs::write(&garbage, "this is a shopping list, not a database: ".repeat(100)).unwrap();
    let error = Database::open(&garbage, options()).unwrap_err();
    assert!(matches!(error, DatabaseError::Corrupt { .. }), "{error:?}");
    assert!(error.to_string().contains("garbage.db"), "{error}");

    let newer = folder.path().join("newer.db");
    let two_steps: fn(&Connection) -> _ =
        |conn| apply_migrations(conn, "notes", &["CREATE TABLE note (id)", "SELECT 1"]);
    Database::open(&newer, OpenOptions { migrate: two_steps, ..OpenOptions::default() }).unwrap();
    let error = Database::open(&newer, options()).unwrap_err();
    assert!(matches!(error, DatabaseError::NewerSchema { found: 2, known: 1, .. }), "{error:?}");
}

#[test]
fn components_keep_their_own_versions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("n.db");
    open(&path);
    let other: fn(&Connection) -> _ =
        |conn| apply_migrations(conn, "other", &["CREATE TABLE a (x)", "CREATE TABLE b (x)"]);
    Database::open(&path, OpenOptions { migrate: other, ..OpenOptions::default() }).unwrap();
    open(&path);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_closed_when_its_database_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.db");
    for round in 0..20 {
        let db = open(&path);
        db.write(move |conn| insert(conn, &round.to_string())).await.unwrap();
        assert_eq!(count(&db).await, round + 1);
        drop(db);
        let left: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, std::slice::from_ref(&path));
    }
}

#[tokio::test]
async fn what_is_only_looked_at_is_read_and_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd name?#%41.db");
    let steps = ["CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)"];
    assert!(Database::look(&path, "notes", &steps).is_err(), "nothing is made");
    open(&path).write(|conn| insert(conn, "a")).await.unwrap();
    let db = Database::look(&path, "notes", &steps).unwrap();
    assert_eq!(count(&db).await, 1);
    let refused = db.write(|conn| insert(conn, "b")).await.unwrap_err();
    assert!(matches!(refused, DatabaseError::OnlyLookedAt { .. }), "{refused}");
    let older = Database::look(&path, "notes", &["", ""]).unwrap_err();
    assert!(matches!(older, DatabaseError::OlderSchema { found: 1, known: 2, .. }), "{older}");
    let newer = Database::look(&path, "notes", &[]).unwrap_err();
    assert!(matches!(newer, DatabaseError::NewerSchema { found: 1, known: 0, .. }), "{newer}");
}
