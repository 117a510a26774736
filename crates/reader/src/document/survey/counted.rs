//! How many tests there are, told by the idioms of each language's usual frameworks.

use super::Survey;
use crate::document::DocumentError;
use crate::domain::{Language, SymbolKind};
use crate::facts::FileFacts;

impl Survey<'_> {
    /// Counts the tests of all files that have any.
    pub(super) fn load_tests(&mut self) -> Result<(), DocumentError> {
        self.tests = vec![None; self.files.len()];
        for at in 0..self.files.len() {
            let Some(facts) = self.files.get(at) else { continue };
            let has_inner = self.is_source(at) && Self::inner_test_lines(facts) > 0;
            let Some(language) = facts.file.language.filter(|_| self.is_test(at) || has_inner) else {
                continue;
            };
            let counted = prefix(language).map(|prefix| functions(facts, prefix));
            let marked = match mark(language) {
                Some(is_marked) => {
                    let text = self.kb.source(self.path(at))?.unwrap_or_default();
                    Some(marked(&text, is_marked))
                }
                None => None,
            };
            if counted.is_some() || marked.is_some() {
                self.tests[at] = Some(counted.unwrap_or(0) + marked.unwrap_or(0));
            }
        }
        Ok(())
    }

    /// How many tests a file holds; `None` where its language has no idiom that tells.
    pub(crate) fn tests_in(&self, at: usize) -> Option<usize> {
        self.tests.get(at).copied().flatten()
    }
}

/// How the names of test functions start.
fn prefix(language: Language) -> Option<&'static str> {
    Some(match language {
        Language::Python | Language::Ruby => "test_",
        Language::Go => "Test",
        Language::Php | Language::Swift => "test",
        _ => return None,
    })
}

fn functions(facts: &FileFacts, prefix: &str) -> usize {
    let is_test = |symbol: &&crate::domain::Symbol| {
        matches!(symbol.kind, SymbolKind::Function | SymbolKind::Method) && symbol.name.starts_with(prefix)
    };
    facts.symbols.iter().filter(is_test).count()
}

/// What a line says of a test.
type Mark = fn(&str) -> bool;

/// How a line marks a test, where names do not tell.
fn mark(language: Language) -> Option<Mark> {
    use Language::{
        Bash, CSharp, Cpp, Java, JavaScript, Kotlin, Php, Ruby, Rust, Scala, Swift, Tsx, TypeScript,
    };
    Some(match language {
        // Jest, Vitest, Mocha, node:test: `it("…"`, `test.each(…)(`.
        JavaScript | TypeScript | Tsx => |line| called(line, &["it", "test", "Deno.test"]),
        // JUnit and TestNG.
        Java | Kotlin => {
            |line| annotated(line, '@', &["Test", "ParameterizedTest", "RepeatedTest", "TestFactory"])
        }
        // ScalaTest and MUnit.
        Scala => |line| called(line, &["test"]) || annotated(line, '@', &["Test"]),
        // xUnit, NUnit, MSTest.
        CSharp => |line| {
            annotated(line, '[', &["Fact", "Theory", "Test", "TestCase", "TestMethod", "TestCaseSource"])
        },
        // PHPUnit's attribute; names are counted beside it.
        Php => |line| {
            line.starts_with("#[Test]") || line.starts_with("#[\\PHPUnit\\Framework\\Attributes\\Test]")
        },
        Rust => is_rust_test,
        // Swift Testing.
        Swift => |line| annotated(line, '@', &["Test"]),
        // RSpec and Minitest's specs.
        Ruby => |line| spoken(line, &["it", "specify", "test"]),
        // GoogleTest, Catch2, doctest.
        Cpp => |line| called(line, &["TEST", "TEST_F", "TEST_P", "TYPED_TEST", "TEST_CASE", "SCENARIO"]),
        // Bats.
        Bash => |line| line.starts_with("@test "),
        _ => return None,
    })
}

/// Marked lines; several marks above one another are of one test.
fn marked(text: &str, is_marked: Mark) -> usize {
    let mut count = 0;
    let mut was_marked = false;
    for line in text.lines().map(str::trim_start) {
        let is = is_marked(line);
        let is_attribute = line.starts_with(['@', '[', '#']);
        if is && !(was_marked && is_attribute) {
            count += 1;
        }
        was_marked = is_attribute && (is || was_marked);
    }
    count
}

/// `it("…")`, `it.only("…")`, `test.each(table)("…")`.
fn called(line: &str, names: &[&str]) -> bool {
    names.iter().any(|name| {
        let Some(rest) = line.strip_prefix(name) else { return false };
        let rest = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_alphanumeric());
        let is_whole = line.len() == name.len() + rest.len() || line[name.len()..].starts_with('.');
        is_whole && rest.starts_with(['(', '`'])
    })
}

/// `it "…" do`, `it { … }`.
fn spoken(line: &str, names: &[&str]) -> bool {
    names.iter().any(|name| {
        line.strip_prefix(name).is_some_and(|rest| {
            ["(\"", "('", " \"", " '", " {", "{"].iter().any(|start| rest.starts_with(start))
        })
    })
}

/// `@Test`, `@Test(timeout = 1)`, `[Fact]`, `[Theory, X]`, never `@TestOnly`.
fn annotated(line: &str, open: char, names: &[&str]) -> bool {
    let Some(rest) = line.strip_prefix(open) else { return false };
    let name = rest.split(|c: char| !c.is_alphanumeric() && c != '.').next().unwrap_or_default();
    names.contains(&name.rsplit('.').next().unwrap_or(name))
}

/// `#[test]`, `#[tokio::test(…)]`, `#[rstest]`, `#[test_case(…)]`.
fn is_rust_test(line: &str) -> bool {
    let Some(rest) = line.strip_prefix("#[") else { return false };
    let path = rest.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').next().unwrap_or_default();
    matches!(path.rsplit("::").next(), Some("test" | "rstest" | "test_case" | "wasm_bindgen_test"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_counts(language: Language, wanted: usize, text: &str) {
        let mark = mark(language).expect("a way to tell");
        assert_eq!(marked(text, mark), wanted, "{text}");
    }

    #[test]
    fn tests_are_counted_by_the_idioms_of_their_frameworks() {
        assert_counts(
            Language::TypeScript,
            4,
            "describe('a', () => {\n  it('x', () => {});\n  it.skip(\"y\", f);\n  test.each([1, 2])('z', f);\n  test(`t`, f);\n  items(1);\n  testing('no');\n  it = 3;\n});\n",
        );
        assert_counts(
            Language::Java,
            3,
            "@Test\nvoid a() {}\n@Test(timeout = 5)\n@DisplayName(\"x\")\nvoid b() {}\n  @org.junit.jupiter.api.Test\nvoid c() {}\n@TestOnly\nvoid d() {}\n",
        );
        assert_counts(
            Language::CSharp,
            3,
            "[Fact]\npublic void A() {}\n[TestCase(1)]\n[TestCase(2)]\npublic void B(int x) {}\n[Theory, InlineData(1)]\npublic void C() {}\n[TestFixture]\nclass X {}\n",
        );
        assert_counts(
            Language::Rust,
            3,
            "#[test]\nfn a() {}\n#[tokio::test(flavor = \"multi_thread\")]\nasync fn b() {}\n#[test_case(1)]\n#[test_case(2)]\nfn c() {}\n#[cfg(test)]\nmod x {}\n",
        );
        assert_counts(Language::Cpp, 2, "TEST(A, b) {\n}\nTEST_F(A, c) {\n}\nTESTING(x);\n");
        assert_counts(Language::Ruby, 2, "it 'x' do\nend\nit { is_expected }\nitem 'y'\n");
        assert_counts(Language::Kotlin, 1, "@Test fun a() = 1\n");
        assert_counts(Language::Php, 1, "#[Test]\npublic function x() {}\n");
    }
}
