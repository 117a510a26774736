use fake_llm::{Config, FakeLlm};
use llm::{Client, Settings};

use super::*;
use crate::analyze::read_static;
use crate::analyze::tests::{SAMPLE, knowledge};
use crate::document::{DocumentOptions, static_pages};

fn sample(files: &[(&str, &str)]) -> (tempfile::TempDir, Arc<KnowledgeBase>, Vec<FileReading>, Vec<Page>) {
    let (folder, kb) = knowledge(files);
    let files = kb.files().unwrap();
    let readings: Vec<FileReading> =
        files.iter().map(|file| read_static(&kb, &file.path, PageLanguage::En).unwrap()).collect();
    let pages = static_pages(&kb, &readings, &DocumentOptions::default()).unwrap();
    (folder, Arc::new(kb), readings, pages)
}

async fn provider(rules: &[&str]) -> (FakeLlm, Client) {
    let faults = rules.iter().map(|rule| rule.parse().unwrap()).collect();
    let provider = FakeLlm::start(Config { faults, ..Config::default() }).await.unwrap();
    let client = Client::new(Settings::new(provider.base_url(), "k", "fake-model")).unwrap();
    (provider, client)
}

fn overview(pages: &[Page]) -> &Page {
    pages.iter().find(|page| page.slug == "overview").unwrap()
}

#[tokio::test]
async fn explaining_pages_are_rewritten_and_the_others_stay() {
    let (_folder, kb, readings, pages) = sample(SAMPLE);
    let (provider, client) = provider(&[]).await;
    let written = written_pages(&client, &kb, &readings, &pages, &WriteOptions::default()).await.unwrap();
    assert_eq!(written.len(), pages.len());
    let mut calls = 0;
    for (before, after) in pages.iter().zip(&written) {
        assert_eq!((&before.slug, before.order), (&after.page.slug, after.page.order));
        if wants_writing(before) {
            calls += 1;
            assert_eq!((after.page.origin, after.calls), (Origin::Llm, 1), "{}", after.page.markdown);
            assert!(!after.page.citations.is_empty());
            assert!(after.page.markdown.contains("Written by `fake-model`"), "{}", after.page.markdown);
            assert!(!after.page.markdown.contains("[["));
        } else {
            assert_eq!(&after.page, before);
        }
    }
    assert!(calls >= 2, "{:?}", pages.iter().map(|page| &page.slug).collect::<Vec<_>>());
    assert_eq!(provider.stats().requests, calls);
    assert!(provider.log().iter().all(|entry| entry.path.is_none() && entry.page.is_some()));
    let mut all: Vec<Page> = written.into_iter().map(|written| written.page).collect();
    assert_eq!(check_pages(&kb, &mut all).unwrap().problems, []);
}

#[tokio::test]
async fn a_wrong_page_is_sent_back_once_and_may_be_put_right() {
    let (_folder, kb, readings, pages) = sample(SAMPLE);
    for fault in ["nonsense", "injection", "length"] {
        let (provider, client) = provider(&[&format!("{fault}*1@rate=1")]).await;
        let slugs: Vec<String> = pages.iter().map(|page| page.slug.clone()).collect();
        let options = WriteOptions::default();
        let written = write_page(&client, &kb, &readings, overview(&pages), &slugs, &options).await.unwrap();
        assert_eq!((written.page.origin, written.calls), (Origin::Llm, 2), "{fault}");
        assert_eq!(provider.stats().requests, 2);
    }
}

#[tokio::test]
async fn after_two_wrong_pages_the_static_one_stands_with_the_reason() {
    let (_folder, kb, readings, pages) = sample(SAMPLE);
    for (fault, reason) in
        [("nonsense", "no such file"), ("injection", "no such file"), ("filter", "content filter")]
    {
        let (_provider, client) = provider(&[&format!("{fault}@rate=1")]).await;
        let options = WriteOptions { max_pages: 1, ..WriteOptions::default() };
        let written = written_pages(&client, &kb, &readings, &pages, &options).await.unwrap();
        let (before, after) =
            (overview(&pages), &written.iter().find(|page| page.page.slug == "overview").unwrap().page);
        assert_eq!((after.origin, &after.citations), (Origin::Static, &before.citations));
        assert!(
            after.markdown.contains("Static analysis stands here") && after.markdown.contains(reason),
            "{}",
            after.markdown
        );
    }
}

#[tokio::test]
async fn no_secret_leaves_the_machine_with_a_page() {
    let (_folder, kb, readings, pages) = sample(SAMPLE);
    let (provider, client) = provider(&["400@contains=0123456789abcdefgh", "400@contains=hunter2"]).await;
    written_pages(&client, &kb, &readings, &pages, &WriteOptions::default()).await.unwrap();
    assert_eq!(provider.stats().by_status.keys().copied().collect::<Vec<_>>(), [200]);
}

#[test]
fn a_page_has_another_key_when_anything_changed_that_its_writer_is_told() {
    let (_folder, kb, readings, pages) = sample(SAMPLE);
    let question = |kb: &KnowledgeBase, readings: &[FileReading], page: &Page| {
        prompt::question(kb, page, &cited(readings, page)).unwrap()
    };
    let mut seen = (0, 0);
    for changed in ["README.md", "shop/money.py", "shop/app.py"] {
        let longer: Vec<(&str, String)> = SAMPLE
            .iter()
            .map(|(path, text)| {
                (*path, if *path == changed { format!("{text}\n\n") } else { (*text).to_owned() })
            })
            .collect();
        let files: Vec<(&str, &str)> = longer.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let (_other, kb2, readings2, pages2) = sample(&files);
        for (page, page2) in pages.iter().zip(&pages2).filter(|(page, _)| wants_writing(page)) {
            assert_eq!(page.slug, page2.slug);
            let key = page_cache_key("m", PageLanguage::En, &kb, &readings, page).unwrap();
            let key2 = page_cache_key("m", PageLanguage::En, &kb2, &readings2, page2).unwrap();
            let is_told = question(&kb, &readings, page) != question(&kb2, &readings2, page2);
            assert_eq!(key != key2, is_told, "{changed} on {}", page.slug);
            *(if is_told { &mut seen.0 } else { &mut seen.1 }) += 1;
        }
    }
    assert!(seen.0 > 0 && seen.1 > 0, "{seen:?}");

    let page = overview(&pages);
    let key = |model, language, readings: &[FileReading], page: &Page| {
        page_cache_key(model, language, &kb, readings, page).unwrap()
    };
    let own = key("m", PageLanguage::En, &readings, page);
    assert_eq!(own, key("m", PageLanguage::En, &readings, page));
    assert_ne!(own, key("m2", PageLanguage::En, &readings, page));
    assert_ne!(own, key("m", PageLanguage::Zh, &readings, page));
    assert_ne!(own, key("m", PageLanguage::En, &[], page), "what is known of the files is told");
    let figures = Page { markdown: page.markdown.replace("file", "files"), ..page.clone() };
    assert_ne!(own, key("m", PageLanguage::En, &readings, &figures), "so are the figures of the static page");
}

#[test]
fn a_kept_page_that_cites_a_changed_file_does_not_hold_and_lost_links_are_dropped() {
    let (_folder, kb, _, pages) = sample(SAMPLE);
    let now = overview(&pages);
    let markdown = "# Overview\n\nSee [money](source:shop/money.py#L1) and [gone](page:modules/gone).\n";
    let mut written = vec![Page { origin: Origin::Llm, markdown: markdown.to_owned(), ..now.clone() }];
    written.push(Page { slug: "modules/gone".into(), ..written[0].clone() });
    check_pages(&kb, &mut written).unwrap();
    assert_eq!(written[0].links, ["modules/gone"]);
    let kept = KeptPage::of(&kb, written.remove(0)).unwrap();
    let kept: KeptPage = serde_json::from_value(serde_json::to_value(kept).unwrap()).unwrap();
    let slugs: Vec<String> = pages.iter().map(|page| page.slug.clone()).collect();
    let held = kept.clone().still_holds(&kb, now, &slugs).unwrap().unwrap();
    assert_eq!((held.order, held.origin, held.links.len()), (now.order, Origin::Llm, 0));
    assert!(held.markdown.contains("source:shop/money.py#L1"), "{}", held.markdown);
    let other: Vec<(&str, &str)> = SAMPLE
        .iter()
        .map(|(path, text)| (*path, if *path == "shop/money.py" { "PRICE = 1\n" } else { *text }))
        .collect();
    let (_other, kb2) = knowledge(&other);
    assert_eq!(kept.still_holds(&kb2, now, &slugs).unwrap(), None);
}
