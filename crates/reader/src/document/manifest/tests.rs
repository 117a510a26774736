use super::*;
use crate::domain::LineRange;

fn place(start_line: u32, end_line: u32) -> LineRange {
    LineRange { start_line, end_line }
}

fn read(path: &str, text: &str) -> Manifest {
    read_manifest(path, text).unwrap_or_else(|| panic!("{path} says nothing"))
}

fn names(manifest: &Manifest, need: Need) -> Vec<&str> {
    manifest.dependencies.iter().filter(|d| d.need == need).map(|d| d.name.as_str()).collect()
}

fn command(manifest: &Manifest, purpose: CommandFor) -> Vec<&str> {
    manifest.commands.iter().filter(|c| c.purpose == purpose).map(|c| c.line.as_str()).collect()
}

#[test]
fn pyproject_tells_name_dependencies_scripts_and_tests() {
    let text = r#"[build-system]
requires = ["flit_core>=3.11"]
build-backend = "flit_core.buildapi"

[project]
name = "thing"
version = "1.2"
description = "Does things"
requires-python = ">=3.10"
license = {text = "MIT"}
classifiers = [
    "Programming Language :: Python",
    "Typing :: Typed",
]
dependencies = [
    "requests[socks]>=2",
    "colorama; platform_system == 'Windows'",
]

[project.optional-dependencies]
fast = ["uvloop"]

[project.scripts]
thing = "thing.cli:main"

[dependency-groups]
dev = ["pytest", {include-group = "x"}]

[tool.pytest.ini_options]
testpaths = ["tests"]
"#;
    let manifest = read("pyproject.toml", text);
    assert_eq!(manifest.name.as_ref().unwrap().lines, place(6, 6));
    assert_eq!(manifest.requires.as_ref().unwrap().value, "Python ≥ 3.10");
    assert_eq!(manifest.license.as_ref().unwrap().value, "MIT");
    assert_eq!(manifest.builder.as_ref().unwrap().value, "flit_core.buildapi");
    assert_eq!(manifest.typed.as_ref().unwrap().lines, place(13, 13));
    assert_eq!(manifest.dependency_lines, Some(place(15, 18)));
    assert_eq!(names(&manifest, Need::Runtime), ["requests"]);
    assert_eq!(manifest.dependencies[0].requirement.as_deref(), Some("[socks]>=2"));
    assert_eq!(names(&manifest, Need::Optional), ["colorama", "uvloop"]);
    assert_eq!(names(&manifest, Need::Dev), ["pytest"]);
    assert_eq!(manifest.entries[0].target.as_deref(), Some("thing.cli:main"));
    assert_eq!(manifest.entries[0].lines, place(24, 24));
    assert_eq!(command(&manifest, CommandFor::Test), ["pytest"]);
}

#[test]
fn python_without_pyproject_is_read_too() {
    let cfg = "[metadata]\nname = thing\ndescription = Does things\n[options]\npython_requires = >=3.8\ninstall_requires =\n    requests>=2\n    six\n[options.entry_points]\nconsole_scripts =\n    thing = thing.cli:main\n";
    let manifest = read("setup.cfg", cfg);
    assert_eq!(names(&manifest, Need::Runtime), ["requests", "six"]);
    assert_eq!(manifest.entries[0].lines, place(11, 11));
    let py = "from setuptools import setup\nsetup(\n    name='thing',\n    version=version,\n    install_requires=[\n        'requests>=2',  # why\n    ],\n    entry_points={'console_scripts': ['thing=thing.cli:main']},\n)\n";
    let manifest = read("setup.py", py);
    assert_eq!(manifest.name.as_ref().unwrap().value, "thing");
    assert_eq!(manifest.version, None);
    assert_eq!(names(&manifest, Need::Runtime), ["requests"]);
    assert_eq!(manifest.entries.len(), 1);
    let manifest = read("requirements.txt", "# c\nflask==3.0  # web\n-r other.txt\ngit+https://h/x\n");
    assert_eq!(names(&manifest, Need::Runtime), ["flask"]);
    let manifest = read(
        "tox.ini",
        "[tox]\nenvlist = py310,py311\n[testenv]\ncommands = pytest\n[testenv:lint]\ncommands = ruff check\n",
    );
    assert_eq!(command(&manifest, CommandFor::Check), ["tox -e lint"]);
    let manifest =
        read("noxfile.py", "import nox\n\n@nox.session(python=['3.12'])\ndef tests(session):\n    pass\n");
    assert_eq!(command(&manifest, CommandFor::Test), ["nox -s tests"]);
}

#[test]
fn package_json_tells_entries_and_scripts() {
    let text = r#"{
  "name": "@x/thing",
  "description": "Does \"things\"",
  "engines": { "node": ">= 18" },
  "bin": { "thing": "./bin/thing.js" },
  "main": "./lib/index.js",
  "exports": {
    ".": { "types": "./t.d.ts", "import": "./lib/index.js" },
    "./sub": "./lib/sub.js"
  },
  "scripts": {
    "pretest": "x",
    "test": "mocha",
    "build": "tsc"
  },
  "dependencies": { "debug": "^4" },
  "devDependencies": {
    "mocha": "^10"
  }
}"#;
    let manifest = read("package.json", text);
    assert_eq!(manifest.description.as_ref().unwrap().value, "Does \"things\"");
    assert_eq!(manifest.requires.as_ref().unwrap().value, "Node.js ≥ 18");
    let entries: Vec<_> =
        manifest.entries.iter().map(|e| (e.kind, e.name.as_str(), e.target.as_deref())).collect();
    assert_eq!(
        entries,
        [
            (EntryKind::Command, "thing", Some("./bin/thing.js")),
            (EntryKind::Library, "@x/thing", Some("./lib/index.js")),
            (EntryKind::Library, "@x/thing/sub", Some("./lib/sub.js")),
        ]
    );
    assert_eq!(command(&manifest, CommandFor::Test), ["npm test"]);
    assert_eq!(manifest.commands[0].note.as_deref(), Some("mocha"));
    assert_eq!(manifest.dependencies[1].lines, place(18, 18));
}

#[test]
fn cargo_tells_workspace_binaries_and_dependencies() {
    let text = "[workspace]\nmembers = [\n  \"crates/*\",\n]\n\n[package]\nname = \"thing\"\nrust-version = \"1.80\"\n\n[[bin]]\nname = \"thing\"\npath = \"src/main.rs\"\n\n[dependencies]\nserde = { version = \"1\", features = [\"derive\"] }\nlocal = { path = \"x\" }\nextra = { version = \"2\", optional = true }\n\n[dependencies.tokio]\nversion = \"1\"\n\n[dev-dependencies]\ninsta = \"1\"\n";
    let manifest = read("Cargo.toml", text);
    assert_eq!(manifest.members[0].value, "crates/*");
    assert_eq!(manifest.members[0].lines, place(3, 3));
    assert_eq!(manifest.requires.as_ref().unwrap().value, "Rust ≥ 1.80");
    assert_eq!(names(&manifest, Need::Runtime), ["serde", "tokio"]);
    assert_eq!(names(&manifest, Need::Optional), ["extra"]);
    assert_eq!(names(&manifest, Need::Dev), ["insta"]);
    assert_eq!(manifest.entries[0].name, "thing");
    assert_eq!(manifest.dependencies[0].lines, place(15, 15));
}

#[test]
fn go_java_and_dotnet_projects_are_read() {
    let go = "module example.com/thing\n\ngo 1.22\n\nrequire (\n\tgithub.com/x/y v1.2.0\n\tgithub.com/z/w v0.1.0 // indirect\n)\n";
    let manifest = read("go.mod", go);
    assert_eq!(names(&manifest, Need::Runtime), ["github.com/x/y"]);
    assert_eq!(manifest.dependencies[0].lines, place(6, 6));

    let pom = "<?xml version=\"1.0\"?>\n<project>\n  <parent><artifactId>p</artifactId></parent>\n  <artifactId>thing</artifactId>\n  <!-- c -->\n  <description>Does &lt;things&gt;</description>\n  <properties><java.version>17</java.version><v>2.0</v></properties>\n  <dependencies>\n    <dependency>\n      <groupId>org.x</groupId><artifactId>y</artifactId>\n      <version>${v}</version>\n    </dependency>\n    <dependency><groupId>junit</groupId><artifactId>junit</artifactId><scope>test</scope></dependency>\n  </dependencies>\n  <modules><module>core</module></modules>\n</project>\n";
    let manifest = read("pom.xml", pom);
    assert_eq!(manifest.name.as_ref().unwrap().value, "thing");
    assert_eq!(manifest.description.as_ref().unwrap().value, "Does <things>");
    assert_eq!(manifest.requires.as_ref().unwrap().value, "Java ≥ 17");
    assert_eq!(manifest.dependencies[0].requirement.as_deref(), Some("2.0"));
    assert_eq!(manifest.dependencies[0].lines, place(9, 12));
    assert_eq!(names(&manifest, Need::Dev), ["junit:junit"]);
    assert_eq!(manifest.members[0].value, "core");

    let gradle = "plugins { id(\"java\") }\nversion = \"1.0\"\ndependencies {\n    implementation(\"org.x:y:1.2\")\n    testImplementation 'junit:junit:4'\n    api(project(\":core\"))\n}\n";
    let manifest = read("build.gradle.kts", gradle);
    assert_eq!(names(&manifest, Need::Runtime), ["org.x:y"]);
    assert_eq!(names(&manifest, Need::Dev), ["junit:junit"]);

    let project = "<Project Sdk=\"Microsoft.NET.Sdk\">\n <PropertyGroup>\n  <TargetFrameworks>net8.0;net6.0</TargetFrameworks>\n  <OutputType>Exe</OutputType>\n </PropertyGroup>\n <ItemGroup>\n  <PackageReference Include=\"X\" Version=\"1\" />\n </ItemGroup>\n</Project>";
    let manifest = read("src/App.csproj", project);
    assert_eq!(manifest.requires.as_ref().unwrap().value, "net8.0, net6.0");
    assert_eq!((manifest.dependencies[0].name.as_str(), manifest.dependencies[0].lines), ("X", place(7, 7)));
}

#[test]
fn projects_of_dotnet_are_run_by_their_folders_and_built_by_their_solution() {
    let web = "<Project Sdk=\"Microsoft.NET.Sdk.Web\">\n</Project>";
    let manifest = read("src/Shop/Shop.csproj", web);
    assert_eq!(command(&manifest, CommandFor::Run), ["dotnet run --project src/Shop"]);
    assert_eq!((manifest.entries[0].name.as_str(), manifest.name.as_ref()), ("Shop", None));
    let solution = "\u{feff}Microsoft Visual Studio Solution File\nProject(\"{A}\") = \"Shop\", \"src\\Shop\\Shop.csproj\", \"{B}\"\nEndProject\nProject(\"{A}\") = \"Shop.Tests\", \"tests\\Shop.Tests\\Shop.Tests.csproj\", \"{C}\"\nEndProject\n";
    let manifest = read("Shop.sln", solution);
    assert_eq!(command(&manifest, CommandFor::Build), ["dotnet build Shop.sln"]);
    assert_eq!(command(&manifest, CommandFor::Test), ["dotnet test Shop.sln"]);
    assert!(!manifest.is_package());
    let manifest =
        read("Shop.slnx", "<Solution>\n  <Project Path=\"src/Shop/Shop.csproj\" />\n</Solution>\n");
    assert_eq!(manifest.members[0].value, "src/Shop/Shop.csproj");
    assert!(command(&manifest, CommandFor::Test).is_empty());
    let test = "<Project Sdk=\"Microsoft.NET.Sdk\"><ItemGroup><PackageReference Include=\"xunit.v3\"/></ItemGroup></Project>";
    let manifest = read("Tests.csproj", test);
    assert_eq!(command(&manifest, CommandFor::Test), ["dotnet test Tests.csproj"]);
    assert_eq!(command(&manifest, CommandFor::Build), ["dotnet build Tests.csproj"]);
}

#[test]
fn what_dotnet_cannot_build_is_built_by_msbuild() {
    let old = "<Project ToolsVersion=\"3.5\"><PropertyGroup><OutputType>WinExe</OutputType><AssemblyName>KeePass</AssemblyName></PropertyGroup></Project>";
    let manifest = read("KeePass/KeePass.csproj", old);
    assert_eq!(command(&manifest, CommandFor::Build), ["msbuild KeePass/KeePass.csproj"]);
    assert!(command(&manifest, CommandFor::Run).is_empty());
    assert_eq!(manifest.entries[0].name, "KeePass");
    let project = |file: &str| format!("Project(\"{{A}}\") = \"A\", \"{file}\", \"{{B}}\"\nEndProject\n");
    let head = "Microsoft Visual Studio Solution File, Format Version";
    for text in
        [format!("{head} 11.00\n{}", project("A.csproj")), format!("{head} 12.00\n{}", project("A.vcxproj"))]
    {
        assert_eq!(command(&read("A.sln", &text), CommandFor::Build), ["msbuild A.sln"]);
    }
}

#[test]
fn a_program_of_rails_is_served_by_its_own_script() {
    let app = "#!/usr/bin/env ruby\nAPP_PATH = File.expand_path('../config/application', __dir__)\nrequire 'rails/commands'\n";
    let manifest = read("bin/rails", app);
    assert_eq!(command(&manifest, CommandFor::Run), ["bin/rails server"]);
    assert_eq!(command(&manifest, CommandFor::Test), ["bin/rails test"]);
    assert_eq!(manifest.commands[0].lines, place(2, 2));
    assert!(read_manifest("bin/rails", "ENGINE_PATH = 1\nAPP_PATH = 2\n").is_none());
    let gem = "gem 'nokogiri', (Gem::Version.new(RUBY_VERSION) < Gem::Version.new('2.6.0') ? '~> 1.12' : '~> 1.13')\n";
    assert_eq!(read("Gemfile", gem).dependencies[0].requirement, None);
}

#[test]
fn servers_of_others_are_no_program_to_run() {
    let services =
        |rest: &str| read("compose.yml", &format!("services:\n  db:\n    image: postgres:16\n{rest}"));
    assert!(command(&services(""), CommandFor::Run).is_empty());
    for own in ["  app:\n    build: .\n", "  app:\n    image: example/app\n"] {
        assert_eq!(command(&services(own), CommandFor::Run), ["docker compose up"]);
    }
}

#[test]
fn versions_of_sbt_that_only_a_build_knows_are_left_out() {
    let text = "libraryDependencies += \"jline\" % \"jline\" % versionProps(\"jline.version\")\nval j = \"junit\" % \"junit\" % \"4.11\"\n";
    let manifest = read("build.sbt", text);
    let versions: Vec<_> = manifest.dependencies.iter().map(|found| found.requirement.as_deref()).collect();
    assert_eq!(versions, [None, Some("4.11")]);
}

#[test]
fn tests_of_php_are_run_by_a_script_or_by_the_program_that_is_needed() {
    let with = |rest: &str| read("composer.json", &format!("{{\"name\": \"x/y\", {rest}}}"));
    let manifest = with("\"require-dev\": {\"symfony/phpunit-bridge\": \"^7\"}");
    assert_eq!(command(&manifest, CommandFor::Test), ["vendor/bin/simple-phpunit"]);
    assert_eq!(command(&manifest, CommandFor::Install), ["composer install"]);
    let scripts = "\"require-dev\": {\"phpunit/phpunit\": \"^11\"}, \"scripts\": {\"test\": [\"X::y\", \"phpunit --colors\"]}";
    let manifest = with(scripts);
    assert_eq!(command(&manifest, CommandFor::Test), ["composer test"]);
    let test = manifest.commands.iter().find(|command| command.purpose == CommandFor::Test);
    assert_eq!(test.and_then(|command| command.note.as_deref()), Some("phpunit --colors"));
    for line in
        ["vendor/bin/simple-phpunit", "./vendor/bin/phpunit --filter x", "./build/php/bin/php ./phpunit src"]
    {
        assert_eq!(CommandFor::of_line(line), Some(CommandFor::Test), "{line}");
    }
}

#[test]
fn gems_tell_their_programs_and_rakefiles_their_tasks() {
    let gem = |line: &str| {
        read("x.gemspec", &format!("Gem::Specification.new do |s|\n  s.name = \"x\"\n  {line}\nend\n"))
    };
    let targets = |manifest: &Manifest| {
        manifest.entries.iter().map(|entry| entry.target.clone().unwrap_or_default()).collect::<Vec<_>>()
    };
    assert_eq!(targets(&gem("s.executables = [\"a\", \"b\"]")), ["bin/a", "bin/b"]);
    assert_eq!(targets(&gem("s.bindir = 'exe'\n  s.executables = %w[a b]")), ["exe/a", "exe/b"]);
    let by_place =
        gem("s.bindir = \"exe\"\n  s.executables = s.files.grep(%r{^exe/}) { |f| File.basename(f) }");
    assert_eq!(
        by_place.programs_in.map(|fact| (fact.value, fact.lines)),
        Some(("exe".to_owned(), place(4, 4)))
    );
    let rake = "require \"rake/testtask\"\nRake::TestTask.new(:test) do |t|\nend\ndesc \"Checks style\"\ntask :lint do\nend\ntask default: :test\n";
    let manifest = read("Rakefile", rake);
    assert_eq!(command(&manifest, CommandFor::Test), ["bundle exec rake test"]);
    assert_eq!(command(&manifest, CommandFor::Check), ["bundle exec rake lint"]);
    assert_eq!(manifest.commands[1].note.as_deref(), Some("Checks style"));
    assert_eq!(manifest.commands.len(), 2);
}

#[test]
fn what_only_the_maintainers_machines_know_is_no_command() {
    let travis = "script:\n  - make check -j4 || true\n  - ./configure --prefix=$PREFIX\n  - make $FLAGS\n  - cargo build &&\n";
    let manifest = read(".travis.yml", travis);
    let lines: Vec<&str> = manifest.commands.iter().map(|command| command.line.as_str()).collect();
    assert_eq!(lines, ["make check -j4", "cargo build"]);
    let make = "default: all\n\ntest:\n\t$(info *** running tests ***)\n\tgo test ./...\n";
    let manifest = read("Makefile", make);
    assert_eq!(manifest.commands.len(), 1);
    assert_eq!(manifest.commands[0].note.as_deref(), Some("go test ./..."));
}

#[test]
fn brackets_within_quotes_close_no_call_and_variables_are_no_values() {
    let cmake = "project(log VERSION ${LOG_VERSION} LANGUAGES CXX)\noption(WIDE \"Names (wide\" OFF)\nadd_library(log STATIC a.cpp)\n";
    let manifest = read("CMakeLists.txt", cmake);
    assert_eq!(manifest.version, None);
    assert_eq!(manifest.entries[0].name, "log");
}

#[test]
fn the_name_of_a_setup_py_may_stand_in_a_variable() {
    let manifest = read("setup.py", "NAME = 'thing'  # the name\nsetup(name=NAME, version=\"1\")\n");
    assert_eq!(
        manifest.name.as_ref().map(|name| (name.value.as_str(), name.lines)),
        Some(("thing", place(2, 2)))
    );
    let manifest = read("setup.py", "setup(name='thing')\n");
    assert_eq!(manifest.name.map(|name| name.value).as_deref(), Some("thing"));
}

#[test]
fn php_ruby_swift_scala_and_cmake_are_read() {
    let manifest = read(
        "composer.json",
        r#"{"name": "x/y", "require": {"php": ">=8.1", "a/b": "^1"}, "scripts": {"test": "phpunit"}}"#,
    );
    assert_eq!(manifest.requires.as_ref().unwrap().value, "PHP ≥ 8.1");
    assert_eq!(command(&manifest, CommandFor::Test), ["composer test"]);

    let manifest = read(
        "thing.gemspec",
        "Gem::Specification.new do |s|\n  s.name = 'thing'\n  s.summary = \"Does things\"\n  s.executables << 'thing'\n  s.add_dependency 'rack', '>= 2', '< 4'\nend\n",
    );
    assert_eq!(manifest.description.as_ref().unwrap().lines, place(3, 3));
    assert_eq!(manifest.dependencies[0].requirement.as_deref(), Some(">= 2, < 4"));
    let manifest = read("Gemfile", "source 'x'\ngem 'rails', '~> 7'\ngroup :test do\n  gem 'rspec'\nend\n");
    assert_eq!(
        (names(&manifest, Need::Runtime), names(&manifest, Need::Dev)),
        (vec!["rails"], vec!["rspec"])
    );

    let manifest = read(
        "Package.swift",
        "// swift-tools-version:5.9\nlet package = Package(\n  name: \"Thing\",\n  products: [\n    .library(\n      name: \"ThingKit\",\n      targets: [\"ThingKit\"]),\n  ],\n  dependencies: [.package(url: \"https://h/x/swift-log.git\", from: \"1.0.0\")]\n)\n",
    );
    assert_eq!(manifest.name.as_ref().unwrap().value, "Thing");
    assert_eq!((manifest.entries[0].name.as_str(), manifest.entries[0].lines), ("ThingKit", place(6, 6)));
    assert_eq!(manifest.dependencies[0].name, "swift-log");

    let manifest = read(
        "build.sbt",
        "name := \"thing\"\nscalaVersion := \"3.3\"\nlibraryDependencies += \"org.x\" %% \"y\" % \"1\" % Test\n",
    );
    assert_eq!(names(&manifest, Need::Dev), ["org.x:y"]);

    let manifest = read(
        "CMakeLists.txt",
        "cmake_minimum_required(VERSION 3.5)\nproject(thing\n  VERSION 1.2\n  LANGUAGES C)\nfind_package(ZLIB REQUIRED)\nadd_executable(thing main.c)\nenable_testing()\n",
    );
    assert_eq!(manifest.name.as_ref().unwrap().lines, place(2, 4));
    assert_eq!(manifest.version.as_ref().unwrap().value, "1.2");
    assert_eq!(manifest.entries[0].name, "thing");
    assert_eq!(command(&manifest, CommandFor::Test), ["ctest --test-dir build"]);
}

#[test]
fn make_docker_and_ci_tell_commands() {
    let manifest = read(
        "Makefile",
        ".PHONY: all test\nCC := gcc\nall: build\n\nbuild:\n\t@cc x.c\n\ntest: build\n\t./run-tests\n%.o: %.c\n\tcc\n",
    );
    assert_eq!(command(&manifest, CommandFor::Test), ["make test"]);
    let test = manifest.commands.iter().find(|c| c.purpose == CommandFor::Test).unwrap();
    assert_eq!((test.note.as_deref(), test.lines), (Some("./run-tests"), place(8, 9)));

    let manifest = read(
        "Dockerfile",
        "FROM rust:1.80 AS build\nRUN cargo build\nFROM build\nFROM debian:12\nCMD [\"thing\", \"serve\"]\n",
    );
    assert_eq!(names(&manifest, Need::Runtime), ["rust", "debian"]);
    assert_eq!(manifest.entries[0].name, "thing serve");
    let manifest =
        read("compose.yaml", "services:\n  db:\n    image: \"postgres:16\"\nvolumes:\n  x:\n    image: no\n");
    assert_eq!(names(&manifest, Need::Runtime), ["postgres"]);

    let manifest = read(
        ".github/workflows/ci.yml",
        "jobs:\n  t:\n    steps:\n      - uses: actions/checkout@v4\n      - run: npm ci\n      - name: x\n        run: |\n          echo hi\n          npm test\n      - run: pytest ${{ x }}\n",
    );
    assert_eq!(command(&manifest, CommandFor::Test), ["npm test"]);
    assert_eq!(command(&manifest, CommandFor::Install), ["npm ci"]);
    assert_eq!(manifest.commands[1].lines, place(9, 9));
}

#[test]
fn broken_files_say_nothing() {
    let deep = format!("{{\"name\": {}", "[".repeat(10_000));
    for (path, text) in [
        ("package.json", "{\"name\": "),
        ("package.json", deep.as_str()),
        ("pyproject.toml", "[project"),
        ("pom.xml", "<project><a></b></project>"),
        ("pom.xml", "<"),
        ("Cargo.toml", ""),
        ("notes.txt", "name = \"x\""),
    ] {
        assert_eq!(read_manifest(path, text), None, "{path}: {}", &text[..text.len().min(30)]);
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(text in "([-\\[\\]{}()<>/=:\"'#$%@,.\n\t ]|name|version|dependencies|project|FROM|run:|setup|\\PC){0,160}") {
        for path in ["pyproject.toml", "setup.cfg", "setup.py", "package.json", "Cargo.toml", "go.mod", "pom.xml", "build.gradle",
            "composer.json", "Gemfile", "Rakefile", "x.gemspec", "x.csproj", "x.sln", "Package.swift", "build.sbt", "CMakeLists.txt", "Makefile", "justfile",
            "Dockerfile", "compose.yml", ".github/workflows/a.yml", "tox.ini", "noxfile.py", "requirements.txt"] {
            let lines = text.lines().count().max(1) as u32;
            for dependency in read_manifest(path, &text).into_iter().flat_map(|m| m.dependencies) {
                proptest::prop_assert!(dependency.lines.start_line >= 1 && dependency.lines.end_line <= lines + 1);
            }
        }
    }
}
