//! The engines that a command works on, and what is run on them.

use std::path::PathBuf;

use super::shared::length;
use crate::time::Duration;

/// Which engines there are.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Engines {
    /// Start so many private engines, one for each node, and remove every trace of them afterwards
    #[arg(long, value_name = "N", conflicts_with = "engines")]
    pub(in crate::cli) sandbox: Option<u32>,
    /// An engine, and the node that it is, such as worker-0=unix:///var/run/docker.sock; may be given
    /// again, and takes the place of what the scenario's [[live.engines]] says of that node
    #[arg(long = "engine", value_name = "NODE=ENDPOINT")]
    pub(in crate::cli) engines: Vec<String>,
    /// Reach every tcp:// engine of --engine under mutual TLS, with ca.pem, cert.pem and key.pem of this
    /// folder, as Docker keeps them
    #[arg(long, value_name = "DIR", requires = "engines")]
    pub(in crate::cli) tls_dir: Option<PathBuf>,
    /// Have replicas listen on a port of 127.0.0.1, for given engines whose network cannot be reached from
    /// here (rootless, Docker Desktop); the cluster's network is open then: containers can reach out
    #[arg(long, conflicts_with = "sandbox")]
    pub(in crate::cli) publish: bool,
    /// What everything that is made is labelled with; the scenario's name, or `calibrate`, unless given
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) cluster: Option<String>,
    /// Where private engines and locks are kept; $XDG_STATE_HOME/plimsoll unless given
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) state: Option<PathBuf>,
    /// The static workload to pack; target/workload/plimsoll-workload beside the program unless given
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) workload: Option<PathBuf>,
}

/// A limit for the answer to a request.
pub(super) fn patience(text: &str) -> Result<Duration, String> {
    let patience = length(text)?;
    match patience < PATIENCE_MIN {
        true => Err("no request is answered so soon: give 1ms or more".to_owned()),
        false => Ok(patience),
    }
}

/// Shortest limit for the answer to a request.
///
/// 1 ms, the resolution of tokio's timers (tokio documentation, `time::sleep`).
const PATIENCE_MIN: Duration = Duration::from_nanos(1_000_000);
