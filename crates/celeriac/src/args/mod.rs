//! A task is its arguments: the way from Celery's `(args, kwargs)` to a struct and back.
//!
//! Python calls a task as `add.delay(2, 3)`, `add.delay(x=2, y=3)` or mixed. [`bind()`] gives a struct its fields
//! by position, then by name, and refuses a call in the words of Python's `TypeError`. [`unbind()`] is the way
//! back: a struct with named fields becomes keyword arguments, a tuple struct positional ones.

mod any;
mod bind;
mod call;
mod error;
mod filler;
mod refusal;
mod unbind;

pub use any::AnyArguments;
pub use bind::bind;
pub(crate) use bind::bind_raw;
pub use error::ArgumentError;
pub use unbind::unbind;

use serde_json::{Map, Value};

/// Positional and keyword arguments, as they travel in a message.
pub type Arguments = (Vec<Value>, Map<String, Value>);
