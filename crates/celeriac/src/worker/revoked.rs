//! The ids that were revoked, and the stamps: bounded in number and age.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::protocol::JsonMap;

/// As many ids as Celery keeps.
pub const MAX_REVOKED: usize = 50_000;
/// As long as Celery keeps them.
pub const REVOKED_FOR: Duration = Duration::from_secs(3 * 60 * 60);

/// A set that forgets the oldest ids when it is full, and every id after a time.
#[derive(Debug)]
pub struct RevokedSet {
    since: HashMap<String, Instant>,
    /// Ids in the order of their time; an id that was added again stands here twice.
    order: VecDeque<(Instant, String)>,
    max: usize,
    keep: Duration,
    /// How often an id was added.
    changes: u64,
}

impl Default for RevokedSet {
    fn default() -> Self {
        Self::new(MAX_REVOKED, REVOKED_FOR)
    }
}

impl RevokedSet {
    /// A set with other bounds.
    pub fn new(max: usize, keep: Duration) -> Self {
        Self { since: HashMap::new(), order: VecDeque::new(), max, keep, changes: 0 }
    }

    /// Adds an id, or starts its time anew.
    pub fn insert(&mut self, id: impl Into<String>) {
        self.insert_at(id.into(), Instant::now());
    }

    fn insert_at(&mut self, id: String, now: Instant) {
        self.changes += 1;
        self.since.insert(id.clone(), now);
        self.order.push_back((now, id));
        self.purge(now);
    }

    /// Adds an id that was revoked some time ago, after those that are older.
    pub fn insert_aged(&mut self, id: String, age: Duration) {
        let now = Instant::now();
        // A machine that is up for less than the age knows no such moment; then the id is kept longer.
        if age < self.keep {
            self.insert_at(id, now.checked_sub(age).unwrap_or(now));
        }
    }

    /// How often an id was added.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// The ids, oldest first, and how long ago they were revoked.
    pub fn aged(&mut self) -> Vec<(String, Duration)> {
        let now = Instant::now();
        self.purge(now);
        self.order
            .iter()
            .filter(|(at, id)| self.since.get(id) == Some(at))
            .map(|(at, id)| (id.clone(), now.duration_since(*at)))
            .collect()
    }

    /// Is the id revoked?
    pub fn contains(&self, id: &str) -> bool {
        !self.since.is_empty() && self.contains_at(id, Instant::now())
    }

    fn contains_at(&self, id: &str, now: Instant) -> bool {
        self.since.get(id).is_some_and(|since| now.duration_since(*since) < self.keep)
    }

    /// The ids, oldest first.
    pub fn ids(&mut self) -> Vec<String> {
        self.aged().into_iter().map(|(id, _)| id).collect()
    }

    fn purge(&mut self, now: Instant) {
        while let Some((at, id)) = self.order.front() {
            let stale = self.since.get(id) != Some(at);
            let expired = now.duration_since(*at) >= self.keep;
            if !stale && !expired && self.since.len() <= self.max {
                break;
            }
            if !stale {
                self.since.remove(id);
            }
            self.order.pop_front();
        }
    }
}

/// So many stamps are kept at most, those that came first.
const MAX_STAMPS: usize = 1_000;

/// Stamps whose tasks are called off (`revoke_by_stamped_headers`), by header.
#[derive(Debug, Default)]
pub struct RevokedStamps {
    by_header: JsonMap,
    count: usize,
}

impl RevokedStamps {
    /// Adds stamps: under each header one, or a list.
    pub fn insert(&mut self, headers: &JsonMap) {
        for (header, stamps) in headers {
            for stamp in listed(stamps) {
                if self.count >= MAX_STAMPS {
                    return;
                }
                let known = self.by_header.entry(header.as_str()).or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(known) = known
                    && !known.contains(stamp)
                {
                    known.push(stamp.clone());
                    self.count += 1;
                }
            }
        }
    }

    /// Does a task with these stamps carry one of them?
    pub fn mark(&self, stamps: &JsonMap) -> bool {
        self.count > 0 && is_stamped_with(stamps, &self.by_header)
    }
}

/// Is there a header under which both have the same stamp?
pub fn is_stamped_with(stamps: &JsonMap, wanted: &JsonMap) -> bool {
    stamps.iter().any(|(header, stamps)| {
        wanted
            .get(header)
            .is_some_and(|wanted| listed(stamps).iter().any(|stamp| listed(wanted).contains(stamp)))
    })
}

/// One stamp or a list of them.
fn listed(stamps: &Value) -> &[Value] {
    match stamps {
        Value::Array(stamps) => stamps,
        Value::Null => &[],
        stamp => std::slice::from_ref(stamp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_stamp_is_found_alone_and_in_lists() {
        let object = |value: Value| value.as_object().cloned().unwrap();
        let mut revoked = RevokedStamps::default();
        assert!(!revoked.mark(&object(json!({"user": "a"}))));
        revoked.insert(&object(json!({"user": ["a", "b"], "job": 7, "none": null})));
        for stamps in [json!({"user": "a"}), json!({"x": 1, "user": ["z", "b"]}), json!({"job": [7]})] {
            assert!(revoked.mark(&object(stamps.clone())), "{stamps}");
        }
        for stamps in [json!({"user": "c"}), json!({"job": "7"}), json!({}), json!({"none": null})] {
            assert!(!revoked.mark(&object(stamps.clone())), "{stamps}");
        }
    }

    #[test]
    fn ids_are_forgotten_by_number_and_by_age() {
        let mut revoked = RevokedSet::new(2, Duration::from_secs(10));
        let start = Instant::now();
        for id in ["a", "b", "c"] {
            revoked.insert_at(id.to_owned(), start);
        }
        assert_eq!(revoked.ids(), ["b", "c"]);
        assert!(!revoked.contains_at("a", start) && revoked.contains_at("b", start));
        revoked.insert_at("b".to_owned(), start + Duration::from_secs(6));
        let later = start + Duration::from_secs(12);
        assert!(revoked.contains_at("b", later) && !revoked.contains_at("c", later));
        revoked.insert_at("d".to_owned(), later);
        assert_eq!(revoked.ids(), ["b", "d"]);
    }
}
