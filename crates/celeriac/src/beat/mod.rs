//! Beat: tasks that are sent by the clock.
//!
//! Any number of beats may run for one broker; one of them leads, by a lease that it renews, and the others wait to take
//! over. A tick is sent in the same commit that notes it down as the entry's last one, and only if nobody noted it
//! before: a leader that is killed at any moment neither loses a tick nor sends one twice.
//!
//! ```no_run
//! use std::time::Duration;
//! use celeriac::{App, Schedule, Shutdown, Signature};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let app = App::open("sqlite://queue.db").await?;
//! app.beat()
//!     .entry("poll", Schedule::every(Duration::from_secs(30)), Signature::new("tasks.poll"))
//!     .entry("report", Schedule::crontab("0 7 * * mon-fri")?, Signature::new("tasks.report").args(["daily"]))
//!     .run(Shutdown::new())
//!     .await?;
//! # Ok(())
//! # }
//! ```

#[cfg(test)]
pub(crate) mod conformance;
mod crontab;
mod run;
mod schedule;
mod store;

pub use crontab::{Crontab, CrontabError};
pub use run::BeatBuilder;
pub use schedule::Schedule;
pub use store::{Tick, TickStore};
