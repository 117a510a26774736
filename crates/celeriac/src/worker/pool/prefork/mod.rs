//! The prefork pool: tasks run in processes of their own, one at a time in each.
//!
//! A child is the program itself, started again with the same arguments. It comes to
//! [`WorkerBuilder::run`](crate::WorkerBuilder::run) as its parent did, where `door` finds that its standard input is
//! a socket of the parent's: then it `serve`s tasks instead of being a worker. So a program that forgets about
//! children cannot start more and more of them: what would start a worker serves, and what never comes there is ended
//! after a while. Over the socket go `frame`s of JSON, one task at a time. The parent (`children`, `child`) keeps to
//! itself what a crash must not touch: broker, results, what follows, the events, the time limits.
//!
//! Children end with their parent: its end closes the socket, which a thread of theirs waits for. (The kernel's
//! parent-death signal is no help: it fires at the end of the thread that started the child, not of the process.)

mod child;
mod children;
mod door;
mod frame;
mod serve;

pub(crate) use child::{Child, StartError, run};
pub(crate) use children::{ChildProgram, Children};
pub(crate) use door::Door;
pub use door::{is_prefork_child, process_name};
pub(crate) use serve::serve;
