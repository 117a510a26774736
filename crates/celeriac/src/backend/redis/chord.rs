//! Counting the header of a chord with the keys of Celery 5.7, which those of 5.6 are a part of: workers of all three
//! count one chord together.

use std::time::Duration;

use redis::Value;
use serde_json::Value as Json;

use super::super::{BackendError, ChordPart, ChordProgress};
use super::Inner;
use crate::protocol::{GroupId, ProtocolError, TaskId, TaskState};
use crate::redis::RedisError;

/// After this, another part that comes again may dispatch the body instead of a dispatcher that was not heard of.
const DISPATCH_PATIENCE: Duration = Duration::from_secs(60);

/// For so long it is remembered that the body was sent.
const DONE_KEPT: Duration = Duration::from_secs(600);

/// What a claim of ours begins with; the id of the dispatching task follows.
const CLAIM: &str = "celeriac:";

/// The parts of a chord's state.
const PARTS: [&str; 4] = [".j", ".t", ".s", ".d"];

impl Inner {
    pub(super) async fn chord_start(&self, chord: &GroupId, size: u64) -> Result<(), RedisError> {
        let mut start = redis::pipe();
        let mut old: Vec<String> = PARTS.iter().map(|part| self.group_key(chord, part)).collect();
        old.push(self.group_key(chord, ".c"));
        start.cmd("DEL").arg(old);
        let set = start.cmd("SET").arg(self.group_key(chord, ".s")).arg(size);
        if self.expires > 0 {
            set.arg("EX").arg(self.expires);
        }
        self.link.transact("the start of a chord", &mut start).await
    }

    pub(super) async fn chord_grow(&self, chord: &GroupId, more: u64) -> Result<(), RedisError> {
        let key = self.group_key(chord, ".t");
        let mut grow = redis::pipe();
        grow.cmd("INCRBY").arg(&key).arg(more);
        if self.expires > 0 {
            grow.cmd("EXPIRE").arg(&key).arg(self.expires);
        }
        self.link.transact("the growth of a chord", &mut grow).await
    }

    pub(super) async fn chord_part(&self, part: &ChordPart) -> Result<ChordProgress, BackendError> {
        let keys: Vec<String> =
            PARTS.iter().chain([&".c"]).map(|name| self.group_key(&part.chord, name)).collect();
        let value = crate::json::write(&(1, &part.task_id, &part.state, &part.result))
            .map_err(|error| ProtocolError::malformed("the chord's part", error))?;
        let mut count = self.scripts.chord_part.call(&keys);
        count.arg(part.task_id.as_str()).arg(part.index).arg(value).arg(self.expires);
        count.arg(DISPATCH_PATIENCE.as_secs()).arg(format!("{CLAIM}{}", part.task_id));
        let answer: Vec<Value> = self.link.ask("a part of a chord", &count).await?;
        let mut answer = answer.into_iter();
        let number = |value: Option<Value>| {
            value.and_then(|value| redis::from_redis_value::<Option<i64>>(value).ok()).flatten()
        };
        let done = number(answer.next()).unwrap_or(-1);
        let Ok(done) = u64::try_from(done) else { return Ok(ChordProgress::Dispatched) };
        let (size, more) = (number(answer.next()), number(answer.next()));
        let Some(parts) = answer.next() else {
            let total = size.and_then(|size| u64::try_from(size + more.unwrap_or(0)).ok());
            return Ok(ChordProgress::Waiting { done, total });
        };
        let parts: Vec<Vec<u8>> = self.link.read("a part of a chord", parts)?;
        let parts = parts.iter().zip(0..).map(|(bytes, index)| read_part(&part.chord, bytes, index));
        Ok(ChordProgress::Complete(parts.collect::<Result<_, _>>()?))
    }

    pub(super) async fn chord_end(&self, chord: &GroupId) -> Result<(), RedisError> {
        let mut end = redis::pipe();
        end.cmd("SET").arg(self.group_key(chord, ".c")).arg("done").arg("EX").arg(DONE_KEPT.as_secs());
        end.cmd("DEL").arg(PARTS.iter().map(|part| self.group_key(chord, part)).collect::<Vec<_>>());
        self.link.transact("the end of a chord", &mut end).await
    }
}

fn read_part(chord: &GroupId, bytes: &[u8], index: u64) -> Result<ChordPart, ProtocolError> {
    let (_, task_id, state, result): (Json, TaskId, TaskState, Json) =
        crate::json::parse(bytes).map_err(|error| ProtocolError::malformed("the chord's part", error))?;
    Ok(ChordPart { chord: chord.clone(), task_id, index, state, result })
}
