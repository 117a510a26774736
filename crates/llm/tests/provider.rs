//! The client against a real server: answers, refusals, faults.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use fake_llm::{Config, FakeLlm, Fault, FaultRule, Latency, Structured, When};
use futures_util::StreamExt;
use llm::{
    ChatEvent, ChatRequest, ChatStream, Client, FinishReason, LlmError, Message, ResponseFormat, Retries,
    Settings,
};
use serde_json::{Value, json};

const SHOWN: &str =
    "<file path=\"src/a.py\">\n1| def f():\n2|     return 1\n</file>\n- function `f` lines 1-2\n";

async fn provider(config: Config) -> FakeLlm {
    FakeLlm::start(config).await.unwrap()
}

fn settings(provider: &FakeLlm) -> Settings {
    let retries = Retries { base: Duration::from_millis(5), ..Retries::default() };
    Settings {
        retries,
        timeout: Duration::from_secs(20),
        ..Settings::new(provider.base_url(), "sk-secret", "fake-model")
    }
}

fn client(provider: &FakeLlm) -> Client {
    Client::new(settings(provider)).unwrap()
}

fn ask(text: &str) -> ChatRequest {
    ChatRequest::new("test", vec![Message::system("You read code."), Message::user(text)])
}

fn ask_json() -> ChatRequest {
    let item = json!({"type": "object", "properties": {"name": {"type": "string"}, "start_line": {"type": "integer"}}});
    let schema = json!({"type": "object", "properties": {"items": {"type": "array", "items": item}}});
    ask(SHOWN).json("file_items", schema)
}

fn with_fault(rule: &str) -> Config {
    Config { faults: vec![rule.parse().unwrap()], ..Config::default() }
}

#[tokio::test]
async fn a_chat_is_answered_with_its_usage() {
    let provider = provider(Config::default()).await;
    let answer = client(&provider).chat(ask("see [[a/b.rs:3-4]]")).await.unwrap();
    assert!(answer.text.contains("[[a/b.rs:3-4]]"), "{}", answer.text);
    assert_eq!(answer.finish_reason, FinishReason::Stop);
    let log = provider.log();
    assert_eq!(log[0].prompt_tokens, answer.usage.prompt_tokens);
    assert_eq!(log[0].completion_tokens, answer.usage.completion_tokens);
    assert_eq!(fake_llm::count_tokens(&answer.text), answer.usage.completion_tokens);
}

async fn collect(mut stream: ChatStream) -> (String, Option<llm::ChatResponse>, Option<LlmError>) {
    let (mut text, mut done, mut failed) = (String::new(), None, None);
    while let Some(event) = stream.next().await {
        match event {
            Ok(ChatEvent::Delta(delta)) => text.push_str(&delta),
            Ok(ChatEvent::Done(response)) => done = Some(response),
            Err(error) => failed = Some(error),
        }
    }
    (text, done, failed)
}

#[tokio::test]
async fn a_stream_brings_the_same_answer_and_usage() {
    let provider = provider(Config::default()).await;
    let client = client(&provider);
    let question = ask("see [[a/b.rs:3-4]] and [[c.rs:1-1]]");
    let whole = client.chat(question.clone()).await.unwrap();
    let (text, done, failed) = collect(client.chat_stream(question).await.unwrap()).await;
    assert_eq!((failed, text.as_str()), (None, whole.text.as_str()));
    assert_eq!(done.unwrap(), whole);
}

#[tokio::test]
async fn a_stream_that_is_cut_says_so() {
    let provider = provider(with_fault("cut@rate=1")).await;
    let (_, done, failed) = collect(client(&provider).chat_stream(ask("[[a:1-2]]")).await.unwrap()).await;
    assert!(done.is_none() && matches!(failed, Some(LlmError::Truncated { .. })), "{failed:?}");
}

#[tokio::test]
async fn structured_answers_fall_back_to_what_the_provider_knows_and_stay_there() {
    for (structured, refusals) in [(Structured::Schema, 0), (Structured::Object, 1), (Structured::None, 2)] {
        let provider = provider(Config { structured, ..Config::default() }).await;
        let client = client(&provider);
        for _ in 0..2 {
            let answer = client.chat(ask_json()).await.unwrap();
            let value: Value = serde_json::from_str(&answer.text).unwrap();
            assert_eq!(value, json!({"items": [{"name": "f", "start_line": 1}]}), "{structured:?}");
        }
        assert_eq!(provider.stats().by_status.get(&400).copied().unwrap_or(0), refusals, "{structured:?}");
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    for (rule, attempts) in [("503*2@rate=1", 3), ("cut*1@rate=1", 2), ("429*1@rate=1", 2)] {
        let provider = provider(with_fault(rule)).await;
        client(&provider).chat(ask("hello")).await.unwrap();
        assert_eq!(provider.stats().requests, attempts, "{rule}");
    }
}

#[tokio::test]
async fn a_429_that_says_when_to_come_back_uses_up_time_and_no_attempt() {
    let ask_once = async |patience| {
        let provider = provider(with_fault("429*2@rate=1")).await;
        let retries =
            Retries { max_attempts: 1, base: Duration::from_millis(5), patience, ..Retries::default() };
        let client = Client::new(Settings { retries, ..settings(&provider) }).unwrap();
        (client.chat(ask("hello")).await, provider.stats().requests)
    };
    let (answer, requests) = ask_once(Duration::from_secs(60)).await;
    assert!(answer.is_ok() && requests == 3, "{answer:?} after {requests}");
    let (answer, requests) = ask_once(Duration::ZERO).await;
    assert!(matches!(answer, Err(LlmError::RateLimited { attempts: 1, .. })), "{answer:?}");
    assert_eq!(requests, 1);
}

#[tokio::test]
async fn a_429_makes_every_caller_wait() {
    let provider = provider(with_fault("429*1@contains=first")).await;
    let client = client(&provider);
    let start = std::time::Instant::now();
    let first = tokio::spawn({
        let client = client.clone();
        async move { client.chat(ask("first")).await }
    });
    while provider.stats().requests == 0 {
        tokio::task::yield_now().await;
    }
    // The answer is on its way; the governor pauses once it has been read.
    tokio::time::sleep(Duration::from_millis(200)).await;
    client.chat(ask("second")).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
    first.await.unwrap().unwrap();
}

#[tokio::test]
async fn attempts_come_to_an_end() {
    let provider = provider(with_fault("500@rate=1")).await;
    let error = client(&provider).chat(ask("hello")).await.unwrap_err();
    assert!(matches!(error, LlmError::Server { status: 500, attempts: 5, .. }), "{error}");
    assert_eq!(provider.stats().requests, 5);
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_given_up() {
    let provider = provider(with_fault("timeout@rate=1")).await;
    let retries = Retries { max_attempts: 2, base: Duration::from_millis(1), ..Retries::default() };
    let settings = Settings { timeout: Duration::from_millis(200), retries, ..settings(&provider) };
    let error = Client::new(settings).unwrap().chat(ask("hello")).await.unwrap_err();
    assert!(matches!(error, LlmError::Timeout { attempts: 2, .. }), "{error}");
}

#[tokio::test]
async fn refusals_are_told_apart_and_not_repeated() {
    let keyed = provider(Config { api_key: Some("sk-right".into()), ..Config::default() }).await;
    let error = client(&keyed).chat(ask("hello")).await.unwrap_err();
    assert!(matches!(error, LlmError::Unauthorized { status: 401, .. }), "{error}");
    assert!(error.hint().contains("OPENAI_API_KEY") && !error.to_string().contains("sk-secret"));
    assert_eq!(client(&keyed).check().await.unwrap_err().code(), "llm_unauthorized");

    let open = provider(Config { context_tokens: 50, ..Config::default() }).await;
    let other = Client::new(Settings { model: "gpt-none".into(), ..settings(&open) }).unwrap();
    let error = other.chat(ask("hello")).await.unwrap_err();
    assert!(matches!(&error, LlmError::NotFound { model, .. } if model == "gpt-none"), "{error}");
    assert_eq!(other.check().await.unwrap().knows_model, Some(false));
    let error = client(&open).chat(ask(&"word ".repeat(100))).await.unwrap_err();
    assert!(matches!(error, LlmError::TooLong { .. }), "{error}");
    assert_eq!(open.stats().requests, 2);
}

#[tokio::test]
async fn answers_that_are_none_are_named() {
    let cases = [("bad-body@rate=1", "llm_bad_answer"), ("filter@rate=1", "llm_filtered")];
    for (rule, code) in cases {
        let provider = provider(with_fault(rule)).await;
        let error = client(&provider).chat(ask("hello")).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
    let provider = provider(with_fault("length@rate=1")).await;
    let answer = client(&provider).chat(ask("[[a:1-2]]")).await.unwrap();
    assert_eq!(answer.finish_reason, FinishReason::Length);
}

#[tokio::test]
async fn a_host_where_nobody_listens_is_named() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let retries = Retries { max_attempts: 2, base: Duration::from_millis(1), ..Retries::default() };
    let settings = Settings { retries, ..Settings::new(format!("http://{address}/v1"), "", "m") };
    let client = Client::new(settings).unwrap();
    let error = client.chat(ask("hello")).await.unwrap_err();
    assert!(matches!(&error, LlmError::Unreachable { attempts: 2, .. }), "{error}");
    assert!(error.to_string().contains(&address.to_string()) && error.concerns_all_calls());
    assert_eq!(client.check().await.unwrap_err().code(), "llm_unreachable");
}

#[tokio::test]
async fn a_dropped_call_gives_its_place_back() {
    let latency = Latency::Fixed(3600.0);
    let provider = provider(Config { latency, ..Config::default() }).await;
    let client = client(&provider);
    let call = tokio::spawn({
        let client = client.clone();
        async move { client.chat(ask("hello")).await.map(drop) }
    });
    while provider.stats().peak_in_flight == 0 {
        tokio::task::yield_now().await;
    }
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    let permit = client.governor().acquire(1).await.unwrap();
    drop(permit);
}

#[tokio::test]
async fn models_and_embeddings_are_read() {
    let provider = provider(Config::default()).await;
    let client = client(&provider);
    assert_eq!(client.models().await.unwrap(), ["fake-embedding", "fake-model"]);
    assert_eq!(client.check().await.unwrap().knows_model, Some(true));
    let texts = ["parse the header", "header parse", "green apples"].map(str::to_owned);
    let vectors = client.embed("fake-embedding", &texts).await.unwrap();
    let close = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    assert!(close(&vectors[0], &vectors[1]) > close(&vectors[0], &vectors[2]));
    assert!(client.embed("fake-embedding", &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn faults_change_the_text_as_they_are_named() {
    let rules = [
        ("invalid-json", Fault::InvalidJson),
        ("wrong-schema", Fault::WrongSchema),
        ("nonsense", Fault::Nonsense),
    ];
    for (word, fault) in rules {
        let rule = FaultRule::new(fault, When::Contains("src/a.py".into())).times(1);
        assert_eq!(format!("{word}*1@contains=src/a.py").parse::<FaultRule>().unwrap(), rule);
        let provider = provider(Config { faults: vec![rule], ..Config::default() }).await;
        let client = client(&provider);
        let wrong = client.chat(ask_json()).await.unwrap().text;
        let right = client.chat(ask_json()).await.unwrap().text;
        assert_ne!(wrong, right, "{word}");
        assert_eq!(
            serde_json::from_str::<Value>(&wrong).is_err(),
            fault == Fault::InvalidJson,
            "{word}: {wrong}"
        );
        assert_eq!(provider.log()[0].path.as_deref(), Some("src/a.py"));
    }
}

#[test]
fn the_format_of_an_answer_is_part_of_the_request() {
    assert_eq!(ask("x").response, ResponseFormat::Text);
    assert!(matches!(ask_json().response, ResponseFormat::Json { name, .. } if name == "file_items"));
}
