//! The program: its first line, its log, its end.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[test]
fn the_program_prints_its_address_logs_requests_and_stops_at_sigterm() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("requests.jsonl");
    let mut child = Command::new(env!("CARGO_BIN_EXE_fake-llm"))
        .args(["--port", "0", "--rpm", "1", "--log-file"])
        .arg(&log)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut base = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut base).unwrap();
    let base = base.trim();
    assert!(base.starts_with("http://127.0.0.1:") && base.ends_with("/v1"), "{base}");

    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let body =
            serde_json::json!({"model": "fake-model", "messages": [{"role": "user", "content": "hi"}]});
        let ask = || http.post(format!("{base}/chat/completions")).json(&body).send();
        assert_eq!(ask().await.unwrap().status(), 200);
        let limited = ask().await.unwrap();
        assert_eq!(limited.status(), 429);
        let wait: u64 = limited.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        let stats = http.get(base.replace("/v1", "/stats")).send().await.unwrap().text().await.unwrap();
        assert!(stats.contains("\"requests per minute\":1"), "{stats}");
    });

    let killed = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success() && child.wait().unwrap().success());
    let lines = std::fs::read_to_string(&log).unwrap();
    let statuses: Vec<u64> = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["status"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [200, 429]);
}
