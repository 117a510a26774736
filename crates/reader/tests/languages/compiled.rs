//! Languages that are compiled.

use reader::{
    EdgeKind::{Call, Inherit, Reference},
    SymbolKind::{
        Class, Constant, Enum, Field, Function, Interface, Method, Module, Struct, Trait, Type, Variable,
    },
};

use super::*;

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
    assert_eq!(settings(&found), ["APP_PORT", "HOME"]);
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
fn attributes_of_other_crates_declare_routes_and_tables_declare_settings() {
    let text = "#[utoipa::path(\n    post, path = \"/orders\", tag = \"get\",\n    responses((status = 200, description = \"get it\"))\n)]\n\
                pub async fn place() {}\n\n#[actix_web::get(\"/health\")]\nasync fn health() {}\n\n\
                const ALL: &[Setting] = &[setting(\"SHOP_PORT\", Some(\"80\"), \"the port\"), setting(\"SHOP_HOST\", None, \"x\")];\n";
    let spec = spec_of(reader::Language::Rust).expect("a grammar");
    let found = Engine::new(spec).expect("a query").extract("x.rs", text, Duration::from_secs(20));
    assert_eq!(routes(&found), ["POST /orders place", "GET /health health"]);
    assert_eq!(settings(&found), ["SHOP_HOST", "SHOP_PORT"]);
    let defaults: Vec<_> = found.settings.iter().map(|setting| setting.default.as_deref()).collect();
    assert_eq!(defaults, [None, Some("\"80\"")]);
}

#[test]
fn programs_start_in_types_that_are_apps_and_in_files_of_statements() {
    let entries_of = |path: &str, text: &str| {
        let language = detect(path, text).expect("a language");
        let mut engine = Engine::new(spec_of(language).expect("a grammar")).expect("a query");
        let found = engine.extract(path, text, Duration::from_secs(20));
        found.entry_points.iter().map(|entry| format!("{}:{}", entry.name, entry.line)).collect::<Vec<_>>()
    };
    let scala = "object Tool extends App {\n  println(1)\n}\n\nobject Plain extends Base\n\n@main def run(name: String): Unit = println(name)\n";
    assert_eq!(entries_of("a/Tool.scala", scala), ["Tool:1", "run:7"]);
    let program =
        "using System;\n\nvar builder = App.Create(args);\nbuilder.Run();\n\nclass Part { void Go() {} }\n";
    assert_eq!(entries_of("src/Program.cs", program), ["Program.cs:3"]);
    assert!(entries_of("src/Part.cs", "namespace A;\n\nclass Part { void Go() {} }\n").is_empty());
    assert_eq!(
        entries_of("Sources/tool/main.swift", "import Foundation\n\nprint(\"x\")\n"),
        ["main.swift:3"]
    );
    assert!(entries_of("Sources/tool/other.swift", "let limit = 3\n").is_empty());
    let attribute = "@main\nstruct Tool {\n    static func main() {}\n}\n";
    assert_eq!(entries_of("Sources/tool/Tool.swift", attribute), ["Tool.main:3"]);
}
