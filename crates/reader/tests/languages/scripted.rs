//! Languages that are run from their source, and SQL.

use reader::{
    EdgeKind::{Call, Inherit, Reference},
    SymbolKind::{
        Class, Constant, Enum, Field, Function, Interface, Method, Module, Table, Trait, Type, Variable,
    },
};

use super::*;

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
fn python_reads_settings_of_the_process_and_not_of_a_request() {
    assert_eq!(settings(&read("wsgi.py")), ["NOTES_DIR", "NOTES_EXT"]);
    assert_eq!(settings(&read("environ.py")), ["HOME", "PORT", "DEBUG"]);
}

#[test]
fn what_ruby_computes_is_no_setting() {
    assert_eq!(settings(&read("env.rb")), ["REDIS_KEY"]);
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
fn commonjs_exports_what_the_file_is_as_a_whole() {
    let layer = read("layer.cjs");
    assert_kinds(&layer, &[("Layer", Class), ("Layer.match", Method), ("helper", Function)]);
    assert_exported(&layer, &["Layer", "Layer.match"], &["helper", "Layer.#secret"]);
    assert_eq!(one(&layer, "Layer").doc.as_deref(), Some("One layer of the router."));
    assert_eq!(one(&layer, "Layer").lines.start_line, 2);
    assert!(layer.symbols.iter().all(|symbol| symbol.name != "exports"));
    let route = read("route.cjs");
    assert_kinds(&route, &[("Route", Function), ("Route.dispatch", Method), ("hidden.inner", Function)]);
    assert_exported(&route, &["Route", "Route.dispatch"], &["hidden", "hidden.inner"]);
    assert_eq!(one(&route, "Route").doc.as_deref(), Some("Joins what it is given."));
    assert!(route.symbols.iter().all(|symbol| symbol.name != "exports"));
    let nameless = read("nameless.cjs");
    assert_kinds(&nameless, &[("nameless", Function), ("extra", Function)]);
    assert_exported(&nameless, &["nameless", "extra"], &["nameless.inner"]);
}

#[test]
fn what_speaks_to_tools_or_of_owners_documents_nothing() {
    let header = read("header.cjs");
    let docs: Vec<_> = header.symbols.iter().map(|symbol| symbol.doc.as_deref()).collect();
    assert_eq!(docs, [None, None, None, Some("Todos by day.")]);
    assert_eq!(header.doc, None);
    let licensed = read("licensed.mjs");
    assert_eq!(one(&licensed, "first").doc, None);
    assert_eq!(one(&licensed, "check").doc.as_deref(), Some("Checks the licence."));
    assert_eq!(licensed.doc, None);
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
    assert_eq!(
        routes(&found),
        [
            "GET /notes/:id -",
            "GET /about pages#about",
            "GET,POST /users users#index, #create",
            "GET,PATCH,PUT,DELETE /users/:id users#show, #update, #destroy",
            "GET /users/:id/edit users#edit",
            "GET /users/new users#new"
        ]
    );
    assert_eq!(commands(&found), ["serve", "--verbose"]);
    assert_eq!(entries(&found).len(), 1);
    assert_eq!(modules(&found), ["json", "lib/store"]);
    assert_uses(&found, &[("Record", Inherit, "Notes.Note"), ("Comparable", Inherit, "Notes.Note")]);
    snapshot!("ruby", found);
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
fn a_brace_before_any_character_ends_no_process() {
    for c in ["\u{10ffff}", "\u{e0000}", "😀", "中", "\u{100}", "é"] {
        let text = format!("f() {{ echo {{{c}..3}} {{1..{c}}} {{{c}; }}\necho {{{c}\ng() {{ :; }}\n");
        let spec = spec_of(reader::Language::Bash).expect("a grammar");
        let found = Engine::new(spec).expect("a query").extract("x.sh", &text, Duration::from_secs(20));
        assert!(found.symbols.iter().any(|symbol| symbol.name == "f"), "{c:?}");
    }
}

#[test]
fn a_lone_description_is_no_command_of_thor() {
    let ruby = spec_of(reader::Language::Ruby).expect("a grammar");
    let text = "class App < Thor\n  desc \"install NAME\", \"Installs it\"\n  def install(name); end\nend\n\nclass Gen < Thor::Group\n  desc \"This makes files\"\nend\n";
    let found = Engine::new(ruby).expect("a query").extract("x.rb", text, Duration::from_secs(20));
    let commands: Vec<_> = found.commands.iter().map(|c| (c.name.as_str(), c.help.as_deref())).collect();
    assert_eq!(commands, [("install", Some("Installs it"))]);
}

#[test]
fn javascript_with_the_types_of_flow_is_read() {
    let found = read("flow.js");
    let symbols: Vec<_> = found.symbols.iter().map(|symbol| symbol.name.as_str()).collect();
    assert_eq!(symbols, ["Props", "onGrow", "Grown", "size", "grow", "shrink"]);
    assert_eq!(found.imports[0].module, "./style");
}

#[test]
fn routes_of_rails_tell_their_controller_and_action() {
    let ruby = spec_of(reader::Language::Ruby).expect("a grammar");
    let text = "namespace :admin do\n  resources :users, only: [] do\n    member do\n      get 'tab', action: 'settings'\n      get :close\n    end\n  end\n  match '/preview', controller: 'previews', action: 'news', via: :post\nend\n";
    let found =
        Engine::new(ruby).expect("a query").extract("config/routes.rb", text, Duration::from_secs(20));
    assert_eq!(
        routes(&found),
        [
            "GET /admin/users/:id/tab admin/users#settings",
            "GET /admin/users/:id/close admin/users#close",
            "POST /admin/preview admin/previews#news"
        ]
    );
}
