//! The texts of constants, for names that the source does not write where it uses them.

use std::collections::BTreeMap;

use super::super::survey::Survey;
use crate::domain::SymbolKind;

/// Constants of the source that stand for a text, by name.
pub(super) struct Constants<'s> {
    /// File and text of each.
    found: BTreeMap<&'s str, Vec<(usize, &'s str)>>,
}

impl<'s> Constants<'s> {
    pub(super) fn of(survey: &'s Survey<'_>) -> Self {
        let mut found: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
        for (at, facts) in survey.files.iter().enumerate().filter(|(at, _)| survey.is_source(*at)) {
            let is_constant =
                |kind| matches!(kind, SymbolKind::Constant | SymbolKind::Variable | SymbolKind::Field);
            for symbol in facts.symbols.iter().filter(|symbol| is_constant(symbol.kind)) {
                if let Some(text) = text_of(&symbol.signature) {
                    found.entry(&symbol.name).or_default().push((at, text));
                }
            }
        }
        Self { found }
    }

    /// The text that a name stands for in a file: of the constant there, of one in its folder, or of the only one.
    pub(super) fn text(&self, survey: &Survey<'_>, name: &str, file: usize) -> Option<&'s str> {
        let last = name.rsplit(['.', ':']).next().unwrap_or(name);
        let found = self.found.get(last)?;
        let folder = |at: usize| survey.path(at).rsplit_once('/').map_or("", |(folder, _)| folder);
        let here = |near: &dyn Fn(usize) -> bool| {
            let mut texts: Vec<&str> =
                found.iter().filter(|(at, _)| near(*at)).map(|(_, text)| *text).collect();
            texts.sort_unstable();
            texts.dedup();
            match texts.as_slice() {
                [only] => Some(*only),
                _ => None,
            }
        };
        here(&|at| at == file).or_else(|| here(&|at| folder(at) == folder(file))).or_else(|| here(&|_| true))
    }
}

/// `"X"` of `const NAME: &str = "X"`.
fn text_of(signature: &str) -> Option<&str> {
    let value = match signature.strip_prefix("#define ") {
        Some(rest) => rest.trim().split_once([' ', '\t'])?.1,
        None => signature.split_once('=')?.1,
    };
    let value = value.trim().trim_end_matches([';', ',']);
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let text = value.strip_prefix(quote)?.strip_suffix(quote)?;
    let is_name = !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
    is_name.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_text_is_the_value_of_a_constant() {
        assert_eq!(text_of("const NAME: &str = \"APP_PORT\";"), Some("APP_PORT"));
        assert_eq!(text_of("const EnvGinMode = \"GIN_MODE\""), Some("GIN_MODE"));
        assert_eq!(text_of("NAME = 'x'"), Some("x"));
        assert_eq!(text_of("#define AUTH_ENV \"REDISCLI_AUTH\""), Some("REDISCLI_AUTH"));
        for other in ["const A: u8 = 1", "const B: &str = concat!(\"a\", \"b\")", "C = \"a\" + \"b\"", "f()"]
        {
            assert_eq!(text_of(other), None, "{other}");
        }
    }
}
