//! Addresses of pages.

use std::collections::BTreeSet;

/// An address of letters, digits, `-` and `/` for `text`, different from those in `taken`.
pub(crate) fn slug_of(text: &str, taken: &mut BTreeSet<String>) -> String {
    let parts: Vec<String> = text.split('/').map(part).filter(|part| !part.is_empty()).collect();
    let mut base = parts.join("/");
    // The folder alone would be no page.
    if base.is_empty() || text.rsplit('/').next().is_none_or(|last| part(last).is_empty()) {
        base = format!("{}page", if base.is_empty() { String::new() } else { format!("{base}/") });
    }
    let mut slug = base.clone();
    let mut number = 2;
    while !taken.insert(slug.clone()) {
        slug = format!("{base}-{number}");
        number += 1;
    }
    slug
}

fn part(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().take(80) {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_plain_and_differ() {
        let mut taken = BTreeSet::new();
        let slugs: Vec<String> =
            ["modules/click.parser", "modules/Click_Parser", "modules/测试", "modules/../x", "_compat"]
                .iter()
                .map(|text| slug_of(text, &mut taken))
                .collect();
        assert_eq!(
            slugs,
            ["modules/click-parser", "modules/click-parser-2", "modules/page", "modules/x", "compat"]
        );
    }
}
