//! How long the work on one file may take.

use std::time::{Duration, Instant};

/// An end of work by the processor time of the thread that asks. By the clock alone a large file would be cut on a busy
/// machine and not on an idle one: what is found must not depend on that.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    /// It cannot come sooner, and costs less to look at.
    by_clock: Instant,
    by_work: Duration,
}

impl Deadline {
    /// When this thread has worked for so long from now on.
    pub(super) fn after(limit: Duration) -> Self {
        Self { by_clock: Instant::now() + limit, by_work: worked() + limit }
    }

    pub(super) fn is_over(self) -> bool {
        let now = Instant::now();
        now > self.by_clock && (cfg!(not(target_os = "linux")) || worked() > self.by_work)
    }

    /// The later of both.
    pub(super) fn or_later(self, other: Self) -> Self {
        Self { by_clock: self.by_clock.max(other.by_clock), by_work: self.by_work.max(other.by_work) }
    }
}

#[cfg(target_os = "linux")]
fn worked() -> Duration {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::{TimeVal, TimeValLike};
    let microseconds = |time: TimeVal| u64::try_from(time.num_microseconds()).unwrap_or_default();
    // Linux never refuses this; if it did, the deadline would never come.
    getrusage(UsageWho::RUSAGE_THREAD).map_or(Duration::ZERO, |usage| {
        Duration::from_micros(microseconds(usage.user_time()) + microseconds(usage.system_time()))
    })
}

/// Where threads are not told what they worked, the clock has to do.
#[cfg(not(target_os = "linux"))]
fn worked() -> Duration {
    Duration::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn time_in_which_others_work_does_not_count() {
        let limit = Duration::from_millis(30);
        let deadline = Deadline::after(limit);
        std::thread::sleep(limit * 3);
        assert!(!deadline.is_over());
        let begun = worked();
        while worked() <= begun + limit {}
        assert!(deadline.is_over());
    }
}
