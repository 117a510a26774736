//! Configuration: environment variables and settings that the source reads.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::super::markdown::code;
use super::super::text::Key;
use super::book::{Book, CONFIGURATION};
use super::constants::Constants;
use super::interfaces::in_tests;
use crate::domain::{Language, Page};
use crate::secrets;

const MOST_SETTINGS: usize = 300;
const MOST_PLACES: usize = 4;

/// One setting with all places at which it is read.
pub(super) struct Setting {
    pub(super) name: String,
    pub(super) defaults: Vec<String>,
    pub(super) places: Vec<(usize, u32)>,
}

/// The settings of the source, by name.
pub(super) fn settings(book: &Book<'_>) -> Vec<Setting> {
    let survey = book.survey;
    let constants = Constants::of(survey);
    let mut found: BTreeMap<String, Setting> = BTreeMap::new();
    for (at, facts) in survey.files.iter().enumerate().filter(|(at, _)| survey.is_source(*at)) {
        // A number is an argument of a shell script, a small letter makes a variable of its own.
        let is_shell = facts.file.language == Some(Language::Bash);
        let is_name = |name: &str| {
            let is_number = name.chars().all(|c| c.is_ascii_digit());
            !is_number && (!is_shell || !name.contains(char::is_lowercase))
        };
        for setting in facts
            .settings
            .iter()
            .filter(|setting| is_name(&setting.name) && !in_tests(survey, at, setting.line))
        {
            // `<NAME>` may be a constant, whose text is known.
            let variable = setting.name.strip_prefix('<').and_then(|name| name.strip_suffix('>'));
            let text = variable.and_then(|name| constants.text(survey, name, at));
            let name = text.unwrap_or(&setting.name).to_owned();
            let entry = found.entry(name.clone()).or_insert_with(|| Setting {
                name,
                defaults: Vec::new(),
                places: Vec::new(),
            });
            entry.places.push((at, setting.line));
            if let Some(default) =
                setting.default.as_ref().filter(|default| !entry.defaults.contains(default))
            {
                entry.defaults.push(default.clone());
            }
        }
    }
    let mut settings: Vec<Setting> = found.into_values().collect();
    // Names that are known only at run time come last.
    settings.sort_by_key(|setting| setting.name.starts_with('<'));
    for setting in &mut settings {
        setting.places.dedup();
    }
    settings
}

pub(super) fn page(book: &Book<'_>) -> Option<Page> {
    let settings = settings(book);
    if settings.is_empty() {
        return None;
    }
    let title = book.word(Key::TitleConfiguration);
    let all = book.count(settings.len(), Key::NounSetting);
    let mut writer = book.begin(&title, Some(&all));
    writer.paragraph(&format!("{} {}", book.say(Key::ConfigIntro, &[&all]), book.word(Key::TestsLeftOut)));
    let mut rows: Vec<Vec<String>> = settings
        .iter()
        .take(MOST_SETTINGS)
        .map(|setting| {
            let defaults: Vec<String> =
                setting.defaults.iter().take(3).map(|default| code(&shown(&setting.name, default))).collect();
            let mut places: Vec<String> =
                setting.places.iter().take(MOST_PLACES).map(|(at, line)| book.line(*at, *line)).collect();
            if setting.places.len() > MOST_PLACES {
                places.push(book.say(Key::More, &[&(setting.places.len() - MOST_PLACES).to_string()]));
            }
            vec![code(&setting.name), defaults.join(", "), places.join(", ")]
        })
        .collect();
    if settings.len() > MOST_SETTINGS {
        rows.push(vec![book.say(Key::More, &[&(settings.len() - MOST_SETTINGS).to_string()])]);
    }
    writer.table(&[&book.word(Key::ColName), &book.word(Key::ColDefault), &book.word(Key::ColWhere)], &rows);
    Some(book.page(CONFIGURATION, &title, None, 6, writer))
}

/// A default as it may be shown: with its name beside it, a secret is known.
fn shown<'a>(name: &str, default: &'a str) -> Cow<'a, str> {
    match secrets::mask(&format!("{name}={default}")) {
        Cow::Owned(_) => secrets::MASK.into(),
        Cow::Borrowed(_) => default.into(),
    }
}
