//! What can be seen of a run while it lasts.

use std::sync::Arc;

use super::load::tally::Tally;
use crate::cluster::catalog::Catalog;
use crate::record::standing::Board;
use crate::time::Time;

/// What can be seen of a run while it lasts; anybody may look at any time.
#[derive(Debug)]
pub struct Seen {
    /// What is run.
    pub about: About,
    /// The end of the run.
    pub end: Time,
    /// What nodes and services are.
    pub catalog: Arc<Catalog>,
    /// How it stands.
    pub board: Board,
    /// What became of the requests.
    pub tally: Arc<Tally>,
}

/// What is run, by names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The scenario.
    pub scenario: String,
    /// Its scheduler.
    pub scheduler: String,
    /// Its autoscaler.
    pub autoscaler: String,
    /// Its healer.
    pub healer: String,
}

impl Seen {
    /// A run in which nothing has happened yet.
    pub fn new(about: About, catalog: Arc<Catalog>, end: Time) -> Seen {
        Seen {
            about,
            end,
            board: Board::new(&catalog),
            tally: Arc::new(Tally::new(catalog.services.len(), Time::ZERO)),
            catalog,
        }
    }
}
