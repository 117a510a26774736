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

impl<T> List<T> {
    /// A part of at most `limit` entries; what was found holds one more when there is a next part.
    pub fn part(mut found: Vec<T>, limit: usize, key: impl Fn(&T) -> &str) -> List<T> {
        let is_more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| is_more).map(|last| key(last).to_owned());
        List { items: found, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_to_its_end_part_by_part() {
        let all = ["a", "b", "c", "d", "e"];
        let (mut cursor, mut seen) = (None, Vec::new());
        loop {
            let behind = |entry: &&str| cursor.as_deref().is_none_or(|cursor| *entry > cursor);
            let found = all.into_iter().filter(behind).take(3).collect();
            let part = List::part(found, 2, |entry| entry);
            seen.extend(part.items);
            cursor = part.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
    }
}
