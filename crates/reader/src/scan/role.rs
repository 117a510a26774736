//! What a file is to its project, judged by its path alone.

use serde::{Deserialize, Serialize};

/// What a file is to its project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileRole {
    /// What the project is made of.
    Source,
    /// Tests, fixtures, mocks.
    Test,
    /// Examples, samples, demos.
    Example,
    /// Benchmarks.
    Benchmark,
    /// Documentation.
    Docs,
    /// How it is built, packaged, checked and deployed.
    Build,
    /// Written by a program.
    Generated,
}

/// The role of a file, by its path relative to the repository.
pub fn role_of(path: &str) -> FileRole {
    let lower = path.to_ascii_lowercase();
    let (folders, name) = match lower.rsplit_once('/') {
        Some((folders, name)) => (folders, name),
        None => ("", lower.as_str()),
    };
    let written_name = path.rsplit('/').next().unwrap_or(path);
    let folders_around: Vec<&str> = folders.split('/').collect();
    // What a library hands out for tests of others is its code: `lib/rack/test`, `src/main/java/a/test`.
    let library = match name.rsplit_once('.') {
        Some((_, "rb")) => folders_around.iter().position(|folder| *folder == "lib"),
        _ => folders_around.windows(2).position(|pair| pair == ["src", "main"]),
    };
    let mut in_source = false;
    for (depth, folder) in folders_around.into_iter().enumerate() {
        let is_handed_out = library.is_some_and(|library| depth > library || folder.ends_with("-test"))
            || (folder == "testing" && depth > 0);
        // A package of Go is code whatever its name, and so is what lies among the source.
        let is_code_of_docs = name.ends_with(".go") || in_source;
        in_source |= matches!(folder, "src" | "lib" | "pkg" | "internal");
        match role_of_folder(folder) {
            Some(FileRole::Test) if is_handed_out => {}
            Some(FileRole::Docs) if is_code_of_docs => {}
            Some(role) => return role,
            None => {}
        }
    }
    if library.is_some() && matches!(name, "test_helper.rb" | "test_case.rb" | "test_help.rb") {
        return FileRole::Source;
    }
    role_of_name(name, written_name, folders)
}

fn role_of_folder(folder: &str) -> Option<FileRole> {
    Some(match folder {
        "test" | "tests" | "testing" | "__tests__" | "spec" | "specs" | "e2e" | "testdata" | "test-data"
        | "test_data" | "fixtures" | "__fixtures__" | "__mocks__" | "mocks" | "testutils" | "test_utils"
        | "androidtest" | "unittests" | "unittest" | "cypress" | "testsuite" | "__snapshots__" => {
            FileRole::Test
        }
        "example" | "examples" | "sample" | "samples" | "demo" | "demos" | "tutorial" | "tutorials"
        | "playground" => FileRole::Example,
        "bench" | "benches" | "benchmark" | "benchmarks" => FileRole::Benchmark,
        "doc" | "docs" | "documentation" | "docs_src" => FileRole::Docs,
        ".github" | ".circleci" | ".gitlab" | ".ci" | "ci" | "debian" | "packaging" => FileRole::Build,
        "generated" | "__generated__" | "gen" => FileRole::Generated,
        _ => {
            let is_tests = folder.ends_with("_tests")
                || folder.ends_with("-tests")
                || folder.ends_with(".tests")
                || folder.ends_with("_test")
                || folder.ends_with("-test");
            let is_example = folder.starts_with("example-")
                || folder.ends_with("-example")
                || folder.ends_with("-examples");
            return match (is_tests, is_example) {
                (true, _) => Some(FileRole::Test),
                (_, true) => Some(FileRole::Example),
                _ => None,
            };
        }
    })
}

fn role_of_name(name: &str, written: &str, folders: &str) -> FileRole {
    // `context_1.17_test.go` has dots of its own.
    let stem = match name.strip_suffix(".go") {
        Some(stem) => stem,
        None => name.split('.').next().unwrap_or(name),
    };
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if is_test_name(name, written, stem, extension) {
        return FileRole::Test;
    }
    if super::skip::is_generated_name(name) {
        return FileRole::Generated;
    }
    if stem.ends_with("_bench") || stem.starts_with("bench_") || name.contains(".bench.") {
        return FileRole::Benchmark;
    }
    if matches!(extension, "md" | "rst" | "adoc" | "txt" | "markdown") && extension_is_docs(name) {
        return FileRole::Docs;
    }
    if matches!(
        stem,
        "readme" | "changelog" | "changes" | "license" | "licence" | "copying" | "authors" | "contributing"
    ) {
        return FileRole::Docs;
    }
    if is_build_name(name, stem, extension, folders) { FileRole::Build } else { FileRole::Source }
}

/// `CMakeLists.txt` and `requirements.txt` are no prose.
fn extension_is_docs(name: &str) -> bool {
    name != "cmakelists.txt" && !name.starts_with("requirements") && !name.starts_with("constraints")
}

fn is_test_name(name: &str, written: &str, stem: &str, extension: &str) -> bool {
    let dotted = name.contains(".test.") || name.contains(".spec.") || name.contains(".e2e-spec.");
    let by_stem = match extension {
        "py" => {
            stem.starts_with("test_")
                || stem.ends_with("_test")
                || name == "conftest.py"
                || name == "tests.py"
        }
        "go" | "c" | "cc" | "cpp" | "dart" | "exs" | "sh" | "bash" => {
            stem.ends_with("_test") || stem.starts_with("test_") || is_test_support(stem)
        }
        "h" | "hh" | "hpp" => is_test_support(stem),
        "rs" => stem == "tests" || stem == "test" || stem.ends_with("_test") || stem.ends_with("_tests"),
        "rb" => stem.ends_with("_test") || stem.ends_with("_spec") || stem.starts_with("test_"),
        "java" | "kt" | "scala" | "cs" | "swift" | "php" => {
            let stem = written.split('.').next().unwrap_or(written);
            ["Test", "Tests", "TestCase", "Spec", "Specs", "IT"]
                .iter()
                .any(|end| stem.len() > end.len() && stem.ends_with(end))
        }
        _ => false,
    };
    dotted || by_stem
}

/// What tests of C and C++ share stands beside the source that they test.
fn is_test_support(stem: &str) -> bool {
    matches!(stem, "testutil" | "testutils" | "testharness" | "testhelper" | "testhelpers" | "testlib")
}

fn is_build_name(name: &str, stem: &str, extension: &str, folders: &str) -> bool {
    let whole = [
        "setup.py",
        "setup.cfg",
        "pyproject.toml",
        "tox.ini",
        "noxfile.py",
        "cargo.toml",
        "build.rs",
        "package.json",
        "pom.xml",
        "build.sbt",
        "go.mod",
        "go.sum",
        "gemfile",
        "rakefile",
        "composer.json",
        "package.swift",
        "configure.ac",
        "meson.build",
        "cmakelists.txt",
        "gulpfile.js",
        "gruntfile.js",
        "justfile",
        "vagrantfile",
        "jenkinsfile",
        "procfile",
        ".travis.yml",
        ".gitlab-ci.yml",
        ".pre-commit-config.yaml",
        "mvnw",
        "gradlew",
    ];
    whole.contains(&name)
        || matches!(
            stem,
            "dockerfile" | "containerfile" | "makefile" | "gnumakefile" | "docker-compose" | "compose"
        )
        || matches!(
            extension,
            "gradle" | "cmake" | "mk" | "gemspec" | "csproj" | "sln" | "bazel" | "bzl" | "podspec"
        )
        || name.ends_with(".gradle.kts")
        || name.ends_with(".config.js")
        || name.ends_with(".config.ts")
        || name.ends_with(".config.mjs")
        || (name.starts_with("requirements") && extension == "txt")
        || (folders.is_empty() && name.starts_with('.'))
        || (folders.is_empty() && name == "configure")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_follow_the_path() {
        for (path, role) in [
            ("src/click/core.py", FileRole::Source),
            ("tests/test_core.py", FileRole::Test),
            ("src/test_utils.py", FileRole::Test),
            ("src/contest.py", FileRole::Source),
            ("src/click/testing.py", FileRole::Source),
            ("lib/sidekiq/testing.rb", FileRole::Source),
            ("lib/sidekiq/testing/inline.rb", FileRole::Source),
            ("lib/rack/test/methods.rb", FileRole::Source),
            ("lib/active_job/test_helper.rb", FileRole::Source),
            ("lib/user_test.rb", FileRole::Test),
            ("test/lib/helper.rb", FileRole::Test),
            ("numpy/testing/utils.py", FileRole::Source),
            ("testing/test_config.py", FileRole::Test),
            ("kotlinx-test/src/main/kotlin/TestScope.kt", FileRole::Source),
            ("core/src/main/java/generated/Api.java", FileRole::Generated),
            ("core/src/test/kotlin/Scope.kt", FileRole::Test),
            ("integration-tests/src/main/java/App.java", FileRole::Test),
            ("pkg/server_test.go", FileRole::Test),
            ("context_1.17_test.go", FileRole::Test),
            ("util/testutil.h", FileRole::Test),
            ("util/util.h", FileRole::Source),
            ("src/a.spec.ts", FileRole::Test),
            ("src/main/java/app/UserTest.java", FileRole::Test),
            ("src/main/java/app/Latest.java", FileRole::Source),
            ("examples/basic/main.rs", FileRole::Example),
            ("example-app/main.rs", FileRole::Example),
            ("packages/react-example/index.js", FileRole::Example),
            ("src/counterexample/main.rs", FileRole::Source),
            ("benches/parse.rs", FileRole::Benchmark),
            ("docs/index.md", FileRole::Docs),
            ("docs/conf.py", FileRole::Docs),
            ("doc/man_docs.go", FileRole::Source),
            ("src/docs/render.ts", FileRole::Source),
            ("src/docs/guide.md", FileRole::Docs),
            ("README.md", FileRole::Docs),
            ("Cargo.toml", FileRole::Build),
            ("CMakeLists.txt", FileRole::Build),
            (".github/workflows/ci.yml", FileRole::Build),
            ("api/v1/types.pb.go", FileRole::Generated),
            ("package-lock.json", FileRole::Generated),
        ] {
            assert_eq!(role_of(path), role, "{path}");
        }
    }
}
