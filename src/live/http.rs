//! Requests to containers.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use super::dial::Network;

/// Where a container is reached.
#[derive(Clone, Debug)]
pub struct Place {
    /// From which network.
    pub network: Network,
    /// At which address.
    pub address: SocketAddr,
}

/// An open connection, for one request after the other.
#[derive(Debug)]
pub struct Connection {
    sender: SendRequest<Empty<Bytes>>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody answers there.
    pub async fn open(place: &Place) -> io::Result<Connection> {
        let stream = place.network.connect(place.address).await?;
        let shaken = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = shaken.map_err(io::Error::other)?;
        tokio::spawn(connection);
        Ok(Connection { sender })
    }

    /// Whether another request can be sent.
    pub fn is_open(&self) -> bool {
        self.sender.is_ready()
    }

    /// Sends a request and returns the status of its answer, which is read whole.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn get(&mut self, path: &str) -> io::Result<u16> {
        let request = Request::get(path)
            .header("host", "plimsoll")
            .body(Empty::new());
        let request = request.map_err(io::Error::other)?;
        let answer = self.sender.send_request(request).await;
        let answer = answer.map_err(io::Error::other)?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await;
        body.map_err(io::Error::other)?;
        Ok(status)
    }
}

/// One request over a connection of its own: whether the answer was 200, and in time.
pub async fn is_well(place: &Place, path: &str, within: Duration) -> bool {
    let ask = async { Connection::open(place).await?.get(path).await };
    matches!(timeout(within, ask).await, Ok(Ok(200)))
}
