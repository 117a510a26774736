use std::sync::atomic::AtomicBool;

use super::*;
use crate::document::PageLanguage;
use crate::domain::{Item, ItemKind, Origin};
use crate::index::{KnowledgeBaseWriter, RepositoryMeta};
use crate::knowledge::KnowledgeBase;
use crate::scan::{ScanOptions, scan};

/// A knowledge base of these files, and the folder that keeps it.
pub(crate) fn knowledge(files: &[(&str, &str)]) -> (tempfile::TempDir, KnowledgeBase) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("repository");
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let target = folder.path().join("knowledge.db");
    let mut writer = KnowledgeBaseWriter::create(
        &target,
        RepositoryMeta { name: "sample".into(), ..RepositoryMeta::default() },
    )
    .unwrap();
    scan(&root, &ScanOptions::default(), &mut writer, &|_| {}, &AtomicBool::new(false)).unwrap();
    writer.finish(&|_| {}).unwrap();
    let kb = KnowledgeBase::open(&target).unwrap();
    (folder, kb)
}

pub(crate) const SHOP: &str = r#""""Orders and what they cost. More follows.

A second paragraph."""
from dataclasses import dataclass
from shop.money import rounded

API_KEY = "sk_live_0123456789abcdefgh"


@dataclass
class Line:
    """One thing on an order."""
    name: str
    price: int


class Order:
    """What a customer wants."""

    def __init__(self):
        self.lines = []

    def total(self, tax: float = 0.2) -> int:
        """The price of all lines, with tax."""
        return rounded(sum(line.price for line in self.lines) * (1 + tax))

    def _check(self):
        pass


def load(path):
    def inner():
        pass
    password = "hunter2-again"
    return Order()
"#;

pub(crate) const SAMPLE: &[(&str, &str)] = &[
    ("shop/__init__.py", ""),
    ("shop/orders.py", SHOP),
    ("shop/money.py", "def rounded(value):\n    return int(value)\n"),
    (
        "shop/app.py",
        "from shop.orders import load\n\n\ndef main():\n    load('x')\n\n\nif __name__ == '__main__':\n    main()\n",
    ),
    (
        "tests/test_orders.py",
        "from shop.orders import Order\n\n\ndef test_total():\n    assert Order().total() == 0\n",
    ),
    ("README.md", "# The shop\n\nSells things.\n"),
];

fn item<'a>(reading: &'a crate::FileReading, name: &str) -> &'a Item {
    reading.items.iter().find(|item| item.name == name).unwrap_or_else(|| panic!("no {name} in {reading:#?}"))
}

#[test]
fn a_file_is_described_by_its_own_words_and_facts() {
    let (_folder, kb) = knowledge(SAMPLE);
    let reading = read_static(&kb, "shop/orders.py", PageLanguage::En).unwrap();
    assert_eq!(reading.summary, "Orders and what they cost.");
    assert_eq!((reading.origin, reading.note.as_deref()), (Origin::Static, None));
    assert_eq!(reading.dependencies, ["shop/money.py"]);
    let names: Vec<(&str, ItemKind)> =
        reading.items.iter().map(|item| (item.name.as_str(), item.kind)).collect();
    assert_eq!(
        names,
        [
            ("shop/orders.py", ItemKind::File),
            ("Line", ItemKind::DataModel),
            ("Order", ItemKind::Class),
            ("Order.total", ItemKind::Function),
            ("load", ItemKind::Function),
        ]
    );
    let total = item(&reading, "Order.total");
    assert_eq!(total.title, "Method Order.total");
    assert!(total.description.starts_with("The price of all lines, with tax.\n\n"), "{}", total.description);
    assert!(total.code.starts_with("    def total(self"), "{}", total.code);
    assert!(item(&reading, "Line").description.contains("Fields: `name`, `price`."));
}

#[test]
fn secrets_are_masked_in_code() {
    let (_folder, kb) = knowledge(SAMPLE);
    let reading = read_static(&kb, "shop/orders.py", PageLanguage::En).unwrap();
    let all = serde_json::to_string(&reading).unwrap();
    assert!(!all.contains("0123456789abcdefgh") && !all.contains("hunter2"), "{all}");
    assert!(item(&reading, "load").code.contains("password = \"********\""));
}

#[test]
fn files_without_documentation_are_summed_up_by_what_they_hold() {
    let (_folder, kb) = knowledge(SAMPLE);
    let summary = |path: &str| read_static(&kb, path, PageLanguage::En).unwrap().summary;
    assert_eq!(summary("shop/money.py"), "Defines the function `rounded`.");
    assert_eq!(summary("README.md"), "The shop");
    assert_eq!(summary("shop/__init__.py"), "An empty file.");
    assert!(summary("shop/app.py").starts_with("A program starts here"), "{}", summary("shop/app.py"));
    assert!(read_static(&kb, "shop/__init__.py", PageLanguage::En).unwrap().items.is_empty());
}

#[test]
fn a_file_of_very_many_parts_tells_how_many_there_are() {
    let text: String = (0..1_000).map(|n| format!("def f{n}(): pass\n")).collect();
    let (_folder, kb) = knowledge(&[("many.py", text.as_str())]);
    let reading = read_static(&kb, "many.py", PageLanguage::En).unwrap();
    assert!(reading.summary.contains("and 996 more"), "{}", reading.summary);
    assert_eq!(reading.items.len(), 1 + 400);
    let whole = &item(&reading, "many.py").description;
    assert!(whole.contains("Only the first 400 of its 1000 parts"), "{whole}");
}

#[test]
fn the_words_between_are_in_the_language_that_is_asked_for() {
    let (_folder, kb) = knowledge(SAMPLE);
    let read = |path: &str| read_static(&kb, path, PageLanguage::Zh).unwrap();
    assert_eq!(read("shop/money.py").summary, "定义了函数 `rounded`。");
    assert_eq!(read("shop/__init__.py").summary, "空文件。");
    let reading = read("shop/orders.py");
    assert_eq!(reading.summary, "Orders and what they cost.", "what is quoted stays");
    assert_eq!(item(&reading, "Order.total").title, "方法 Order.total");
    assert!(item(&reading, "Line").description.contains("字段：`name`、`price`。"));
    assert!(item(&reading, "shop/orders.py").description.contains("导入：`shop/money.py`。"));
}

#[test]
fn a_file_that_does_not_exist_is_named() {
    let (_folder, kb) = knowledge(SAMPLE);
    let error = read_static(&kb, "shop/none.py", PageLanguage::En).unwrap_err();
    assert!(matches!(&error, AnalyzeError::NoSuchFile { path } if path == "shop/none.py"), "{error}");
}
