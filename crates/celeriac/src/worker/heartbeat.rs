//! Telling that the worker is there.

use std::sync::Arc;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::host;
use crate::protocol::JsonMap;
use crate::worker::held::Stage;
use crate::worker::lease::ended_within;
use crate::worker::shared::Shared;

/// Sends `worker-online`, then a heartbeat at each interval, and `worker-offline` when the worker ends.
pub(crate) async fn beat<S: Send + Sync + 'static>(shared: Arc<Shared<S>>, end: CancellationToken) {
    tell(&shared, "worker-online");
    while !ended_within(shared.settings.heartbeat, &end).await {
        tell(&shared, "worker-heartbeat");
    }
    tell(&shared, "worker-offline");
}

/// Sends one event of the worker's state.
pub(crate) fn tell<S: Send + Sync + 'static>(shared: &Shared<S>, kind: &str) {
    let fields = JsonMap::from_iter([
        ("freq".to_owned(), shared.settings.heartbeat.as_secs_f64().into()),
        ("active".to_owned(), shared.at(Stage::Active).len().into()),
        ("processed".to_owned(), shared.processed().into()),
        ("loadavg".to_owned(), json!(host::load_average())),
        ("sw_ident".to_owned(), "celeriac".into()),
        ("sw_ver".to_owned(), env!("CARGO_PKG_VERSION").into()),
        ("sw_sys".to_owned(), host::system().into()),
    ]);
    shared.events.send(kind, None, fields);
}
