//! Java, Kotlin, Scala, C# and PHP: imports name packages and types by their full names.

use super::{modules::Target, style::Style, table::Table};
use crate::{facts::Import, index::manifests::Manifests};

/// What a full name means: a type or package of the repository, or one from outside.
pub(super) fn locate(table: &Table<'_>, manifests: &Manifests, style: Style, import: &Import) -> Target {
    let mut name = dotted(&import.module);
    // `import static a.B.c` may come as `c` of `a.B.c`.
    if let [only] = import.names.as_slice()
        && let Some(module) = name.strip_suffix(only.name.as_str()).and_then(|rest| rest.strip_suffix('.'))
        && table.full(style, name.clone()).is_empty()
    {
        name = module.to_owned();
    }
    if is_known(table, style, &name) {
        return Target::Named(style, name);
    }
    // A type in a type, or a function of an object: `a.B.c`.
    let mut outer = name.as_str();
    while let Some((rest, _)) = outer.rsplit_once('.') {
        if !table.full(style, rest.to_owned()).is_empty() {
            return Target::Named(style, name);
        }
        outer = rest;
    }
    let is_own = match style {
        Style::Php => {
            !name.contains('.')
                || manifests.psr4.iter().any(|prefix| {
                    name.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.starts_with('.'))
                })
        }
        _ => name.rsplit_once('.').is_some_and(|(package, _)| table.is_package(style, package)),
    };
    if is_own { Target::Unknown } else { Target::Outside(package_of(style, &name)) }
}

/// A full name with its parts joined by `.`.
pub(super) fn dotted(module: &str) -> String {
    module.trim_matches(['\\', '.', ' ']).replace('\\', ".").replace("::", ".")
}

fn is_known(table: &Table<'_>, style: Style, name: &str) -> bool {
    table.is_package(style, name) || !table.full(style, name.to_owned()).is_empty()
}

/// As much of a name as its vendors use to name a package.
fn package_of(style: Style, name: &str) -> String {
    let parts: Vec<&str> = name.split('.').collect();
    let count = match (style, parts[0]) {
        (Style::Jvm, "java" | "javax" | "kotlin" | "kotlinx" | "scala" | "android") => 2,
        (Style::Jvm, _) => 3,
        (Style::CSharp, "System") => 1,
        (Style::CSharp, _) => 2,
        _ => 1,
    };
    let is_type = |part: &&str| style == Style::Jvm && part.starts_with(|c: char| c.is_uppercase());
    let kept: Vec<&str> = parts.iter().copied().take(count).take_while(|part| !is_type(part)).collect();
    if kept.is_empty() { parts[0].to_owned() } else { kept.join(".") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_from_outside_are_named_as_their_vendors_do() {
        assert_eq!(package_of(Style::Jvm, "java.util.List"), "java.util");
        assert_eq!(package_of(Style::Jvm, "org.junit.Test"), "org.junit");
        assert_eq!(package_of(Style::Jvm, "com.google.common.base.X"), "com.google.common");
        assert_eq!(package_of(Style::CSharp, "System.Collections.Generic"), "System");
        assert_eq!(package_of(Style::Php, "Psr.Log.LoggerInterface"), "Psr");
    }
}
