//! What goes wrong on purpose.

use std::str::FromStr;

use rand::RngExt;
use rand::rngs::StdRng;

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// This HTTP status; 429 comes with a Retry-After of one second.
    Status(u16),
    /// No answer at all.
    Timeout,
    /// A body that ends in the middle.
    Cut,
    /// An HTTP body that is no JSON.
    BadBody,
    /// A model's text that is no JSON where JSON was asked for.
    InvalidJson,
    /// JSON of another shape than asked for.
    WrongSchema,
    /// JSON or text of the right shape about things that do not exist.
    Nonsense,
    /// A text that gives orders to whoever reads it.
    Injection,
    /// An answer cut by the token limit, with `finish_reason: length`.
    Length,
    /// An answer stopped by the content filter.
    Filter,
}

/// When a fault strikes.
#[derive(Debug, Clone, PartialEq)]
pub enum When {
    /// With this probability.
    Rate(f64),
    /// At these requests, counted from 1 over all chats.
    Nth(Vec<u64>),
    /// When the prompt contains the text.
    Contains(String),
}

/// One rule, written `FAULT[*TIMES]@WHEN`: `500@rate=0.05`, `timeout@nth=3,7`, `wrong-schema*1@contains=src/a.py`.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultRule {
    /// What happens.
    pub fault: Fault,
    /// When.
    pub when: When,
    /// How often at most.
    pub times: Option<u64>,
}

impl FaultRule {
    /// A rule without end.
    pub fn new(fault: Fault, when: When) -> Self {
        Self { fault, when, times: None }
    }

    /// The same, so many times.
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    pub(crate) fn strikes(&self, number: u64, prompt: &str, struck: u64, dice: &mut StdRng) -> bool {
        self.times.is_none_or(|times| struck < times)
            && match &self.when {
                When::Rate(rate) => dice.random_range(0.0..1.0) < *rate,
                When::Nth(numbers) => numbers.contains(&number),
                When::Contains(text) => prompt.contains(text.as_str()),
            }
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "timeout" => Self::Timeout,
            "cut" => Self::Cut,
            "bad-body" => Self::BadBody,
            "invalid-json" => Self::InvalidJson,
            "wrong-schema" => Self::WrongSchema,
            "nonsense" => Self::Nonsense,
            "injection" => Self::Injection,
            "length" => Self::Length,
            "filter" => Self::Filter,
            _ => match text.parse() {
                Ok(status) if (400..600).contains(&status) => Self::Status(status),
                _ => {
                    return Err(format!(
                        "`{text}` is no fault: a status from 400 to 599, timeout, cut, bad-body, invalid-json, wrong-schema, nonsense, injection, length or filter"
                    ));
                }
            },
        })
    }
}

impl FromStr for FaultRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (what, when) =
            text.split_once('@').ok_or_else(|| format!("`{text}` has no `@WHEN`, as in 500@rate=0.05"))?;
        let (fault, times) = match what.split_once('*') {
            Some((fault, times)) => {
                (fault, Some(times.parse().map_err(|_| format!("`{times}` is no number"))?))
            }
            None => (what, None),
        };
        let wrong = || format!("`{when}` is none of rate=0.05, nth=3,7 and contains=TEXT");
        let when = match when.split_once('=').ok_or_else(wrong)? {
            ("rate", rate) => {
                When::Rate(rate.parse().ok().filter(|rate| (0.0..=1.0).contains(rate)).ok_or_else(wrong)?)
            }
            ("nth", numbers) => When::Nth(
                numbers
                    .split(',')
                    .map(|number| number.parse().map_err(|_| wrong()))
                    .collect::<Result<_, _>>()?,
            ),
            ("contains", text) => When::Contains(text.to_owned()),
            _ => return Err(wrong()),
        };
        Ok(Self { fault: fault.parse()?, when, times })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_as_they_are_written() {
        let rule: FaultRule = "wrong-schema*2@contains=a@b=c".parse().unwrap();
        assert_eq!(rule, FaultRule::new(Fault::WrongSchema, When::Contains("a@b=c".into())).times(2));
        assert_eq!("503@nth=1,4".parse::<FaultRule>().unwrap().when, When::Nth(vec![1, 4]));
        for wrong in ["500", "200@rate=1", "500@rate=2", "500@x=1", "x@nth=1", "500*y@nth=1"] {
            assert!(wrong.parse::<FaultRule>().is_err(), "{wrong}");
        }
    }
}
