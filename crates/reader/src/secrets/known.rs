//! Tokens that their issuers made recognisable.

/// A shape: how it begins, and how many token characters must follow.
const SHAPES: &[(&str, usize)] = &[
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 30),
    ("EAACEdEose0cBA", 10),
    ("SG.", 30),
    ("dckr_pat_", 20),
    ("dop_v1_", 40),
    ("eyJ", 30),
    ("gho_", 30),
    ("ghp_", 30),
    ("ghr_", 30),
    ("ghs_", 30),
    ("ghu_", 30),
    ("github_pat_", 30),
    ("glpat-", 16),
    ("glptt-", 30),
    ("hf_", 30),
    ("lin_api_", 30),
    ("npm_", 30),
    ("pk_live_", 16),
    ("pypi-", 40),
    ("rk_live_", 16),
    ("shpat_", 30),
    ("shpss_", 30),
    ("sk-", 20),
    ("sk_live_", 16),
    ("sk_test_", 16),
    ("sq0atp-", 20),
    ("sq0csp-", 30),
    ("xapp-", 20),
    ("xoxa-", 10),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("xoxr-", 10),
    ("xoxs-", 10),
    ("ya29.", 20),
];

/// Where such tokens stand in the line.
pub(super) fn spans(line: &str) -> Vec<(usize, usize)> {
    let bytes = line.as_bytes();
    let mut spans = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let starts_word = at == 0 || !is_token(bytes[at - 1]);
        match starts_word.then(|| token_at(line, at)).flatten() {
            Some(end) => {
                spans.push((at, end));
                at = end;
            }
            None => at += 1,
        }
    }
    spans
}

/// The end of a token that begins here.
fn token_at(line: &str, at: usize) -> Option<usize> {
    let rest = line.as_bytes().get(at..)?;
    let (prefix, least) = SHAPES.iter().find(|(prefix, _)| rest.starts_with(prefix.as_bytes()))?;
    let body = rest[prefix.len()..].iter().take_while(|byte| is_token(**byte) || **byte == b'.').count();
    let token = &rest[..prefix.len() + body];
    let has_digit = token.iter().any(u8::is_ascii_digit);
    // A web token has three parts; anything else that begins with `eyJ` is a word.
    let is_web_token = *prefix != "eyJ" || token.iter().filter(|byte| **byte == b'.').count() == 2;
    (body >= *least && has_digit && is_web_token).then_some(at + token.len())
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}
