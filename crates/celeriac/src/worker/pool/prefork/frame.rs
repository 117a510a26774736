//! What parent and child tell each other: a length of four bytes, then JSON.

use std::io::{Read, Write};

use bytes::{Buf, BytesMut};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::cancellation::CancelReason;
use crate::protocol::{Body, Headers, JsonMap, Message, Properties, ResultTuple, TaskId};
use crate::task::TaskError;

/// No frame is longer; a message's body is much shorter, a task's result may be large.
const MAX_FRAME_BYTES: usize = 512 * 1024 * 1024;

/// What a parent says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToChild {
    /// Run this.
    Run(Box<Job>),
    /// What runs is to stop.
    Cancel(CancelReason),
}

/// What a child says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToParent {
    /// It waits for its first task.
    Ready {
        /// Its own version; another one than the parent's speaks another language perhaps.
        version: String,
    },
    /// The running task tells something.
    Event {
        /// Such as `task-progress`.
        kind: String,
        /// The task's id.
        uuid: Option<TaskId>,
        /// All else.
        fields: JsonMap,
    },
    /// The task has ended.
    Done {
        /// Its result.
        end: Result<Value, TaskError>,
        /// What it has sent.
        children: Vec<ResultTuple>,
        /// The memory that the process has now.
        resident_kib: u64,
    },
}

/// A task to run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) headers: Headers,
    pub(super) body: Body,
    pub(super) properties: Properties,
    pub(super) hostname: String,
    pub(super) queue: String,
    pub(super) redelivered: bool,
}

impl Job {
    pub(super) fn into_message(self) -> Message {
        Message { headers: self.headers, body: self.body, properties: self.properties }
    }
}

/// Makes a frame.
pub(super) fn encode(value: &impl Serialize) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, value)?;
    let length = bytes.len() - 4;
    if length > MAX_FRAME_BYTES {
        return Err(std::io::Error::other(format!("{length} bytes are more than a process may be sent")));
    }
    let length = u32::try_from(length).map_err(std::io::Error::other)?;
    bytes.get_mut(..4).into_iter().for_each(|head| head.copy_from_slice(&length.to_be_bytes()));
    Ok(bytes)
}

/// Reads a frame, waiting; nothing at the end.
pub(super) fn read<T: DeserializeOwned>(from: &mut impl Read) -> std::io::Result<Option<T>> {
    let mut head = [0; 4];
    match from.read_exact(&mut head) {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let mut bytes = vec![0; checked_length(head)?];
    from.read_exact(&mut bytes)?;
    Ok(Some(serde_json::from_slice(&bytes)?))
}

/// Writes a frame, waiting.
pub(super) fn write(to: &mut impl Write, value: &impl Serialize) -> std::io::Result<()> {
    to.write_all(&encode(value)?)
}

fn checked_length(head: [u8; 4]) -> std::io::Result<usize> {
    let length = u32::from_be_bytes(head) as usize;
    if length > MAX_FRAME_BYTES {
        return Err(std::io::Error::other(format!("a frame of {length} bytes is too long")));
    }
    Ok(length)
}

/// The parent's end of the socket.
#[derive(Debug)]
pub(super) struct Line {
    stream: tokio::net::UnixStream,
    /// What was read of the next frames.
    buffer: BytesMut,
}

impl Line {
    pub(super) fn new(stream: std::os::unix::net::UnixStream) -> std::io::Result<Self> {
        stream.set_nonblocking(true)?;
        let stream = tokio::net::UnixStream::from_std(stream)?;
        Ok(Self { stream, buffer: BytesMut::with_capacity(4096) })
    }

    /// Sends a frame.
    pub(super) async fn send(&mut self, value: &impl Serialize) -> std::io::Result<()> {
        self.stream.write_all(&encode(value)?).await
    }

    /// The next frame; nothing at the end. Cancel safe.
    pub(super) async fn receive<T: DeserializeOwned>(&mut self) -> std::io::Result<Option<T>> {
        loop {
            if let Some(head) = self.buffer.first_chunk::<4>() {
                let length = checked_length(*head)?;
                if let Some(bytes) = self.buffer.get(4..4 + length) {
                    let value = serde_json::from_slice(bytes);
                    self.buffer.advance(4 + length);
                    return Ok(Some(value?));
                }
                self.buffer.reserve(4 + length - self.buffer.len());
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Failure;

    #[tokio::test]
    async fn frames_pass_in_pieces_and_in_heaps() {
        let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let mut line = Line::new(ours).unwrap();
        let failure = TaskError::Failed(Failure::new("ValueError", "bad"));
        let done = |end| encode(&ToParent::Done { end, children: Vec::new(), resident_kib: 7 }).unwrap();
        let bytes = [done(Ok(Value::from("x".repeat(100_000)))), done(Err(failure.clone()))].concat();
        let writer = std::thread::spawn(move || {
            for piece in bytes.chunks(977) {
                theirs.write_all(piece).unwrap();
            }
        });
        let Some(ToParent::Done { end: Ok(text), .. }) = line.receive().await.unwrap() else { panic!() };
        assert_eq!(text.as_str().unwrap().len(), 100_000);
        let Some(ToParent::Done { end: Err(error), .. }) = line.receive().await.unwrap() else { panic!() };
        assert!(matches!(error, TaskError::Failed(same) if same.exception.exc_type == "ValueError"));
        assert!(line.receive::<ToParent>().await.unwrap().is_none());
        writer.join().unwrap();
    }

    #[test]
    fn a_frame_that_is_too_long_is_refused_before_memory_is_taken() {
        let mut bytes: &[u8] = &[0xff, 0xff, 0xff, 0xff, b'{'];
        assert!(read::<ToChild>(&mut bytes).is_err());
        assert!(read::<ToChild>(&mut std::io::empty()).unwrap().is_none());
    }
}
