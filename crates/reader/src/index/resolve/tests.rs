//! A small tree per language: what is linked, and what must not be.

use crate::{
    domain::EdgeKind,
    knowledge::tests::{base_of, links},
};

/// All links of the files but those within one file, as `from -kind> to`.
fn across(files: &[(&str, &str)]) -> Vec<String> {
    let (_folder, base) = base_of(files);
    let file = |id: &str| id.split('#').next().unwrap_or(id).to_owned();
    let graph = base.graph().expect("a graph");
    graph
        .edges
        .iter()
        .filter(|edge| file(&edge.from) != file(&edge.to))
        .map(|edge| format!("{} -{:?}> {}", edge.from, edge.kind, edge.to).to_lowercase())
        .collect()
}

#[track_caller]
fn has(links: &[String], wanted: &[&str]) {
    for wanted in wanted {
        assert!(links.contains(&(*wanted).to_lowercase()), "no {wanted} in {links:#?}");
    }
}

#[track_caller]
fn has_not(links: &[String], part: &str) {
    assert!(!links.iter().any(|link| link.contains(&part.to_lowercase())), "{part} in {links:#?}");
}

#[test]
fn python_follows_packages_reexports_and_bases() {
    let found = across(&[
        ("src/app/__init__.py", "from .core import run as run\nfrom . import util\n"),
        (
            "src/app/core.py",
            "from app.base import Base\nimport app.util\n\ndef run():\n    app.util.help()\n\nclass Core(Base):\n    def go(self):\n        self.start()\n        super().stop()\n",
        ),
        (
            "src/app/base.py",
            "class Base:\n    def start(self):\n        pass\n    def stop(self):\n        pass\n",
        ),
        ("src/app/util.py", "import os\n\ndef help():\n    os.help()\n"),
        ("src/app/other.py", "def help():\n    pass\n\ndef start():\n    pass\n"),
        (
            "tests/test_app.py",
            "import app\nfrom app import run\n\ndef test_run():\n    run()\n    app.util.help()\n    app.run()\n",
        ),
    ]);
    has(
        &found,
        &[
            "src/app/core.py -import> src/app/base.py",
            "src/app/core.py -import> src/app/util.py",
            "src/app/__init__.py -import> src/app/util.py",
            "src/app/core.py#Core -inherit> src/app/base.py#Base",
            "src/app/core.py#Core.go -call> src/app/base.py#Base.start",
            "src/app/core.py#Core.go -call> src/app/base.py#Base.stop",
            "src/app/core.py#run -call> src/app/util.py#help",
            "tests/test_app.py#test_run -call> src/app/core.py#run",
            "tests/test_app.py#test_run -call> src/app/util.py#help",
            "tests/test_app.py -import> src/app/__init__.py",
        ],
    );
    has_not(&found, "> src/app/other.py");
    has_not(&found, "> tests/");
}

#[test]
fn equal_names_alone_never_link() {
    let found = across(&[
        ("pkg/a.py", "def go(x):\n    x.helper()\n    helper()\n    unknown.helper()\n"),
        ("pkg/b.py", "def helper():\n    pass\n\nclass T:\n    def helper(self):\n        pass\n"),
        ("lib/a.js", "export function go(x) { x.helper(); helper(); }\n"),
        ("lib/b.js", "export function helper() {}\n"),
        ("tests/test_a.py", "def helper():\n    pass\n"),
    ]);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn what_is_imported_from_outside_means_nothing_of_equal_name_here() {
    let found = across(&[
        ("pkg/helpers.py", "def dumps():\n    pass\n\ndef loads():\n    pass\n"),
        (
            "pkg/a.py",
            "from .helpers import *\nfrom json import dumps\n\ndef go():\n    dumps()\n    loads()\n",
        ),
        ("pkg/b.py", "from .a import dumps, loads\n\ndef run():\n    dumps()\n    loads()\n"),
        (
            "pkg/c.py",
            "try:\n    from ujson import dumps\nexcept ImportError:\n    from .helpers import dumps\n\ndef go():\n    dumps()\n",
        ),
        ("Cargo.toml", "[package]\nname = \"x\"\n"),
        ("src/lib.rs", "mod e;\nmod u;\n"),
        ("src/e.rs", "pub struct HashMap;\nimpl HashMap { pub fn new() {} }\npub fn e() {}\n"),
        ("src/u.rs", "use crate::e::*;\nuse std::collections::HashMap;\nfn go() { HashMap::new(); e(); }\n"),
        ("j/Date.java", "package j;\npublic class Date { public static void now() {} }\n"),
        (
            "j/Go.java",
            "package j;\nimport java.util.Date;\nclass Go { void go() { new Date(); Date.now(); } }\n",
        ),
        ("j/Own.java", "package j;\nclass Own { void go() { new Date(); } }\n"),
        ("p/Request.php", "<?php\nnamespace App;\nclass Request { static function make() {} }\n"),
        (
            "p/Go.php",
            "<?php\nnamespace App;\nuse Symfony\\Http\\Request;\nclass Go { function go() { new Request(); Request::make(); } }\n",
        ),
        ("k/Own.kt", "package k\nclass IllegalStateException(val m: String)\n"),
        (
            "k/Go.kt",
            "package k\nimport java.lang.IllegalStateException\nfun go() { throw IllegalStateException(\"x\") }\n",
        ),
        ("c/Date.cs", "namespace C { public class Date { public static void Now() {} } }\n"),
        (
            "c/Go.cs",
            "using Date = System.DateTime;\nnamespace C { class Go { void go() { Date.Now(); } } }\n",
        ),
        ("s/Own.scala", "package s\nclass Success(x: Int)\n"),
        (
            "s/Go.scala",
            "package s\nimport scala.util.{Failure, Success}\nobject Go { def go() = new Success(1) }\n",
        ),
    ]);
    has(
        &found,
        &[
            "pkg/a.py#go -call> pkg/helpers.py#loads",
            "pkg/b.py#run -call> pkg/helpers.py#loads",
            "pkg/c.py#go -call> pkg/helpers.py#dumps",
            "src/u.rs#go -call> src/e.rs#e",
            "j/Own.java#Own.go -call> j/Date.java#Date",
        ],
    );
    has_not(&found, "pkg/a.py#go -call> pkg/helpers.py#dumps");
    has_not(&found, "pkg/b.py#run -call> pkg/helpers.py#dumps");
    has_not(&found, "> src/e.rs#HashMap");
    for own in ["j/Go.java", "p/Go.php", "k/Go.kt", "c/Go.cs", "s/Go.scala"] {
        has_not(&found, &format!("{own}#"));
    }
}

#[test]
fn kotlin_hides_what_is_internal_to_a_module_and_takes_the_nearest() {
    let found = across(&[
        ("build.gradle.kts", ""),
        ("core/build.gradle.kts", ""),
        ("core/jvm/src/Limits.kt", "package k\n\ninternal fun limit() {}\n\nprivate fun own() {}\n"),
        ("core/common/src/Use.kt", "package k\n\nfun use() { limit(); own() }\n"),
        ("app/build.gradle.kts", ""),
        ("app/src/main/kotlin/Use.kt", "package k\n\nfun app() { limit(); own() }\n"),
        (
            "app/src/main/kotlin/Star.kt",
            "package m\n\nimport k.*\nimport u.*\n\nfun star() { limit(); help() }\n",
        ),
        ("core/src/Help.kt", "package u\n\nfun help() {}\n"),
        ("app/src/main/kotlin/u/Help.kt", "package u\n\nfun help() {}\n"),
        ("plain/src/main/kotlin/Limits.kt", "package q\n\ninternal fun bound() {}\n"),
        ("other/src/main/kotlin/Use.kt", "package q\n\nfun other() { bound() }\n"),
    ]);
    has(
        &found,
        &[
            "core/common/src/Use.kt#use -call> core/jvm/src/Limits.kt#limit",
            "app/src/main/kotlin/Star.kt#star -call> app/src/main/kotlin/u/Help.kt#help",
        ],
    );
    has_not(&found, "#own");
    has_not(&found, "app/src/main/kotlin/use.kt#");
    has_not(&found, "> core/src/help.kt");
    has_not(&found, "-call> plain/");
}

#[test]
fn javascript_follows_paths_workspaces_and_exports() {
    let found = across(&[
        ("package.json", r#"{"name": "root", "workspaces": ["packages/*"]}"#),
        ("packages/core/package.json", r#"{"name": "@x/core", "main": "dist/index.js"}"#),
        ("packages/core/src/index.ts", "export * from './impl.js';\nexport { Base } from './base';\n"),
        ("packages/core/src/impl.ts", "export function create(): number { return 1; }\n"),
        ("packages/core/src/base.ts", "export class Base { start() {} }\n"),
        ("packages/app/package.json", r#"{"name": "app"}"#),
        (
            "packages/app/tsconfig.json",
            r#"{"compilerOptions": {"baseUrl": ".", "paths": {"@/*": ["src/*"]}}}"#,
        ),
        (
            "packages/app/src/main.ts",
            "import { create, Base } from '@x/core';\nimport { util } from '@/util';\nimport * as u from './util';\nimport React from 'react';\nexport class App extends Base { go() { this.start(); create(); util(); u.other(); } }\n",
        ),
        ("packages/app/src/util.ts", "export const util = () => 1;\nexport function other() {}\n"),
        (
            "lib/express.js",
            "var proto = require('./application');\nvar { merge } = require('./tools');\nexports.create = function () { merge(); proto.init(); };\n",
        ),
        ("lib/application.js", "var app = exports = module.exports = {};\napp.init = function init() {};\n"),
        ("lib/tools/index.js", "function merge() {}\nmodule.exports = { merge };\n"),
    ]);
    has(
        &found,
        &[
            "packages/app/src/main.ts -import> packages/core/src/index.ts",
            "packages/app/src/main.ts -import> packages/app/src/util.ts",
            "packages/core/src/index.ts -import> packages/core/src/impl.ts",
            "packages/app/src/main.ts#App -inherit> packages/core/src/base.ts#Base",
            "packages/app/src/main.ts#App.go -call> packages/core/src/base.ts#Base.start",
            "packages/app/src/main.ts#App.go -call> packages/core/src/impl.ts#create",
            "packages/app/src/main.ts#App.go -call> packages/app/src/util.ts#util",
            "packages/app/src/main.ts#App.go -call> packages/app/src/util.ts#other",
            "lib/express.js -import> lib/application.js",
            "lib/express.js -import> lib/tools/index.js",
            "lib/express.js#create -call> lib/tools/index.js#merge",
        ],
    );
}

#[test]
fn javascript_means_what_runs_and_typescript_what_is_typed() {
    let found = across(&[
        ("lib/a.js", "const { send } = require('./x');\nfunction go() { send(); }\n"),
        ("lib/b.ts", "import { send } from './x';\nexport function go() { send(); }\n"),
        ("lib/x.js", "exports.send = function send() {};\n"),
        ("lib/x.d.ts", "export function send(): void;\n"),
    ]);
    has(
        &found,
        &[
            "lib/a.js -import> lib/x.js",
            "lib/a.js#go -call> lib/x.js#send",
            "lib/b.ts -import> lib/x.d.ts",
            "lib/b.ts#go -call> lib/x.d.ts#send",
        ],
    );
    has_not(&found, "lib/a.js -import> lib/x.d.ts");
}

#[test]
fn rust_follows_modules_crates_and_impls() {
    let found = across(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\n"),
        ("crates/core-lib/Cargo.toml", "[package]\nname = \"core-lib\"\n"),
        (
            "crates/core-lib/src/lib.rs",
            "mod store;\npub mod deep;\npub use store::Store;\n#[cfg(test)]\nmod tests;\n",
        ),
        (
            "crates/core-lib/src/store.rs",
            "pub struct Store;\nimpl Store { pub fn open() -> Self { Store } pub fn get(&self) { self.inner() } }\n#[cfg(test)]\nmod tests { use super::*; fn t() { Store::open(); } }\n",
        ),
        (
            "crates/core-lib/src/deep.rs",
            "use crate::store::Store;\nuse std::fmt;\nimpl Store { pub(crate) fn inner(&self) {} }\nimpl fmt::Display for Store { fn fmt(&self) {} }\npub fn use_it() { Store::open(); super::store::Store::open(); }\n",
        ),
        ("crates/core-lib/src/tests.rs", "use crate::Store;\nfn t() { Store::open(); }\n"),
        (
            "crates/app/Cargo.toml",
            "[package]\nname = \"app\"\n[dependencies]\ncore-lib = { path = \"../core-lib\" }\n",
        ),
        (
            "crates/app/src/main.rs",
            "use core_lib::{Store, deep};\nuse serde::Serialize;\nfn main() { Store::open(); deep::use_it(); }\ntrait Display {}\n",
        ),
    ]);
    has(
        &found,
        &[
            "crates/core-lib/src/lib.rs -import> crates/core-lib/src/store.rs",
            "crates/core-lib/src/deep.rs -import> crates/core-lib/src/store.rs",
            "crates/core-lib/src/deep.rs#use_it -call> crates/core-lib/src/store.rs#Store.open",
            "crates/core-lib/src/store.rs#Store.get -call> crates/core-lib/src/deep.rs#Store.inner",
            "crates/app/src/main.rs -import> crates/core-lib/src/lib.rs",
            "crates/app/src/main.rs -import> crates/core-lib/src/deep.rs",
            "crates/app/src/main.rs#main -call> crates/core-lib/src/store.rs#Store.open",
            "crates/app/src/main.rs#main -call> crates/core-lib/src/deep.rs#use_it",
        ],
    );
    has_not(&found, "> crates/app/");
    has_not(&found, "-import> crates/core-lib/src/tests.rs");
    has_not(&found, "crates/core-lib/src/store.rs -import> crates/core-lib/src/lib.rs");
}

#[test]
fn go_follows_module_paths_and_packages() {
    let found = across(&[
        ("go.mod", "module example.org/m\n"),
        (
            "main.go",
            "package main\n\nimport (\n\t\"fmt\"\n\t\"net/http\"\n\tst \"example.org/m/store\"\n)\n\nfunc main() { s := st.Open(); fmt.Println(s); helper() }\n\nfunc serve(r *http.Request) {}\n",
        ),
        ("helper.go", "package main\n\nfunc helper() {}\n"),
        ("main_test.go", "package main\n\nfunc helperTest() { helper() }\n\nfunc Println() {}\n"),
        (
            "store/store.go",
            "package store\n\n// Store keeps.\ntype Store struct { base }\n\nfunc Open() *Store { return &Store{} }\n\nfunc (s *Store) Get() { s.find(); s.log() }\n",
        ),
        (
            "store/find.go",
            "package store\n\ntype base struct{}\n\nfunc (s *Store) find() {}\n\nfunc (b *base) log() {}\n\ntype Request struct{}\n",
        ),
        ("other/other.go", "package other\n\nfunc Open() {}\n\nfunc helper() {}\n"),
    ]);
    has(
        &found,
        &[
            "main.go -import> store/store.go",
            "main.go#main -call> store/store.go#Open",
            "main.go#main -call> helper.go#helper",
            "main_test.go#helperTest -call> helper.go#helper",
            "store/store.go#Store -inherit> store/find.go#base",
            "store/store.go#Store.Get -call> store/find.go#Store.find",
            "store/store.go#Store.Get -call> store/find.go#base.log",
        ],
    );
    has_not(&found, "> other/");
    has_not(&found, "> main_test.go");
    has_not(&found, "find.go#Request");
}

#[test]
fn java_kotlin_and_scala_follow_packages() {
    let found = across(&[
        (
            "src/main/java/a/Base.java",
            "package a;\n\npublic class Base { protected void start() {} static void make() {} }\n",
        ),
        ("src/main/java/a/Near.java", "package a;\n\nclass Near { static void go() {} }\n"),
        (
            "src/main/java/b/App.java",
            "package b;\n\nimport a.Base;\nimport java.util.List;\nimport static c.Tools.help;\n\npublic class App extends Base { void run() { start(); help(); Base.make(); new Part(); } List list; }\n",
        ),
        ("src/main/java/b/Part.java", "package b;\n\nclass Part { void near() { Near.go(); } }\n"),
        ("src/main/java/c/Tools.java", "package c;\n\npublic class Tools { public static void help() {} }\n"),
        ("src/main/java/d/List.java", "package d;\n\npublic class List {}\n"),
        (
            "src/main/kotlin/k/Use.kt",
            "package k\n\nimport a.Base\nimport c.*\n\nclass Use : Base() { fun go() { Tools.help(); top() } }\n",
        ),
        ("src/main/kotlin/k/Top.kt", "package k\n\nfun top() {}\n"),
        ("src/test/java/b/Part.java", "package b;\n\nclass Part {}\n"),
    ]);
    has(
        &found,
        &[
            "src/main/java/b/App.java -import> src/main/java/a/Base.java",
            "src/main/java/b/App.java -import> src/main/java/c/Tools.java",
            "src/main/java/b/App.java#App -inherit> src/main/java/a/Base.java#Base",
            "src/main/java/b/App.java#App.run -call> src/main/java/a/Base.java#Base.start",
            "src/main/java/b/App.java#App.run -call> src/main/java/c/Tools.java#Tools.help",
            "src/main/java/b/App.java#App.run -call> src/main/java/b/Part.java#Part",
            "src/main/kotlin/k/Use.kt#Use -inherit> src/main/java/a/Base.java#Base",
            "src/main/kotlin/k/Use.kt#Use.go -call> src/main/java/c/Tools.java#Tools.help",
            "src/main/kotlin/k/Use.kt#Use.go -call> src/main/kotlin/k/Top.kt#top",
            "src/main/kotlin/k/Use.kt -import> src/main/java/c/Tools.java",
        ],
    );
    has_not(&found, "> src/main/java/d/List.java");
    has_not(&found, "part.java#part.near -call");
    has_not(&found, "> src/test/");
}

#[test]
fn c_and_cpp_follow_includes() {
    let found = across(&[
        (
            "include/lib/api.h",
            "#ifndef A\n#define A\nint api_open(int x);\n#define LIMIT(x) (x)\nstruct api { int x; };\n#endif\n",
        ),
        (
            "src/api.c",
            "#include <lib/api.h>\n#include \"util.h\"\n#include <string.h>\n\nint api_open(int x) { return util_go(x); }\nstatic int local(void) { return 1; }\n",
        ),
        ("src/util.h", "int util_go(int x);\n"),
        ("src/util.c", "#include \"util.h\"\n\nint util_go(int x) { return x; }\n"),
        ("src/string.h", "int mine(void);\n"),
        ("src/far.c", "int far_away(void) { return 1; }\nstatic int local(void) { return 2; }\n"),
        (
            "tools/main.c",
            "#include \"lib/api.h\"\n\nint main(void) { api_open(1); far_away(); local(); return 0; }\n",
        ),
        ("cpp/shape.h", "namespace geo {\nclass Shape {\n public:\n  virtual void draw();\n};\n}\n"),
        (
            "cpp/round.cc",
            "#include \"shape.h\"\n\nnamespace geo {\nclass Round : public Shape {\n  void turn() { draw(); }\n};\nvoid Shape::draw() {}\n}\n",
        ),
    ]);
    has(
        &found,
        &[
            "src/api.c -import> include/lib/api.h",
            "src/api.c -import> src/util.h",
            "src/api.c#api_open -call> src/util.c#util_go",
            "tools/main.c -import> include/lib/api.h",
            "tools/main.c#main -call> src/api.c#api_open",
            "cpp/round.cc#geo.Round -inherit> cpp/shape.h#geo.Shape",
        ],
    );
    has_not(&found, "> src/string.h");
    has_not(&found, "far_away");
    has_not(&found, "#local");
}

#[test]
fn csharp_and_php_follow_namespaces() {
    let found = across(&[
        (
            "App/Core.cs",
            "using System;\nusing Lib.Tools;\n\nnamespace App {\n  public class Core : Base {\n    void Run() { Start(); Tool.Help(); Console.Log(); }\n  }\n}\n",
        ),
        ("App/Base.cs", "namespace App {\n  public class Base { protected void Start() {} }\n}\n"),
        (
            "Lib/Tool.cs",
            "namespace Lib.Tools {\n  public static class Tool { public static void Help() {} }\n}\n",
        ),
        (
            "Lib/Console.cs",
            "namespace Other {\n  public static class Console { public static void Log() {} }\n}\n",
        ),
        ("composer.json", r#"{"autoload": {"psr-4": {"Web\\": "src/"}}}"#),
        (
            "src/Handler/Base.php",
            "<?php\nnamespace Web\\Handler;\n\nabstract class Base { protected function start() {} public static function make() {} }\n",
        ),
        (
            "src/Handler/File.php",
            "<?php\nnamespace Web\\Handler;\n\nuse Psr\\Log\\Logger;\nuse Web\\Tool as T;\n\nclass File extends Base { function run() { $this->start(); parent::start(); T::help(); Base::make(); } }\n",
        ),
        ("src/Tool.php", "<?php\nnamespace Web;\n\nclass Tool { public static function help() {} }\n"),
        ("src/Other/Base.php", "<?php\nnamespace Web\\Other;\n\nclass Base { function start() {} }\n"),
    ]);
    has(
        &found,
        &[
            "App/Core.cs#App.Core -inherit> App/Base.cs#App.Base",
            "App/Core.cs#App.Core.Run -call> App/Base.cs#App.Base.Start",
            "App/Core.cs#App.Core.Run -call> Lib/Tool.cs#Lib.Tools.Tool.Help",
            "App/Core.cs -import> Lib/Tool.cs",
            "src/Handler/File.php -import> src/Tool.php",
            "src/Handler/File.php#File -inherit> src/Handler/Base.php#Base",
            "src/Handler/File.php#File.run -call> src/Handler/Base.php#Base.start",
            "src/Handler/File.php#File.run -call> src/Tool.php#Tool.help",
            "src/Handler/File.php#File.run -call> src/Handler/Base.php#Base.make",
        ],
    );
    has_not(&found, "> src/other/");
    has_not(&found, "> lib/console.cs");
}

#[test]
fn ruby_swift_and_bash_follow_their_files() {
    let found = across(&[
        (
            "lib/gem.rb",
            "require 'gem/store'\nrequire_relative 'gem/tool'\nrequire 'json'\n\nmodule Gem1\n  class Main < Store\n    include Tool\n    def run\n      open_it()\n      Store.make()\n    end\n  end\nend\n",
        ),
        (
            "lib/gem/store.rb",
            "module Gem1\n  class Store\n    def open_it()\n    end\n    def self.make()\n    end\n  end\nend\n",
        ),
        ("lib/gem/tool.rb", "module Gem1\n  module Tool\n  end\nend\n"),
        ("lib/other.rb", "module Other\n  class Store\n    def open_it()\n    end\n  end\nend\n"),
        ("Sources/Core/Base.swift", "public class Base { func start() {} }\nfunc top() {}\n"),
        ("Sources/Core/Use.swift", "class Use: Base { func go() { start(); top() } }\n"),
        ("Sources/Other/Base.swift", "import Core\nclass Far { func go() { top() } }\nclass Base {}\n"),
        ("bin/run.sh", "#!/bin/bash\nsource \"$(dirname \"$0\")/../share/lib.sh\"\nhelp_me\nfar\n"),
        ("share/lib.sh", "help_me() {\n  echo\n}\n"),
        ("share/far.sh", "far() {\n  echo\n}\n"),
    ]);
    has(
        &found,
        &[
            "lib/gem.rb -import> lib/gem/store.rb",
            "lib/gem.rb -import> lib/gem/tool.rb",
            "lib/gem.rb#Gem1.Main -inherit> lib/gem/store.rb#Gem1.Store",
            "lib/gem.rb#Gem1.Main -inherit> lib/gem/tool.rb#Gem1.Tool",
            "lib/gem.rb#Gem1.Main.run -call> lib/gem/store.rb#Gem1.Store.open_it",
            "lib/gem.rb#Gem1.Main.run -call> lib/gem/store.rb#Gem1.Store.make",
            "Sources/Core/Use.swift#Use -inherit> Sources/Core/Base.swift#Base",
            "Sources/Core/Use.swift#Use.go -call> Sources/Core/Base.swift#Base.start",
            "Sources/Core/Use.swift#Use.go -call> Sources/Core/Base.swift#top",
            "Sources/Other/Base.swift#Far.go -call> Sources/Core/Base.swift#top",
            "bin/run.sh -import> share/lib.sh",
            "bin/run.sh -call> share/lib.sh#help_me",
        ],
    );
    has_not(&found, "> lib/other.rb");
    has_not(&found, "> share/far.sh");
}

#[test]
fn what_comes_from_outside_is_named() {
    let (_folder, base) = base_of(&[
        ("a.py", "import os.path\nimport requests\nfrom . import missing\n"),
        ("b.ts", "import x from '@scope/pkg/sub';\nimport './gone';\n"),
        ("c.rs", "use serde::Serialize;\nuse crate::x;\n"),
    ]);
    let outside: Vec<String> =
        base.outside().expect("reads").into_iter().map(|outside| outside.package).collect();
    assert_eq!(outside, ["@scope/pkg", "os", "requests", "serde"]);
    assert!(links(&base, EdgeKind::Import).is_empty());
}
