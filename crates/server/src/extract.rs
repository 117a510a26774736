//! Extractors whose refusals are problem documents, as all other errors are.

use axum::extract::{FromRequestParts, path, rejection};
use axum::http::request::Parts;
use reader::document::grouped;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// The parameters in the path.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

/// The parameters after the `?`.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

/// How many entries a list gives at most: what was asked for, which may be 1 to `most`, or else `usual`.
pub fn limit(asked: Option<usize>, usual: usize, most: usize) -> Result<usize, Problem> {
    match asked {
        Some(asked) if !(1..=most).contains(&asked) => Err(Problem::bad_request(format!(
            "limit is {asked}, and 1 to {} can be had",
            grouped(most as u64)
        ))
        .hint("ask again with `next` as the cursor for more")),
        asked => Ok(asked.unwrap_or(usual)),
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value)).map_err(|rejection| match rejection {
            rejection::PathRejection::FailedToDeserializePathParams(ref failed)
                if matches!(failed.kind(), path::ErrorKind::InvalidUtf8InPathParam { .. }) =>
            {
                Problem::bad_request("the path is not UTF-8").hint("percent-encode it as UTF-8")
            }
            other => Problem::bad_request(other.body_text()),
        })
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::from_request_parts(parts, state).await;
        query.map(|axum::extract::Query(value)| Self(value)).map_err(|rejection| {
            let text = rejection.body_text();
            let why = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
            Problem::bad_request(format!("a parameter cannot be read: {why}"))
                .hint("/docs lists the parameters and their values")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_out_of_bounds_is_told_and_not_bent() {
        assert_eq!(limit(None, 50, 1_000).unwrap(), 50);
        assert_eq!(limit(Some(1), 50, 1_000).unwrap(), 1);
        assert_eq!(limit(Some(1_000), 50, 1_000).unwrap(), 1_000);
        for wrong in [0, 1_001, usize::MAX] {
            let problem = limit(Some(wrong), 50, 1_000).unwrap_err();
            assert_eq!(problem.status, 400);
            assert!(problem.detail.contains(&wrong.to_string()), "{}", problem.detail);
            assert!(problem.detail.contains("1 to 1,000"), "{}", problem.detail);
        }
    }
}
