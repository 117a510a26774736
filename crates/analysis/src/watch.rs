//! Following an analysis, from any process.

use std::pin::Pin;
use std::time::Duration;

use futures_util::{Stream, stream};
use store::{AnalysisEvent, AnalysisId, EventId};

use crate::progress::DOORBELL;
use crate::{Analyses, AnalysisError};

/// So many events are read at once.
const AT_ONCE: usize = 100;
/// How long to wait for a ring before looking all the same.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The events of an analysis; ends after the one with its final state.
pub type AnalysisEvents = Pin<Box<dyn Stream<Item = Result<AnalysisEvent, AnalysisError>> + Send>>;

struct Watch {
    analyses: Analyses,
    id: AnalysisId,
    rings: celeriac::broker::Subscription,
    after: EventId,
    /// Events that were read and not given yet, last first.
    ready: Vec<AnalysisEvent>,
    is_over: bool,
}

impl Analyses {
    /// The analysis as it stands, then each change; with `after`, the changes since that event. What was forgotten of
    /// a long history is left out: each event tells the whole state.
    pub async fn watch(
        &self,
        id: &AnalysisId,
        after: Option<EventId>,
    ) -> Result<AnalysisEvents, AnalysisError> {
        // Subscribed before looking: no change in between is missed.
        let rings = self.app().broker().subscribe(&[DOORBELL]).await.map_err(celeriac::AppError::from)?;
        let mut ready = Vec::new();
        let after = match after {
            Some(after) => after,
            None => match self.store().latest(id).await? {
                Some(now) => {
                    let event = now.id;
                    ready.push(now);
                    event
                }
                None => return self.existing(id).await.map(|_| Box::pin(stream::empty()) as AnalysisEvents),
            },
        };
        let watch = Watch { analyses: self.clone(), id: id.clone(), rings, after, ready, is_over: false };
        Ok(Box::pin(stream::unfold(watch, |mut watch| async move {
            let next = watch.next().await?;
            Some((next, watch))
        })))
    }

    /// The last event of an analysis.
    pub async fn last_event(&self, id: &AnalysisId) -> Result<Option<EventId>, AnalysisError> {
        Ok(self.store().latest(id).await?.map(|event| event.id))
    }
}

impl Watch {
    async fn next(&mut self) -> Option<Result<AnalysisEvent, AnalysisError>> {
        if self.is_over {
            return None;
        }
        loop {
            if let Some(event) = self.ready.pop() {
                self.after = self.after.max(event.id);
                self.is_over = event.analysis.status.is_final() && self.ready.is_empty();
                return Some(Ok(event));
            }
            let store = self.analyses.store();
            match store.events(&self.id, self.after, AT_ONCE).await {
                Ok(events) if events.is_empty() => match store.latest(&self.id).await {
                    // It changed since the look before.
                    Ok(Some(latest)) if latest.id > self.after => {}
                    Ok(Some(latest)) if !latest.analysis.status.is_final() => self.wait().await,
                    // It was removed, or ended with the last event.
                    Ok(_) => return None,
                    Err(error) => return self.broken(error),
                },
                Ok(events) => self.ready.extend(events.into_iter().rev()),
                Err(error) => return self.broken(error),
            }
        }
    }

    /// Until somebody rings for this analysis, or it is time to look all the same.
    async fn wait(&mut self) {
        let ring = async {
            loop {
                match self.rings.recv().await {
                    Some(ring) if ring.payload == self.id.as_str().as_bytes() => return,
                    Some(_) => {}
                    None => std::future::pending().await,
                }
            }
        };
        let _ = tokio::time::timeout(LOOK_EVERY, ring).await;
    }

    fn broken(&mut self, error: store::StoreError) -> Option<Result<AnalysisEvent, AnalysisError>> {
        self.is_over = true;
        Some(Err(error.into()))
    }
}
