//! Descriptions by a model over real HTTP.

use std::sync::Arc;

use fake_llm::{Config, FakeLlm};
use llm::{Client, Settings};

use super::tests::{SAMPLE, SHOP, knowledge};
use super::*;
use crate::document::PageLanguage;
use crate::domain::Origin;
use crate::knowledge::KnowledgeBase;

async fn ask(
    config: Config,
    kb: &Arc<KnowledgeBase>,
    path: &str,
    options: &ReadOptions,
) -> (LlmReading, FakeLlm) {
    let provider = FakeLlm::start(config).await.unwrap();
    let client = Client::new(Settings::new(provider.base_url(), "k", "fake-model")).unwrap();
    (read_with_llm(&client, kb, path, options).await.unwrap(), provider)
}

fn faults(rules: &[&str]) -> Config {
    Config { faults: rules.iter().map(|rule| rule.parse().unwrap()).collect(), ..Config::default() }
}

#[tokio::test]
async fn a_file_is_described_in_the_models_words() {
    let (_folder, kb) = knowledge(SAMPLE);
    let kb = Arc::new(kb);
    let by_facts = read_static(&kb, "shop/orders.py", PageLanguage::En).unwrap();
    let (answer, provider) = ask(Config::default(), &kb, "shop/orders.py", &ReadOptions::default()).await;
    let reading = answer.reading;
    assert_eq!((reading.origin, answer.calls, reading.note), (Origin::Llm, 1, None));
    assert!(reading.items.iter().all(|item| item.origin == Origin::Llm), "{:#?}", reading.items);
    let shape = |items: &[crate::Item]| {
        items.iter().map(|item| (item.name.clone(), item.lines, item.code.clone())).collect::<Vec<_>>()
    };
    assert_eq!(shape(&reading.items), shape(&by_facts.items));
    let total = reading.items.iter().find(|item| item.name == "Order.total").unwrap();
    assert!(
        total.description.contains("`def total(self, tax: float = 0.2) -> int:`"),
        "{}",
        total.description
    );
    let log = provider.log();
    assert_eq!((log[0].purpose.as_str(), log[0].path.as_deref()), ("file_items", Some("shop/orders.py")));
    assert_eq!(answer.usage.total(), log[0].prompt_tokens + log[0].completion_tokens);
}

#[tokio::test]
async fn no_secret_leaves_the_machine() {
    let (_folder, kb) = knowledge(SAMPLE);
    // The provider would fail at a prompt that holds one.
    let config = faults(&["400@contains=0123456789abcdefgh", "400@contains=hunter2"]);
    let (answer, provider) = ask(config, &Arc::new(kb), "shop/orders.py", &ReadOptions::default()).await;
    assert_eq!(answer.reading.origin, Origin::Llm);
    assert_eq!(provider.stats().requests, 1);
}

#[tokio::test]
async fn a_wrong_answer_is_sent_back_once_and_may_be_put_right() {
    let (_folder, kb) = knowledge(SAMPLE);
    let kb = Arc::new(kb);
    for fault in ["invalid-json", "wrong-schema", "nonsense", "injection", "length"] {
        let config = faults(&[&format!("{fault}*1@rate=1")]);
        let (answer, _) = ask(config, &kb, "shop/orders.py", &ReadOptions::default()).await;
        assert_eq!((answer.reading.origin, answer.calls), (Origin::Llm, 2), "{fault}");
    }
}

#[tokio::test]
async fn after_two_wrong_answers_the_facts_stand_with_the_reason() {
    let (_folder, kb) = knowledge(SAMPLE);
    let kb = Arc::new(kb);
    let by_facts = read_static(&kb, "shop/orders.py", PageLanguage::En).unwrap();
    for (fault, reason) in
        [("nonsense", "cannot stand"), ("injection", "no JSON object"), ("filter", "content filter")]
    {
        let config = faults(&[&format!("{fault}@rate=1")]);
        let (answer, _) = ask(config, &kb, "shop/orders.py", &ReadOptions::default()).await;
        let note = answer.reading.note.clone().unwrap();
        assert!(note.contains(reason), "{fault}: {note}");
        assert_eq!(crate::FileReading { note: None, ..answer.reading }, by_facts);
    }
}

#[tokio::test]
async fn a_wrong_key_is_an_error_and_no_description() {
    let (_folder, kb) = knowledge(SAMPLE);
    let provider =
        FakeLlm::start(Config { api_key: Some("right".into()), ..Config::default() }).await.unwrap();
    let client = Client::new(Settings::new(provider.base_url(), "wrong", "fake-model")).unwrap();
    let asked = read_with_llm(&client, &Arc::new(kb), "shop/orders.py", &ReadOptions::default()).await;
    let error = asked.unwrap_err();
    assert!(matches!(&error, AnalyzeError::Llm(llm::LlmError::Unauthorized { .. })), "{error}");
}

#[tokio::test]
async fn a_long_file_is_asked_in_parts_and_put_together() {
    let functions: Vec<String> =
        (0..90).map(|number| format!("def f{number}(x):\n    return x + {number}\n\n\n")).collect();
    let text = functions.concat();
    let (_folder, kb) = knowledge(&[("long.py", &text)]);
    let kb = Arc::new(kb);
    let options = ReadOptions { source_tokens: 500, ..ReadOptions::default() };
    let (answer, provider) = ask(Config::default(), &kb, "long.py", &options).await;
    assert!(answer.calls > 3 && u64::from(answer.calls) == provider.stats().requests, "{}", answer.calls);
    let reading = answer.reading;
    assert_eq!((reading.items.len(), reading.note), (91, None));
    assert!(reading.items.iter().all(|item| item.origin == Origin::Llm));

    let few = ReadOptions { max_segments: 2, ..options };
    let (answer, _) = ask(Config::default(), &kb, "long.py", &few).await;
    assert_eq!((answer.calls, answer.reading.items.len()), (2, 91));
    assert!(answer.reading.note.unwrap().contains("very long"));
    assert_eq!(answer.reading.items.last().unwrap().origin, Origin::Static);
}

#[tokio::test]
async fn data_files_are_not_asked_about() {
    let (_folder, kb) = knowledge(&[("data.json", "{\"a\": 1}\n"), ("empty.py", "")]);
    let kb = Arc::new(kb);
    for path in ["data.json", "empty.py"] {
        let (answer, provider) = ask(Config::default(), &kb, path, &ReadOptions::default()).await;
        assert_eq!((answer.calls, provider.stats().requests), (0, 0));
        assert_eq!(answer.reading, read_static(&kb, path, PageLanguage::En).unwrap());
    }
}

#[test]
fn the_cache_key_depends_on_file_model_and_language_alone() {
    use crate::document::PageLanguage::{En, Zh};
    let (_folder, kb) = knowledge(SAMPLE);
    let (_other, changed) =
        knowledge(&[("shop/orders.py", SHOP), ("shop/money.py", "def rounded():\n    pass\n")]);
    let file = |kb: &KnowledgeBase, path: &str| kb.file(path).unwrap().unwrap();
    let key = cache_key("m", En, &file(&kb, "shop/orders.py"));
    assert_eq!(key, cache_key("m", En, &file(&changed, "shop/orders.py")));
    assert_ne!(key, cache_key("m2", En, &file(&kb, "shop/orders.py")));
    assert_ne!(key, cache_key("m", Zh, &file(&kb, "shop/orders.py")));
    assert_ne!(
        cache_key("m", En, &file(&kb, "shop/money.py")),
        cache_key("m", En, &file(&changed, "shop/money.py"))
    );
}
