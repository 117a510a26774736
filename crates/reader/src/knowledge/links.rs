//! Who uses whom.

use std::{collections::BTreeMap, sync::Arc};

use rusqlite::{Row, params};
use serde::Serialize;

use super::{KnowledgeBase, KnowledgeError, base::word_of};
use crate::{
    domain::{Edge, EdgeKind, Graph, Node, SymbolKind},
    facts::ImportTime,
    index::{schema::NONE, words::fold},
};

/// Another file that a file uses, or that uses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileLink {
    /// The other file.
    pub path: String,
    /// Where the use is first written, in the file that uses.
    pub line: u32,
    /// When the import takes effect.
    pub time: ImportTime,
}

/// A use between two symbols or files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SymbolLink {
    /// The file of the other end.
    pub path: String,
    /// The qualified name of the other end; `None` when it is the file itself.
    pub symbol: Option<String>,
    /// What the other end is.
    pub kind: Option<SymbolKind>,
    /// The line at which the other end starts; 1 for a file.
    pub start_line: u32,
    /// The way of use.
    pub edge: EdgeKind,
    /// Where the use is first written, in the file that uses.
    pub line: u32,
}

/// Something outside of the repository that its files import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outside {
    /// The name of the package, as far as the import tells it: `requests`, `@scope/pkg`, `serde`, `java.util`.
    pub package: String,
    /// Where it is imported, by path: file, line, the module as written, and when it takes effect.
    pub imports: Vec<OutsideImport>,
}

/// One import of something outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutsideImport {
    /// The file that imports.
    pub path: String,
    /// Where.
    pub line: u32,
    /// The module as written.
    pub module: String,
    /// When it takes effect.
    pub time: ImportTime,
}

/// A use between two files.
pub(super) struct PathLink {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) kind: EdgeKind,
    pub(super) time: Option<ImportTime>,
    pub(super) line: u32,
}

/// A use of a symbol, by the numbers of files and symbols in this knowledge base.
pub(crate) struct NumberedUse {
    pub(crate) from_file: i64,
    /// `None`: at the top of the file.
    pub(crate) from_symbol: Option<i64>,
    pub(crate) to_symbol: i64,
    pub(crate) kind: EdgeKind,
    pub(crate) line: u32,
}

/// A file by its number, and the number of its first symbol; those of the others follow, in the order of
/// [`KnowledgeBase::all_facts`].
pub(crate) struct NumberedFile {
    pub(crate) path: String,
    pub(crate) file: i64,
    pub(crate) first_symbol: Option<i64>,
}

impl KnowledgeBase {
    /// Calls, inheritance and references of symbols, in no order, without the names that [`KnowledgeBase::graph`] has.
    pub(crate) fn each_use_of_a_symbol(
        &self,
        mut take: impl FnMut(NumberedUse),
    ) -> Result<(), KnowledgeError> {
        self.pool.read(|db| {
            let sql = "SELECT from_file, from_symbol, to_symbol, kind, line FROM link
                       WHERE kind <> 'import' AND to_symbol <> ?1";
            let mut statement = db.prepare_cached(sql)?;
            let mut rows = statement.query([NONE])?;
            while let Some(row) = rows.next()? {
                let kind: Option<EdgeKind> = word_of(row, 3)?;
                take(NumberedUse {
                    from_file: row.get(0)?,
                    from_symbol: Some(row.get(1)?).filter(|symbol| *symbol != NONE),
                    to_symbol: row.get(2)?,
                    kind: kind.unwrap_or(EdgeKind::Reference),
                    line: row.get(4)?,
                });
            }
            Ok(())
        })
    }

    /// The numbers of all files.
    pub(crate) fn numbered_files(&self) -> Result<Vec<NumberedFile>, KnowledgeError> {
        self.pool.read(|db| {
            let sql = "SELECT f.path, f.id, min(y.id) FROM file f LEFT JOIN symbol y ON y.file = f.id GROUP BY f.id";
            let mut statement = db.prepare_cached(sql)?;
            let files = statement.query_map([], |row| {
                Ok(NumberedFile { path: row.get(0)?, file: row.get(1)?, first_symbol: row.get(2)? })
            })?;
            files.collect()
        })
    }

    /// The files that a file imports, by path.
    pub fn imports_of(&self, path: &str) -> Result<Vec<FileLink>, KnowledgeError> {
        self.file_links(
            "SELECT t.path, l.line, l.time FROM link l JOIN file f ON f.id = l.from_file JOIN file t ON t.id = l.to_file
             WHERE f.path = ? AND l.kind = 'import' AND l.from_file <> l.to_file ORDER BY t.path, l.line",
            path,
        )
    }

    /// The files that import a file, by path.
    pub fn imported_by(&self, path: &str) -> Result<Vec<FileLink>, KnowledgeError> {
        self.file_links(
            "SELECT f.path, l.line, l.time FROM link l JOIN file f ON f.id = l.from_file JOIN file t ON t.id = l.to_file
             WHERE t.path = ? AND l.kind = 'import' AND l.from_file <> l.to_file ORDER BY f.path, l.line",
            path,
        )
    }

    /// What uses a symbol: calls, inheritance and references, by path and line.
    pub fn callers(&self, path: &str, symbol: &str) -> Result<Vec<SymbolLink>, KnowledgeError> {
        self.symbol_links(
            "SELECT f.path, y.name, y.parent, y.kind, coalesce(y.start_line, 1), l.kind, l.line
             FROM file t CROSS JOIN symbol s ON s.file = t.id CROSS JOIN link l ON l.to_file = s.file AND l.to_symbol = s.id
             JOIN file f ON f.id = l.from_file LEFT JOIN symbol y ON y.id = l.from_symbol
             WHERE t.path = ?1 AND s.folded = ?4 AND s.name = ?2 AND s.parent IS ?3
             ORDER BY f.path, l.line, l.from_symbol, l.kind",
            path,
            symbol,
        )
    }

    /// What a symbol uses, by line.
    pub fn callees(&self, path: &str, symbol: &str) -> Result<Vec<SymbolLink>, KnowledgeError> {
        self.symbol_links(
            "SELECT t.path, y.name, y.parent, y.kind, coalesce(y.start_line, 1), l.kind, l.line
             FROM file f CROSS JOIN symbol s ON s.file = f.id CROSS JOIN link l ON l.from_file = s.file AND l.from_symbol = s.id
             JOIN file t ON t.id = l.to_file LEFT JOIN symbol y ON y.id = l.to_symbol
             WHERE f.path = ?1 AND s.folded = ?4 AND s.name = ?2 AND s.parent IS ?3
             ORDER BY l.line, t.path, l.to_symbol, l.kind",
            path,
            symbol,
        )
    }

    /// What the repository imports from elsewhere, by package.
    pub fn outside(&self) -> Result<Vec<Outside>, KnowledgeError> {
        let rows = self.pool.read(|db| {
            let sql = "SELECT o.package, f.path, o.line, o.module, o.time FROM outside o JOIN file f ON f.id = o.file
                       ORDER BY o.package, f.path, o.line, o.module";
            let mut statement = db.prepare_cached(sql)?;
            let rows = statement.query_map([], |row| {
                let time: Option<ImportTime> = word_of(row, 4)?;
                let import = OutsideImport {
                    path: row.get(1)?,
                    line: row.get(2)?,
                    module: row.get(3)?,
                    time: time.unwrap_or(ImportTime::Load),
                };
                Ok((row.get::<_, String>(0)?, import))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let mut packages: BTreeMap<String, Vec<OutsideImport>> = BTreeMap::new();
        for (package, import) in rows {
            packages.entry(package).or_default().push(import);
        }
        Ok(packages.into_iter().map(|(package, imports)| Outside { package, imports }).collect())
    }

    /// All files and the symbols that have edges, with all edges; kept while somebody holds it.
    pub fn graph(&self) -> Result<Arc<Graph>, KnowledgeError> {
        let mut kept = self.graph.lock();
        if let Some(graph) = kept.upgrade() {
            return Ok(graph);
        }
        let graph = Arc::new(self.load_graph(true)?);
        *kept = Arc::downgrade(&graph);
        Ok(graph)
    }

    /// All files, with the edges that are of no symbols.
    pub fn graph_of_files(&self) -> Result<Graph, KnowledgeError> {
        self.load_graph(false)
    }

    /// All links between two files, whatever their symbols.
    pub(super) fn links_between_files(&self) -> Result<Vec<PathLink>, KnowledgeError> {
        self.pool.read(|db| {
            let sql = "SELECT f.path, t.path, l.kind, l.time, min(l.line) FROM link l
                       JOIN file f ON f.id = l.from_file JOIN file t ON t.id = l.to_file
                       WHERE l.from_file <> l.to_file GROUP BY l.from_file, l.to_file, l.kind, l.time";
            let mut statement = db.prepare_cached(sql)?;
            let links = statement.query_map([], |row| {
                let kind: Option<EdgeKind> = word_of(row, 2)?;
                Ok(PathLink {
                    from: row.get(0)?,
                    to: row.get(1)?,
                    kind: kind.unwrap_or(EdgeKind::Reference),
                    time: word_of(row, 3)?,
                    line: row.get(4)?,
                })
            })?;
            links.collect()
        })
    }

    /// The documentation of every file that has some.
    pub(super) fn file_docs(&self) -> Result<BTreeMap<String, String>, KnowledgeError> {
        self.pool.read(|db| {
            let mut statement = db.prepare_cached("SELECT path, doc FROM file WHERE doc IS NOT NULL")?;
            let docs = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            docs.collect()
        })
    }

    fn load_graph(&self, with_symbols: bool) -> Result<Graph, KnowledgeError> {
        let (mut nodes, mut edges) = self.pool.read(|db| {
            let mut files = db.prepare_cached(
                "SELECT f.path, s.rank FROM file f JOIN standing s ON s.file = f.id WHERE f.skipped IS NULL OR f.id IN (SELECT to_file FROM link)",
            )?;
            let mut nodes: Vec<Node> = files
                .query_map([], |row| Ok(Node { id: row.get(0)?, kind: None, rank: row.get(1)? }))?
                .collect::<rusqlite::Result<_>>()?;
            let mut symbols = db.prepare_cached(
                "SELECT f.path, y.name, y.parent, y.kind, s.rank FROM symbol y
                 JOIN file f ON f.id = y.file JOIN standing s ON s.file = f.id
                 WHERE ?1 AND y.id IN (SELECT from_symbol FROM link UNION SELECT to_symbol FROM link)",
            )?;
            let symbols = symbols.query_map([with_symbols], |row| {
                Ok(Node { id: node_id(row, 0, 1, 2)?, kind: word_of(row, 3)?, rank: row.get(4)? })
            })?;
            for node in symbols {
                nodes.push(node?);
            }
            let mut links = db.prepare_cached(
                "SELECT f.path, a.name, a.parent, t.path, b.name, b.parent, l.kind, l.line
                 FROM link l JOIN file f ON f.id = l.from_file JOIN file t ON t.id = l.to_file
                 LEFT JOIN symbol a ON a.id = l.from_symbol LEFT JOIN symbol b ON b.id = l.to_symbol
                 WHERE ?1 OR (l.from_symbol = ?2 AND l.to_symbol = ?2)",
            )?;
            let edges: Vec<Edge> = links
                .query_map(params![with_symbols, NONE], |row| {
                    let kind: Option<EdgeKind> = word_of(row, 6)?;
                    Ok(Edge {
                        from: node_id(row, 0, 1, 2)?,
                        to: node_id(row, 3, 4, 5)?,
                        kind: kind.unwrap_or(EdgeKind::Reference),
                        line: row.get(7)?,
                    })
                })?
                .collect::<rusqlite::Result<_>>()?;
            Ok((nodes, edges))
        })?;
        nodes.sort_by(|a, b| a.id.cmp(&b.id).then(a.kind.cmp(&b.kind)));
        nodes.dedup_by(|a, b| a.id == b.id);
        edges.sort();
        // Overloads share an id: the first line of each use is kept.
        edges.dedup_by(|a, b| (&a.from, &a.to, a.kind) == (&b.from, &b.to, b.kind));
        Ok(Graph { nodes, edges })
    }

    fn file_links(&self, sql: &str, path: &str) -> Result<Vec<FileLink>, KnowledgeError> {
        self.pool.read(|db| {
            let mut statement = db.prepare_cached(sql)?;
            let links = statement.query_map([path], |row| {
                let time: Option<ImportTime> = word_of(row, 2)?;
                Ok(FileLink { path: row.get(0)?, line: row.get(1)?, time: time.unwrap_or(ImportTime::Load) })
            })?;
            links.collect()
        })
    }

    /// The links that a statement finds of a symbol. Its joins are crossed: they go from the symbol to its links, while
    /// SQLite would rather look at every link of the file.
    fn symbol_links(&self, sql: &str, path: &str, symbol: &str) -> Result<Vec<SymbolLink>, KnowledgeError> {
        // `a.b.c` is `c` in `a.b`.
        let (parent, name) = match symbol.rsplit_once('.') {
            Some((parent, name)) => (Some(parent), name),
            None => (None, symbol),
        };
        self.pool.read(|db| {
            let mut statement = db.prepare_cached(sql)?;
            let links = statement.query_map(params![path, name, parent, fold(name)], |row| {
                let (name, parent): (Option<String>, Option<String>) = (row.get(1)?, row.get(2)?);
                let edge: Option<EdgeKind> = word_of(row, 5)?;
                Ok(SymbolLink {
                    path: row.get(0)?,
                    symbol: name.map(|name| qualified(parent, name)),
                    kind: word_of(row, 3)?,
                    start_line: row.get(4)?,
                    edge: edge.unwrap_or(EdgeKind::Reference),
                    line: row.get(6)?,
                })
            })?;
            links.collect()
        })
    }
}

/// `path`, or `path#qualified.name` when the row has a symbol.
fn node_id(row: &Row<'_>, path: usize, name: usize, parent: usize) -> rusqlite::Result<String> {
    let path: String = row.get(path)?;
    let name: Option<String> = row.get(name)?;
    let parent: Option<String> = row.get(parent)?;
    Ok(match name {
        Some(name) => format!("{path}#{}", qualified(parent, name)),
        None => path,
    })
}

fn qualified(parent: Option<String>, name: String) -> String {
    match parent {
        Some(parent) => format!("{parent}.{name}"),
        None => name,
    }
}
