//! The governor against a provider that counts for itself.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use fake_llm::{Config, FakeLlm};
use llm::{ChatRequest, Client, Limits, Message, Settings};

const SCALE: f64 = 15.0;
const REQUESTS: usize = 2000;

fn client(provider: &FakeLlm, limits: Limits) -> Client {
    let settings = Settings {
        limits: Limits {
            window: Duration::from_secs_f64(60.0 / SCALE),
            slack: Duration::from_millis(100),
            ..limits
        },
        ..Settings::new(provider.base_url(), "", "fake-model")
    };
    Client::new(settings).unwrap()
}

async fn provider(rpm: Option<u64>, tpm: Option<u64>, max_concurrent: usize) -> FakeLlm {
    let limits = fake_llm::Limits {
        requests_per_minute: rpm,
        tokens_per_minute: tpm,
        max_concurrent: Some(max_concurrent),
    };
    FakeLlm::start(Config { limits, time_scale: SCALE, ..Config::default() }).await.unwrap()
}

/// Sends all requests at once; gives the moments at which their answers came, sorted.
async fn flood(client: &Client, prompt: &str) -> Vec<Duration> {
    let start = Instant::now();
    let calls: Vec<_> = (0..REQUESTS)
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
    let provider = provider(Some(800), None, 16).await;
    let client = client(&provider, Limits::new(16, 800, 1_000_000_000));
    let times = flood(&client, "hello").await;
    let stats = provider.stats();
    assert!(stats.limited.is_empty() && stats.by_status.keys().eq([&200]), "{stats:?}");
    assert_eq!((stats.requests, stats.peak_window_requests), (REQUESTS as u64, 800));
    assert!(stats.peak_in_flight <= 16);
    // How long it took on average until 800 more had gone: a full window, and at most 5 % over.
    let spans: Vec<f64> = times.iter().zip(&times[800..]).map(|(a, b)| (*b - *a).as_secs_f64()).collect();
    let used = (60.0 / SCALE) / (spans.iter().sum::<f64>() / spans.len() as f64);
    assert!(used >= 0.95, "the limit is used to {used:.3}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_requests_fill_the_token_limit_without_one_429() {
    let prompt = "abcd ".repeat(1000);
    let provider = provider(None, Some(800_000), 8).await;
    let client = client(&provider, Limits::new(8, 1_000_000, 800_000));
    flood(&client, &prompt).await;
    let stats = provider.stats();
    assert!(stats.limited.is_empty() && stats.by_status.keys().eq([&200]), "{stats:?}");
    assert!(stats.peak_window_tokens >= 760_000 && stats.peak_window_tokens <= 800_000, "{stats:?}");
}
