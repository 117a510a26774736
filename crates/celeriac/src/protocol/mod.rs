//! Celery's wire formats as Rust values: what goes over a broker and into a result backend.
//!
//! Everything that comes from outside is parsed here, with bounds on size and depth, and past this room nothing
//! handles raw JSON of a message. Unknown headers, properties and keys are kept, so that a message that is read and
//! sent again loses nothing. The formats are those of Celery 5.6 and 5.7 with kombu's virtual transports; recorded
//! vectors of both are in `tests/vectors/`.

mod command;
mod compression;
mod control;
mod envelope;
mod error;
mod event;
mod ids;
mod message;
mod result;
mod signature;
mod time;
mod version1;

pub use command::{COMMANDS, Command, CommandKind, WordKind};
pub(crate) use compression::{content_type as compression_type, is_quick_to_read};
pub use control::{ControlReply, ControlRequest, PIDBOX_TOPIC, ReplyTo, Unfit, reply_topic};
pub use envelope::{DeliveryInfo, Envelope, MAX_BODY_BYTES, Properties};
pub use error::ProtocolError;
pub use event::{EVENT_TOPIC_PREFIX, Event};
pub use ids::{GroupId, NodeName, Priority, QueueName, TaskId};
pub use message::{Body, Embed, Headers, Message, TimeLimit};
pub use result::{ResultTuple, TaskException, TaskMeta, TaskState};
pub use signature::{Signature, SubtaskType};
pub use time::{IsoTimestamp, Timestamp};

/// A JSON object whose keys keep their order.
pub type JsonMap = serde_json::Map<String, serde_json::Value>;
