//! The fixed words of descriptions, in each language that pages have. What is quoted stays as it is written.

use crate::document::PageLanguage::{self, En, Zh};
use crate::domain::SymbolKind;

/// What a list of names tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Fields,
    Variants,
    Columns,
    Methods,
    Extends,
    Calls,
    ExtendedBy,
    CalledBy,
    UsedBy,
    ImportedBy,
    Imports,
    ReadsSettings,
    Answers,
    DeclaresCommands,
}

impl List {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            List::Fields => ("Fields", "字段"),
            List::Variants => ("Variants", "变体"),
            List::Columns => ("Columns", "列"),
            List::Methods => ("Methods", "方法"),
            List::Extends => ("Extends", "继承"),
            List::Calls => ("Calls", "调用"),
            List::ExtendedBy => ("Extended by", "派生出"),
            List::CalledBy => ("Called by", "调用者"),
            List::UsedBy => ("Used by", "使用者"),
            List::ImportedBy => ("Imported by", "被导入于"),
            List::Imports => ("Imports", "导入"),
            List::ReadsSettings => ("Reads the settings", "读取的设置"),
            List::Answers => ("Answers", "应答"),
            List::DeclaresCommands => ("Declares the commands and options", "声明的命令和选项"),
        }
    }

    /// `Fields: a, b and 3 more.`
    pub(super) fn of(self, language: PageLanguage, shown: &[String], more: usize) -> String {
        match language {
            En => format!("{}: {}{}.", self.words().0, shown.join(", "), and_more(En, more)),
            Zh => format!("{}：{}{}。", self.words().1, shown.join("、"), and_more(Zh, more)),
        }
    }

    /// `Calls a, b and 3 more.`
    pub(super) fn sentence(self, language: PageLanguage, shown: &[String], more: usize) -> String {
        match language {
            En => format!("{} {}{}.", self.words().0, shown.join(", "), and_more(En, more)),
            Zh => self.of(Zh, shown, more),
        }
    }
}

fn and_more(language: PageLanguage, more: usize) -> String {
    match (more, language) {
        (0, _) => String::new(),
        (more, En) => format!(" and {more} more"),
        (more, Zh) => format!(" 等，另有 {more} 个"),
    }
}

/// Paragraphs or sentences after one another.
pub(super) fn joined(language: PageLanguage, sentences: &[String]) -> String {
    sentences.join(match language {
        En => " ",
        Zh => "",
    })
}

/// A symbol behind its kind.
pub(super) fn title(language: PageLanguage, kind: SymbolKind, name: &str) -> String {
    match language {
        En => {
            let word = word(kind);
            let mut chars = word.chars();
            let first = chars.next().map(|first| first.to_ascii_uppercase());
            format!("{}{} {name}", first.map(String::from).unwrap_or_default(), chars.as_str())
        }
        Zh => format!("{} {name}", word_zh(kind)),
    }
}

/// The kind in a word.
pub(super) fn word(kind: SymbolKind) -> &'static str {
    match kind {
        SymbolKind::Class => "class",
        SymbolKind::Struct => "struct",
        SymbolKind::Enum => "enum",
        SymbolKind::Interface => "interface",
        SymbolKind::Trait => "trait",
        SymbolKind::Function => "function",
        SymbolKind::Method => "method",
        SymbolKind::Module => "module",
        SymbolKind::Constant => "constant",
        SymbolKind::Variable => "variable",
        SymbolKind::Field => "field",
        SymbolKind::Type => "type",
        SymbolKind::Table => "table",
    }
}

fn word_zh(kind: SymbolKind) -> &'static str {
    match kind {
        SymbolKind::Class => "类",
        SymbolKind::Struct => "结构体",
        SymbolKind::Enum => "枚举",
        SymbolKind::Interface => "接口",
        SymbolKind::Trait => "特征",
        SymbolKind::Function => "函数",
        SymbolKind::Method => "方法",
        SymbolKind::Module => "模块",
        SymbolKind::Constant => "常量",
        SymbolKind::Variable => "变量",
        SymbolKind::Field => "字段",
        SymbolKind::Type => "类型",
        SymbolKind::Table => "表",
    }
}

/// `the classes a, b and 3 more`
pub(super) fn some_of_kind(
    language: PageLanguage,
    kind: SymbolKind,
    shown: &[String],
    more: usize,
) -> String {
    match language {
        En => {
            let plural = match (word(kind), shown.len() + more) {
                (word, 1) => format!("the {word}"),
                ("class", _) => "the classes".to_owned(),
                (word, _) => format!("the {word}s"),
            };
            format!("{plural} {}{}", shown.join(", "), and_more(En, more))
        }
        Zh => format!("{} {}{}", word_zh(kind), shown.join("、"), and_more(Zh, more)),
    }
}

pub(super) fn defines(language: PageLanguage, phrases: &[String]) -> String {
    match language {
        En => format!("Defines {}.", phrases.join("; ")),
        Zh => format!("定义了{}。", phrases.join("；")),
    }
}

pub(super) fn starts_here(language: PageLanguage, name: &str, line: u32) -> String {
    match language {
        En => format!("A program starts here ({name}, line {line})."),
        Zh => format!("程序从这里开始（{name}，第 {line} 行）。"),
    }
}

pub(super) fn not_read(language: PageLanguage) -> &'static str {
    match language {
        En => "Not read.",
        Zh => "未读取。",
    }
}

pub(super) fn empty_file(language: PageLanguage) -> &'static str {
    match language {
        En => "An empty file.",
        Zh => "空文件。",
    }
}

pub(super) fn only_imports(language: PageLanguage, shown: &[String], more: usize) -> String {
    match language {
        En => format!("Imports {}{} and defines nothing.", shown.join(", "), and_more(En, more)),
        Zh => format!("导入 {}{}，没有定义。", shown.join("、"), and_more(Zh, more)),
    }
}

pub(super) fn lines_of(language: PageLanguage, lines: u32, of: &str) -> String {
    match (language, lines) {
        (En, 1) => format!("1 line of {of}."),
        (En, lines) => format!("{lines} lines of {of}."),
        (Zh, lines) => format!("{lines} 行 {of}。"),
    }
}

pub(super) fn also_used_in(language: PageLanguage, file: &str) -> String {
    match language {
        En => format!("Also used in {file}."),
        Zh => format!("另见于 {file}。"),
    }
}

pub(super) fn also_used_in_files(language: PageLanguage, count: usize) -> String {
    match language {
        En => format!("Also used in {count} files of tests and examples."),
        Zh => format!("另有 {count} 个测试和示例文件用到。"),
    }
}

pub(super) fn only_first_parts(language: PageLanguage, told: usize, all: usize) -> String {
    match language {
        En => format!("Only the first {told} of its {all} parts are described."),
        Zh => format!("它有 {all} 个部分，只描述了前 {told} 个。"),
    }
}

pub(super) fn answer_unusable(language: PageLanguage, reason: &str) -> String {
    match language {
        En => format!("Described by static analysis, since the LLM's answer could not be used: {reason}"),
        Zh => format!("由静态分析描述，因为大模型的回答无法采用：{reason}"),
    }
}

pub(super) fn cut_at(language: PageLanguage, line: u32) -> String {
    match language {
        En => {
            format!("The file is very long: what begins after line {line} is described by static analysis.")
        }
        Zh => format!("文件很长：第 {line} 行之后开始的部分由静态分析描述。"),
    }
}
