//! Conditions on the text of captured nodes.

use regex::Regex;

use super::parse::Argument;

#[derive(Debug)]
pub(super) struct Predicate {
    capture: u16,
    holds: bool,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Same(u16),
    AnyOf(Vec<String>),
    Match(Regex),
}

impl Predicate {
    pub(super) fn new(name: &str, arguments: &[Argument]) -> Result<Predicate, String> {
        let wrong = || format!("#{name} is not understood, or not with these arguments");
        let (plain, holds) = match name.strip_prefix("not-") {
            Some(plain) => (plain, false),
            None => (name, true),
        };
        let (Argument::Capture(capture), rest) = arguments.split_first().ok_or_else(wrong)? else {
            return Err(wrong());
        };
        let test = match (plain, rest) {
            ("eq?", [Argument::Capture(other)]) => Test::Same(*other),
            ("eq?", [Argument::Text(text)]) => Test::AnyOf(vec![text.clone()]),
            ("match?", [Argument::Text(pattern)]) => {
                Test::Match(Regex::new(pattern).map_err(|error| error.to_string())?)
            }
            ("any-of?", texts) => Test::AnyOf(
                texts
                    .iter()
                    .map(|argument| match argument {
                        Argument::Text(text) => Ok(text.clone()),
                        Argument::Capture(_) => Err(wrong()),
                    })
                    .collect::<Result<_, _>>()?,
            ),
            _ => return Err(wrong()),
        };
        Ok(Predicate { capture: *capture, holds, test })
    }

    /// Whether it holds for every node of its capture; `texts` gives the texts of the nodes of one.
    pub(super) fn holds<'t, I: Iterator<Item = &'t str>>(&self, texts: impl Fn(u16) -> I) -> bool {
        match &self.test {
            Test::Same(other) => {
                texts(self.capture).zip(texts(*other)).all(|(one, other)| (one == other) == self.holds)
            }
            Test::AnyOf(known) => {
                texts(self.capture).all(|text| known.iter().any(|known| known == text) == self.holds)
            }
            Test::Match(regex) => texts(self.capture).all(|text| regex.is_match(text) == self.holds),
        }
    }
}
