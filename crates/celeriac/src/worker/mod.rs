//! The worker: takes messages from the broker and runs their tasks.
//!
//! `consumer` takes messages as there is room, `strategy` decides what each is good for and when its turn is,
//! `execute` runs it in a place of the `pool`, `finished` is what is left to do then, and `flusher` does that for many
//! at a time. `pace` lets it hold more while tasks are over in no time. `lease` keeps what the worker holds and brings back what dead workers held; `broadcasts` hears what is sent to
//! everybody; `control` answers remote control; `heartbeat` says that the worker is there. `run` starts and ends them all.
//!
//! A message is settled only after its result is stored and what follows it is sent: whenever the worker dies, the
//! message is delivered again.

mod autoscale;
mod broadcasts;
mod chord;
mod consumer;
mod control;
mod declared;
mod dump;
mod errback;
mod execute;
pub(crate) mod finished;
mod flusher;
mod heartbeat;
mod held;
mod lease;
mod pace;
mod pool;
mod rate;
mod revoked;
mod run;
mod settings;
mod shared;
mod shutdown;
mod signals;
mod soft;
mod statedb;
mod strategy;
mod ticket;
mod unreadable;

pub use pool::PoolKind;
pub use pool::prefork::{is_prefork_child, process_name};
pub use settings::WorkerBuilder;
pub use shutdown::Shutdown;
pub use signals::{Signals, restart};
