//! The loop that serves connections, however slow or many its clients are.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use analysis::Analyses;
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::router::router;
use crate::state::ServerSettings;

/// A client whose next request has not come whole, up to its body, within this time is cut off.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);
/// So many connections are served at a time; more wait until one ends.
const MAX_CONNECTIONS: usize = 4_096;
/// Streams of events never end by themselves, so the wait for the last requests has a bound.
const LAST_REQUESTS: Duration = Duration::from_secs(2);

/// Serves until `shutdown`, then lets requests in flight end.
pub async fn serve(
    listener: TcpListener,
    analyses: Analyses,
    settings: ServerSettings,
    shutdown: CancellationToken,
) {
    serve_router(listener, router(analyses, settings), HEAD_PATIENCE, shutdown).await;
}

async fn serve_router(
    listener: TcpListener,
    router: Router,
    head_patience: Duration,
    shutdown: CancellationToken,
) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let next = async {
            let place = places.clone().acquire_owned().await;
            (place, accept(&listener).await)
        };
        let (place, (stream, peer)) = tokio::select! {
            next = next => next,
            () = shutdown.cancelled() => break,
        };
        let router = TowerToHyperService::new(router.clone());
        let service = service_fn(move |mut request: Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            router.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head_patience)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        connections.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("the connection of {peer} broke off: {error}");
            }
            drop(place);
        });
    }
    drop(listener);
    // What is still open then is dropped with the set.
    drop(tokio::time::timeout(LAST_REQUESTS, graceful.shutdown()).await);
}

/// The next connection; what keeps one from being taken passes, such as too many open files.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::warn!("cannot take a connection, trying again in a second: {error}");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_client_that_never_ends_its_request_is_cut_off_and_others_are_served() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let router = Router::new()
            .route("/", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }));
        let serving = serve_router(listener, router, Duration::from_millis(300), shutdown.clone());
        let serving = tokio::spawn(serving);

        let mut slow = TcpStream::connect(at).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ").await.unwrap();
        let mut quick = TcpStream::connect(at).await.unwrap();
        quick.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        quick.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("127.0.0.1:"), "{answer}");
        let mut rest = Vec::new();
        slow.read_to_end(&mut rest).await.unwrap();

        shutdown.cancel();
        serving.await.unwrap();
    }
}
