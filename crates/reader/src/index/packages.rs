//! The package or namespace that a file declares itself to be in.

use crate::domain::{Language, Symbol};

/// Only so many lines are looked at: a declaration stands at the start.
const MAX_LINES: usize = 400;

/// `a.b` of `package a.b;`, `namespace A.B`, `namespace A\B;` or Go's `package x`, parts joined by `.`.
pub(crate) fn declared(language: Language, text: &str) -> Option<String> {
    let word = match language {
        Language::Java | Language::Kotlin | Language::Scala | Language::Go => "package ",
        Language::CSharp | Language::Php => "namespace ",
        _ => return None,
    };
    let mut declared: Option<String> = None;
    let mut lines = text.lines().take(MAX_LINES).map(|line| line.trim_start_matches('\u{FEFF}').trim());
    for line in &mut lines {
        let line = line.strip_prefix("<?php").map_or(line, str::trim);
        let Some(rest) = line.strip_prefix(word) else {
            // In Scala packages may be opened one after the other.
            if declared.is_some() && !line.is_empty() {
                break;
            }
            continue;
        };
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '\\')))
            .unwrap_or(rest.len());
        let name = rest[..end].replace('\\', ".");
        if name.is_empty() || name == "object" {
            continue;
        }
        declared = Some(match declared {
            Some(outer) if language == Language::Scala => format!("{outer}.{name}"),
            Some(outer) => return Some(outer),
            None => name,
        });
        if language != Language::Scala {
            break;
        }
    }
    declared
}

/// `c` of `func (c *Command) Run()`.
pub(crate) fn receiver(language: Option<Language>, signature: &str) -> Option<&str> {
    if language != Some(Language::Go) {
        return None;
    }
    let receiver = signature.strip_prefix("func (")?.split_once(')')?.0;
    let (name, _) = receiver.trim().split_once(' ')?;
    (name != "_").then_some(name)
}

/// From where a symbol may be used, as far as its language hides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// From everywhere, or the language's other rules tell.
    Everywhere,
    /// From what is compiled together: a module of Gradle or Maven.
    Module,
    /// From its own file.
    File,
}

/// The reach that the words before a symbol's name give it.
pub(crate) fn reach(language: Option<Language>, symbol: &Symbol) -> Reach {
    if !matches!(language, Some(Language::Kotlin | Language::Java)) {
        return Reach::Everywhere;
    }
    let words = symbol.signature.find(symbol.name.as_str()).and_then(|at| symbol.signature.get(..at));
    for word in words.unwrap_or_default().split_whitespace() {
        match word {
            "private" => return Reach::File,
            "internal" if language == Some(Language::Kotlin) => return Reach::Module,
            _ => {}
        }
    }
    Reach::Everywhere
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_found_behind_licences() {
        assert_eq!(declared(Language::Java, "/* x */\n\npackage a.b;\n").as_deref(), Some("a.b"));
        assert_eq!(declared(Language::Php, "<?php\nnamespace A\\B;\n").as_deref(), Some("A.B"));
        assert_eq!(declared(Language::CSharp, "using X;\nnamespace A.B\n{").as_deref(), Some("A.B"));
        assert_eq!(declared(Language::Scala, "package a\npackage b\nclass C").as_deref(), Some("a.b"));
        assert_eq!(
            declared(Language::Scala, "package a.b\n\nimport x\npackage object c").as_deref(),
            Some("a.b")
        );
        assert_eq!(declared(Language::Go, "// doc\npackage main\n").as_deref(), Some("main"));
        assert_eq!(receiver(Some(Language::Go), "func (c *Command) Run()"), Some("c"));
        assert_eq!(receiver(Some(Language::Go), "func (Command) Run()"), None);
        assert_eq!(declared(Language::Python, "package x"), None);
    }
}
