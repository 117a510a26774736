//! A knowledge base of an older format: what it was made of is in it, and is read again.

use std::{
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use parking_lot::Mutex;

use super::{KnowledgeError, base::word_of, pool::Pool};
use crate::{
    FileSink, SinkError,
    index::{Counts, RepositoryMeta, rows, schema},
    scan::{self, Content, Contents, Listed, Listing, ScanError, ScanOptions, ScanProgress, ScanSummary},
};

/// A knowledge base of an older format, as the files that it was made of.
#[derive(Debug)]
pub struct OlderBase {
    pool: Pool,
    meta: RepositoryMeta,
    listing: Listing,
}

impl OlderBase {
    /// Opens a knowledge base of an older format; [`KnowledgeError::Version`] for one of a newer.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, KnowledgeError> {
        let (pool, found) = Pool::open_any(path.as_ref())?;
        if found > schema::VERSION {
            let path = path.as_ref().to_owned();
            return Err(KnowledgeError::Version { path, found, supported: schema::VERSION });
        }
        let (meta, counts, files) = pool.read(|db| {
            let value = |key: &str| {
                let sql = "SELECT value FROM meta WHERE key = ?";
                db.query_row(sql, [key], |row| row.get::<_, String>(0))
            };
            let (meta, counts) = (value(rows::REPOSITORY)?, value(rows::COUNTS)?);
            let mut files = db.prepare("SELECT path, bytes, skipped FROM file ORDER BY path")?;
            let files = files.query_map([], |row| {
                let path: String = row.get(0)?;
                let relative = PathBuf::from(&path);
                let bytes = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
                Ok(Listed { relative, path, bytes, skipped: word_of(row, 2)? })
            })?;
            Ok((meta, counts, files.collect::<rusqlite::Result<_>>()?))
        })?;
        let meta = serde_json::from_str(&meta).map_err(|error| pool.damaged(error))?;
        let counts: Counts = serde_json::from_str(&counts).map_err(|error| pool.damaged(error))?;
        Ok(Self { pool, meta, listing: Listing { files, too_many: counts.left_out } })
    }

    /// Which repository it was made of.
    pub fn meta(&self) -> &RepositoryMeta {
        &self.meta
    }

    /// Hands every file to `sink` as [`scan`](crate::scan::scan) would of the folder that was read then.
    pub fn scan(
        &self,
        options: &ScanOptions,
        sink: &mut dyn FileSink,
        progress: &(dyn Fn(ScanProgress) + Sync),
        cancelled: &AtomicBool,
    ) -> Result<ScanSummary, ScanError> {
        let texts = Texts { pool: &self.pool, failure: Mutex::default() };
        let summary = scan::scan_listed(&texts, &self.listing, options, sink, progress, cancelled)?;
        match texts.failure.into_inner() {
            None => Ok(summary),
            Some((path, error)) => Err(ScanError::Sink { path, source: SinkError::new(error) }),
        }
    }
}

/// The texts in an older base.
struct Texts<'a> {
    pool: &'a Pool,
    /// The first file whose text could not be read, and why.
    failure: Mutex<Option<(String, KnowledgeError)>>,
}

impl Contents for Texts<'_> {
    fn read(&self, file: &Listed) -> Content {
        let found = self.pool.read(|db| {
            let sql = "SELECT s.text, f.hash FROM file f JOIN source s ON s.file = f.id WHERE f.path = ?";
            db.prepare_cached(sql)?
                .query_row([&file.path], |row| Ok(Content::Text { text: row.get(0)?, hash: row.get(1)? }))
        });
        found.unwrap_or_else(|error| {
            self.failure.lock().get_or_insert((file.path.clone(), error));
            Content::Skipped(crate::SkipReason::Unreadable)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::atomic::AtomicBool};

    use super::OlderBase;
    use crate::{
        KnowledgeBase, KnowledgeBaseWriter,
        knowledge::{KnowledgeError, tests::base_of},
        scan::ScanOptions,
    };

    #[test]
    fn what_an_older_base_was_made_of_gives_the_same_facts() {
        let (folder, base) = base_of(&[
            ("a/core.py", "import b.tools\n\ndef core():\n    return b.tools.f()\n"),
            ("b/tools.py", "def f():\n    return 1\n"),
            ("README.md", "# What it is\n"),
            ("data.bin", "\0\0"),
        ]);
        let path = folder.path().join("older.db");
        fs::copy(folder.path().join("knowledge.db"), &path).expect("copied");
        let db = rusqlite::Connection::open(&path).expect("opens");
        db.execute_batch("ALTER TABLE standing DROP COLUMN routes; DROP TABLE link; PRAGMA user_version = 1")
            .expect("made older");
        drop(db);
        assert!(matches!(KnowledgeBase::open(&path), Err(KnowledgeError::Version { found: 1, .. })));

        let older = OlderBase::open(&path).expect("opens");
        let target = folder.path().join("renewed.db");
        let mut writer = KnowledgeBaseWriter::create(&target, older.meta().clone()).expect("creates");
        let none = AtomicBool::new(false);
        let read = older.scan(&ScanOptions::default(), &mut writer, &|_| {}, &none).expect("scans");
        assert_eq!((read.files, read.read), (4, 3));
        writer.finish(&|_| {}).expect("finishes");
        let renewed = KnowledgeBase::open(&target).expect("opens");
        assert_eq!(renewed.meta(), base.meta());
        assert_eq!(renewed.counts(), base.counts());
        assert_eq!(renewed.files().expect("files"), base.files().expect("files"));
        assert_eq!(renewed.all_facts().expect("facts"), base.all_facts().expect("facts"));
        assert_eq!(renewed.graph().expect("a graph"), base.graph().expect("a graph"));
    }

    #[test]
    fn a_text_that_is_missing_is_an_error_and_not_an_unreadable_file() {
        let (folder, _base) = base_of(&[("a.py", "x = 1\n")]);
        let path = folder.path().join("older.db");
        fs::copy(folder.path().join("knowledge.db"), &path).expect("copied");
        rusqlite::Connection::open(&path).expect("opens").execute_batch("DELETE FROM source").expect("cut");
        let older = OlderBase::open(&path).expect("opens");
        let mut sink = Vec::new();
        let error = older.scan(&ScanOptions::default(), &mut sink, &|_| {}, &AtomicBool::new(false));
        assert!(error.expect_err("no text").to_string().contains("a.py"));
    }
}
