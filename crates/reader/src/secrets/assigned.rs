//! Values that stand after a name that says what they are.

/// Parts of names after which a value is a secret.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "accesskey",
    "access_key",
    "access-key",
    "privatekey",
    "private_key",
    "private-key",
    "credential",
    "authkey",
    "auth_key",
    "encryptionkey",
    "encryption_key",
    "signingkey",
    "signing_key",
    "accountkey",
    "account_key",
];

/// Values that stand for a secret without being one.
const PLACEHOLDERS: &[&str] = &[
    "password",
    "passwd",
    "secret",
    "token",
    "changeme",
    "example",
    "none",
    "null",
    "true",
    "false",
    "undefined",
    "required",
];

/// Names longer than this are not looked at.
const MAX_NAME: usize = 80;

/// Where such values stand in the line.
pub(super) fn spans(line: &str) -> Vec<(usize, usize)> {
    let lower = line.to_ascii_lowercase();
    let mut spans = Vec::new();
    for (at, _) in line.match_indices([':', '=']) {
        // `a::b` is a path.
        if line[at..].starts_with("::") || line[..at].ends_with(':') {
            continue;
        }
        // Comparisons are no assignments, but what stands beside them is as secret.
        let before = line[..at].trim_end_matches([':', '=', '!', '<', '>', '?', '+', ' ', '\t']);
        if names_a_secret(name_before(&lower[..before.len()])) {
            spans.extend(value_after(line, at + 1));
        }
    }
    // `<password>…</password>`, `ENV DB_PASSWORD …`, `--token …`, `getenv("API_KEY", "…")`: where so many other things
    // may stand, only what looks random is taken.
    let may_name = NAMES.iter().any(|name| lower.contains(name));
    for (at, separator) in line.match_indices([' ', '\t', '>', ',']).filter(|_| may_name) {
        let before = line[..at].trim_end();
        let is_apart = match separator {
            "," => before.ends_with(['"', '\'', '`']),
            ">" => !line[at + 1..].starts_with([' ', '\t']),
            _ => true,
        };
        if is_apart && names_a_secret(name_before(&lower[..before.len()])) {
            spans.extend(value_after(line, at + 1).filter(|(start, end)| is_random(&line[*start..*end], 8)));
        }
    }
    for (at, option) in line.match_indices("-u ").chain(line.match_indices("--user ")) {
        let start = at + option.len();
        let word = line[start..].split(char::is_whitespace).next().unwrap_or_default();
        let colon = word.find(':').filter(|colon| is_random(&word[colon + 1..], 8));
        spans.extend(colon.map(|colon| (start + colon + 1, start + word.len())));
    }
    for (at, _) in lower.match_indices("bearer ").chain(lower.match_indices("basic ")) {
        let start = at + lower[at..].find(' ').map_or(0, |blank| blank + 1);
        let length = line[start..].bytes().take_while(|byte| is_opaque(*byte)).count();
        if is_random(&line[start..start + length], 16) {
            spans.push((start, start + length));
        }
    }
    spans
}

/// The name at the end of the text: `"api_key"`, `DB_PASSWORD`, `config['token']`, `password: str`.
fn name_before(text: &str) -> &str {
    let text = text.trim_end_matches(['"', '\'', '`', ']', ')', ' ', '\t']);
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let start = text.char_indices().rev().find(|(_, c)| !is_name(*c)).map_or(0, |(at, c)| at + c.len_utf8());
    let name = &text[start..];
    // With a type between name and value, the name stands before the colon.
    let before = text[..start].trim_end();
    match before.strip_suffix(':') {
        Some(typed) if !names_a_secret(name) && !typed.ends_with(':') => {
            let typed = typed.trim_end_matches(['"', '\'', '?', ' ']);
            let start =
                typed.char_indices().rev().find(|(_, c)| !is_name(*c)).map_or(0, |(at, c)| at + c.len_utf8());
            &typed[start..]
        }
        _ => name,
    }
}

fn names_a_secret(name: &str) -> bool {
    // Tokens of a text are none.
    let name =
        name.replace("tokens", "").replace("tokeniz", "").replace("tokenis", "").replace("tiktoken", "");
    !name.is_empty() && name.len() <= MAX_NAME && NAMES.iter().any(|part| name.contains(*part))
}

/// The value after an assignment: a quoted text, or a bare word that looks random.
fn value_after(line: &str, from: usize) -> Option<(usize, usize)> {
    let rest = &line[from..];
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '>', '=', ':', '(']).len();
    let start = from + blanks;
    let value = &line[start..];
    // A prefix such as b"…", f"…", r"…" or L"…".
    let prefix = value.bytes().take(2).take_while(u8::is_ascii_alphabetic).count();
    let quoted = [0, prefix].into_iter().find_map(|skip| {
        let quote = value[skip..].chars().next().filter(|c| "\"'`".contains(*c))?;
        let inner = skip + quote.len_utf8();
        let length = value[inner..].find(quote)?;
        Some((start + inner, start + inner + length))
    });
    if let Some((start, end)) = quoted {
        let text = &line[start..end];
        let is_secret = text.len() >= 6 && !text.contains(char::is_whitespace) && !is_placeholder(text);
        return is_secret.then_some((start, end));
    }
    let length = value.bytes().take_while(|byte| is_opaque(*byte)).count();
    let after = &value[length..];
    let ends_there =
        after.starts_with("</") || after.starts_with(|c: char| c.is_whitespace() || ",;\"'`".contains(c));
    let ends_there = ends_there || after.is_empty();
    (ends_there && is_random(&value[..length], 8)).then_some((start, start + length))
}

/// It names or shows where a secret goes, and is none.
pub(super) fn is_placeholder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let is_reference =
        text.starts_with(['$', '<', '{', '%', '*']) || text.contains("${") || text.contains("{{");
    let is_word = text.chars().all(|c| c == '*' || c == 'x' || c == 'X' || c == '.' || c == '-');
    is_reference || is_word || lower.starts_with("your") || PLACEHOLDERS.contains(&lower.as_str())
}

fn is_opaque(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-+/=~!@#%^&*".contains(&byte)
}

/// Letters and digits mixed, as people do not name things.
fn is_random(text: &str, least: usize) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    text.len() >= least && digits >= 2 && letters >= 2 && !is_placeholder(text)
}
