//! The limits, checked by the plainest means: a list of what came in the last minute.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::Limits;

/// Who came in the last minute, and who is being answered.
#[derive(Debug)]
pub(crate) struct Limiter {
    limits: Limits,
    minute: Duration,
    recent: VecDeque<(Instant, u64)>,
    tokens: u64,
    in_flight: usize,
    /// The most that a window ever held.
    pub peak_requests: u64,
    /// The most that a window ever held.
    pub peak_tokens: u64,
    /// The most at once.
    pub peak_in_flight: usize,
}

/// Why a request is refused, and when it may come again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub limit: &'static str,
    pub retry_after: Duration,
}

impl Limiter {
    pub fn new(limits: Limits, time_scale: f64) -> Self {
        Self {
            limits,
            minute: Duration::from_secs_f64(60.0 / time_scale),
            recent: VecDeque::new(),
            tokens: 0,
            in_flight: 0,
            peak_requests: 0,
            peak_tokens: 0,
            peak_in_flight: 0,
        }
    }

    /// Counts the request and its tokens, or refuses it uncounted.
    pub fn enter(&mut self, now: Instant, tokens: u64) -> Result<(), Refusal> {
        self.expire(now);
        if self.limits.max_concurrent.is_some_and(|max| self.in_flight >= max) {
            return Err(Refusal { limit: "concurrency", retry_after: self.minute / 60 });
        }
        let requests = self.recent.len() as u64;
        if self.limits.requests_per_minute.is_some_and(|max| requests >= max) {
            let oldest = self.recent.front().map_or(now, |(at, _)| *at);
            return Err(Refusal { limit: "requests per minute", retry_after: self.until_gone(oldest, now) });
        }
        if let Some(max) = self.limits.tokens_per_minute.filter(|max| self.tokens + tokens > *max) {
            let mut left = self.tokens + tokens;
            let freed = self.recent.iter().find(|(_, tokens)| {
                left -= tokens;
                left <= max
            });
            let wait = freed.map_or(self.minute, |(at, _)| self.until_gone(*at, now));
            return Err(Refusal { limit: "tokens per minute", retry_after: wait });
        }
        self.recent.push_back((now, tokens));
        self.tokens += tokens;
        self.in_flight += 1;
        self.peak_requests = self.peak_requests.max(requests + 1);
        self.peak_tokens = self.peak_tokens.max(self.tokens);
        self.peak_in_flight = self.peak_in_flight.max(self.in_flight);
        Ok(())
    }

    /// The request has been answered.
    pub fn leave(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    fn expire(&mut self, now: Instant) {
        while let Some((at, tokens)) = self.recent.front().copied() {
            if at + self.minute > now {
                break;
            }
            self.recent.pop_front();
            self.tokens -= tokens;
        }
    }

    fn until_gone(&self, at: Instant, now: Instant) -> Duration {
        (at + self.minute).saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_over_a_limit_and_says_when_to_come_again() {
        let limits =
            Limits { requests_per_minute: Some(2), tokens_per_minute: Some(100), max_concurrent: None };
        let mut limiter = Limiter::new(limits, 60.0);
        let start = Instant::now();
        let later = |ms| start + Duration::from_millis(ms);
        limiter.enter(start, 60).unwrap();
        let refused = limiter.enter(later(100), 60).unwrap_err();
        assert_eq!(refused, Refusal { limit: "tokens per minute", retry_after: Duration::from_millis(900) });
        limiter.enter(later(200), 40).unwrap();
        assert_eq!(limiter.enter(later(300), 0).unwrap_err().limit, "requests per minute");
        limiter.enter(later(1000), 60).unwrap();
        assert_eq!((limiter.peak_requests, limiter.peak_tokens), (2, 100));
    }

    #[test]
    fn refuses_more_at_once_than_allowed() {
        let mut limiter = Limiter::new(Limits { max_concurrent: Some(1), ..Limits::default() }, 1.0);
        limiter.enter(Instant::now(), 1).unwrap();
        assert_eq!(limiter.enter(Instant::now(), 1).unwrap_err().limit, "concurrency");
        limiter.leave();
        limiter.enter(Instant::now(), 1).unwrap();
    }
}
