//! Scenario files: what was written, and what it means.

use std::sync::Arc;

use crate::cluster::catalog::Catalog;
use crate::policy::registry::Choice;
use crate::script::Outline;
use crate::sim::config::Config;
use crate::time::Time;

/// A scenario, valid by construction.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name: also the folder of its results.
    pub name: String,
    /// The question it answers: the comment lines at the head of its file.
    pub question: String,
    /// SHA-256-like fingerprint (128-bit FNV-1a, hexadecimal) of the file and of every file it
    /// names: two scenarios with one hash are the same input.
    pub hash: String,
    /// The end of the run: runs cover [0, end).
    pub end: Time,
    /// Metrics are measured over [warm_up, end).
    pub warm_up: Time,
    /// The currency of all prices.
    pub currency: String,
    /// The policies under test.
    pub policy: Choice,
    /// What nodes, shapes and services are.
    pub catalog: Arc<Catalog>,
    /// What the outside world does.
    pub outline: Outline,
    /// How the simulated world behaves.
    pub sim: Config,
    /// Rows of a trace that were left out when it was imported, by reason.
    pub excluded: Vec<(String, u64)>,
    /// What a reader of any result must know; also the warnings of validation.
    pub notes: Vec<String>,
}
