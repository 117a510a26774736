//! Small hand-made trees, scanned, indexed and read.

use std::{fs, path::Path, sync::atomic::AtomicBool};

use tempfile::TempDir;

use super::{KnowledgeBase, KnowledgeError, SearchQuery, SymbolQuery};
use crate::{
    KnowledgeBaseWriter, RepositoryMeta,
    domain::{EdgeKind, LineRange, SymbolKind},
    scan::{ScanOptions, scan},
};

/// The knowledge base of the files given by path and text.
pub(crate) fn base_of(files: &[(&str, &str)]) -> (TempDir, KnowledgeBase) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let tree = folder.path().join("tree");
    for (path, text) in files {
        let path = tree.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, text).expect("a file");
    }
    let at = folder.path().join("knowledge.db");
    index(&tree, &at);
    let base = KnowledgeBase::open(&at).expect("opens");
    (folder, base)
}

fn index(tree: &Path, at: &Path) {
    let meta = RepositoryMeta { name: "small".into(), ..RepositoryMeta::default() };
    let mut writer = KnowledgeBaseWriter::create(at, meta).expect("creates");
    scan(tree, &ScanOptions::default(), &mut writer, &|_| {}, &AtomicBool::new(false)).expect("scans");
    writer.finish(&|_| {}).expect("finishes");
}

/// The links of a graph as `from -> to`, those of one kind.
pub(crate) fn links(base: &KnowledgeBase, kind: EdgeKind) -> Vec<String> {
    let graph = base.graph().expect("a graph");
    graph
        .edges
        .iter()
        .filter(|edge| edge.kind == kind)
        .map(|edge| format!("{} -> {}", edge.from, edge.to))
        .collect()
}

const PARSER: &str = "\"\"\"Reads HTTP.\"\"\"\n\n\ndef parse_http_header(text):\n    \"\"\"Parses one header.\"\"\"\n    return text.split(':')\n\n\nclass HTTPServer2:\n    def handle(self):\n        return parse_http_header('')\n\n    @property\n    def handle(self):\n        return 2\n";

#[test]
fn the_graph_of_files_is_the_part_of_the_graph_without_symbols() {
    let (_folder, base) = base_of(&[
        ("c#/a.js", "import { b } from './b.js';\nexport function a() { return b(); }\n"),
        ("c#/b.js", "export function b() { return 1; }\n"),
    ]);
    let files = base.graph_of_files().expect("a graph");
    let paths: Vec<&str> = files.nodes.iter().map(|node| node.id.as_str()).collect();
    assert_eq!(paths, ["c#/a.js", "c#/b.js"]);
    let edges: Vec<(&str, &str)> =
        files.edges.iter().map(|edge| (edge.from.as_str(), edge.to.as_str())).collect();
    assert_eq!(edges, [("c#/a.js", "c#/b.js")]);
    let whole = base.graph().expect("a graph");
    assert!(whole.nodes.iter().any(|node| node.id == "c#/b.js#b"), "{:?}", whole.nodes);
    assert!(files.edges.iter().all(|edge| whole.edges.contains(edge)));
}

#[test]
fn files_texts_symbols_and_facts_are_read_back() {
    let (_folder, base) = base_of(&[
        ("src/web/__init__.py", "from .parser import parse_http_header\n"),
        ("src/web/parser.py", PARSER),
        (
            "tests/test_parser.py",
            "from web.parser import parse_http_header\n\ndef test_it():\n    parse_http_header('a')\n",
        ),
        ("README.md", "# Web\n"),
    ]);
    assert_eq!(base.meta().name, "small");
    assert_eq!(base.counts().files, 4);
    let paths: Vec<String> = base.files().expect("files").into_iter().map(|file| file.path).collect();
    assert_eq!(paths, ["README.md", "src/web/__init__.py", "src/web/parser.py", "tests/test_parser.py"]);
    assert_eq!(base.source("src/web/parser.py").expect("reads").as_deref(), Some(PARSER));
    let lines = base.source_lines("src/web/parser.py", LineRange { start_line: 4, end_line: 5 });
    assert_eq!(
        lines.expect("reads").as_deref(),
        Some("def parse_http_header(text):\n    \"\"\"Parses one header.\"\"\"\n")
    );
    assert_eq!(base.source("nothing").expect("reads"), None);
    let twice = SymbolQuery { name: Some("handle".into()), ..SymbolQuery::default() };
    assert_eq!(base.symbols(&twice).expect("symbols").len(), 2, "symbols with the same name are all kept");
    let facts = base.facts("src/web/parser.py").expect("reads").expect("is there");
    assert_eq!(facts.doc.as_deref(), Some("Reads HTTP."));
    assert!(facts.uses.iter().any(|used| used.name == "parse_http_header"));
    assert_eq!(base.all_facts().expect("reads").len(), 4);
    assert_eq!(
        base.file("src/web/__init__.py").expect("reads").expect("is there").imports,
        ["src/web/parser.py"]
    );
    let by: Vec<String> =
        base.imported_by("src/web/parser.py").expect("reads").into_iter().map(|link| link.path).collect();
    assert_eq!(by, ["src/web/__init__.py", "tests/test_parser.py"]);
    let total: f64 = base.files().expect("files").iter().map(|file| file.rank).sum();
    assert!((total - 1.0).abs() < 1e-9);
}

#[test]
fn search_finds_names_by_their_parts_and_puts_the_name_itself_first() {
    let (_folder, base) = base_of(&[
        ("a.js", "// see parseHttpHeader in b\nfunction other() { return 1; }\n"),
        ("b.js", "/** Splits it. */\nexport function parseHttpHeader(text) { return text; }\n"),
        ("server.py", PARSER),
        (
            "test/b.test.js",
            "import { parseHttpHeader } from '../b.js';\nfunction parseHttpHeader2() {}\nparseHttpHeader('header');\n",
        ),
    ]);
    let search = |text: &str| {
        let query = SearchQuery { text: text.into(), ..SearchQuery::default() };
        base.search(&query)
            .expect("searches")
            .into_iter()
            .map(|hit| (hit.path, hit.symbol))
            .collect::<Vec<_>>()
    };
    let name = |path: &str, symbol: &str| (path.to_owned(), Some(symbol.to_owned()));
    assert_eq!(search("parseHttpHeader")[0], name("b.js", "parseHttpHeader"));
    assert_eq!(search("parse_http_header")[0], name("server.py", "parse_http_header"));
    assert!(search("header").contains(&name("b.js", "parseHttpHeader")), "{:?}", search("header"));
    assert!(search("server").iter().any(|(path, _)| path == "server.py"));
    assert!(search("pars").iter().any(|(path, _)| path == "b.js"), "the last word may be typed in part");
    assert_eq!(search("HTTPServer2.handle")[0], name("server.py", "HTTPServer2.handle"));
    let by_test = search("header").iter().position(|(path, _)| path.starts_with("test/"));
    assert!(by_test.is_none_or(|at| at > 0), "tests stand behind the code");
    assert_eq!(search("\"Splits it\"").len(), 1);
    assert_eq!(search("\"it Splits\"").len(), 0);
    assert!(search("").is_empty() && search("\"*( AND").is_empty());
}

#[test]
fn search_is_narrowed_by_kind_language_and_folder() {
    let (_folder, base) =
        base_of(&[("x/a.py", PARSER), ("y/a.py", PARSER), ("y/b.js", "export class HTTPServer2 {}\n")]);
    let query = SearchQuery { text: "http server".into(), ..SearchQuery::default() };
    let classes = SearchQuery { kind: Some(SymbolKind::Class), ..query.clone() };
    assert!(base.search(&classes).expect("searches").iter().all(|hit| hit.kind == Some(SymbolKind::Class)));
    assert!(!base.search(&classes).expect("searches").is_empty());
    let folder = SearchQuery { path_prefix: Some("x/".into()), ..query.clone() };
    assert!(base.search(&folder).expect("searches").iter().all(|hit| hit.path == "x/a.py"));
    let language = SearchQuery { language: Some(crate::Language::JavaScript), ..query };
    let hits = base.search(&language).expect("searches");
    assert!(!hits.is_empty() && hits.iter().all(|hit| hit.path == "y/b.js"));
}

#[test]
fn foreign_newer_damaged_and_missing_files_are_told_apart() {
    let (folder, base) = base_of(&[("a.py", "x = 1\n")]);
    drop(base);
    let at = folder.path().join("knowledge.db");
    let missing = KnowledgeBase::open(folder.path().join("nothing.db"));
    assert!(matches!(missing, Err(KnowledgeError::Missing { .. })), "{missing:?}");
    let text = folder.path().join("text.db");
    fs::write(&text, "no database, but long enough to be looked at as one").expect("writes");
    assert!(matches!(KnowledgeBase::open(&text), Err(KnowledgeError::Foreign { .. })));
    let other = folder.path().join("other.db");
    let db = rusqlite::Connection::open(&other).expect("opens");
    db.execute_batch("CREATE TABLE t(x);").expect("creates");
    assert!(matches!(KnowledgeBase::open(&other), Err(KnowledgeError::Foreign { .. })));
    let db = rusqlite::Connection::open(&at).expect("opens");
    db.pragma_update(None, "user_version", 99).expect("updates");
    drop(db);
    let newer = KnowledgeBase::open(&at).expect_err("is newer");
    assert!(newer.to_string().contains("update Code Reader"), "{newer}");
}

#[test]
fn an_unfinished_knowledge_base_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path().join("knowledge.db");
    let writer = KnowledgeBaseWriter::create(&at, RepositoryMeta::default()).expect("creates");
    assert_eq!(fs::read_dir(folder.path()).expect("lists").count(), 1);
    drop(writer);
    assert_eq!(fs::read_dir(folder.path()).expect("lists").count(), 0);
    let nowhere = KnowledgeBaseWriter::create(folder.path().join("no/such/kb.db"), RepositoryMeta::default());
    assert!(nowhere.is_err_and(|error| error.to_string().contains("no/such/kb.db")));
}

#[test]
fn the_same_tree_gives_the_same_graph_and_ranks() {
    let files = [
        ("a.py", "import b\nb.x()\n"),
        ("b.py", "import a\ndef x(): pass\n"),
        ("c/d.py", "from b import x\n"),
    ];
    let ((_one, first), (_two, second)) = (base_of(&files), base_of(&files));
    let text = |base: &KnowledgeBase| {
        let graph = serde_json::to_string(&*base.graph().expect("a graph")).expect("json");
        graph + &serde_json::to_string(&base.files().expect("files")).expect("json")
    };
    assert_eq!(text(&first), text(&second));
    assert!(links(&first, EdgeKind::Import).contains(&"a.py -> b.py".to_owned()));
}

#[test]
fn a_comment_above_a_function_is_found_as_that_function() {
    let (_folder, base) = base_of(&[(
        "dict.c",
        "int x;\n\n/* Shrinks the table\n * when few are left. */\nint resize(void) { return 1; }\n",
    )]);
    let query = SearchQuery { text: "shrinks table".into(), ..SearchQuery::default() };
    let hit = &base.search(&query).expect("searches")[0];
    assert_eq!((hit.symbol.as_deref(), hit.start_line), (Some("resize"), 5));
    assert!(hit.snippet.contains("Shrinks the table"));
}
