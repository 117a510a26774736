//! Each language on a small file that holds its idioms.

use std::{path::Path, time::Duration};

use proptest::prelude::*;
use reader::{
    Symbol, SymbolKind,
    languages::{Engine, Extract, detect, spec_of, specs},
};

fn read(name: &str) -> Extract {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/languages").join(name);
    let text = std::fs::read_to_string(&path).expect("the fixture is there");
    let language = detect(name, &text).expect("its language is known");
    let spec = spec_of(language).expect("its language has a grammar");
    Engine::new(spec).expect("its query compiles").extract(name, &text, Duration::from_secs(20))
}

/// Only a snapshot of everything.
macro_rules! snapshot {
    ($name:expr, $found:expr) => {
        insta::with_settings!({ prepend_module_to_snapshot => false }, {
            insta::assert_json_snapshot!($name, $found);
        });
    };
}

fn all<'a>(found: &'a Extract, qualified: &str) -> Vec<&'a Symbol> {
    found.symbols.iter().filter(|symbol| symbol.qualified_name() == qualified).collect()
}

#[track_caller]
fn one<'a>(found: &'a Extract, qualified: &str) -> &'a Symbol {
    let symbols = all(found, qualified);
    let names: Vec<String> = found.symbols.iter().map(Symbol::qualified_name).collect();
    assert_eq!(symbols.len(), 1, "{qualified} once among {names:?}");
    symbols[0]
}

#[track_caller]
fn assert_kinds(found: &Extract, wanted: &[(&str, SymbolKind)]) {
    for (name, kind) in wanted {
        let kinds: Vec<SymbolKind> = all(found, name).iter().map(|symbol| symbol.kind).collect();
        let names: Vec<String> = found.symbols.iter().map(Symbol::qualified_name).collect();
        assert!(kinds.contains(kind), "{name} is a {kind:?}, found {kinds:?} among {names:?}");
    }
}

#[track_caller]
fn assert_exported(found: &Extract, exported: &[&str], hidden: &[&str]) {
    for name in exported {
        assert!(all(found, name).iter().any(|symbol| symbol.exported), "{name} is exported");
    }
    for name in hidden {
        let symbols = all(found, name);
        assert!(!symbols.is_empty(), "{name} is there");
        assert!(symbols.iter().all(|symbol| !symbol.exported), "{name} is hidden");
    }
}

fn settings(found: &Extract) -> Vec<&str> {
    found.settings.iter().map(|setting| setting.name.as_str()).collect()
}

fn routes(found: &Extract) -> Vec<String> {
    let show = |route: &reader::facts::Route| {
        format!("{} {} {}", route.method, route.path, route.handler.as_deref().unwrap_or("-"))
    };
    found.routes.iter().map(show).collect()
}

fn commands(found: &Extract) -> Vec<&str> {
    found.commands.iter().map(|command| command.name.as_str()).collect()
}

fn entries(found: &Extract) -> Vec<&str> {
    found.entry_points.iter().map(|entry| entry.name.as_str()).collect()
}

fn modules(found: &Extract) -> Vec<&str> {
    found.imports.iter().map(|import| import.module.as_str()).collect()
}

#[track_caller]
fn assert_uses(found: &Extract, wanted: &[(&str, reader::EdgeKind, &str)]) {
    for (name, kind, scope) in wanted {
        let there = found.uses.iter().any(|used| {
            used.name == *name && used.kind == *kind && used.scope.as_deref().unwrap_or("") == *scope
        });
        let same: Vec<_> = found.uses.iter().filter(|used| used.name == *name).collect();
        assert!(there, "{scope} uses {name} by {kind:?}, found {same:?}");
    }
}

use SymbolKind::{
    Class, Constant, Enum, Field, Function, Interface, Method, Module, Struct, Table, Trait, Type, Variable,
};
use reader::EdgeKind::{Call, Inherit, Reference};

#[test]
fn python() {
    let found = read("python.py");
    assert_eq!(found.doc.as_deref(), Some("Serves notes over HTTP.\n\nSecond paragraph."));
    assert_kinds(
        &found,
        &[
            ("Note", Class),
            ("Note.limit", Field),
            ("Note.__init__", Method),
            ("Note.Inner.deep", Method),
            ("show", Function),
            ("show.nested", Function),
            ("DATABASE_URL", Variable),
        ],
    );
    assert_eq!(all(&found, "Note.title").len(), 2, "getter and setter are both kept");
    let show = one(&found, "show");
    assert_eq!(show.signature, "def show( id: int, *, full: bool = False, ) -> Note");
    assert_exported(&found, &["Note", "Note.title", "create_app"], &["show", "SECRET"]);
    assert_eq!(settings(&found), ["DATABASE_URL", "SECRET_KEY", "<DATABASE_URL>_PREFIX", "NOTES_PORT"]);
    assert_eq!(
        routes(&found),
        ["GET,POST /notes/<int:id> show", "GET /health health", "ANY admin/ admin.site.urls"]
    );
    assert_eq!(commands(&found), ["serve", "--port", "--verbose"]);
    assert_eq!(found.commands[1].of.as_deref(), Some("serve"));
    assert_eq!(entries(&found), ["if __name__ == \"__main__\""]);
    assert_uses(
        &found,
        &[("Base", Inherit, "Note"), ("find", Call, "show.nested"), ("Note", Reference, "show")],
    );
    snapshot!("python", found);
}

#[test]
fn javascript() {
    let found = read("javascript.js");
    assert_eq!(found.doc.as_deref(), Some("The application."));
    assert_kinds(
        &found,
        &[
            ("app.use", Method),
            ("app.handle", Method),
            ("version", Constant),
            ("create", Function),
            ("Router", Function),
            ("Router.run", Method),
            ("Router.match", Method),
            ("Base", Class),
            ("Base.onClick", Method),
            ("Base.size", Method),
            ("Base.#secret", Field),
            ("Named", Class),
            ("double", Function),
            ("half", Function),
            ("helpers.trim", Method),
            ("helpers.lower", Method),
            ("helpers.upper", Method),
            ("query", Function),
        ],
    );
    assert_eq!(one(&found, "app.use").doc.as_deref(), Some("Adds middleware."));
    assert_eq!(one(&found, "double").doc.as_deref(), Some("Doubles a number."));
    assert_exported(
        &found,
        &["app", "app.use", "version", "create", "double", "half", "main"],
        &["Router", "Base"],
    );
    assert_eq!(settings(&found), ["PORT", "API_KEY", "HOST"]);
    assert_eq!(found.settings[0].default.as_deref(), Some("3000"));
    assert_eq!(routes(&found), ["GET /users/:id show", "POST /users -"]);
    assert_eq!(commands(&found), ["--watch", "build"]);
    assert_eq!(entries(&found), ["require.main === module"]);
    assert_eq!(modules(&found), ["express", "path", "./router.js", "./all.js", "./late.js"]);
    assert_uses(&found, &[("Router", Inherit, "Base"), ("push", Call, "app.use")]);
    snapshot!("javascript", found);
}

#[test]
fn commonjs_exports_what_its_list_names() {
    let found = read("commonjs.cjs");
    assert_exported(&found, &["first", "second", "third"], &["hidden"]);
}

#[test]
fn typescript() {
    let found = read("typescript.ts");
    assert_kinds(
        &found,
        &[
            ("Shape", Interface),
            ("Shape.area", Method),
            ("Shape.name", Field),
            ("Id", Type),
            ("Color", Enum),
            ("Color.Red", Constant),
            ("Color.Green", Constant),
            ("Figure", Class),
            ("Figure.area", Method),
            ("Figure.handler", Method),
            ("foreign.borrowed", Function),
            ("Inner.Deep", Module),
        ],
    );
    assert_eq!(all(&found, "parse").len(), 3, "overloads are kept");
    assert_exported(&found, &["Shape", "Figure", "Figure.area"], &["Figure.secret", "Figure.grow", "url"]);
    assert_eq!(routes(&found), ["GET /cats/:id CatsController.findOne"]);
    assert_eq!(settings(&found), ["API_URL"]);
    assert_eq!(found.imports[0].when, reader::facts::ImportTime::Types);
    assert_eq!(found.imports[1].names.len(), 2);
    assert_uses(
        &found,
        &[("Base", Inherit, "Shape"), ("Shape", Inherit, "Figure"), ("Id", Reference, "parse")],
    );
    snapshot!("typescript", found);
}

#[test]
fn tsx() {
    let found = read("component.tsx");
    assert_kinds(&found, &[("Hello", Function), ("Page", Function)]);
    assert_uses(&found, &[("Hello", Reference, "Page"), ("Button", Reference, "Hello")]);
    snapshot!("tsx", found);
}

#[test]
fn rust() {
    let found = read("rust.rs");
    assert_eq!(found.doc.as_deref(), Some("A small server.\nSecond line."));
    assert_kinds(
        &found,
        &[
            ("Store", Struct),
            ("Store.items", Field),
            ("Store.new", Method),
            ("Store.load", Method),
            ("Kind", Enum),
            ("Kind.One", Constant),
            ("Load", Trait),
            ("Load.load", Method),
            ("Load.Item", Type),
            ("square", Function),
            ("tests", Module),
            ("tests.works", Function),
            ("LIMIT", Constant),
        ],
    );
    let store = one(&found, "Store");
    assert_eq!(
        (store.lines.start_line, store.doc.as_deref()),
        (14, Some("A store.")),
        "from its first attribute"
    );
    assert_eq!(store.signature, "pub struct Store<T>");
    assert_exported(
        &found,
        &["Store", "Store.new", "Load.load", "Kind.One"],
        &["Store.hidden", "Store.inner"],
    );
    assert_eq!(settings(&found), ["APP_PORT", "HOME", "CARGO_PKG_NAME"]);
    assert_eq!(routes(&found), ["GET /health health", "GET,POST /users/{id} show, create"]);
    assert_eq!(commands(&found), ["--listen-port", "add-remote"]);
    assert_eq!(found.commands[0].help.as_deref(), Some("The port to listen on."));
    assert_eq!(entries(&found), ["main"]);
    assert_eq!(modules(&found), ["std::collections", "std::io", "crate::model", "routes", "api"]);
    assert!(found.imports[2].reexport && found.imports[2].wildcard);
    assert_uses(
        &found,
        &[("Load", Inherit, "Store"), ("load", Call, "Load.twice"), ("T", Reference, "Store.load")],
    );
    snapshot!("rust", found);
}

#[test]
fn go() {
    let found = read("go.go");
    assert_eq!(found.doc.as_deref(), Some("Package server serves things."));
    assert_kinds(
        &found,
        &[
            ("Server", Struct),
            ("Server.Name", Field),
            ("Server.Run", Method),
            ("Generic.show", Method),
            ("Handler", Interface),
            ("Handler.Serve", Method),
            ("ID", Type),
            ("Func", Type),
            ("MaxSize", Constant),
            ("cache", Variable),
        ],
    );
    assert_exported(&found, &["Server", "Server.Run", "New"], &["cache", "Generic.show", "Server.mu"]);
    assert_eq!(one(&found, "Server.Run").doc.as_deref(), Some("Run runs."));
    assert_eq!(routes(&found), ["GET /users/:id s.show", "GET /items items"]);
    assert_eq!(settings(&found), ["PORT"]);
    assert_eq!(commands(&found), ["serve", "--port"]);
    assert_eq!(entries(&found), ["main"]);
    assert_uses(&found, &[("Server", Inherit, "Server"), ("ToUpper", Call, "New")]);
    snapshot!("go", found);
}

#[test]
fn java() {
    let found = read("Java.java");
    assert_kinds(
        &found,
        &[
            ("UserController", Class),
            ("UserController.UserController", Method),
            ("UserController.NAME", Field),
            ("UserController.State", Enum),
            ("UserController.State.ON", Constant),
            ("UserController.Callback", Interface),
            ("UserController.Callback.done", Method),
            ("UserController.Point", Class),
            ("Hidden.run", Method),
            ("Marker.value", Method),
        ],
    );
    assert_eq!(all(&found, "UserController.find").len(), 2, "overloads are kept");
    let class = one(&found, "UserController");
    assert_eq!(
        class.signature,
        "public class UserController extends Base<User> implements Api, Serializable"
    );
    assert_eq!(class.doc.as_deref(), Some("Controls users."));
    assert_eq!(class.lines.start_line, 11);
    assert_exported(&found, &["UserController", "UserController.find"], &["UserController.limit", "Hidden"]);
    assert_eq!(routes(&found), ["GET /api/users/{id} UserController.find"]);
    assert_eq!(settings(&found), ["app.limit", "HOME"]);
    assert_eq!(entries(&found), ["UserController.main"]);
    assert_eq!(modules(&found), ["java.util.List", "java.util", "java.lang.Math"]);
    assert_uses(
        &found,
        &[
            ("Base", Inherit, "UserController"),
            ("Api", Inherit, "UserController"),
            ("Finder", Call, "UserController.find"),
        ],
    );
    snapshot!("java", found);
}

#[test]
fn c() {
    let found = read("c.c");
    assert_eq!(found.doc.as_deref(), Some("Reads things."));
    assert_kinds(
        &found,
        &[
            ("point", Struct),
            ("point_t", Type),
            ("node", Struct),
            ("color", Enum),
            ("color.RED", Constant),
            ("size", Type),
            ("handler", Type),
            ("LIMIT", Constant),
            ("MAX", Function),
            ("declared", Function),
            ("add", Function),
            ("name_of", Function),
            ("all_names", Function),
            ("exported", Function),
            ("counter", Variable),
        ],
    );
    let fields: Vec<&str> =
        found.symbols.iter().filter(|s| s.kind == Field).map(|symbol| symbol.name.as_str()).collect();
    assert_eq!(fields, ["x", "y", "name", "callback", "next"]);
    assert_exported(&found, &["declared", "exported", "name_of"], &["add", "counter"]);
    assert_eq!(one(&found, "add").signature, "static int add(int a, int b)");
    assert_eq!(settings(&found), ["NAME"]);
    assert_eq!(entries(&found), ["main"]);
    assert_eq!(modules(&found), ["stdio.h", "local/util.h"]);
    assert_eq!(found.imports.iter().map(|import| import.relative).collect::<Vec<_>>(), [false, true]);
    snapshot!("c", found);
}

#[test]
fn cpp() {
    let found = read("cpp.cpp");
    assert_kinds(
        &found,
        &[
            ("geo", Module),
            ("geo.detail.helper", Function),
            ("geo.Shape", Class),
            ("geo.Shape.operator==", Method),
            ("geo.Shape.operator bool", Method),
            ("geo.Shape.make", Method),
            ("geo.Shape.name", Method),
            ("geo.Shape.n_", Field),
            ("geo.largest", Function),
            ("geo.Traits", Struct),
            ("geo.Kind", Enum),
            ("geo.Alias", Type),
            ("geo.Number", Type),
            ("geo.free_function", Method),
            ("Point.y", Field),
        ],
    );
    assert!(all(&found, "geo.Shape.Shape").len() >= 2, "constructors are kept");
    assert_eq!(one(&found, "geo.largest").lines.start_line, 23, "from its template line");
    assert_eq!(settings(&found), ["HOME"]);
    assert_uses(
        &found,
        &[("Base", Inherit, "geo.Shape"), ("Impl", Inherit, "geo.Shape"), ("max", Call, "geo.free_function")],
    );
    snapshot!("cpp", found);
}

#[test]
fn csharp() {
    let found = read("csharp.cs");
    assert_kinds(
        &found,
        &[
            ("App.Web", Module),
            ("App.Web.UsersController", Class),
            ("App.Web.UsersController.Name", Field),
            ("App.Web.UsersController.Get", Method),
            ("App.Web.UsersController.Hook", Method),
            ("App.Web.IUsers", Interface),
            ("App.Web.IUsers.Find", Method),
            ("App.Web.Point", Struct),
            ("App.Web.State.On", Constant),
            ("App.Web.Person", Class),
            ("App.Web.Handler", Type),
            ("App.Web.Program.Main.Local", Function),
        ],
    );
    assert_exported(
        &found,
        &["App.Web.UsersController", "App.Web.UsersController.Get", "App.Web.IUsers.Find"],
        &["App.Web.UsersController.Hidden", "App.Web.Program"],
    );
    assert_eq!(settings(&found), ["HOME"]);
    assert_eq!(routes(&found), ["GET /api/Users/{id} App.Web.UsersController.Get", "GET /health -"]);
    assert_eq!(entries(&found), ["App.Web.Program.Main"]);
    assert_eq!(modules(&found), ["System", "System.IO", "System.Math"]);
    assert_uses(&found, &[("ControllerBase", Inherit, "App.Web.UsersController")]);
    snapshot!("csharp", found);
}

#[test]
fn php() {
    let found = read("php.php");
    assert_kinds(
        &found,
        &[
            ("NoteController", Class),
            ("NoteController.show", Method),
            ("NoteController.name", Field),
            ("NoteController.store", Field),
            ("NoteController.MAX", Constant),
            ("HasName", Interface),
            ("HasName.name", Method),
            ("Loggable", Trait),
            ("Loggable.log", Method),
            ("Suit", Enum),
            ("Suit.Hearts", Constant),
            ("helper", Function),
            ("LIMIT", Constant),
        ],
    );
    assert_exported(
        &found,
        &["NoteController.show", "helper"],
        &["NoteController.hidden", "NoteController.name"],
    );
    assert_eq!(settings(&found), ["APP_KEY", "HOME"]);
    assert_eq!(
        routes(&found),
        ["GET /notes/{id} NoteController.show", "GET notes [NoteController::class, 'index']"]
    );
    assert_eq!(modules(&found), ["App\\Models\\Note", "Psr\\Log", "/helpers.php"]);
    assert_uses(
        &found,
        &[
            ("Controller", Inherit, "NoteController"),
            ("Loggable", Inherit, "NoteController"),
            ("find", Call, "NoteController.show"),
        ],
    );
    snapshot!("php", found);
}

#[test]
fn ruby() {
    let found = read("ruby.rb");
    assert_eq!(found.doc.as_deref(), Some("Serves notes."));
    assert_kinds(
        &found,
        &[
            ("Notes", Module),
            ("Notes.VERSION", Constant),
            ("Notes.Point", Class),
            ("Notes.Note", Class),
            ("Notes.Note.title", Field),
            ("Notes.Note.text", Field),
            ("Notes.Note.initialize", Method),
            ("Notes.Note.create", Method),
            ("Notes.Note.<=>", Method),
            ("Notes.Note.all", Method),
            ("Notes.Note.shout", Method),
        ],
    );
    assert_eq!(one(&found, "Notes.Note").doc.as_deref(), Some("A note."));
    assert_eq!(settings(&found), ["NOTES_DIR", "NOTES_EXT"]);
    assert_eq!(routes(&found), ["GET /notes/:id -", "GET about pages#about", "ANY /users -"]);
    assert_eq!(commands(&found), ["serve", "--verbose"]);
    assert_eq!(entries(&found).len(), 1);
    assert_eq!(modules(&found), ["json", "lib/store"]);
    assert_uses(&found, &[("Record", Inherit, "Notes.Note"), ("Comparable", Inherit, "Notes.Note")]);
    snapshot!("ruby", found);
}

#[test]
fn kotlin() {
    let found = read("kotlin.kt");
    assert_kinds(
        &found,
        &[
            ("Note", Class),
            ("Note.title", Field),
            ("Note.size", Field),
            ("Note.name", Method),
            ("Named", Interface),
            ("Named.name", Method),
            ("Color", Enum),
            ("Color.RED", Constant),
            ("Registry.register", Method),
            ("Result", Class),
            ("Names", Type),
            ("MAX", Variable),
            ("String.shout", Method),
            ("main", Function),
        ],
    );
    assert_exported(&found, &["Note", "Note.name"], &["Note.hidden", "Note.text"]);
    assert_eq!(settings(&found), ["HOME"]);
    assert_eq!(routes(&found), ["GET /notes -"]);
    assert_eq!(entries(&found), ["main"]);
    assert_uses(&found, &[("Base", Inherit, "Note"), ("Named", Inherit, "Note")]);
    snapshot!("kotlin", found);
}

#[test]
fn swift() {
    let found = read("swift.swift");
    assert_kinds(
        &found,
        &[
            ("Note", Struct),
            ("Note.title", Field),
            ("Note.init", Method),
            ("Note.shout", Method),
            ("Note.describe", Method),
            ("Named", Interface),
            ("Named.describe", Method),
            ("Store", Class),
            ("Store.subscript", Method),
            ("Kind", Enum),
            ("Kind.one", Constant),
            ("Kind.two", Constant),
            ("Names", Type),
            ("Worker", Class),
            ("free", Function),
        ],
    );
    assert_exported(&found, &["Note.shout"], &["Note.text"]);
    assert_eq!(settings(&found), ["HOME"]);
    assert_uses(
        &found,
        &[("Codable", Inherit, "Note"), ("Named", Inherit, "Note"), ("helper", Call, "Store.load")],
    );
    snapshot!("swift", found);
}

#[test]
fn scala() {
    let found = read("scala.scala");
    assert_kinds(
        &found,
        &[
            ("Note", Class),
            ("Note.title", Field),
            ("Note.size", Field),
            ("Note.name", Method),
            ("Note.create", Method),
            ("Note.Names", Type),
            ("Named", Trait),
            ("Named.name", Method),
            ("Shape", Class),
            ("Color", Enum),
            ("Color.Red", Constant),
            ("Main.main", Method),
        ],
    );
    assert_exported(&found, &["Note.name"], &["Note.hidden"]);
    assert_eq!(settings(&found), ["HOME"]);
    assert_eq!(modules(&found), ["scala.collection.mutable", "java.util"]);
    assert_uses(
        &found,
        &[("Base", Inherit, "Note"), ("Named", Inherit, "Note"), ("create", Call, "Main.main")],
    );
    snapshot!("scala", found);
}

#[test]
fn bash() {
    let found = read("bash.sh");
    assert_eq!(found.doc.as_deref(), Some("Builds everything."));
    assert_kinds(
        &found,
        &[("say", Function), ("build", Function), ("VERSION", Variable), ("TARGET", Variable)],
    );
    assert_eq!(one(&found, "say").doc.as_deref(), Some("Says something."));
    assert_eq!(settings(&found), ["BUILD_DIR", "PROFILE"]);
    assert_eq!(found.settings[0].default.as_deref(), Some("out"));
    assert_eq!(modules(&found), ["./lib/common.sh", "$HOME/.profile"]);
    assert_uses(&found, &[("say", Call, "build"), ("build", Call, "")]);
    snapshot!("bash", found);
}

#[test]
fn sql() {
    let found = read("sql.sql");
    assert_kinds(
        &found,
        &[
            ("authors", Table),
            ("authors.id", Field),
            ("authors.name", Field),
            ("notes", Table),
            ("notes.author_id", Field),
            ("recent", Table),
            ("note_count", Function),
            ("mood", Type),
        ],
    );
    assert_eq!(one(&found, "authors").doc.as_deref(), Some("People who write."));
    assert_uses(&found, &[("authors", Reference, "notes.author_id"), ("notes", Reference, "recent")]);
    snapshot!("sql", found);
}

#[test]
fn every_language_has_a_fixture_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/languages");
    let mut seen: Vec<_> = std::fs::read_dir(folder)
        .expect("the fixtures are there")
        .filter_map(|entry| detect(&entry.ok()?.file_name().to_string_lossy(), ""))
        .collect();
    seen.sort();
    seen.dedup();
    let mut known: Vec<_> = specs().iter().map(|spec| spec.language).collect();
    known.sort();
    assert_eq!(seen, known);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_an_engine_panic(text in "\\PC{0,400}") {
        for spec in specs() {
            Engine::new(spec).expect("its query compiles").extract("x", &text, Duration::from_secs(20));
        }
    }

    /// Valid sources, cut and mixed at any byte, come closer to a grammar's borders than noise does.
    #[test]
    fn no_broken_source_makes_an_engine_panic(cut in 0.0..1.0f64, other in 0.0..1.0f64, noise in "\\PC{0,8}") {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/languages");
        for entry in std::fs::read_dir(folder).expect("the fixtures are there").flatten() {
            let text = std::fs::read_to_string(entry.path()).expect("text");
            let language = detect(&entry.file_name().to_string_lossy(), &text).expect("known");
            let at = |part: f64| {
                let mut at = (text.len() as f64 * part) as usize;
                while !text.is_char_boundary(at) { at -= 1; }
                at
            };
            let broken = format!("{}{noise}{}", &text[..at(cut)], &text[at(other)..]);
            let spec = spec_of(language).expect("a grammar");
            let found = Engine::new(spec).expect("a query").extract("x", &broken, Duration::from_secs(20));
            let lines = broken.matches('\n').count() as u32 + 1;
            for symbol in &found.symbols {
                prop_assert!(1 <= symbol.lines.start_line && symbol.lines.start_line <= symbol.lines.end_line);
                prop_assert!(symbol.lines.end_line <= lines);
            }
        }
    }
}
