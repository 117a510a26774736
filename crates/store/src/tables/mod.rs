//! The SQL, a file per table: functions from a connection to values.

pub(crate) mod analyses;
pub(crate) mod answers;
pub(crate) mod events;
pub(crate) mod pages;
pub(crate) mod readings;
pub(crate) mod results;
pub(crate) mod uploads;

use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{LlmUsage, ResultId};

/// A column whose text is a word or an id.
fn word<T: FromStr<Err: Display>>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    text.parse().map_err(|error: T::Err| unreadable(column, &error))
}

/// As [`word`], for a column that may be NULL.
fn optional_word<T: FromStr<Err: Display>>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| text.parse().map_err(|error: T::Err| unreadable(column, &error))).transpose()
}

/// A column of JSON.
fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| unreadable(column, &error))
}

/// As [`json`], for a column that may be NULL.
fn optional_json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| serde_json::from_str(&text).map_err(|error| unreadable(column, &error))).transpose()
}

/// A column of microseconds since 1970 that may be NULL.
fn optional_time(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    let microseconds: Option<i64> = row.get(column)?;
    microseconds
        .map(|number| Timestamp::from_microsecond(number).map_err(|error| unreadable(column, &error)))
        .transpose()
}

/// A column of microseconds since 1970.
fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    optional_time(row, column)?.ok_or_else(|| unreadable(column, &"no time"))
}

/// The sum of what a query of one column `usage` finds for a result.
fn sum_of_usage(db: &Connection, query: &str, result: &ResultId) -> rusqlite::Result<LlmUsage> {
    let mut sum = LlmUsage::default();
    for usage in
        db.prepare_cached(query)?.query_map([result.as_str()], |row| json::<LlmUsage>(row, "usage"))?
    {
        sum += usage?;
    }
    Ok(sum)
}

fn now() -> i64 {
    Timestamp::now().as_microsecond()
}

/// The JSON of a value of ours.
fn to_json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn unreadable(column: &str, error: &impl Display) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, format!("{column}: {error}").into())
}
