//! A message in the worker's hands, from its delivery until it is settled.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::{Notify, OwnedSemaphorePermit};

use crate::broker::{Delivery, DeliveryTag, MAX_DEATHS, Settlement};
use crate::cancellation::{CancelReason, Cancellation};
use crate::protocol::{Message, NodeName, QueueName, TaskId, Timestamp};
use crate::repr;

/// The signal that ends a process unless another one is asked for.
const SIGTERM: i32 = 15;

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Stage {
    /// Waits for its time.
    Scheduled = 0,
    /// Waits for a place.
    Reserved = 1,
    /// Runs.
    Active = 2,
    /// Has ended; its result is being stored.
    Finished = 3,
}

/// One message that the worker holds.
#[derive(Debug)]
pub(crate) struct Held {
    /// Names it within the worker; ids of tasks may come twice.
    pub(crate) number: u64,
    pub(crate) message: Arc<Message>,
    pub(crate) queue: QueueName,
    pub(crate) tag: DeliveryTag,
    pub(crate) is_redelivered: bool,
    /// How many processes it has killed before.
    pub(crate) deaths: u32,
    pub(crate) cancellation: Arc<Cancellation>,
    /// Taken when the message is settled.
    delivery: Mutex<Option<Delivery>>,
    stage: AtomicU8,
    /// Bits of the moment when it began to run, seconds since 1970; 0 before.
    started: AtomicU64,
    /// The process in which it runs.
    pid: AtomicU32,
    /// Was it acknowledged before its run?
    acknowledged: AtomicBool,
    /// The signal by which it was asked to end, if it was terminated.
    pub(crate) signal: AtomicI32,
    /// Tells a message that waits for a place that it is to go back to its queue.
    pub(crate) give_back: Notify,
    /// Has somebody else got the message?
    pub(crate) lost: AtomicBool,
    /// Keeps others from their last chance until this one is settled, if it runs for the last time.
    last_chance: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Held {
    pub(crate) fn new(number: u64, delivery: Delivery) -> Self {
        Self {
            number,
            message: delivery.shared_message(),
            queue: delivery.queue().clone(),
            tag: delivery.tag().clone(),
            is_redelivered: delivery.is_redelivered(),
            deaths: delivery.deaths(),
            cancellation: Arc::default(),
            delivery: Mutex::new(Some(delivery)),
            stage: AtomicU8::new(Stage::Reserved as u8),
            started: AtomicU64::new(0),
            pid: AtomicU32::new(std::process::id()),
            acknowledged: AtomicBool::new(false),
            signal: AtomicI32::new(SIGTERM),
            give_back: Notify::new(),
            lost: AtomicBool::new(false),
            last_chance: Mutex::new(None),
        }
    }

    pub(crate) fn id(&self) -> &TaskId {
        &self.message.headers.id
    }

    pub(crate) fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Relaxed) {
            0 => Stage::Scheduled,
            1 => Stage::Reserved,
            2 => Stage::Active,
            _ => Stage::Finished,
        }
    }

    pub(crate) fn set_stage(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Relaxed);
    }

    pub(crate) fn set_started(&self, pid: u32) {
        self.set_pid(pid);
        self.started.store(Timestamp::now().unix_seconds().to_bits(), Ordering::Relaxed);
        self.set_stage(Stage::Active);
    }

    pub(crate) fn set_pid(&self, pid: u32) {
        self.pid.store(pid, Ordering::Relaxed);
    }

    /// Seconds since the run began.
    pub(crate) fn runtime(&self) -> Option<f64> {
        let started = f64::from_bits(self.started.load(Ordering::Relaxed));
        (started != 0.0).then(|| (Timestamp::now().unix_seconds() - started).max(0.0))
    }

    /// The process in which it runs, or else this one.
    pub(crate) fn pid(&self) -> u32 {
        self.pid.load(Ordering::Relaxed)
    }

    /// Tells the run that its soft limit has passed.
    pub(crate) fn exceed_soft_limit(&self, limit: Duration) {
        tracing::warn!(
            target: "celery.worker",
            "Soft time limit ({}s) exceeded for {}[{}]", limit.as_secs_f64(), self.message.headers.task, self.id(),
        );
        self.cancellation.cancel(CancelReason::SoftTimeLimit);
    }

    /// Ends the delivery; nothing if it was settled before.
    pub(crate) fn settle(&self, how: impl FnOnce(Delivery) -> Settlement) -> Option<Settlement> {
        self.delivery.lock().take().map(how)
    }

    /// Ends the delivery before the run.
    pub(crate) fn acknowledge_early(&self) -> Option<Settlement> {
        self.acknowledged.store(true, Ordering::Relaxed);
        self.settle(Delivery::ack)
    }

    pub(crate) fn is_acknowledged(&self) -> bool {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Would another death of its worker make a dead letter of it?
    pub(crate) fn has_last_chance(&self) -> bool {
        self.deaths + 1 >= MAX_DEATHS
    }

    /// Has the permit for last chances until it is settled.
    pub(crate) fn take_last_chance(&self, permit: OwnedSemaphorePermit) {
        *self.last_chance.lock() = Some(permit);
    }

    /// Is the message still this worker's to keep?
    pub(crate) fn needs_lease(&self) -> bool {
        !self.is_acknowledged() && !self.lost.load(Ordering::Relaxed)
    }

    /// What `active`, `reserved` and `query_task` tell of it.
    pub(crate) fn info(&self, node: &NodeName, safe: bool) -> Value {
        let headers = &self.message.headers;
        let started = f64::from_bits(self.started.load(Ordering::Relaxed));
        let body = &self.message.body;
        let (args, kwargs) = if safe {
            // What the sender wrote down, which may hide what is secret.
            let written = |text: &Option<String>| text.clone().map(repr::cut);
            (
                written(&headers.argsrepr).unwrap_or_else(|| repr::args(body.args())).into(),
                written(&headers.kwargsrepr).unwrap_or_else(|| repr::kwargs(body.kwargs())).into(),
            )
        } else {
            (json!(body.args()), json!(body.kwargs()))
        };
        json!({
            "id": headers.id,
            "name": headers.shown_name(),
            "args": args,
            "kwargs": kwargs,
            "type": headers.task,
            "hostname": node,
            "time_start": if started == 0.0 { Value::Null } else { started.into() },
            "acknowledged": self.is_acknowledged(),
            "delivery_info": {
                "exchange": self.message.properties.delivery_info.exchange,
                "routing_key": self.queue,
                "priority": self.message.properties.priority.0,
                "redelivered": self.is_redelivered,
            },
            "worker_pid": if started == 0.0 { Value::Null } else { self.pid().into() },
        })
    }
}
