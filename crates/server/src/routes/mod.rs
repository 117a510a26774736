//! One file per resource.

pub mod analyses;
pub mod events;
pub mod export;
pub mod files;
pub mod graph;
pub mod health;
pub mod items;
pub mod pages;
pub mod search;
pub mod symbols;
pub mod tasks;
pub mod uploads;

use serde::Serialize;

/// A part of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct List<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Ask again with `cursor` set to this for more; null at the end.
    pub next: Option<String>,
}

/// Cuts a sorted list after the entry whose key is `cursor`.
pub fn slice<T>(
    all: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> &str,
    cursor: Option<&str>,
    limit: usize,
) -> List<T> {
    let mut rest = all.into_iter().skip_while(|entry| cursor.is_some_and(|cursor| key(entry) <= cursor));
    let items: Vec<T> = rest.by_ref().take(limit).collect();
    let next = rest.next().and_then(|_| items.last().map(|last| key(last).to_owned()));
    List { items, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_to_its_end_part_by_part() {
        let all = ["a", "b", "c", "d", "e"];
        let (mut cursor, mut seen) = (None, Vec::new());
        loop {
            let part = slice(all, |entry| entry, cursor.as_deref(), 2);
            seen.extend(part.items);
            cursor = part.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
    }
}
