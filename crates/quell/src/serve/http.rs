//! Connections: accepted up to a bound, given to hyper with limits on time, and ended gracefully. What a request
//! means is decided in `route`, what it does in `service`.

use super::metrics::Metrics;
use super::service::Service;
use super::stall::Stall;
use crate::config::HttpLimits;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

/// Most bytes of a request's head.
const HEAD_BYTES: usize = 64 << 10;
/// Most headers of a request.
const HEADERS: usize = 64;
/// Wait after the system could not accept a connection, which is when there are no more file handles: trying again
/// at once would only keep a core busy.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Takes connections until `stop` says so, then lets those that are open finish what they do, and returns when the
/// last one has ended.
pub async fn serve(
    listener: TcpListener,
    service: Arc<Service>,
    metrics: Arc<Metrics>,
    limits: HttpLimits,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            (stream, place) = accept(&listener, &places) => {
                let connection = Connection { service: Arc::clone(&service), limits: limits.clone(), place };
                let counted = Counted::new(&metrics);
                let stop = stop.clone();
                connections.spawn(async move {
                    connection.serve(stream, stop).await;
                    drop(counted);
                });
            }
            Some(_) = connections.join_next() => {}
            () = asked_to_stop(&mut stop) => break,
        }
    }
    // From here on the system refuses connections.
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Returns when the connections are to end. The value itself is dropped before anybody waits again.
async fn asked_to_stop(stop: &mut watch::Receiver<bool>) {
    // Without a sender the process is ending anyway.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// The next connection, once there is a place for it; those before it wait in the system's own bounded queue.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    let place = Arc::clone(places).acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

/// One open connection.
struct Connection {
    service: Arc<Service>,
    limits: HttpLimits,
    place: OwnedSemaphorePermit,
}

impl Connection {
    async fn serve(self, stream: TcpStream, mut stop: watch::Receiver<bool>) {
        let Self { service, limits, place } = self;
        // Answers are small, and a client waits for each.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "answers may be delayed");
        }
        let answer = service_fn(move |request| {
            let service = Arc::clone(&service);
            async move { Ok::<_, std::convert::Infallible>(service.answer(request).await) }
        });
        let io = TokioIo::new(Stall::new(stream, limits.write_timeout));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_timeout)
            .max_buf_size(HEAD_BYTES)
            .max_headers(HEADERS)
            // A client that has said everything may close its half and still wait for the answer.
            .half_close(true)
            .serve_connection(io, answer);
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = asked_to_stop(&mut stop) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        // A client that goes away, is too slow or speaks something else.
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended");
        }
        drop(place);
    }
}

/// Counts a connection for as long as it is open.
struct Counted(Arc<Metrics>);

impl Counted {
    fn new(metrics: &Arc<Metrics>) -> Self {
        metrics.connections.inc();
        Self(Arc::clone(metrics))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.connections.dec();
    }
}
