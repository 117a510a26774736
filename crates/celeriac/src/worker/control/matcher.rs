//! Whom a request is meant for.

use regex::{Regex, RegexBuilder};

use crate::protocol::{ControlRequest, NodeName};

/// No pattern that makes sense is longer.
const MAX_PATTERN_BYTES: usize = 1024;
/// Most bytes that a compiled pattern may take.
const MAX_COMPILED_BYTES: usize = 256 * 1024;

/// Is the request for this node? A destination list counts first, then a pattern.
pub(super) fn is_meant(request: &ControlRequest, node: &NodeName) -> bool {
    if let Some(nodes) = &request.destination {
        return nodes.contains(node);
    }
    let Some(pattern) = request.pattern.as_deref().filter(|pattern| !pattern.is_empty()) else { return true };
    match matches(pattern, request.matcher.as_deref(), node) {
        Ok(is_meant) => is_meant,
        // A node that cannot tell whether it is meant keeps silent.
        Err(error) => {
            let method = super::shortened(&request.method);
            tracing::warn!(
                target: "celery.pidbox",
                "control request {method} is ignored, since nothing tells whether it is for {node}: {error}",
            );
            false
        }
    }
}

fn matches(pattern: &str, matcher: Option<&str>, node: &NodeName) -> Result<bool, String> {
    let compiled = match matcher {
        None | Some("" | "glob") => compile(&glob(pattern)),
        Some("pcre") => compile(&format!(r"\A(?:{pattern})")),
        Some(other) => {
            return Err(format!("its matcher is {:?}, and there are glob and pcre", super::shortened(other)));
        }
    };
    match compiled {
        Ok(compiled) => Ok(compiled.is_match(node.as_str())),
        Err(error) => Err(format!("its pattern {:?} {error}", super::shortened(pattern))),
    }
}

/// Patterns run in linear time, whatever they are.
fn compile(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > 4 * MAX_PATTERN_BYTES {
        return Err(format!("has more than {MAX_PATTERN_BYTES} bytes"));
    }
    let built = RegexBuilder::new(pattern).size_limit(MAX_COMPILED_BYTES).build();
    built.map_err(|_| "is no regular expression that is understood here".to_owned())
}

/// A shell pattern (`*`, `?`, `[a-z]`, `[!a-z]`) as a regular expression.
fn glob(pattern: &str) -> String {
    let mut out = String::from(r"(?s)\A");
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        match c {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '[' => match class(rest.as_str()) {
                Some((class, after)) => {
                    out.push_str(&class);
                    rest = after.chars();
                }
                None => out.push_str(r"\["),
            },
            c => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push_str(r"\z");
    out
}

/// The class that begins after a `[`, and what follows it; nothing when it is never closed.
fn class(text: &str) -> Option<(String, &str)> {
    let (sign, members) = match text.strip_prefix('!') {
        Some(members) => ("^", members),
        None => ("", text),
    };
    // A bracket that comes first is a member.
    let end = members.char_indices().skip(1).find(|(_, c)| *c == ']')?.0;
    let escaped: String = members[..end]
        .chars()
        .flat_map(|c| if c == '-' || c.is_alphanumeric() { [None, Some(c)] } else { [Some('\\'), Some(c)] })
        .flatten()
        .collect();
    Some((format!("[{sign}{escaped}]"), &members[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::JsonMap;

    fn is_meant_by(pattern: &str, matcher: Option<&str>) -> bool {
        let mut request = ControlRequest::new("ping", JsonMap::new());
        request.pattern = Some(pattern.to_owned());
        request.matcher = matcher.map(str::to_owned);
        is_meant(&request, &NodeName::from("w1@lab.example"))
    }

    #[test]
    fn a_request_is_for_those_whom_it_names() {
        let node = NodeName::from("w1@lab");
        let mut request = ControlRequest::new("ping", JsonMap::new());
        assert!(is_meant(&request, &node));
        request.destination = Some(vec!["w2@lab".into()]);
        request.pattern = Some("*".into());
        assert!(!is_meant(&request, &node));
        request.destination = Some(vec!["w2@lab".into(), node.clone()]);
        assert!(is_meant(&request, &node));
    }

    #[test]
    fn shell_patterns_match_the_whole_name() {
        for pattern in ["w1*", "*@lab*", "w[0-9]@*", "w[!2]@*", "w?@lab.example", "", "*[.]example"] {
            assert!(is_meant_by(pattern, Some("glob")), "{pattern}");
        }
        for pattern in ["w1", "w2*", "w[!1]@*", "w1@labXexample", "[", "w[1@*", "lab*"] {
            assert!(!is_meant_by(pattern, Some("glob")), "{pattern}");
        }
        assert!(is_meant_by("w1*", None));
    }

    #[test]
    fn what_cannot_be_understood_is_told() {
        let told =
            |pattern: &str, matcher| matches(pattern, Some(matcher), &NodeName::from("w1@lab")).unwrap_err();
        assert_eq!(
            told("w(", "pcre"),
            r#"its pattern "w(" is no regular expression that is understood here"#
        );
        assert_eq!(told("w1*", "nope"), r#"its matcher is "nope", and there are glob and pcre"#);
        assert!(told(&"x".repeat(100_000), "pcre").ends_with(r#"xx" has more than 1024 bytes"#));
    }

    #[test]
    fn regular_expressions_match_from_the_beginning() {
        assert!(is_meant_by(r"w\d@", Some("pcre")) && is_meant_by("w2|w1", Some("pcre")));
        assert!(!is_meant_by("lab", Some("pcre")));
        for hostile in ["(", r"(a+)+(?=x)", &"(a{1000}){1000}".repeat(3), &"x".repeat(100_000)] {
            assert!(!is_meant_by(hostile, Some("pcre")));
        }
        assert!(!is_meant_by("w1*", Some("nope")));
    }
}
