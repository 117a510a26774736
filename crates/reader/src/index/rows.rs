//! How values stand in the columns; the one place that both the writer and the reader use.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    domain::EdgeKind,
    facts::{Command, EntryPoint, FileFacts, Import, Mount, Route, Setting, Use},
};

/// The key of [`super::Counts`] in `meta`; written last.
pub(crate) const COUNTS: &str = "counts";
/// The key of [`super::RepositoryMeta`] in `meta`.
pub(crate) const REPOSITORY: &str = "repository";

/// The word that serde writes for a plain enum value.
pub(crate) fn word<T: Serialize>(value: T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// The value of a word; `None` for one that is not known.
pub(crate) fn value<T: DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}

/// JSON of a value that always has some.
pub(crate) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// What scanning told of a file beside symbols and uses.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Rest {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) imports: Vec<Import>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) settings: Vec<Setting>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) routes: Vec<Route>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) mounts: Vec<Mount>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) commands: Vec<Command>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) entry_points: Vec<EntryPoint>,
}

#[derive(Serialize)]
struct RestRef<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    imports: &'a [Import],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    settings: &'a [Setting],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    routes: &'a [Route],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    mounts: &'a [Mount],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    commands: &'a [Command],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    entry_points: &'a [EntryPoint],
}

/// The column `facts.rest`.
pub(crate) fn rest(facts: &FileFacts) -> String {
    json(&RestRef {
        imports: &facts.imports,
        settings: &facts.settings,
        routes: &facts.routes,
        mounts: &facts.mounts,
        commands: &facts.commands,
        entry_points: &facts.entry_points,
    })
}

type UseRow<'a> = (&'a str, Option<&'a str>, EdgeKind, Option<&'a str>, u32);
type OwnedUseRow = (String, Option<String>, EdgeKind, Option<String>, u32);

/// The column `facts.uses`: arrays, for a field name per use would be most of it.
pub(crate) fn uses(uses: &[Use]) -> String {
    let rows: Vec<UseRow<'_>> = uses
        .iter()
        .map(|used| {
            (used.name.as_str(), used.qualifier.as_deref(), used.kind, used.scope.as_deref(), used.line)
        })
        .collect();
    json(&rows)
}

/// The uses of the column `facts.uses`.
pub(crate) fn read_uses(column: &str) -> Result<Vec<Use>, serde_json::Error> {
    let rows: Vec<OwnedUseRow> = serde_json::from_str(column)?;
    Ok(rows
        .into_iter()
        .map(|(name, qualifier, kind, scope, line)| Use { name, qualifier, kind, scope, line })
        .collect())
}
