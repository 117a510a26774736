//! Names of nodes, and of files that are named after them.

use std::path::{Path, PathBuf};

use celeriac::host_name;

/// The full name of a node: `given`, else `name`, with this host behind the `@` if there is none. `%h` stands for the
/// host, `%n` for its first part, `%d` for the rest.
pub fn node_name(given: Option<&str>, name: &str) -> String {
    let given = given.filter(|given| !given.is_empty()).unwrap_or(name);
    let full = if given.contains('@') { given.to_owned() } else { format!("{given}@%h") };
    let host = host_name();
    let (short, domain) = host.split_once('.').unwrap_or((&host, ""));
    fill(&full, |key| match key {
        'h' => Some(host.clone()),
        'n' => Some(short.to_owned()),
        'd' => Some(domain.to_owned()),
        _ => None,
    })
}

/// A file's name that follows its node's: `%n` is the node's name before the `@`, `%h` the host behind it, `%d` the
/// host's domain, `%p` the whole. `%i` is 0, or in a process of the pool its number; `%I` the same as `-1`, or nothing.
pub fn expand(path: &Path, node: &str) -> PathBuf {
    let Some(text) = path.to_str() else { return path.to_owned() };
    let (name, host) = node.split_once('@').unwrap_or((node, ""));
    let process = celeriac::process_name();
    let index = process.rsplit_once('-').map(|(_, index)| index);
    PathBuf::from(fill(text, |key| match key {
        'h' => Some(host.to_owned()),
        'n' => Some(name.to_owned()),
        'd' => Some(host.split_once('.').map_or("", |(_, domain)| domain).to_owned()),
        'p' => Some(node.to_owned()),
        'i' => Some(index.unwrap_or("0").to_owned()),
        'I' => Some(index.map(|index| format!("-{index}")).unwrap_or_default()),
        _ => None,
    }))
}

/// Replaces `%x` by the value of x; what has none stays.
fn fill(text: &str, value: impl Fn(char) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.peek().and_then(|key| if *key == '%' { Some("%".to_owned()) } else { value(*key) }) {
            Some(value) => {
                out.push_str(&value);
                chars.next();
            }
            None => out.push('%'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in_as_celerys() {
        let host = host_name();
        assert_eq!(node_name(None, "celery"), format!("celery@{host}"));
        assert_eq!(node_name(Some("w1@%h"), "celery"), format!("w1@{host}"));
        assert_eq!(node_name(Some("w1"), "celery"), format!("w1@{host}"));
        assert_eq!(node_name(Some("100%%@lab"), "celery"), "100%@lab");
        let path = |text: &str| expand(Path::new(text), "w1@lab.example.org").display().to_string();
        assert_eq!(path("/run/%n%I.pid"), "/run/w1.pid");
        assert_eq!(path("%p-%h-%d-%i-%x%"), "w1@lab.example.org-lab.example.org-example.org-0-%x%");
    }
}
