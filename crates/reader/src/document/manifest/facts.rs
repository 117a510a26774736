//! The values that manifests are read into.

use crate::domain::LineRange;

/// Something said in a manifest, with the lines where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact<T = String> {
    /// What is said.
    pub value: T,
    /// Where.
    pub lines: LineRange,
}

/// What one manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The file, relative to the repository.
    pub path: String,
    /// Whose tools read it.
    pub ecosystem: Ecosystem,
    /// The name of the package.
    pub name: Option<Fact>,
    /// Its version.
    pub version: Option<Fact>,
    /// What it says it is.
    pub description: Option<Fact>,
    /// The version of the language or platform that it asks for, as people say it: `Python ≥ 3.10`.
    pub requires: Option<Fact>,
    /// Its licence.
    pub license: Option<Fact>,
    /// What builds it, when the manifest says so.
    pub builder: Option<Fact>,
    /// Whether type information is shipped (Python `typed`, npm `types`).
    pub typed: Option<Fact<()>>,
    /// Where the runtime dependencies are declared, even when there are none.
    pub dependency_lines: Option<LineRange>,
    /// Versions that members of a workspace refer to; none of them is needed by that alone.
    pub catalogue: Vec<Dependency>,
    /// Packages of others.
    pub dependencies: Vec<Dependency>,
    /// Where programs and libraries start.
    pub entries: Vec<Entry>,
    /// The folder whose files are all programs that it installs.
    pub programs_in: Option<Fact>,
    /// How it is built, run, tested and checked.
    pub commands: Vec<Command>,
    /// Members of a workspace, as written.
    pub members: Vec<Fact>,
}

impl Manifest {
    pub(super) fn new(ecosystem: Ecosystem) -> Self {
        Self {
            path: String::new(),
            ecosystem,
            name: None,
            version: None,
            description: None,
            requires: None,
            license: None,
            builder: None,
            typed: None,
            dependency_lines: None,
            catalogue: Vec::new(),
            dependencies: Vec::new(),
            entries: Vec::new(),
            programs_in: None,
            commands: Vec::new(),
            members: Vec::new(),
        }
    }

    /// Whether it describes a package, rather than only commands.
    pub fn is_package(&self) -> bool {
        !matches!(
            self.ecosystem,
            Ecosystem::Make
                | Ecosystem::Docker
                | Ecosystem::Ci
                | Ecosystem::Tox
                | Ecosystem::Requirements
                | Ecosystem::Solution
        )
    }

    /// The folder that it stands in; empty at the root.
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    pub(super) fn says_something(&self) -> bool {
        self.name.is_some()
            || self.description.is_some()
            || self.requires.is_some()
            || !self.dependencies.is_empty()
            || !self.entries.is_empty()
            || self.programs_in.is_some()
            || !self.commands.is_empty()
            || !self.members.is_empty()
    }

    /// What only running the manifest would tell (`${revision}`, `$(Version)`) is unknown.
    pub(super) fn drop_variables(&mut self) {
        for fact in [&mut self.name, &mut self.version, &mut self.description, &mut self.license] {
            fact.take_if(|fact| fact.value.contains("${") || fact.value.contains("$("));
        }
    }

    pub(super) fn bound(&mut self, most: usize) {
        self.dependencies.truncate(most);
        self.catalogue.truncate(most);
        self.entries.truncate(most);
        self.commands.truncate(most);
        self.members.truncate(most);
    }

    pub(super) fn depend(&mut self, name: &str, requirement: Option<&str>, need: Need, lines: LineRange) {
        let name = name.trim();
        if name.is_empty() || name.len() > 200 {
            return;
        }
        self.dependencies.push(Dependency {
            name: name.to_owned(),
            requirement: requirement.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned),
            need,
            lines,
        });
    }

    pub(super) fn enter(&mut self, kind: EntryKind, name: &str, target: Option<&str>, lines: LineRange) {
        self.entries.push(Entry {
            kind,
            name: name.trim().to_owned(),
            target: target.map(|text| text.trim().to_owned()),
            is_default: false,
            lines,
        });
    }

    /// An entry that follows from the tool's rules.
    pub(in crate::document) fn enter_default(
        &mut self,
        kind: EntryKind,
        name: &str,
        target: &str,
        lines: LineRange,
    ) {
        self.entries.push(Entry {
            kind,
            name: name.to_owned(),
            target: Some(target.to_owned()),
            is_default: true,
            lines,
        });
    }

    pub(super) fn command(&mut self, purpose: CommandFor, line: &str, lines: LineRange) {
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        self.commands.push(Command { purpose, line: line.to_owned(), note: None, lines });
    }
}

/// Whose build tools read a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Ecosystem {
    Python,
    Requirements,
    Tox,
    Node,
    Cargo,
    Go,
    Maven,
    Gradle,
    Sbt,
    Composer,
    Ruby,
    DotNet,
    Solution,
    Swift,
    CMake,
    Make,
    Docker,
    Ci,
}

/// A package of others that this one needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// Its name in its registry.
    pub name: String,
    /// The versions asked for, as written.
    pub requirement: Option<String>,
    /// When it is needed.
    pub need: Need,
    /// Where it is written.
    pub lines: LineRange,
}

/// When a dependency is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// Always.
    Runtime,
    /// When an extra or feature is asked for, or on some platforms.
    Optional,
    /// To build.
    Build,
    /// To test, document and develop.
    Dev,
}

/// Where a program or library starts, as the manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What starts.
    pub kind: EntryKind,
    /// The name that users type or import.
    pub name: String,
    /// The file or object that it stands for, as written.
    pub target: Option<String>,
    /// It follows from the tool's rules rather than from a line that names it.
    pub is_default: bool,
    /// Where it is written.
    pub lines: LineRange,
}

/// What an [`Entry`] starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// A command that is installed.
    Command,
    /// What importing the package loads.
    Library,
    /// Found by another program by a name (plugin).
    Plugin,
    /// The process of a container.
    Container,
}

/// A line for a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What it is for.
    pub purpose: CommandFor,
    /// What to type.
    pub line: String,
    /// What the manifest says it does: the script's body, the recipe's first line.
    pub note: Option<String>,
    /// Where it is written.
    pub lines: LineRange,
}

/// What a command is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum CommandFor {
    Install,
    Build,
    Run,
    Test,
    Check,
    Docs,
    Other,
}

impl CommandFor {
    /// What a script, target or job of this name is for.
    pub(crate) fn of_name(name: &str) -> Self {
        let lower = name.to_ascii_lowercase();
        let has = |words: &[&str]| {
            lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| words.contains(&part))
        };
        if has(&[
            "test",
            "tests",
            "check-test",
            "pytest",
            "spec",
            "e2e",
            "unit",
            "integration",
            "coverage",
            "cov",
        ]) {
            Self::Test
        } else if has(&[
            "lint",
            "check",
            "fmt",
            "format",
            "style",
            "typing",
            "typecheck",
            "types",
            "mypy",
            "clippy",
            "eslint",
        ]) {
            Self::Check
        } else if has(&["docs", "doc", "documentation"]) {
            Self::Docs
        } else if has(&["build", "compile", "bundle", "dist", "all", "package"]) {
            Self::Build
        } else if has(&["run", "start", "serve", "dev", "server", "up"]) {
            Self::Run
        } else if has(&["update", "upgrade"]) {
            Self::Other
        } else if has(&["install", "setup", "bootstrap", "deps", "init"]) {
            Self::Install
        } else {
            Self::Other
        }
    }

    /// What a shell line is for, by the program that it calls; `None` when that says nothing.
    pub(crate) fn of_line(line: &str) -> Option<Self> {
        const KNOWN: &[(&str, CommandFor)] = &[
            ("cargo test", CommandFor::Test),
            ("cargo nextest", CommandFor::Test),
            ("cargo build", CommandFor::Build),
            ("cargo clippy", CommandFor::Check),
            ("cargo fmt", CommandFor::Check),
            ("cargo doc", CommandFor::Docs),
            ("cargo run", CommandFor::Run),
            ("npm test", CommandFor::Test),
            ("npm run test", CommandFor::Test),
            ("npm run build", CommandFor::Build),
            ("npm run lint", CommandFor::Check),
            ("npm ci", CommandFor::Install),
            ("npm install", CommandFor::Install),
            ("yarn test", CommandFor::Test),
            ("yarn build", CommandFor::Build),
            ("yarn install", CommandFor::Install),
            ("pnpm test", CommandFor::Test),
            ("pnpm build", CommandFor::Build),
            ("pnpm install", CommandFor::Install),
            ("pytest", CommandFor::Test),
            ("python -m pytest", CommandFor::Test),
            ("python -m unittest", CommandFor::Test),
            ("tox", CommandFor::Test),
            ("nox", CommandFor::Test),
            ("mypy", CommandFor::Check),
            ("ruff", CommandFor::Check),
            ("pre-commit", CommandFor::Check),
            ("go test", CommandFor::Test),
            ("go build", CommandFor::Build),
            ("go vet", CommandFor::Check),
            ("mvn test", CommandFor::Test),
            ("mvn verify", CommandFor::Test),
            ("mvn package", CommandFor::Build),
            ("./mvnw", CommandFor::Build),
            ("./gradlew test", CommandFor::Test),
            ("./gradlew check", CommandFor::Test),
            ("./gradlew build", CommandFor::Build),
            ("gradle test", CommandFor::Test),
            ("gradle build", CommandFor::Build),
            ("sbt test", CommandFor::Test),
            ("composer install", CommandFor::Install),
            ("composer test", CommandFor::Test),
            ("vendor/bin/phpunit", CommandFor::Test),
            ("vendor/bin/simple-phpunit", CommandFor::Test),
            ("vendor/bin/pest", CommandFor::Test),
            ("phpunit", CommandFor::Test),
            ("php bin/phpunit", CommandFor::Test),
            ("bundle install", CommandFor::Install),
            ("bundle exec rake", CommandFor::Test),
            ("bundle exec rspec", CommandFor::Test),
            ("rake test", CommandFor::Test),
            ("dotnet test", CommandFor::Test),
            ("dotnet build", CommandFor::Build),
            ("dotnet run", CommandFor::Run),
            ("dotnet restore", CommandFor::Install),
            ("swift test", CommandFor::Test),
            ("swift build", CommandFor::Build),
            ("ctest", CommandFor::Test),
            ("cmake --build", CommandFor::Build),
            ("cmake", CommandFor::Build),
            ("make test", CommandFor::Test),
            ("make check", CommandFor::Test),
            ("make install", CommandFor::Install),
            ("make", CommandFor::Build),
            ("meson", CommandFor::Build),
            ("ninja", CommandFor::Build),
            ("./configure", CommandFor::Build),
            ("docker build", CommandFor::Build),
            ("docker compose up", CommandFor::Run),
        ];
        // `./build/bin/php ./phpunit …`
        let runs = |program: &str| {
            line.split_whitespace().take(2).any(|word| word.rsplit('/').next() == Some(program))
        };
        if ["phpunit", "simple-phpunit", "pytest", "rspec"].into_iter().any(runs) {
            return Some(Self::Test);
        }
        // A script of the project is named after what it does.
        let script = line.strip_prefix("./").and_then(|rest| rest.split([' ', '.']).next());
        if let Some(purpose) = script.map(Self::of_name).filter(|purpose| *purpose != Self::Other) {
            return Some(purpose);
        }
        let line = line.strip_prefix("./").filter(|rest| rest.starts_with("vendor/")).unwrap_or(line);
        KNOWN
            .iter()
            .filter(|(start, _)| {
                line.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
            })
            .max_by_key(|(start, _)| start.len())
            .map(|(_, purpose)| *purpose)
    }
}
