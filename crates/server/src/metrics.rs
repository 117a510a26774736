//! Counters for `/metrics`, in Prometheus' text format (version 0.0.4).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use parking_lot::Mutex;

/// Upper bounds of the latency histogram, in seconds.
const BOUNDS: [f64; 10] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0];

/// Counts of this process.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    requests: Arc<Mutex<BTreeMap<Answered, Latency>>>,
}

/// Route, method and status.
type Answered = (String, String, u16);

#[derive(Debug, Clone, Default)]
struct Latency {
    buckets: [u64; BOUNDS.len()],
    count: u64,
    seconds: f64,
}

/// Counts each request by route, method and status.
pub async fn count(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "pages".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().as_str().to_owned();
    let begun = Instant::now();
    let response = next.run(request).await;
    metrics.record(route, method, response.status().as_u16(), begun.elapsed());
    response
}

impl Metrics {
    fn record(&self, route: String, method: String, status: u16, took: Duration) {
        let seconds = took.as_secs_f64();
        let mut requests = self.requests.lock();
        let latency = requests.entry((route, method, status)).or_default();
        latency.count += 1;
        latency.seconds += seconds;
        for (bucket, bound) in latency.buckets.iter_mut().zip(BOUNDS) {
            *bucket += u64::from(seconds <= bound);
        }
    }

    /// The counts as text.
    pub fn render(&self, out: &mut String) {
        out.push_str("# HELP code_reader_http_request_seconds Time until the answer begins.\n# TYPE code_reader_http_request_seconds histogram\n");
        for ((route, method, status), latency) in self.requests.lock().iter() {
            let labels = format!("route=\"{route}\",method=\"{method}\",status=\"{status}\"");
            for (count, bound) in latency.buckets.iter().zip(BOUNDS) {
                let _ = writeln!(
                    out,
                    "code_reader_http_request_seconds_bucket{{{labels},le=\"{bound}\"}} {count}"
                );
            }
            let (count, seconds) = (latency.count, latency.seconds);
            let _ = writeln!(out, "code_reader_http_request_seconds_bucket{{{labels},le=\"+Inf\"}} {count}");
            let _ = writeln!(out, "code_reader_http_request_seconds_sum{{{labels}}} {seconds}");
            let _ = writeln!(out, "code_reader_http_request_seconds_count{{{labels}}} {count}");
        }
    }
}

/// Writes one family of gauges: `(labels, value)` each, labels as `name="value"` or empty.
pub fn gauges(out: &mut String, name: &str, help: &str, values: impl IntoIterator<Item = (String, f64)>) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge");
    for (labels, value) in values {
        let _ = if labels.is_empty() {
            writeln!(out, "{name} {value}")
        } else {
            writeln!(out, "{name}{{{labels}}} {value}")
        };
    }
}
