//! A client that is refused in the middle of its body hears why.
//!
//! An answer that is sent while the body still comes is followed by the end of the connection, and most clients then
//! tell of a broken connection and not of the answer. So what a handler left unread is read and dropped first.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures_util::StreamExt;
use hyper::body::{Frame, SizeHint};
use tokio::sync::oneshot;

/// So long the rest of a body may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The middleware.
pub async fn read_to_the_end(request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let (back, mut given_back) = oneshot::channel();
    let lent = Body::new(Lent { body, back: Some(back) });
    let response = next.run(Request::from_parts(head, lent)).await;
    if let Ok(rest) = given_back.try_recv()
        && !rest.is_end_stream()
    {
        let mut rest = rest.into_data_stream();
        let ended = async { while let Some(Ok(_)) = rest.next().await {} };
        // Who takes longer has to do without the answer.
        drop(tokio::time::timeout(PATIENCE, ended).await);
    }
    response
}

/// A body that comes back from whoever drops it.
struct Lent {
    body: Body,
    back: Option<oneshot::Sender<Body>>,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(back) = self.back.take() {
            // Whoever lent it may have gone with the connection.
            drop(back.send(std::mem::take(&mut self.body)));
        }
    }
}
