//! Open connections, kept for the next request.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::ids::PodId;
use crate::live::http::{Connection, Place};

/// Most idle connections that are kept to one pod.
const IDLE_MAX: usize = 16;

/// The idle connections of one service.
#[derive(Debug, Default)]
pub(super) struct Pool {
    idle: Mutex<BTreeMap<PodId, (SocketAddr, Vec<Connection>)>>,
}

impl Pool {
    /// Sends a request to a pod and returns the status of its answer.
    pub(super) async fn ask(&self, pod: PodId, place: &Place, path: &str) -> io::Result<u16> {
        let mut connection = match self.take(pod, place.address) {
            Some(connection) => connection,
            None => Connection::open(place).await?,
        };
        let status = connection.get(path).await?;
        self.keep(pod, place.address, connection);
        Ok(status)
    }

    fn take(&self, pod: PodId, address: SocketAddr) -> Option<Connection> {
        let mut idle = self.lock();
        let (known, connections) = idle.get_mut(&pod)?;
        if *known != address {
            // The pod has another container now.
            connections.clear();
            *known = address;
        }
        while let Some(connection) = connections.pop() {
            if connection.is_open() {
                return Some(connection);
            }
        }
        None
    }

    fn keep(&self, pod: PodId, address: SocketAddr, connection: Connection) {
        let mut idle = self.lock();
        let (known, connections) = idle.entry(pod).or_insert((address, Vec::new()));
        if *known == address && connections.len() < IDLE_MAX {
            connections.push(connection);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PodId, (SocketAddr, Vec<Connection>)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
