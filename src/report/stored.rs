//! A result folder, read back: what its page is made of.
//!
//! `run` makes its page through here as well, of the files that it has just written, so that a page made
//! again is the same to the byte. `summary.json` says the length and the fingerprint of every table that
//! is read: what was cut short, changed or taken from elsewhere is refused with its name.

mod summary;
mod tables;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::experiment::assumptions::Varied;
use crate::experiment::drill::Lost;
use crate::experiment::summary::Line;
use crate::metrics::measured::{Entity, HeatRow};
use crate::report::objectives::Judged;
use crate::report::plots::pending::Waits;
use crate::report::results::Numbers;
use crate::stats::Estimate;
use crate::time::Time;

/// What a result folder says of the run that wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The folder, as it was named.
    pub(crate) dir: PathBuf,
    /// The version that wrote it.
    pub(crate) plimsoll: String,
    /// The scenario's name.
    pub(crate) name: String,
    /// The name of its file.
    pub(crate) file: String,
    /// What was changed of it, in the words of the command line.
    pub(crate) changes: Vec<String>,
    /// What it asks.
    pub(crate) question: String,
    /// The fingerprint of the input.
    pub(crate) hash: String,
    /// The fingerprint of the reference mix.
    pub(crate) mix_hash: String,
    /// The currency of all prices.
    pub(crate) currency: String,
    /// The end of the run.
    pub(crate) end: Time,
    /// Metrics are measured from here on.
    pub(crate) warm_up: Time,
    /// The names of the services, in the order of the scenario.
    pub(crate) services: Vec<String>,
    /// Whether all pods are jobs of a trace that stay.
    pub(crate) only_arrivals: bool,
    /// Whether it was run on real engines.
    pub(crate) lived: bool,
    /// The user's seed.
    pub(crate) seed: u64,
    /// How many replications there were.
    pub(crate) replications: usize,
    /// Whether plots are there.
    pub(crate) plots: bool,
    /// What to type to make the same; of a live run, to make another.
    pub(crate) command: String,
    /// What was run, fact by fact.
    pub(crate) headline: Vec<String>,
    /// The answer in one sentence.
    pub(crate) answer: String,
    /// Why objectives were missed.
    pub(crate) why: Vec<String>,
    /// What a reader must know.
    pub(crate) notes: Vec<String>,
    /// What became of the objectives.
    pub(crate) objectives: Vec<Judged>,
    /// What became of the answer under changed assumptions; empty where none was tried.
    pub(crate) assumptions: Vec<Varied>,
    /// What a loss costs, where the runs were a drill.
    pub(crate) drill: Option<Drill>,
    /// Scheduler, autoscaler and healer.
    pub(crate) policies: [Policy; 3],
    /// One line per metric and entity, in the order of the dictionary.
    pub(crate) lines: Vec<Line>,
    /// Where the cells of the time series begin, in seconds; of replication 1, as all below but the waits.
    pub(crate) cells: Vec<f64>,
    /// Means over the cells, by entity and metric; nodes are left out.
    pub(crate) series: BTreeMap<(Entity, String), Vec<Option<f64>>>,
    /// Outages, in order of their starts.
    pub(crate) incidents: Vec<Incident>,
    /// Where the cells of the heat map begin, in seconds.
    pub(crate) heat_cells: Vec<f64>,
    /// The heat map; empty where there are no plots.
    pub(crate) heat: Vec<HeatRow>,
    /// Waits of all replications, for all pods and for each group by size; empty where there are no plots.
    pub(crate) waits: BTreeMap<Entity, Waits>,
}

/// What a lost node or zone costs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Drill {
    /// What was lost: `node` or `zone`.
    pub(crate) what: String,
    /// Runs, each with one loss.
    pub(crate) drills: u32,
    /// Losses in a year, and who says so; absent where nobody does.
    pub(crate) stated: Option<(f64, String)>,
    /// What was lost by it.
    pub(crate) losses: Vec<Loss>,
}

/// What one loss costs of one thing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Loss {
    /// What is lost.
    pub(crate) what: Lost,
    /// Of what.
    pub(crate) entity: Entity,
    /// By one loss of a node or zone.
    pub(crate) per_failure: Estimate,
    /// In a year.
    pub(crate) per_year: Option<Estimate>,
}

/// A policy and its parameters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Policy {
    /// `scheduler`, `autoscaler` or `healer`.
    pub(crate) kind: &'static str,
    /// Its name.
    pub(crate) name: String,
    /// Its parameters and their values, by name.
    pub(crate) parameters: BTreeMap<String, String>,
}

/// One outage of one service.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Incident {
    /// The service.
    pub(crate) service: String,
    /// When too few replicas were ready first.
    pub(crate) start: Time,
    /// When a failure that contributes was first known.
    pub(crate) detected: Option<Time>,
    /// When enough replicas were ready again.
    pub(crate) recovered: Option<Time>,
    /// What went wrong.
    pub(crate) causes: Vec<String>,
    /// Requests lost during it.
    pub(crate) lost: f64,
}

/// Why a folder cannot be read back.
#[derive(Debug)]
pub struct Unreadable {
    /// The file, or the folder.
    file: PathBuf,
    /// What is wrong with it.
    what: String,
}

impl Unreadable {
    fn new(file: &Path, what: impl Into<String>) -> Unreadable {
        Unreadable {
            file: file.to_owned(),
            what: what.into(),
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.what)
    }
}

impl Stored {
    /// Reads a result folder.
    ///
    /// # Errors
    /// When it is none, was written in another format, or is damaged.
    pub fn read(dir: &Path) -> Result<Stored, Unreadable> {
        let (mut stored, files) = summary::read(dir)?;
        tables::timeseries(&mut stored, &files)?;
        tables::incidents(&mut stored, &files)?;
        if stored.plots {
            tables::heat(&mut stored, &files)?;
            tables::waits(&mut stored, &files)?;
        }
        Ok(stored)
    }

    /// The answer in one sentence.
    pub fn answer(&self) -> &str {
        &self.answer
    }

    /// The mean of one quantity in each cell.
    pub(crate) fn series(&self, entity: &Entity, metric: &str) -> Option<&[Option<f64>]> {
        let key = (entity.clone(), metric.to_owned());
        self.series.get(&key).map(Vec::as_slice)
    }
}

impl Numbers for Stored {
    fn lines(&self) -> &[Line] {
        &self.lines
    }

    fn currency(&self) -> &str {
        &self.currency
    }
}
