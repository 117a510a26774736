//! What every tick store must do, as tests for two handles to one broker.

use std::sync::Arc;
use std::time::Duration;

use super::{Tick, TickStore};
use crate::broker::{Broker, Consume, Publication};
use crate::protocol::{Embed, Headers, JsonMap, Message, NodeName, TaskId, Timestamp};

/// Makes a `#[tokio::test]` of each promise. `$make` is an async function that returns two handles to one broker and
/// something to keep until the test ends.
macro_rules! tick_store_conformance {
    ($make:path) => {
        $crate::beat::conformance::tick_store_conformance! { @each $make:
            one_beat_leads_until_its_lease_ends_or_it_resigns
            a_tick_is_made_once_and_sends_its_messages
            beats_of_other_names_are_others
        }
    };
    (@each $make:path: $($promise:ident)*) => {
        $(
            #[tokio::test]
            async fn $promise() {
                let (one, other, _kept) = $make().await;
                $crate::beat::conformance::$promise(one, other).await;
            }
        )*
    };
}
pub(crate) use tick_store_conformance;

type Shared = Arc<dyn Broker>;

const LONG: Duration = Duration::from_secs(600);
const SHORT: Duration = Duration::from_millis(50);

fn store(broker: &Shared) -> Arc<dyn TickStore> {
    broker.tick_store()
}

fn tick(entry: &str, previous: Option<Timestamp>, due: Timestamp) -> Tick {
    let message =
        Message::new(Headers::new(entry, TaskId::new()), Vec::new(), JsonMap::new(), Embed::default());
    let publications = vec![Publication::new("celery", message)];
    Tick { entry: entry.to_owned(), previous, due, publications }
}

pub(crate) async fn one_beat_leads_until_its_lease_ends_or_it_resigns(one: Shared, other: Shared) {
    let (one, other) = (store(&one), store(&other));
    let (a, b) = (NodeName::from("a@h"), NodeName::from("b@h"));
    assert!(one.lead("x", &a, LONG).await.unwrap());
    assert!(!other.lead("x", &b, LONG).await.unwrap());
    assert!(one.lead("x", &a, LONG).await.unwrap(), "the leader goes on");
    other.resign("x", &b).await.unwrap();
    assert!(!other.lead("x", &b, LONG).await.unwrap(), "only the leader can resign");
    one.resign("x", &a).await.unwrap();
    assert!(other.lead("x", &b, SHORT).await.unwrap());
    while !one.lead("x", &a, LONG).await.unwrap() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) async fn a_tick_is_made_once_and_sends_its_messages(one: Shared, other: Shared) {
    let first = Timestamp::from_unix_ms(1_800_000_000_000);
    let second = first + Duration::from_secs(1);
    let batch = vec![tick("a", None, first), tick("a", Some(first), second), tick("b", None, first)];
    assert_eq!(store(&one).tick("x", batch).await.unwrap(), [true, true, true]);
    let again = vec![tick("a", Some(first), second), tick("b", Some(first), second), tick("b", None, first)];
    assert_eq!(store(&other).tick("x", again).await.unwrap(), [false, true, false]);

    let last = store(&one).last_ticks("x").await.unwrap();
    assert_eq!(last.into_iter().collect::<Vec<_>>(), [("a".to_owned(), second), ("b".to_owned(), second)]);
    let want = Consume { max: 10, wait: Duration::ZERO, ..Consume::new("w@h", "celery") };
    let sent = other.consume(want).await.unwrap();
    let names: Vec<&str> = sent.iter().map(|delivery| delivery.message().headers.task.as_str()).collect();
    assert_eq!(names, ["a", "a", "b", "b"]);
}

pub(crate) async fn beats_of_other_names_are_others(one: Shared, other: Shared) {
    let at = Timestamp::from_unix_ms(1_800_000_000_000);
    assert_eq!(store(&one).tick("x", vec![tick("a", None, at)]).await.unwrap(), [true]);
    assert!(store(&other).last_ticks("y").await.unwrap().is_empty());
    assert!(store(&one).lead("x", &NodeName::from("a@h"), LONG).await.unwrap());
    assert!(store(&other).lead("y", &NodeName::from("b@h"), LONG).await.unwrap());
}
