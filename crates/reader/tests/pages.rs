//! Pages of a small repository, as people see them.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use reader::document::{DocumentOptions, PageLanguage, check_pages, diagram, static_pages};
use reader::export::{Export, FolderOptions, json, markdown_folder};
use reader::scan::ScanOptions;
use reader::{KnowledgeBase, KnowledgeBaseWriter, Page, RepositoryMeta};

const FILES: &[(&str, &str)] = &[
    (
        "README.md",
        "# shop\n\n[![CI](a.svg)](b)\n\nShop keeps orders in one file and\nserves them over HTTP.\n\n- Orders survive a crash\n- Needs no server\n\n\
         ## Install\n\n```sh\npip install shop\n```\n",
    ),
    (
        "pyproject.toml",
        "[build-system]\nrequires = [\"flit_core\"]\nbuild-backend = \"flit_core.buildapi\"\n\n[project]\nname = \"shop\"\nversion = \"1.2\"\n\
         description = \"Keeps orders\"\nrequires-python = \">=3.10\"\ndependencies = [\n    \"flask>=3\",\n]\n\n[project.scripts]\n\
         shop = \"shop.cli:main\"\n\n[tool.pytest.ini_options]\ntestpaths = [\"tests\"]\n",
    ),
    (
        "src/shop/__init__.py",
        "\"\"\"Keeps orders and serves them.\"\"\"\n\nfrom .orders import Order, OrderError, place\nfrom .store import Store\n",
    ),
    (
        "src/shop/cli.py",
        "\"\"\"The command line.\"\"\"\n\nimport argparse\n\nfrom .store import Store\nfrom .web import serve\n\n\n\
         def main(argv=None):\n    \"\"\"Reads the arguments and serves.\"\"\"\n    parser = argparse.ArgumentParser()\n    \
         parser.add_argument(\"--port\", help=\"The port to listen on.\")\n    arguments = parser.parse_args(argv)\n    store = Store.open()\n    \
         check(store)\n    serve(store, arguments.port)\n\n\ndef check(store):\n    \"\"\"Fails early when the file is broken.\"\"\"\n    store.load()\n",
    ),
    (
        "src/shop/orders.py",
        "\"\"\"Orders: what was bought & <b>by whom</b> | when.\n\nMore about it.\n\"\"\"\n\nfrom __future__ import annotations\n\n\
         from dataclasses import dataclass\nfrom typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from .store import Store\n\n\n\
         class OrderError(Exception):\n    \"\"\"An order cannot be placed.\"\"\"\n\n\n@dataclass\nclass Item:\n    \"\"\"A line of an order.\"\"\"\n\n    \
         name: str\n    price: int\n\n\n@dataclass\nclass Order:\n    \"\"\"An order of one customer. It never changes.\"\"\"\n\n    number: int\n    items: list[Item]\n    \
         first: Item\n\n    def total(self) -> int:\n        \"\"\"The sum of all prices.\"\"\"\n        return sum(item.price for item in self.items)\n\n\n\
         def place(store: Store, order: Order) -> None:\n    \"\"\"Places an order.\"\"\"\n    if not order.items:\n        raise OrderError(\"empty\")\n    store.save(order)\n",
    ),
    (
        "src/shop/store.py",
        "\"\"\"One file that holds all orders.\"\"\"\n\nimport os\n\nfrom .orders import Order\n\n\nclass Store:\n    \"\"\"All orders.\"\"\"\n\n    \
         @classmethod\n    def open(cls) -> \"Store\":\n        \"\"\"Opens the file that `SHOP_FILE` names.\"\"\"\n        path = os.environ.get(\"SHOP_FILE\", \"shop.db\")\n        \
         return cls(path)\n\n    def __init__(self, path: str) -> None:\n        self.path = path\n\n    def load(self) -> list[Order]:\n        \"\"\"All orders, oldest first.\"\"\"\n        \
         return _read(self.path)\n\n    def save(self, order: Order) -> None:\n        \"\"\"Adds one.\"\"\"\n\n\ndef _read(path: str) -> list[Order]:\n    return []\n",
    ),
    (
        "src/shop/web.py",
        "\"\"\"Orders over HTTP.\"\"\"\n\nfrom flask import Flask\n\nfrom .orders import Order, place\n\napp = Flask(__name__)\n\n\n\
         @app.get(\"/orders/<int:number>\")\ndef show(number):\n    \"\"\"One order.\"\"\"\n    return {\"number\": number}\n\n\n\
         @app.post(\"/orders\")\ndef create():\n    \"\"\"Places an order.\"\"\"\n    place(None, Order(1, [], None))\n    return {}\n\n\n\
         def serve(store, port):\n    \"\"\"Answers until it is stopped.\"\"\"\n    app.run(port=port)\n",
    ),
    (
        "tests/test_orders.py",
        "import os\n\nfrom shop.orders import Order\n\n\ndef test_total():\n    assert os.environ[\"ONLY_TESTS\"]\n    assert Order(1, [], None).total() == 0\n",
    ),
];

fn read(files: &[(&str, &str)], root: &Path) -> KnowledgeBase {
    let repository = root.join("repository");
    for (path, text) in files {
        let path = repository.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let file = root.join("knowledge.db");
    let meta = RepositoryMeta { name: "shop".into(), ..RepositoryMeta::default() };
    let mut writer = KnowledgeBaseWriter::create(&file, meta).unwrap();
    reader::scan(&repository, &ScanOptions::default(), &mut writer, &|_| {}, &AtomicBool::new(false))
        .unwrap();
    writer.finish(&|_| {}).unwrap();
    KnowledgeBase::open(&file).unwrap()
}

fn pages(kb: &KnowledgeBase, language: PageLanguage) -> Vec<Page> {
    static_pages(kb, &[], &DocumentOptions { language }).unwrap()
}

fn pages_of(files: &[(&str, &str)]) -> Vec<Page> {
    let folder = tempfile::tempdir().unwrap();
    pages(&read(files, folder.path()), PageLanguage::En)
}

fn markdown<'p>(pages: &'p [Page], slug: &str) -> &'p str {
    &pages.iter().find(|page| page.slug == slug).unwrap().markdown
}

fn shown(pages: &[Page]) -> String {
    pages.iter().map(|page| format!("===== {} ({:?})\n{}\n", page.slug, page.parent, page.markdown)).collect()
}

#[test]
fn the_pages_of_a_small_repository() {
    let folder = tempfile::tempdir().unwrap();
    let kb = read(FILES, folder.path());
    insta::assert_snapshot!("pages_en", shown(&pages(&kb, PageLanguage::En)));
    insta::assert_snapshot!("pages_zh", shown(&pages(&kb, PageLanguage::Zh)));
}

#[test]
fn tests_do_not_drown_the_code_that_they_test() {
    let folder = tempfile::tempdir().unwrap();
    let kb = read(FILES, folder.path());
    let pages = pages(&kb, PageLanguage::En);
    let configuration = pages.iter().find(|page| page.slug == "configuration").unwrap();
    assert!(configuration.markdown.contains("SHOP_FILE"));
    assert!(!pages.iter().any(|page| page.markdown.contains("ONLY_TESTS")));
    assert!(!pages.iter().any(|page| page.slug.contains("test")));
}

#[test]
fn every_claim_can_be_followed_and_every_diagram_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let kb = read(FILES, folder.path());
    for language in [PageLanguage::En, PageLanguage::Zh] {
        let mut pages = pages(&kb, language);
        let report = check_pages(&kb, &mut pages).unwrap();
        assert_eq!(report.problems, []);
        assert!(report.citations > 40);
        let note = match language {
            PageLanguage::En => "no language model",
            PageLanguage::Zh => "没有使用大模型",
        };
        for page in &pages {
            assert!(
                page.markdown.contains(note) && page.markdown.contains("OPENAI_BASE_URL"),
                "{}",
                page.slug
            );
            for drawing in &page.diagrams {
                assert!(diagram::parse(&drawing.source).unwrap().nodes <= diagram::MAX_NODES);
            }
        }
        assert!(pages.iter().flat_map(|page| &page.citations).any(|citation| citation.symbol.is_some()));
    }
}

#[test]
fn what_does_not_hold_is_taken_out() {
    let folder = tempfile::tempdir().unwrap();
    let kb = read(FILES, folder.path());
    let mut pages = pages(&kb, PageLanguage::En);
    pages.truncate(1);
    pages[0].markdown = "[here](source:src/shop/cli.py#L1-L2) [past](source:src/shop/cli.py#L9-L9000) [no](source:none.py#L1) \
                         [out](https://example.com) [gone](page:nowhere) ![img](javascript:x)\n\n```mermaid\nflowchart TD\n  A --> \n```\n\nend\n"
        .to_owned();
    let report = check_pages(&kb, &mut pages).unwrap();
    assert_eq!(report.problems.len(), 6, "{:?}", report.problems);
    assert_eq!((report.citations, report.diagrams), (1, 0));
    assert_eq!(pages[0].markdown, "[here](source:src/shop/cli.py#L1-L2) past no out gone img\n\n\n\nend\n");
}

#[test]
fn the_same_repository_gives_the_same_bytes_wherever_it_lies() {
    let export = |root: &Path| {
        let kb = read(FILES, root);
        let pages = pages(&kb, PageLanguage::En);
        let out = root.join("out");
        markdown_folder(
            &pages,
            &out,
            &FolderOptions { repository: Some(&root.join("repository")), sources: None },
        )
        .unwrap();
        let null = serde_json::Value::Null;
        let bytes = json(&Export {
            analysis: &null,
            kb: &kb,
            summaries: &BTreeMap::new(),
            items: &[],
            pages: &pages,
        })
        .unwrap();
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        for key in ["version", "analysis", "files", "symbols", "items", "pages", "graph"] {
            assert!(value.get(key).is_some(), "{key}");
        }
        (bytes, fs::read(out.join("index.md")).unwrap())
    };
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let deep = two.path().join("a b/c");
    fs::create_dir_all(&deep).unwrap();
    assert_eq!(export(one.path()), export(&deep));
}

#[test]
fn a_workspace_names_its_programs_and_what_the_readme_runs_first() {
    let files: &[(&str, &str)] = &[
        (
            "README.md",
            "# Kiln\n\nKiln fires pots and keeps a record of each.\n\n## Start\n\n```sh\n./start     # builds and fires the first pot\nkiln fire pot\n```\n",
        ),
        ("start", "#!/bin/sh\n# Builds all.\ncargo build\n"),
        ("dev", "#!/bin/sh\n# Daily commands.\ncargo check\n"),
        ("Cargo.toml", "[workspace]\nmembers = [\"a\", \"kiln\", \"core\"]\n"),
        ("a/Cargo.toml", "[package]\nname = \"ash\"\nversion = \"1.0.0\"\n"),
        ("a/src/main.rs", "fn main() {\n    core::fire();\n}\n"),
        (
            "kiln/Cargo.toml",
            "[package]\nname = \"kiln\"\nversion = \"1.0.0\"\n\n[dependencies]\ncore = { path = \"../core\" }\n",
        ),
        ("kiln/src/main.rs", "fn main() {\n    core::fire();\n}\n"),
        ("kiln/src/bin/sweep.rs", "fn main() {}\n"),
        ("core/Cargo.toml", "[package]\nname = \"core\"\nversion = \"1.0.0\"\n"),
        ("core/src/lib.rs", "//! Heat and time.\npub mod wood;\npub fn fire() {\n    wood::burn();\n}\n"),
        ("core/src/wood/mod.rs", "mod oak;\npub fn burn() {\n    oak::slow();\n}\n"),
        ("core/src/wood/oak/mod.rs", "//! Only oak.\npub fn slow() {}\n"),
    ];
    let pages = pages_of(files);
    let page = |slug: &str| markdown(&pages, slug);
    let overview = page("overview");
    let at = |text: &str| overview.find(text).unwrap_or_else(|| panic!("{text} in {overview}"));
    // The README's own line, then the program that it calls, then the others.
    assert!(at("| run it | `./start`") < at("the command `kiln` starts here"));
    assert!(at("builds and fires the first pot") < at("the command `kiln` starts here"));
    assert!(at("the command `kiln` starts here") < at("the command `ash` starts here"));
    assert!(at("**Run**: `./start`") < at("`./dev`"));
    for command in ["`ash`", "`kiln`", "`sweep`"] {
        assert!(page("interfaces").contains(command), "{command}");
    }
    // A part's words are not the whole's.
    assert!(!page("modules").contains("`core::wood`](page:modules/core-wood) | 1 | 7 | Only oak"));
}

#[test]
fn modules_stand_in_the_order_that_the_page_tells() {
    // Files of one Go package use each other by name alone.
    let body = "func f() int {\n\treturn 1\n}\n";
    let shared =
        format!("package app\n\ntype Shared struct {{\n\tName string\n}}\n\n{}", body.replace('f', "helper"));
    let user = |name: &str| {
        format!(
            "package app\n\nfunc {name}(s Shared) string {{\n\treturn s.Name\n}}\n\n{}",
            "// .\n".repeat(40)
        )
    };
    let (a, b, c) = (user("A"), user("B"), user("C"));
    let files: &[(&str, &str)] = &[
        ("go.mod", "module example.com/app\n\ngo 1.21\n"),
        ("a.go", &a),
        ("b.go", &b),
        ("c.go", &c),
        ("zz.go", &shared),
        ("inner/x/x.go", "package x\n\nfunc X() {}\n"),
        ("d.go", "package app\n\nimport \"example.com/app/inner/x\"\n\nfunc D() {\n\tx.X()\n}\n"),
    ];
    let pages = pages_of(files);
    let modules = markdown(&pages, "modules");
    let used: Vec<usize> = modules
        .lines()
        .filter_map(|line| line.strip_prefix("| [")?.split(" | ").nth(1)?.parse().ok())
        .collect();
    assert!(used.len() >= 3 && used.windows(2).all(|pair| pair[0] >= pair[1]), "{used:?}");
    assert!(used[0] >= 3, "{modules}");
}

#[test]
fn options_stand_beneath_their_command_and_names_of_settings_are_resolved() {
    let files: &[(&str, &str)] = &[
        ("Cargo.toml", "[package]\nname = \"kiln\"\nversion = \"1.0.0\"\n"),
        (
            "src/main.rs",
            "mod names;\n#[derive(clap::Parser)]\nstruct Cli {\n    /// Less words.\n    #[arg(long)]\n    quiet: bool,\n}\n\n#[derive(Subcommand)]\nenum Commands {\n    \
             /// Fires a pot.\n    Fire(FireArgs),\n    /// Looks at it.\n    Look,\n}\n\nfn main() {\n    std::env::var(names::HEAT);\n    std::env::var(unknown);\n}\n",
        ),
        (
            "src/args.rs",
            "#[derive(Args)]\nstruct FireArgs {\n    /// How hot.\n    #[arg(long)]\n    heat: u32,\n}\n",
        ),
        ("src/names.rs", "pub const HEAT: &str = \"KILN_HEAT\";\n"),
        ("build.sh", "#!/bin/sh\nwhere=${where:-here}\necho ${KILN_DIR:-out}\n"),
    ];
    let pages = pages_of(files);
    let page = |slug: &str| markdown(&pages, slug);
    let commands = page("interfaces");
    let at = |text: &str| commands.find(text).unwrap_or_else(|| panic!("{text} in {commands}"));
    assert!(at("· `--quiet` (`Cli`)") < at("| `fire` |"));
    assert!(at("| `fire` |") < at("· `--heat` (`FireArgs`)"));
    assert!(at("· `--heat` (`FireArgs`)") < at("| `look` |"));
    let settings: Vec<&str> = page("configuration")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    assert_eq!(settings, ["KILN_DIR", "KILN_HEAT", "<unknown>"]);
}

#[test]
fn routes_by_constants_of_the_file_or_of_an_import_have_their_paths() {
    let pages = pages_of(&[
        ("package.json", r#"{"name": "registry"}"#),
        (
            "src/constants.js",
            "export const ENDPOINTS = {\n  tags: '/-/package/:package/dist-tags',\n  other: '/other',\n};\n",
        ),
        (
            "src/api.js",
            "import { ENDPOINTS } from './constants';\nconst PING = '/-/ping';\nconst LIMIT = 'none';\n\nexport default function (router, table) {\n  router.get(PING, ping);\n  router.put(ENDPOINTS.tags, addTag);\n  table.get(LIMIT, ping);\n}\n",
        ),
    ]);
    let routes = markdown(&pages, "interfaces");
    assert!(routes.contains("| GET | `/-/ping` | `ping` |"), "{routes}");
    assert!(routes.contains("| PUT | `/-/package/:package/dist-tags` | `addTag` |"), "{routes}");
    assert!(!routes.contains("LIMIT"), "{routes}");
}

#[test]
fn projects_in_folders_are_started_from_the_root() {
    let long = format!("eslint {} --end", "--rule a ".repeat(30));
    let package = format!("{{\"name\": \"web\", \"scripts\": {{\"lint\": \"{long}\"}}}}");
    let pages = pages_of(&[
        ("package.json", &package),
        (
            "Shop.sln",
            "Project(\"{A}\") = \"Shop\", \"src\\Shop\\Shop.csproj\", \"{B}\"\nProject(\"{A}\") = \"Shop.Tests\", \"tests\\Shop.Tests\\Shop.Tests.csproj\", \"{C}\"\n",
        ),
        ("src/Shop/Shop.csproj", "<Project Sdk=\"Microsoft.NET.Sdk.Web\">\n</Project>\n"),
        ("src/Shop/Program.cs", "var app = Shop.Create(args);\napp.Run();\n"),
        (
            "x.gemspec",
            "Gem::Specification.new do |s|\n  s.name = \"x\"\n  s.executables = s.files.grep(%r{^bin/})\nend\n",
        ),
        ("bin/x", "#!/usr/bin/env ruby\nputs 1\n"),
    ]);
    let start = markdown(&pages, "how-to-start");
    for line in ["`dotnet build Shop.sln`", "`dotnet test Shop.sln`", "`dotnet run --project src/Shop`"] {
        assert!(start.contains(line), "{line} in {start}");
    }
    assert!(!start.contains("`dotnet build src/Shop`"), "{start}");
    assert!(start.contains(" …`"), "{start}");
    let overview = markdown(&pages, "overview");
    assert!(overview.contains("the command `Shop` starts here"), "{overview}");
    assert!(overview.contains("the command `x` starts here"), "{overview}");
}

#[test]
fn a_type_is_used_where_its_members_are() {
    let user = |name: &str, call: &str| {
        format!("<?php\nnamespace Log;\n\nclass {name} {{\n  function go() {{ return {call}; }}\n}}\n")
    };
    let (one, two) = (user("One", "Utils::encode(1)"), user("Two", "Utils::LIMIT"));
    let three = "package a;\n\nclass Three { int go() { return Tools.help(); } }\n";
    let pages = pages_of(&[
        (
            "src/Utils.php",
            "<?php\nnamespace Log;\n\nclass Utils {\n  const LIMIT = 3;\n  static function encode($x) {}\n}\n",
        ),
        ("src/One.php", &one),
        ("src/Two.php", &two),
        ("a/Tools.java", "package a;\n\nclass Tools { static int help() { return 1; } }\n"),
        ("a/Three.java", three),
        ("a/Four.java", &three.replace("Three", "Four")),
    ]);
    let architecture = markdown(&pages, "architecture");
    for (file, name) in [("src/Utils.php", "`Utils`"), ("a/Tools.java", "`Tools`")] {
        let row =
            architecture.lines().find(|line| line.contains(&format!("| [`{file}`]"))).unwrap_or_default();
        assert!(row.contains(name) && row.contains("(2)"), "{file}: {architecture}");
    }
}

#[test]
fn composer_packages_tell_where_their_classes_are_used() {
    let pages = pages_of(&[
        (
            "composer.json",
            r#"{"name": "x/shop", "require": {"symfony/http-foundation": "^7", "psr/log": "^3"}, "autoload": {"psr-4": {"Shop\\": "src/"}}}"#,
        ),
        (
            "src/Cart.php",
            "<?php\nnamespace Shop;\n\nuse Symfony\\Component\\HttpFoundation\\Request;\n\nclass Cart {\n  function of(Request $r) {}\n}\n",
        ),
    ]);
    let overview = markdown(&pages, "overview");
    let row = overview.lines().find(|line| line.contains("`symfony/http-foundation`")).unwrap_or_default();
    assert!(row.contains("Cart.php:4"), "{overview}");
    let row = overview.lines().find(|line| line.contains("`psr/log`")).unwrap_or_default();
    assert!(!row.contains("Cart.php"), "{overview}");
}

#[test]
fn the_headline_names_the_project_and_stars_are_followed() {
    let pages = pages_of(&[
        (
            "README.md",
            "# Kiln\n\nLower costs imply happier potters, so what makes a kilns' fire used best?\n",
        ),
        ("pyproject.toml", "[project]\nname = \"kiln\"\ndescription = \"Fires pots evenly and fast\"\n"),
        ("docs/requirements.txt", "sphinx\n"),
        ("kiln/__init__.py", "from kiln._parts import Glaze\n\nfrom ._api import *\nfrom ._pots import *\n"),
        ("kiln/_parts.py", "from kiln._glaze import Glaze\n"),
        ("kiln/_glaze.py", "class Glaze:\n    pass\n"),
        ("examples/fire.py", "import kiln\n"),
        ("kiln/_api.py", "def fire():\n    pass\n\n\ndef cool():\n    pass\n\n\ndef _heat():\n    pass\n"),
        ("kiln/_pots.py", "__all__ = [\"Pot\"]\n\n\nclass Pot:\n    pass\n\n\nclass Shard:\n    pass\n"),
    ]);
    let overview = markdown(&pages, "overview");
    assert!(overview.contains("**“Fires pots evenly and fast”**"), "{overview}");
    assert!(overview.contains("exports 2 types and 2 functions"), "{overview}");
    assert!(!overview.contains("sphinx"), "{overview}");
    assert!(overview.contains("the only example"), "{overview}");
}

#[test]
fn a_type_that_others_use_shows_its_members_though_its_name_hides_it() {
    let files: &[(&str, &str)] = &[
        ("app/__init__.py", ""),
        (
            "app/parser.py",
            "class _Parser:\n    \"\"\"Takes words apart.\"\"\"\n\n    def parse(self, text):\n        return text\n\n    def _skip(self):\n        pass\n",
        ),
        ("app/main.py", "from app.parser import _Parser\n\n\ndef run():\n    return _Parser()\n"),
    ];
    let pages = pages_of(files);
    let all = shown(&pages);
    assert!(all.contains("· `parse(text)`"), "{all}");
    assert!(!all.contains("· `_skip"), "{all}");
}

#[test]
fn a_call_is_followed_from_what_users_of_a_crate_can_name() {
    let chain = |name: &str, length: usize| {
        (0..length).fold(String::new(), |text, number| {
            format!("{text}pub fn {name}{number}() {{ {name}{}() }}\n", number + 1)
        })
    };
    let inner = format!("{}pub fn deep30() {{}}\n{}", chain("deep", 30), "pub fn handed() { deep20() }\n");
    let outer = format!("{}pub(crate) fn wide8() {{ crate::inner::deep5() }}\n", chain("wide", 8));
    let marks = "mod sealed { pub trait Sealed {} }\npub struct A; pub struct B; pub struct C;\n\
        impl sealed::Sealed for A {} impl sealed::Sealed for B {} impl sealed::Sealed for C {}\n";
    let files = [
        ("Cargo.toml", "[package]\nname = \"depths\"\nversion = \"1.0.0\"\n"),
        ("src/lib.rs", "//! Depths.\n\nmod inner;\npub mod marks;\nmod outer;\n\npub use inner::handed;\n"),
        ("src/inner.rs", &inner),
        ("src/marks.rs", marks),
        ("src/outer.rs", &outer),
    ];
    let pages = pages_of(&files);
    let overview = markdown(&pages, "overview");
    assert!(overview.contains("| follow one call | `handed`"), "{overview}");
    assert!(!overview.contains("Sealed"), "a trait without members asks for nothing: {overview}");
}

#[test]
fn a_readme_that_goes_into_a_folder_first_is_told_with_it() {
    let readme = "# pot\n\nPot holds water.\n\n## Installing pot\n\n    % make install\n\n    % cd utils\n    % ./install.sh\n\n\
        ## Running pot\n\n    % cd src\n    % ./pot\n\n    % git clone x\n    % cd pot\n    % make\n";
    let files = [
        ("README.md", readme),
        ("src/pot.c", "int main(void) { return 0; }\n"),
        ("utils/install.sh", "#!/bin/sh\ncp pot /usr/bin\n"),
    ];
    let pages = pages_of(&files);
    let start = markdown(&pages, "how-to-start");
    assert!(start.contains("`cd src && ./pot`") && start.contains("`cd utils && ./install.sh`"), "{start}");
    assert!(start.contains("`make`"), "a folder that is not of the repository is left out: {start}");
    assert!(markdown(&pages, "overview").contains("| run it | `cd src && ./pot`"));
}

#[test]
fn of_packages_side_by_side_none_is_the_door() {
    let door = "\"\"\"A part.\"\"\"\n\n\ndef one():\n    pass\n\n\ndef two():\n    pass\n";
    let want = "| use it |";
    let folder = tempfile::tempdir().unwrap();
    let alone = read(&[("a/__init__.py", door), ("a/b/__init__.py", door)], folder.path());
    assert!(pages(&alone, PageLanguage::En)[0].markdown.contains(want));
    let folder = tempfile::tempdir().unwrap();
    let several = read(&[("a/__init__.py", door), ("b/__init__.py", door)], folder.path());
    assert!(!pages(&several, PageLanguage::En)[0].markdown.contains(want));
}

#[test]
fn a_program_with_a_capital_main_is_one_and_values_tell_of_their_file() {
    let files: &[(&str, &str)] = &[
        (
            "Program.cs",
            "namespace App {\n  class Program {\n    static void Main() { A(); }\n    static void A() { B(); }\n    static void B() { C(); }\n    static void C() { D(); }\n    static void D() { }\n  }\n}\n",
        ),
        ("shop/types.py", "mode = \"fast\"\n"),
        ("tests/ProgramTest.cs", "class ProgramTest { void A() { } }\n"),
    ];
    let pages = pages_of(files);
    let overview = &pages[0].markdown;
    assert!(overview.contains("A C# program"), "{overview}");
    assert_eq!(
        overview.matches("App.Program.Main` [").count(),
        2,
        "once where to start, once as the start: {overview}"
    );
    assert!(overview.contains("[`mode`]"), "{overview}");
    assert!(overview.contains("the only test file"), "{overview}");
}

#[test]
fn the_manifest_speaks_where_the_readme_only_tells_the_use() {
    let pages = pages_of(&[
        ("README.md", "# x\n\n## Usage\n\nCall it like so in your own code.\n"),
        (
            "Cargo.toml",
            "[package]\nname = \"x\"\ndescription = \"Reads things\"\n\n[dependencies]\nserde = { version = \"1\", optional = true }\n",
        ),
        ("src/lib.rs", "pub fn read() {}\n"),
    ]);
    let overview = markdown(&pages, "overview");
    assert!(overview.contains("Reads things") && !overview.contains("Call it like so"), "{overview}");
    assert!(overview.contains("with runtime dependencies for some features or platforms only"), "{overview}");
}

#[test]
fn hostile_names_and_texts_break_nothing() {
    let files: &[(&str, &str)] = &[
        (
            "README.md",
            "# x\n\nA tool | with `ticks and <script>alert(1)</script> [x](javascript:alert(1)) in it.\n",
        ),
        (
            "src/a b|c/we`ird#1.py",
            "\"\"\"Ends | the [row](javascript:x) <img src=x>.\"\"\"\n\n\ndef run(x=\"|`\"):\n    \"\"\"`a | b` ](javascript:x)\"\"\"\n    return x\n",
        ),
        ("src/a b|c/__init__.py", ""),
        ("package.json", "{\"name\": \"](javascript:x)\", \"scripts\": {\"a|b`\": \"x\"}}"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let kb = read(files, folder.path());
    let mut pages = pages(&kb, PageLanguage::En);
    assert_eq!(check_pages(&kb, &mut pages).unwrap().problems, []);
    for page in &pages {
        let options = pulldown_cmark::Options::ENABLE_TABLES;
        for event in pulldown_cmark::Parser::new_ext(&page.markdown, options) {
            match event {
                pulldown_cmark::Event::Html(html) | pulldown_cmark::Event::InlineHtml(html) => {
                    panic!("{}: {html}", page.slug)
                }
                pulldown_cmark::Event::Start(pulldown_cmark::Tag::Link { dest_url, .. }) => {
                    assert!(dest_url.starts_with("source:") || dest_url.starts_with("page:"), "{dest_url}");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn an_empty_repository_has_one_page() {
    let folder = tempfile::tempdir().unwrap();
    let kb = read(&[("notes.txt", "nothing\n")], folder.path());
    let pages = pages(&kb, PageLanguage::En);
    assert_eq!(pages.iter().map(|page| page.slug.as_str()).collect::<Vec<_>>(), ["overview"]);
}

#[test]
fn no_secret_of_the_repository_stands_in_a_page_or_an_export() {
    let files = [
        ("README.md", "# shop\n\nShop keeps orders.\n"),
        (
            "shop/__init__.py",
            "\"\"\"Logs in with ghp_16C7e42F292c6912E7710c838347Ae178B4a.\"\"\"\n\nimport os\n\n\
             API_TOKEN = \"hunter2value1\"\nKEY = os.environ.get(\"SHOP_SECRET\", \"hunter2value2\")\n\n\n\
             def connect(password=\"hunter2value3\", url=\"redis://:hunter2value4@host/0\"):\n    \
             \"\"\"Uses password=hunter2value5 by default.\"\"\"\n",
        ),
        ("Makefile", "run:\n\tDB_PASSWORD=hunter2value6 ./run --token hunter2value7\n"),
        (
            "package.json",
            "{\"name\": \"shop\", \"scripts\": {\"start\": \"API_KEY=hunter2value8 node shop.js\"}}",
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    let kb = read(&files, folder.path());
    let pages = pages(&kb, PageLanguage::En);
    let text = shown(&pages);
    assert!(text.contains("connect") && text.contains("SHOP_SECRET") && text.contains("make run"), "{text}");
    let symbols = kb.symbols(&reader::knowledge::SymbolQuery { limit: 100, ..Default::default() }).unwrap();
    assert!(symbols.iter().any(|symbol| symbol.name == "connect"));
    for secret in ["hunter2", "16C7e42F"] {
        assert!(!text.contains(secret), "{text}");
        assert!(!format!("{symbols:?}").contains(secret), "{symbols:#?}");
    }
}
