//! Rate limits: so many starts of one task per time in one worker.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use thiserror::Error;
use tokio::sync::{Notify, OwnedMutexGuard};
use tokio::time::Instant;

use crate::worker::ticket::Ticket;

/// A rate in Celery's notation: `"10/s"`, `"100/m"`, `"5/h"`, or a bare number per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// The time between two starts.
    pub interval: Duration,
}

/// A text that is no rate.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("could not convert string to float: '{0}'")]
pub struct RateError(pub String);

impl Rate {
    /// Reads a rate; 0 means that there is no limit.
    ///
    /// # Errors
    /// When the text is no number with an optional `/s`, `/m` or `/h`.
    pub fn parse(text: &str) -> Result<Option<Self>, RateError> {
        let (number, seconds) = match text.split_once('/') {
            None => (text, 1.0),
            Some((number, "s")) => (number, 1.0),
            Some((number, "m")) => (number, 60.0),
            Some((number, "h")) => (number, 3600.0),
            Some(_) => return Err(RateError(text.to_owned())),
        };
        let number = f64::from_str(number.trim()).map_err(|_| RateError(number.to_owned()))?;
        if !number.is_finite() || number < 0.0 {
            return Err(RateError(text.to_owned()));
        }
        if number == 0.0 {
            return Ok(None);
        }
        let interval =
            Duration::try_from_secs_f64(seconds / number).map_err(|_| RateError(text.to_owned()))?;
        Ok(Some(Self { interval }))
    }
}

/// Lets one start through per interval, in the order in which they ask. The rate may change while some wait.
#[derive(Debug, Default)]
pub struct TokenBucket {
    tokens: Mutex<Tokens>,
    /// The one who waits for the next token; the others stand behind it in line.
    turn: Arc<tokio::sync::Mutex<()>>,
    changed: Notify,
}

/// Stands in line for a token, until it is dropped.
pub(crate) struct Turn(Ticket<OwnedMutexGuard<()>>);

#[derive(Debug, Default)]
struct Tokens {
    rate: Option<Rate>,
    /// When the next token is there; at once if nobody has taken one yet.
    next: Option<Instant>,
}

impl Tokens {
    /// Takes a token, or says when there will be one.
    fn take(&mut self, now: Instant) -> Result<(), Instant> {
        match (self.rate, self.next) {
            (None, _) => Ok(()),
            (Some(_), Some(next)) if next > now => Err(next),
            (Some(rate), _) => {
                self.next = Some(now + rate.interval);
                Ok(())
            }
        }
    }
}

impl TokenBucket {
    /// A bucket with a rate, or without a limit.
    pub fn new(rate: Option<Rate>) -> Self {
        Self { tokens: Mutex::new(Tokens { rate, next: None }), ..Self::default() }
    }

    /// Changes the rate for those who wait, too.
    pub fn set_rate(&self, rate: Option<Rate>) {
        *self.tokens.lock() = Tokens { rate, next: None };
        self.changed.notify_waiters();
    }

    /// Is there a limit at all?
    pub fn is_limited(&self) -> bool {
        self.tokens.lock().rate.is_some()
    }

    /// Stands in line for a token.
    pub(crate) fn line_up(&self) -> Turn {
        Turn(Ticket::take(self.turn.clone().lock_owned()))
    }

    /// Waits for the token of one's turn and takes it.
    pub(crate) async fn acquire(&self, turn: Turn) {
        let _turn = turn.0.served().await;
        loop {
            let changed = self.changed.notified();
            let Err(next) = self.tokens.lock().take(Instant::now()) else { return };
            tokio::select! {
                () = tokio::time::sleep_until(next) => {}
                () = changed => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_as_celery_writes_them() {
        let interval = |text| Rate::parse(text).map(|rate| rate.map(|rate| rate.interval));
        assert_eq!(interval("10/s"), Ok(Some(Duration::from_millis(100))));
        assert_eq!(interval("30/m"), Ok(Some(Duration::from_secs(2))));
        assert_eq!(interval("1/h"), Ok(Some(Duration::from_secs(3600))));
        assert_eq!(interval("0.5"), Ok(Some(Duration::from_secs(2))));
        assert_eq!(interval("0"), Ok(None));
        assert_eq!(interval("xx"), Err(RateError("xx".into())));
        assert!(interval("-1/s").is_err() && interval("1/d").is_err() && interval("NaN").is_err());
    }

    #[test]
    fn starts_are_spread_over_the_interval() {
        let mut tokens = Tokens { rate: Rate::parse("2/s").unwrap(), next: None };
        let start = Instant::now();
        assert_eq!(tokens.take(start), Ok(()));
        assert_eq!(tokens.take(start), Err(start + Duration::from_millis(500)));
        assert_eq!(tokens.take(start + Duration::from_millis(500)), Ok(()));
        assert_eq!(tokens.take(start + Duration::from_millis(900)), Err(start + Duration::from_secs(1)));
        // Tokens do not heap up while nobody asks.
        assert_eq!(tokens.take(start + Duration::from_secs(60)), Ok(()));
        assert!(tokens.take(start + Duration::from_secs(60)).is_err());
    }

    #[tokio::test]
    async fn a_lifted_limit_frees_those_who_wait() {
        let bucket = Arc::new(TokenBucket::new(Rate::parse("1/h").unwrap()));
        bucket.acquire(bucket.line_up()).await;
        let waiting = tokio::spawn({
            let bucket = bucket.clone();
            async move { bucket.acquire(bucket.line_up()).await }
        });
        tokio::task::yield_now().await;
        bucket.set_rate(None);
        waiting.await.unwrap();
    }
}
