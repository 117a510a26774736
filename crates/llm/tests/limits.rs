//! The governor against a provider that counts for itself.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use fake_llm::{Config, FakeLlm};
use llm::{ChatRequest, Client, Limits, Message, Settings};

const REQUESTS: usize = 2000;
/// How many of them the limits let pass in a window.
const IN_A_WINDOW: usize = 800;

/// How much faster than real time it may go: a window must be long enough for this machine, as it is loaded now, to
/// send much more than the limit allows, or it is the machine that limits.
async fn scale(prompt: &str, concurrent: usize) -> f64 {
    const PROBES: usize = 300;
    let provider = provider(None, None, concurrent, 15.0).await;
    let client = client(&provider, Limits::new(concurrent, 1_000_000, 1_000_000_000), 15.0);
    let took = *flood(&client, prompt, PROBES).await.last().unwrap();
    let window = took.mul_f64(4.0 * IN_A_WINDOW as f64 / PROBES as f64).as_secs_f64();
    60.0 / window.clamp(4.0, 30.0)
}

fn client(provider: &FakeLlm, limits: Limits, scale: f64) -> Client {
    let settings = Settings {
        limits: Limits {
            window: Duration::from_secs_f64(60.0 / scale),
            slack: Duration::from_millis(100),
            ..limits
        },
        ..Settings::new(provider.base_url(), "", "fake-model")
    };
    Client::new(settings).unwrap()
}

async fn provider(rpm: Option<u64>, tpm: Option<u64>, max_concurrent: usize, scale: f64) -> FakeLlm {
    let limits = fake_llm::Limits {
        requests_per_minute: rpm,
        tokens_per_minute: tpm,
        max_concurrent: Some(max_concurrent),
    };
    FakeLlm::start(Config { limits, time_scale: scale, ..Config::default() }).await.unwrap()
}

/// Sends so many requests at once; gives the moments at which their answers came, sorted.
async fn flood(client: &Client, prompt: &str, requests: usize) -> Vec<Duration> {
    let start = Instant::now();
    let calls: Vec<_> = (0..requests)
        .map(|_| {
            let (client, message) = (client.clone(), Message::user(prompt));
            tokio::spawn(async move {
                let request =
                    ChatRequest { max_tokens: Some(20), ..ChatRequest::new("flood", vec![message]) };
                client.chat(request).await.unwrap();
                start.elapsed()
            })
        })
        .collect();
    let mut times = Vec::new();
    for call in calls {
        times.push(call.await.unwrap());
    }
    times.sort();
    times
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_requests_fill_the_request_limit_without_one_429() {
    let scale = scale("hello", 16).await;
    let provider = provider(Some(IN_A_WINDOW as u64), None, 16, scale).await;
    let client = client(&provider, Limits::new(16, IN_A_WINDOW as u64, 1_000_000_000), scale);
    let times = flood(&client, "hello", REQUESTS).await;
    let stats = provider.stats();
    assert!(stats.limited.is_empty() && stats.by_status.keys().eq([&200]), "{stats:?}");
    assert_eq!((stats.requests, stats.peak_window_requests), (REQUESTS as u64, IN_A_WINDOW as u64));
    assert!(stats.peak_in_flight <= 16);
    // How long it took on average until as many as a window takes had gone: a full window, and at most 5 % over.
    let spans: Vec<f64> =
        times.iter().zip(&times[IN_A_WINDOW..]).map(|(a, b)| (*b - *a).as_secs_f64()).collect();
    let used = (60.0 / scale) / (spans.iter().sum::<f64>() / spans.len() as f64);
    assert!(used >= 0.95, "the limit is used to {used:.3}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_requests_fill_the_token_limit_without_one_429() {
    let prompt = "abcd ".repeat(1000);
    let scale = scale(&prompt, 8).await;
    let provider = provider(None, Some(800_000), 8, scale).await;
    let client = client(&provider, Limits::new(8, 1_000_000, 800_000), scale);
    flood(&client, &prompt, REQUESTS).await;
    let stats = provider.stats();
    assert!(stats.limited.is_empty() && stats.by_status.keys().eq([&200]), "{stats:?}");
    assert!(stats.peak_window_tokens >= 760_000 && stats.peak_window_tokens <= 800_000, "{stats:?}");
}
