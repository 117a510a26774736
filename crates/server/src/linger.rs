//! A client that is refused in the middle of its body hears why.
//!
//! An answer that is sent while the body still comes is followed by the end of the connection, and most clients then
//! tell of a broken connection and not of the answer. So what a handler left unread is read and dropped first.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header;
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
    // Who asks first whether to send its body hears the refusal instead; to read would be to say yes.
    let waits_for_leave = head.headers.contains_key(header::EXPECT);
    let (back, mut given_back) = oneshot::channel();
    let lent = Body::new(Lent { body, is_begun: false, back: Some(back) });
    let response = next.run(Request::from_parts(head, lent)).await;
    if let Ok((rest, is_begun)) = given_back.try_recv()
        && !rest.is_end_stream()
        && (is_begun || !waits_for_leave)
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
    /// Something of it was asked for.
    is_begun: bool,
    back: Option<oneshot::Sender<(Body, bool)>>,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.is_begun = true;
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
            drop(back.send((std::mem::take(&mut self.body), self.is_begun)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::post;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    /// What a client hears that sends this head and then, unless it waits for leave, a body of 8 MiB.
    async fn heard(expect: &str) -> (String, usize) {
        const LENGTH: usize = 8 << 20;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let refuse = post(|| async { StatusCode::PAYLOAD_TOO_LARGE });
        let router = Router::new().route("/", refuse).layer(axum::middleware::from_fn(read_to_the_end));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        let (mut hears, mut says) = TcpStream::connect(at).await.unwrap().into_split();
        let head = format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{expect}Content-Length: {LENGTH}\r\n\r\n"
        );
        says.write_all(head.as_bytes()).await.unwrap();
        let waits_for_leave = !expect.is_empty();
        let sending = tokio::spawn(async move {
            let chunk = vec![0; 1 << 16];
            let mut sent = 0;
            while !waits_for_leave && sent < LENGTH && says.write_all(&chunk).await.is_ok() {
                sent += chunk.len();
            }
            (sent, says)
        });
        let mut answer = String::new();
        hears.read_to_string(&mut answer).await.unwrap();
        serving.abort();
        (answer, sending.await.unwrap().0)
    }

    #[tokio::test]
    async fn a_refusal_is_heard_by_who_still_sends_and_by_who_waits_for_leave() {
        let (answer, sent) = heard("").await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
        assert_eq!(sent, 8 << 20);
        let (answer, _) = heard("Expect: 100-continue\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    }
}
