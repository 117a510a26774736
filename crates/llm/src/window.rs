//! The sliding window, without clock, lock or wait: what was let through when, and what fits now.
//!
//! Times are [`Duration`]s since an epoch of the caller's choice. A request is *admitted* at one
//! moment and *sent* at a later one, and the provider sees it at about the second; so it counts from
//! its admission on, without end while it is not yet sent, and until a window's length after it was
//! sent. That way no window holds too much whichever of the two moments one looks at.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// What a window may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowLimits {
    /// Requests that have not ended.
    pub max_concurrent: usize,
    /// Requests in a window.
    pub requests: u64,
    /// Tokens in a window.
    pub tokens: u64,
    /// The window's length.
    pub length: Duration,
}

/// A request that was let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Whether a request may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Now; it is counted.
    Granted(Ticket),
    /// Not before this moment, unless something is given back earlier.
    NotBefore(Duration),
    /// When a request that is under way has been sent or has ended.
    WhenReleased,
    /// Never: it needs more tokens than a window may hold.
    TooLarge,
}

/// A request under way.
#[derive(Debug)]
struct Flight {
    tokens: u64,
    /// Its place among `past`, once it has been sent.
    sent: Option<Moment>,
}

/// When, and a number that tells apart what happened at the same time.
type Moment = (Duration, u64);

/// What counts until a window's length after its moment.
#[derive(Debug, Clone, Copy)]
struct Past {
    requests: u64,
    tokens: u64,
}

/// Requests and tokens of the last window.
#[derive(Debug)]
pub struct Window {
    limits: WindowLimits,
    /// Admitted and not yet ended.
    flights: HashMap<Ticket, Flight>,
    /// Sent, and overruns, by moment; expired ones are removed when the window is next asked.
    past: BTreeMap<Moment, Past>,
    /// Sums over `past` and over the flights that were not sent.
    requests: u64,
    tokens: u64,
    /// Nothing is admitted before.
    paused_until: Duration,
    next: u64,
}

impl Window {
    /// An empty window.
    pub fn new(limits: WindowLimits) -> Self {
        Self {
            limits,
            flights: HashMap::new(),
            past: BTreeMap::new(),
            requests: 0,
            tokens: 0,
            paused_until: Duration::ZERO,
            next: 0,
        }
    }

    /// Lets a request with this many tokens through, or says when to ask again.
    pub fn admit(&mut self, now: Duration, tokens: u64) -> Admission {
        if tokens > self.limits.tokens || self.limits.requests == 0 || self.limits.max_concurrent == 0 {
            return Admission::TooLarge;
        }
        self.expire(now);
        if self.flights.len() >= self.limits.max_concurrent {
            return Admission::WhenReleased;
        }
        if now < self.paused_until {
            return Admission::NotBefore(self.paused_until);
        }
        if self.fits(self.requests, self.tokens, tokens) {
            let ticket = Ticket(self.number());
            self.flights.insert(ticket, Flight { tokens, sent: None });
            self.requests += 1;
            self.tokens += tokens;
            return Admission::Granted(ticket);
        }
        self.room_for(tokens).map_or(Admission::WhenReleased, Admission::NotBefore)
    }

    /// The request has left; its time in the window runs from here.
    pub fn sent(&mut self, now: Duration, ticket: Ticket) {
        let number = self.number();
        let Some(flight) = self.flights.get_mut(&ticket) else { return };
        let moment = (now, number);
        if let Some(earlier) = flight.sent.replace(moment) {
            // A body that was written twice: the later moment counts.
            if let Some(past) = self.past.remove(&earlier) {
                self.past.insert(moment, past);
                return;
            }
            self.requests += 1;
            self.tokens += flight.tokens;
        }
        self.past.insert(moment, Past { requests: 1, tokens: flight.tokens });
    }

    /// The request has ended and used this many tokens: what was reserved beyond is given back, an
    /// overrun counts from now.
    pub fn settle(&mut self, now: Duration, ticket: Ticket, used: u64) {
        self.end(now, ticket, Some(used));
    }

    /// The request has ended and nobody knows what it used: what was reserved stays counted.
    pub fn release(&mut self, now: Duration, ticket: Ticket) {
        self.end(now, ticket, None);
    }

    /// Admits nothing until then.
    pub fn pause(&mut self, until: Duration) {
        self.paused_until = self.paused_until.max(until);
    }

    /// Requests under way.
    pub fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// Requests and tokens that count now.
    pub fn load(&mut self, now: Duration) -> (u64, u64) {
        self.expire(now);
        (self.requests, self.tokens)
    }

    fn end(&mut self, now: Duration, ticket: Ticket, used: Option<u64>) {
        // What was never marked as sent may have left at any moment up to now.
        if self.flights.get(&ticket).is_some_and(|flight| flight.sent.is_none()) {
            self.sent(now, ticket);
        }
        let Some(flight) = self.flights.remove(&ticket) else { return };
        let Some(used) = used else { return };
        if used > flight.tokens {
            let overrun = used - flight.tokens;
            let moment = (now, self.number());
            self.past.insert(moment, Past { requests: 0, tokens: overrun });
            self.tokens = self.tokens.saturating_add(overrun);
        } else if let Some(past) = flight.sent.and_then(|moment| self.past.get_mut(&moment)) {
            past.tokens = used;
            self.tokens -= flight.tokens - used;
        }
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn fits(&self, requests: u64, tokens: u64, more: u64) -> bool {
        requests < self.limits.requests && tokens.saturating_add(more) <= self.limits.tokens
    }

    /// The moment at which enough of the past has expired, if that alone makes room.
    fn room_for(&self, more: u64) -> Option<Duration> {
        let (mut requests, mut tokens) = (self.requests, self.tokens);
        self.past.iter().find_map(|((at, _), past)| {
            requests -= past.requests;
            tokens = tokens.saturating_sub(past.tokens);
            self.fits(requests, tokens, more).then(|| *at + self.limits.length)
        })
    }

    /// Forgets what lies a window's length back.
    fn expire(&mut self, now: Duration) {
        while let Some(first) = self.past.first_entry() {
            if first.key().0 + self.limits.length > now {
                break;
            }
            let past = first.remove();
            self.requests -= past.requests;
            self.tokens = self.tokens.saturating_sub(past.tokens);
        }
    }
}

#[cfg(test)]
mod tests;
