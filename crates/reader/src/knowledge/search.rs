//! Search: symbols of that very name first, then the best chunks by BM25.

use std::{
    collections::{BTreeMap, HashSet},
    sync::LazyLock,
};

use rusqlite::{Connection, params};
use serde::Serialize;

use super::{
    KnowledgeBase, KnowledgeError,
    base::word_of,
    query::{Terms, squeeze},
};
use crate::{
    domain::{Language, SymbolKind},
    index::{rows, words},
    scan::FileRole,
};

/// Weights of the columns: names of symbols, the path, the text.
const BM25: &str = "bm25(chunk_words, 8.0, 4.0, 1.0)";
/// Lines of a snippet.
const SNIPPET_LINES: usize = 5;
/// Characters of a line of a snippet.
const SNIPPET_WIDTH: usize = 200;
/// The most hits that one search gives.
const MAX_HITS: usize = 1_000;
/// At most so many chunks of one file among the hits, so that one long file does not fill the list.
const HITS_PER_FILE: usize = 4;

/// What is searched for, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// Words or names as typed; text in quotes must stand there as it is.
    pub text: String,
    /// How many hits at most; 0 means 20.
    pub limit: usize,
    /// Only in symbols of this kind.
    pub kind: Option<SymbolKind>,
    /// Only in files of this language.
    pub language: Option<Language>,
    /// Only in files whose path starts so.
    pub path_prefix: Option<String>,
}

/// A place that matches.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hit {
    /// The file.
    pub path: String,
    /// The first line: of the symbol of that name, or of the snippet.
    pub start_line: u32,
    /// The last line.
    pub end_line: u32,
    /// The qualified name of the innermost symbol around.
    pub symbol: Option<String>,
    /// What that symbol is.
    pub kind: Option<SymbolKind>,
    /// A few lines of the text.
    pub snippet: String,
    /// Higher is better; only comparable within one answer.
    pub score: f64,
}

impl KnowledgeBase {
    /// The best places first.
    pub fn search(&self, query: &SearchQuery) -> Result<Vec<Hit>, KnowledgeError> {
        let terms = Terms::parse(&query.text);
        let limit = if query.limit == 0 { 20 } else { query.limit.min(MAX_HITS) };
        self.pool.read(|db| {
            let mut search = Search { db, query, terms: &terms, limit, texts: BTreeMap::new() };
            let mut hits = search.symbols()?;
            if hits.len() < limit && !terms.is_empty() {
                search.chunks(&mut hits)?;
            }
            hits.truncate(limit);
            Ok(hits)
        })
    }
}

struct Search<'a> {
    db: &'a Connection,
    query: &'a SearchQuery,
    terms: &'a Terms,
    limit: usize,
    /// Texts that were needed.
    texts: BTreeMap<i64, String>,
}

/// A chunk that matches.
struct Found {
    file: i64,
    path: String,
    lines: (u32, u32),
    bytes: (u32, u32),
    score: f64,
}

/// A symbol around a place.
struct Around {
    name: String,
    kind: SymbolKind,
    lines: (u32, u32),
}

impl Search<'_> {
    /// Symbols that are called what was typed.
    fn symbols(&mut self) -> rusqlite::Result<Vec<Hit>> {
        let Some((name, parents)) = self.terms.name.split_last() else { return Ok(Vec::new()) };
        let sql = format!(
            "SELECT f.id, f.path, f.role, s.rank, y.name, y.kind, y.start_line, y.end_line, y.parent, y.exported
             FROM symbol y JOIN file f ON f.id = y.file JOIN standing s ON s.file = f.id
             WHERE y.folded = ?1 AND {FILTER} AND (?4 IS NULL OR y.kind = ?4) LIMIT 5000"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let (language, prefix, kind) = self.filters();
        let mut rows = statement.query(params![words::fold(name), language, prefix, kind])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let parent: Option<String> = row.get(8)?;
            if !ends_with(parent.as_deref(), parents) {
                continue;
            }
            let role: Option<FileRole> = word_of(row, 2)?;
            let rank: f64 = row.get(3)?;
            let written: String = row.get(4)?;
            let kind: Option<SymbolKind> = word_of(row, 5)?;
            let is_exported: bool = row.get(9)?;
            let score = 100.0 * weight(role)
                + 10.0 * f64::from(u8::from(written == *name))
                + 5.0 * kind.map_or(0.0, importance)
                + f64::from(u8::from(is_exported))
                + rank.min(1.0);
            let symbol = match parent {
                Some(parent) => format!("{parent}.{written}"),
                None => written,
            };
            let hit = Hit {
                path: row.get(1)?,
                start_line: row.get(6)?,
                end_line: row.get(7)?,
                symbol: Some(symbol),
                kind,
                snippet: String::new(),
                score,
            };
            found.push((row.get::<_, i64>(0)?, hit));
        }
        found.sort_by(|(_, a), (_, b)| order(a, b));
        found.truncate(self.limit);
        for (file, hit) in &mut found {
            let text = self.text(*file)?;
            let first = hit.start_line.saturating_sub(1) as usize;
            let lines = (hit.end_line as usize).saturating_sub(first).min(SNIPPET_LINES);
            hit.snippet = snippet(text.split('\n').skip(first).take(lines));
        }
        Ok(found.into_iter().map(|(_, hit)| hit).collect())
    }

    /// Chunks in which all words stand, then such in which some do.
    fn chunks(&mut self, hits: &mut Vec<Hit>) -> rusqlite::Result<()> {
        let best = hits.last().map_or(50.0, |hit| hit.score.min(50.0));
        let mut seen: HashSet<(String, u32)> = HashSet::new();
        let mut per_file: BTreeMap<String, usize> = BTreeMap::new();
        for query in std::iter::once(self.terms.all()).chain(self.terms.any()) {
            let mut found = self.matches(&query)?;
            found.sort_by(|a, b| {
                b.score
                    .total_cmp(&a.score)
                    .then_with(|| (&a.path, a.lines, a.bytes).cmp(&(&b.path, b.lines, b.bytes)))
            });
            let top = found.first().map_or(1.0, |found| found.score.max(f64::MIN_POSITIVE));
            let ceiling = hits.last().map_or(best, |hit| hit.score.min(best)) * 0.99;
            for chunk in found {
                if hits.len() >= self.limit {
                    return Ok(());
                }
                if !seen.insert((chunk.path.clone(), chunk.lines.0)) {
                    continue;
                }
                // Before its text is looked at, which is what a search costs.
                if per_file.get(&chunk.path).is_some_and(|count| *count >= HITS_PER_FILE) {
                    continue;
                }
                let score = ceiling * chunk.score / top;
                let Some(hit) = self.hit(&chunk, score)? else { continue };
                let is_inside = hits.iter().any(|known| {
                    known.path == hit.path
                        && known.start_line <= hit.start_line
                        && hit.end_line <= known.end_line
                });
                if !is_inside {
                    *per_file.entry(chunk.path).or_default() += 1;
                    hits.push(hit);
                }
            }
        }
        Ok(())
    }

    fn matches(&self, query: &str) -> rusqlite::Result<Vec<Found>> {
        // More than are shown: roles and phrases are looked at after BM25.
        let wanted = if self.query.kind.is_some() || !self.terms.phrases.is_empty() { 2_000 } else { 200 };
        let (language, prefix, _) = self.filters();
        let sql = if language.is_none() && prefix.is_none() { &*BEST_OF_ALL } else { &*BEST_OF_SOME };
        let mut statement = self.db.prepare_cached(sql)?;
        let wanted = i64::try_from(wanted.max(self.limit * 4)).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![query, language, prefix, wanted], |row| {
            let (role, rank): (Option<FileRole>, f64) = (word_of(row, 2)?, row.get(3)?);
            let bm25: f64 = row.get(8)?;
            Ok(Found {
                file: row.get(0)?,
                path: row.get(1)?,
                lines: (row.get(4)?, row.get(5)?),
                bytes: (row.get(6)?, row.get(7)?),
                // Between two chunks that match alike the one of the more important file wins.
                score: -bm25 * weight(role) * (1.0 + 0.2 * (rank * 20.0).min(1.0)),
            })
        })?;
        rows.collect()
    }

    /// The hit of a chunk; `None` when a phrase or the kind that was asked for is not there.
    fn hit(&mut self, chunk: &Found, score: f64) -> rusqlite::Result<Option<Hit>> {
        let (terms, query) = (self.terms, self.query);
        let bytes = chunk.bytes.0 as usize..chunk.bytes.1 as usize;
        let text = self.text(chunk.file)?.get(bytes).unwrap_or_default().to_owned();
        if !terms.phrases.is_empty() {
            let squeezed = squeeze(&text);
            if !terms.phrases.iter().all(|phrase| squeezed.contains(phrase)) {
                return Ok(None);
            }
        }
        let lines: Vec<&str> = text.split('\n').collect();
        let best = best_line(&lines, terms);
        let from = best.saturating_sub(SNIPPET_LINES / 2);
        let to = (from + SNIPPET_LINES).min(lines.len());
        let snippet = snippet(lines.get(from..to).unwrap_or_default().iter().copied());
        let number =
            |line: usize| chunk.lines.0.saturating_add(u32::try_from(line).unwrap_or(0)).min(chunk.lines.1);
        let around = match self.around(chunk.file, number(best))? {
            Some(around) => Some(around),
            // A comment belongs to what follows it without a gap.
            None => {
                let close = |line: &&&str| !line.trim().is_empty();
                let to = best + lines.iter().skip(best).take_while(close).count();
                self.starting(chunk.file, number(best), number(to))?
            }
        };
        if query.kind.is_some() && around.as_ref().map(|around| around.kind) != query.kind {
            return Ok(None);
        }
        let range = match &around {
            // A short symbol is shown by its own lines.
            Some(around) if around.lines.1 - around.lines.0 <= 80 => around.lines,
            _ => (number(from), number(to.saturating_sub(1))),
        };
        Ok(Some(Hit {
            path: chunk.path.clone(),
            start_line: range.0,
            end_line: range.1,
            symbol: around.as_ref().map(|around| around.name.clone()),
            kind: around.map(|around| around.kind),
            snippet,
            score,
        }))
    }

    /// The innermost function, type or the like around a line.
    fn around(&self, file: i64, line: u32) -> rusqlite::Result<Option<Around>> {
        let sql = "SELECT name, kind, start_line, end_line, parent FROM symbol
                   WHERE file = ?1 AND start_line <= ?2 AND end_line >= ?3 ORDER BY end_line - start_line, id";
        self.first_symbol(sql, file, line, line)
    }

    /// The first function, type or the like that starts behind a line, up to another.
    fn starting(&self, file: i64, from: u32, to: u32) -> rusqlite::Result<Option<Around>> {
        let sql = "SELECT name, kind, start_line, end_line, parent FROM symbol
                   WHERE file = ?1 AND start_line > ?2 AND start_line <= ?3 ORDER BY start_line, id";
        self.first_symbol(sql, file, from, to)
    }

    fn first_symbol(&self, sql: &str, file: i64, a: u32, b: u32) -> rusqlite::Result<Option<Around>> {
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query(params![file, a, b])?;
        while let Some(row) = rows.next()? {
            let kind: Option<SymbolKind> = word_of(row, 1)?;
            let is_wanted = |kind: &SymbolKind| {
                self.query.kind == Some(*kind)
                    || !matches!(kind, SymbolKind::Field | SymbolKind::Variable | SymbolKind::Constant)
            };
            let Some(kind) = kind.filter(is_wanted) else { continue };
            let (name, parent): (String, Option<String>) = (row.get(0)?, row.get(4)?);
            let name = match parent {
                Some(parent) => format!("{parent}.{name}"),
                None => name,
            };
            return Ok(Some(Around { name, kind, lines: (row.get(2)?, row.get(3)?) }));
        }
        Ok(None)
    }

    fn text(&mut self, file: i64) -> rusqlite::Result<&str> {
        if !self.texts.contains_key(&file) {
            let mut statement = self.db.prepare_cached("SELECT text FROM source WHERE file = ?")?;
            let text: String = statement.query_row([file], |row| row.get(0))?;
            self.texts.insert(file, text);
        }
        Ok(self.texts.get(&file).map_or("", String::as_str))
    }

    fn filters(&self) -> (Option<String>, Option<&str>, Option<String>) {
        (
            self.query.language.map(rows::word),
            self.query.path_prefix.as_deref(),
            self.query.kind.map(rows::word),
        )
    }
}

/// The best chunks of the files that the filter lets through.
static BEST_OF_SOME: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{CHUNK}, {BM25}
         FROM chunk_words JOIN chunk c ON c.id = chunk_words.rowid JOIN file f ON f.id = c.file
         JOIN standing s ON s.file = f.id
         WHERE chunk_words MATCH ?1 AND {FILTER} ORDER BY 9, c.id LIMIT ?4"
    )
});

/// The best chunks of all: without a filter only they are looked up, and not every chunk that holds one of the words.
static BEST_OF_ALL: LazyLock<String> = LazyLock::new(|| {
    format!(
        "WITH best AS MATERIALIZED (
             SELECT rowid AS id, {BM25} AS score FROM chunk_words
             WHERE chunk_words MATCH ?1 AND ?2 IS NULL AND ?3 IS NULL ORDER BY 2, 1 LIMIT ?4)
         {CHUNK}, best.score
         FROM best JOIN chunk c ON c.id = best.id JOIN file f ON f.id = c.file JOIN standing s ON s.file = f.id
         ORDER BY best.score, c.id"
    )
});

const CHUNK: &str =
    "SELECT c.file, f.path, f.role, s.rank, c.start_line, c.end_line, c.start_byte, c.end_byte";

/// The conditions on the file: language and the start of the path.
const FILTER: &str = "(?2 IS NULL OR f.language = ?2) AND (?3 IS NULL OR substr(f.path, 1, length(?3)) = ?3)";

/// Tests, examples and documentation stand behind the code that they are about.
fn weight(role: Option<FileRole>) -> f64 {
    match role {
        Some(FileRole::Source) | None => 1.0,
        Some(FileRole::Docs | FileRole::Build) => 0.7,
        Some(FileRole::Example) => 0.6,
        Some(_) => 0.5,
    }
}

/// Types before functions before fields.
fn importance(kind: SymbolKind) -> f64 {
    match kind {
        SymbolKind::Field | SymbolKind::Variable => 0.0,
        SymbolKind::Constant => 0.2,
        SymbolKind::Method => 0.5,
        SymbolKind::Function => 0.8,
        _ => 1.0,
    }
}

fn order(a: &Hit, b: &Hit) -> std::cmp::Ordering {
    b.score
        .total_cmp(&a.score)
        .then_with(|| (&a.path, a.start_line, &a.symbol).cmp(&(&b.path, b.start_line, &b.symbol)))
}

/// `parents` are the last parts of the qualified name `parent`.
fn ends_with(parent: Option<&str>, parents: &[String]) -> bool {
    let mut parts = parent.unwrap_or_default().rsplit('.').filter(|part| !part.is_empty());
    parents
        .iter()
        .rev()
        .all(|wanted| parts.next().is_some_and(|part| words::fold(part) == words::fold(wanted)))
}

/// The line with the most different words.
fn best_line(lines: &[&str], terms: &Terms) -> usize {
    let wanted: Vec<&str> = terms.words().collect();
    let mut best = (0, 0);
    let (mut folded, mut spelled) = (String::new(), String::new());
    for (at, line) in lines.iter().enumerate() {
        // A word of the line is a piece of the folded line, so most lines need no taking apart.
        folded.clear();
        words::push_folded(line, &mut folded);
        if wanted.iter().filter(|word| folded.contains(**word)).count() <= best.1 {
            continue;
        }
        spelled.clear();
        words::spell_out(line, &mut spelled);
        let is_there = |word: &&&str| spelled.split(' ').any(|here| here.starts_with(**word));
        let count = wanted.iter().filter(is_there).count();
        if count > best.1 {
            best = (at, count);
        }
    }
    best.0
}

fn snippet<'t>(lines: impl Iterator<Item = &'t str>) -> String {
    let cut: Vec<String> =
        lines.map(|line| line.trim_end().chars().take(SNIPPET_WIDTH).collect::<String>()).collect();
    cut.join("\n").trim_matches('\n').to_owned()
}
