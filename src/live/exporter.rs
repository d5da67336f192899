//! Metrics for Prometheus: `GET /metrics` while a run lasts, on a thread of its own.

mod accept;
mod labels;
mod page;

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::seen::Seen;
use super::trouble::Trouble;

/// The only path that has metrics.
const PATH: &str = "/metrics";
/// Most connections at a time; others wait.
const CONNECTIONS_MAX: usize = 16;
/// Longest time until a connection says what it wants: one that is idle makes room for others.
const PATIENCE: Duration = Duration::from_secs(3);
/// Longest time of one connection, for those that take no answer.
const LIFE: Duration = Duration::from_secs(3600);
/// Pause after a connection that could not be taken, as when there are too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// An address that is taken, and answered from when a run begins.
#[derive(Debug)]
pub struct Port {
    listener: TcpListener,
    address: SocketAddr,
}

/// The thread that answers; it ends with this value.
#[derive(Debug)]
pub struct Exporter {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Port {
    /// Takes an address.
    ///
    /// # Errors
    /// When it cannot be had, as when somebody else listens there.
    pub fn take(address: SocketAddr) -> Result<Port, Trouble> {
        let refused = |error| Trouble::refused(format!("cannot listen on {address}"), error);
        let listener = TcpListener::bind(address).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Port { listener, address })
    }

    /// Where metrics are.
    pub fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }
}

impl Exporter {
    /// Answers from now on.
    ///
    /// # Errors
    /// When the system gives no thread for it.
    pub fn start(port: Port, seen: Arc<Seen>) -> Result<Exporter, Trouble> {
        let threads = |error| Trouble::refused("the thread that tells metrics", error);
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(threads)?;
        let (stop, stopped) = watch::channel(false);
        let named = thread::Builder::new().name("metrics".to_owned());
        let thread = named.spawn(move || answer_all(&runtime, port.listener, &seen, stopped));
        Ok(Exporter {
            stop,
            thread: Some(thread.map_err(threads)?),
        })
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        // A thread that panicked has said so.
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Answers until it is told to stop.
fn answer_all(
    runtime: &Runtime,
    listener: TcpListener,
    seen: &Arc<Seen>,
    mut stopped: watch::Receiver<bool>,
) {
    runtime.block_on(async {
        tokio::select! {
            () = accept_all(listener, seen) => {}
            _ = stopped.changed() => {}
        }
    });
}

async fn accept_all(listener: TcpListener, seen: &Arc<Seen>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
        return;
    };
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = listener.accept().await else {
            sleep(PAUSE).await;
            continue;
        };
        let seen = Arc::clone(seen);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let answer = answer(&request, &seen);
                async { Ok::<_, Infallible>(answer) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE)
                .serve_connection(TokioIo::new(stream), service);
            // Whoever breaks off has what they wanted.
            drop(timeout(LIFE, connection).await);
            drop(place);
        });
    }
}

/// What is answered to a request.
fn answer(request: &Request<Incoming>, seen: &Arc<Seen>) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = words(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
        let allowed = HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(ALLOW, allowed);
        return response;
    }
    match request.uri().path() {
        PATH => {
            let accepted = request.headers().get_all(ACCEPT).iter();
            let accepted = accepted.filter_map(|value| value.to_str().ok());
            let format = accept::format(&accepted.collect::<Vec<_>>().join(","));
            match page::page(seen, format) {
                Ok(page) => text(StatusCode::OK, page, format.content_type()),
                Err(_) => words(StatusCode::INTERNAL_SERVER_ERROR, "no metrics\n"),
            }
        }
        "/" => words(
            StatusCode::OK,
            "This is a run of plimsoll live. Its metrics for Prometheus are at /metrics\n",
        ),
        _ => words(
            StatusCode::NOT_FOUND,
            "There is nothing here. Metrics for Prometheus are at /metrics\n",
        ),
    }
}

fn words(status: StatusCode, words: &'static str) -> Response<Full<Bytes>> {
    text(status, words.to_owned(), "text/plain; charset=utf-8")
}

fn text(status: StatusCode, text: String, kind: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests;
