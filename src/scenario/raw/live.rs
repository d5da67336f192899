//! What `plimsoll live` is told of the engines that nodes are.

use crate::scenario::decode::{Blank, Decode, Decoder, Field, Item, List, table};
use crate::scenario::problem::Span;
use crate::scenario::schema::{Key, Presence, Schema, Table};

table! {
    /// The engines of `plimsoll live`. Nothing else looks at it.
    Live {
        /// Engines that are there already, one for each node; `--engine` of a node takes the place of its
        /// entry, and `--sandbox` that of all.
        Optional engines: List<LiveEngine>,
        /// Whether each container of a service listens on a port of 127.0.0.1 too, for engines whose
        /// network cannot be reached from here (rootless, Docker Desktop). Then the cluster's network is
        /// not closed: containers can reach out. Default: false.
        Optional publish: bool,
    }
}

table! {
    /// An engine that is there already. What it may hold, and its zone, stand in [[nodes]].
    LiveEngine {
        /// The node that it is, such as "worker-0".
        Required node: String,
        /// Where it listens: "unix:///run/docker.sock", "tcp://127.0.0.1:2375", or with `tls`
        /// "tcp://HOST:2376".
        Required endpoint: String,
        /// Docker's mutual TLS. Without it only this machine's own addresses may be reached.
        Optional tls: LiveTls,
    }
}

table! {
    /// Files of mutual TLS, as Docker has them, named relative to the scenario file.
    LiveTls {
        /// Certificates of those who may vouch for the engine, such as "ca.pem".
        Required ca: String,
        /// The certificate that is shown to the engine, such as "cert.pem".
        Required cert: String,
        /// Its private key, such as "key.pem".
        Required key: String,
    }
}
