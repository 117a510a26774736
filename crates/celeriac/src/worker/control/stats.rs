//! `stats`: what Flower's pages and `celery graph workers` read, and what people read.

use std::sync::atomic::Ordering;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde_json::{Value, json};

use crate::protocol::JsonMap;
use crate::worker::held::Stage;
use crate::worker::shared::Shared;

pub(super) fn stats<S: Send + Sync + 'static>(shared: &Shared<S>) -> Value {
    let total: JsonMap = shared
        .tasks
        .iter()
        .map(|(name, task)| ((*name).to_owned(), task.runs.load(Ordering::Relaxed)))
        .filter(|(_, runs)| *runs > 0)
        .map(|(name, runs)| (name, runs.into()))
        .collect();
    let mut stats = json!({
        "total": total,
        "pid": std::process::id(),
        "clock": shared.app.core().clock.value().to_string(),
        "uptime": shared.since.elapsed().as_secs(),
        "pool": pool(shared),
        "broker": broker(&shared.app.core().broker_url),
        "prefetch_count": shared.prefetch_limit() + shared.at(Stage::Scheduled).len(),
        "rusage": rusage(),
    });
    if let (Some(autoscaler), Value::Object(stats)) = (&shared.autoscaler, &mut stats) {
        let bounds = autoscaler.bounds();
        let told = json!({
            "max": bounds.max, "min": bounds.min, "current": shared.pool.size(), "qty": shared.prefetched(),
        });
        stats.insert("autoscaler".to_owned(), told);
    }
    stats
}

fn pool<S: Send + Sync + 'static>(shared: &Shared<S>) -> Value {
    let seconds = |limit: Option<Duration>| limit.map_or(json!(0), |limit| number(limit.as_secs_f64()));
    json!({
        "implementation": shared.pool.implementation(),
        "max-concurrency": shared.pool.size(),
        "processes": shared.pool.processes(),
        "max-tasks-per-child": shared.settings.children.max_tasks.map_or(json!("N/A"), |tasks| json!(tasks)),
        "put-guarded-by-semaphore": true,
        "timeouts": [seconds(shared.settings.soft_time_limit), seconds(shared.settings.time_limit)],
        "writes": {
            "total": shared.processed(), "avg": "1.00", "all": "1.00", "raw": shared.processed().to_string(),
            "strategy": "fair", "inqueues": {"total": 0, "active": 0},
        },
    })
}

/// Seconds as Python's settings hold them: whole ones without a fraction.
pub(super) fn number(seconds: f64) -> Value {
    if seconds.fract() == 0.0 && seconds < 9e15 { json!(seconds as u64) } else { json!(seconds) }
}

/// A broker as kombu's connections tell of theirs. The password is not in the URL any more, and not told.
fn broker(url: &str) -> Value {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let is_file = matches!(scheme, "sqlite" | "unix" | "redis+socket");
    let (authority, path) = if is_file { ("", rest) } else { rest.split_once('/').unwrap_or((rest, "")) };
    // Several addresses (Sentinel) are told as one text.
    let (login, address) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (hostname, port) = match address.rsplit_once(':') {
        Some((host, port)) if !address.contains(';') && !host.ends_with(':') => {
            (host, port.parse::<u16>().ok())
        }
        _ => (address, None),
    };
    let text = |text: &str| if text.is_empty() { Value::Null } else { text.into() };
    json!({
        "hostname": text(hostname),
        "userid": text(login.split(':').next().unwrap_or_default()),
        "virtual_host": if path.is_empty() { "/" } else { path },
        "port": port,
        "insist": false,
        "ssl": scheme == "rediss",
        "transport": if scheme == "rediss" { "redis" } else { scheme },
        "connect_timeout": 4,
        "transport_options": {},
        "login_method": null,
        "uri_prefix": null,
        "heartbeat": 120.0,
        "failover_strategy": "round-robin",
        "alternates": [],
        "credential_provider": null,
    })
}

fn rusage() -> Value {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return json!({}) };
    let seconds = |time: nix::sys::time::TimeVal| time.num_microseconds() as f64 / 1e6;
    json!({
        "utime": seconds(usage.user_time()),
        "stime": seconds(usage.system_time()),
        "maxrss": usage.max_rss(),
        "ixrss": usage.shared_integral(),
        "idrss": usage.unshared_data_integral(),
        "isrss": usage.unshared_stack_integral(),
        "minflt": usage.minor_page_faults(),
        "majflt": usage.major_page_faults(),
        "nswap": usage.full_swaps(),
        "inblock": usage.block_reads(),
        "oublock": usage.block_writes(),
        "msgsnd": usage.ipc_sends(),
        "msgrcv": usage.ipc_receives(),
        "nsignals": usage.signals(),
        "nvcsw": usage.voluntary_context_switches(),
        "nivcsw": usage.involuntary_context_switches(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_is_told_as_by_kombu() {
        let told = broker("redis://:********@127.0.0.1:6379/3?x=1");
        let part = |key: &str| told[key].clone();
        assert_eq!(
            (part("hostname"), part("port"), part("virtual_host"), part("userid"), part("transport")),
            (json!("127.0.0.1"), json!(6379), json!("3"), Value::Null, json!("redis"))
        );
        assert_eq!(broker("rediss://me:********@h/0")["userid"], "me");
        assert_eq!(broker("rediss://me:********@h/0")["ssl"], true);
        let file = broker("sqlite:///data/queue.db");
        assert_eq!((&file["hostname"], &file["virtual_host"]), (&Value::Null, &json!("/data/queue.db")));
        assert_eq!(broker("redis://[::1]:6379/0")["hostname"], "[::1]");
    }

    #[test]
    fn seconds_are_whole_where_they_can_be() {
        assert_eq!(number(3300.0), json!(3300));
        assert_eq!(number(0.5), json!(0.5));
    }
}
