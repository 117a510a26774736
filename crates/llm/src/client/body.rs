//! A request body that notices when it has been handed to the connection.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::governor::SentMark;

/// The body of one attempt. Its bytes are taken only once there is a connection, so that the time
/// of resolving names and shaking hands is not counted as the provider's minute.
pub(super) struct MarkedBody {
    bytes: Option<Bytes>,
    mark: SentMark,
}

impl MarkedBody {
    pub(super) fn new(bytes: Bytes, mark: SentMark) -> Self {
        Self { bytes: Some(bytes), mark }
    }
}

impl Body for MarkedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = self.bytes.take();
        if bytes.is_some() {
            self.mark.mark();
        }
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
