//! Messages that were handed to a consumer and are recorded a moment later, while their tasks begin already.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use redis::Cmd;
use tokio::sync::watch;

use super::super::DeliveryTag;
use super::Inner;
use crate::redis::RedisError;

/// The pause between tries to record a message.
const PAUSE: Duration = Duration::from_millis(100);

/// Messages whose tasks may have begun, but that are not known to be recorded yet.
#[derive(Default)]
pub(super) struct Unrecorded(Mutex<HashMap<DeliveryTag, Entry>>);

#[derive(Clone)]
struct Entry {
    call: Cmd,
    outcome: Recorded,
}

/// Whether a message was recorded, once that is known.
#[derive(Clone)]
pub(super) struct Recorded(watch::Receiver<Option<bool>>);

impl Recorded {
    /// Waits until it is known.
    pub(super) async fn known(&mut self) -> bool {
        self.0.wait_for(Option::is_some).await.is_ok_and(|known| *known == Some(true))
    }
}

impl Inner {
    /// Has a message recorded, whatever it takes, as long as nobody else may do so.
    pub(super) fn record(self: &Arc<Self>, tag: DeliveryTag, call: Cmd, lease: Duration) -> Recorded {
        let (tell, outcome) = watch::channel(None);
        let outcome = Recorded(outcome);
        let entry = Entry { call: call.clone(), outcome: outcome.clone() };
        self.unrecorded.0.lock().insert(tag.clone(), entry);
        let broker = self.clone();
        tokio::spawn(async move {
            let begun = Instant::now();
            let is_recorded = loop {
                match broker.link.ask::<i64>("a record", &call).await {
                    Ok(count) => break count > 0,
                    Err(error) if error.is_transient() && begun.elapsed() < lease => {
                        tokio::time::sleep(PAUSE).await;
                    }
                    Err(error) => {
                        tracing::error!(target: "celery.redis", "a message that was received cannot be recorded, and will be delivered again: {error}");
                        break false;
                    }
                }
            };
            broker.unrecorded.0.lock().remove(&tag);
            tell.send_replace(Some(is_recorded));
        });
        outcome
    }

    /// Waits until it is known whether these were recorded.
    pub(super) async fn recorded(&self, tags: impl Iterator<Item = &DeliveryTag>) {
        let unrecorded: Vec<Recorded> = {
            let unrecorded = self.unrecorded.0.lock();
            if unrecorded.is_empty() {
                return;
            }
            tags.filter_map(|tag| unrecorded.get(tag)).map(|entry| entry.outcome.clone()).collect()
        };
        for mut outcome in unrecorded {
            outcome.known().await;
        }
    }

    /// Records these on the connection of the leases, for the other one may be on a runtime that is blocked.
    pub(super) async fn record_now(&self, tags: &[DeliveryTag]) -> Result<(), RedisError> {
        let calls: Vec<Cmd> = {
            let unrecorded = self.unrecorded.0.lock();
            tags.iter().filter_map(|tag| unrecorded.get(tag)).map(|entry| entry.call.clone()).collect()
        };
        for call in calls {
            self.lease_link.ask::<i64>("a record", &call).await?;
        }
        Ok(())
    }
}
