//! Trying again what may pass.

use std::time::{Duration, Instant};

use rand::RngExt;

use super::Inner;
use crate::{LlmError, Retries};

impl Inner {
    /// Repeats the call until it succeeds, fails for good, or the attempts are used up. A 429 waits
    /// in the governor, which it has paused, and, if it says when to come back, uses up time and no attempt;
    /// everything else waits here.
    pub(super) async fn with_retries<T, F>(&self, purpose: &str, call: impl Fn() -> F) -> Result<T, LlmError>
    where
        F: Future<Output = Result<T, LlmError>>,
    {
        let retries = &self.settings.retries;
        let begun = Instant::now();
        let (mut attempt, mut told_to_wait) = (1, 0);
        loop {
            let error = match call().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if let LlmError::RateLimited { retry_after: Some(wait), .. } = error
                && begun.elapsed() + wait < retries.patience
            {
                told_to_wait += 1;
                tracing::warn!(target: "llm", "{purpose} was answered 429 {told_to_wait} times, next in {:.1} s", wait.as_secs_f64());
                // "At once", again and again, is no answer to rely on.
                tokio::time::sleep(retries.base.saturating_sub(wait)).await;
                continue;
            }
            if !error.may_pass() || attempt >= retries.max_attempts {
                return Err(error.after_attempts(attempt + told_to_wait));
            }
            let wait = match error {
                LlmError::RateLimited { .. } => Duration::ZERO,
                _ => backoff(retries, attempt),
            };
            tracing::warn!(
                target: "llm",
                "attempt {attempt} of {} for {purpose} failed, next in {:.1} s: {error}",
                retries.max_attempts,
                wait.as_secs_f64(),
            );
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }
}

/// Twice as long each time, less a random half, so that those who failed together do not return together.
fn backoff(retries: &Retries, attempt: u32) -> Duration {
    let full = retries.base.saturating_mul(1 << (attempt - 1).min(16)).min(retries.cap);
    full.mul_f64(rand::rng().random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_its_cap() {
        let retries = Retries::default();
        for attempt in 1..60 {
            let wait = backoff(&retries, attempt);
            let full = retries.base.saturating_mul(1 << (attempt - 1).min(16)).min(retries.cap);
            assert!(wait >= full / 2 && wait <= full, "{attempt}: {wait:?}");
        }
    }
}
