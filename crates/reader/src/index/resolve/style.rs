//! Languages whose names are resolved alike.

use crate::domain::{Language, SymbolKind};

/// How a language's names are resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Style {
    Python,
    Ecma,
    Rust,
    Go,
    Jvm,
    CSharp,
    Php,
    Ruby,
    Swift,
    C,
    Shell,
}

impl Style {
    /// `None` for a language without names to resolve.
    pub(super) fn of(language: Option<Language>) -> Option<Self> {
        Some(match language? {
            Language::Python => Self::Python,
            Language::JavaScript | Language::TypeScript | Language::Tsx => Self::Ecma,
            Language::Rust => Self::Rust,
            Language::Go => Self::Go,
            Language::Java | Language::Kotlin | Language::Scala => Self::Jvm,
            Language::CSharp => Self::CSharp,
            Language::Php => Self::Php,
            Language::Ruby => Self::Ruby,
            Language::Swift => Self::Swift,
            Language::C | Language::Cpp => Self::C,
            Language::Bash => Self::Shell,
            _ => return None,
        })
    }

    /// Members of the class around are named without `self` or `this`.
    pub(super) fn has_bare_members(self) -> bool {
        matches!(self, Self::Jvm | Self::CSharp | Self::Ruby | Self::Swift | Self::C)
    }

    /// Types and functions have full names that hold for the whole program.
    pub(super) fn has_full_names(self) -> bool {
        matches!(self, Self::Jvm | Self::CSharp | Self::Php | Self::Ruby)
    }

    /// The files of one unit (a package, a crate, a target) see each other's top-level names.
    pub(super) fn has_units(self) -> bool {
        matches!(self, Self::Go | Self::Swift)
    }
}

/// Something that has members.
pub(super) fn is_type(kind: SymbolKind) -> bool {
    matches!(
        kind,
        SymbolKind::Class
            | SymbolKind::Struct
            | SymbolKind::Enum
            | SymbolKind::Interface
            | SymbolKind::Trait
            | SymbolKind::Type
            | SymbolKind::Table
    )
}

/// What stands before a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Qualifier<'t> {
    /// Nothing.
    None,
    /// `self`, `this` and the like: the class around.
    Own,
    /// `super`, `parent`, `base`: the bases of the class around.
    Bases,
    /// Names.
    Path(Vec<&'t str>),
    /// An expression whose type is not known.
    Unknown,
}

impl<'t> Qualifier<'t> {
    /// Reads a qualifier as written.
    pub(super) fn read(style: Style, text: Option<&'t str>) -> Self {
        let Some(text) = text else { return Self::None };
        match (style, text) {
            (Style::Python, "self" | "cls")
            | (Style::Rust, "self" | "Self")
            | (Style::Php, "$this" | "self" | "static")
            | (Style::Ruby | Style::Swift, "self")
            | (Style::Swift, "Self")
            | (Style::Ecma | Style::Jvm | Style::CSharp | Style::C, "this") => return Self::Own,
            (Style::Python, "super()")
            | (Style::Ecma | Style::Jvm | Style::Ruby | Style::Swift, "super")
            | (Style::Php, "parent")
            | (Style::CSharp, "base") => return Self::Bases,
            _ => {}
        }
        let text = text.trim_start_matches(['\\', ':']);
        let parts: Vec<&str> = text.split("::").flat_map(|part| part.split(['.', '\\'])).collect();
        let is_name = |part: &&str| {
            !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'))
        };
        // A variable of PHP is never a class; a pointer of C is never a namespace.
        if parts.iter().all(is_name) && !(style == Style::Php && text.starts_with('$')) {
            Self::Path(parts)
        } else {
            Self::Unknown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qualifiers_are_read() {
        assert_eq!(Qualifier::read(Style::Python, Some("self")), Qualifier::Own);
        assert_eq!(Qualifier::read(Style::Python, Some("a.b")), Qualifier::Path(vec!["a", "b"]));
        assert_eq!(Qualifier::read(Style::Rust, Some("a::B")), Qualifier::Path(vec!["a", "B"]));
        assert_eq!(Qualifier::read(Style::Python, Some("f(x)")), Qualifier::Unknown);
        assert_eq!(Qualifier::read(Style::C, Some("p->q")), Qualifier::Unknown);
        assert_eq!(Qualifier::read(Style::Php, Some("$x")), Qualifier::Unknown);
        assert_eq!(Qualifier::read(Style::Php, Some("\\A\\B")), Qualifier::Path(vec!["A", "B"]));
    }
}
