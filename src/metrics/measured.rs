//! What one replication measured.

use super::dictionary::Metric;
use crate::ids::{NodeId, PodId, ServiceId};
use crate::time::Time;

/// Everything one replication measured.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// One value per metric and entity; those that do not exist are not listed.
    pub values: Vec<Value>,
    /// Means over equal cells of the run.
    pub series: Vec<Series>,
    /// The start of each cell of [`Measured::series`], in seconds.
    pub cells: Vec<f64>,
    /// One row per pod incarnation, in order of creation; empty unless asked for.
    pub pods: Vec<PodRow>,
    /// One row per outage, in order of their starts.
    pub incidents: Vec<Incident>,
    /// What became of every job.
    pub accounting: Accounting,
    /// Events the runtime handled (for `run.json` only).
    pub events: u64,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// Which metric.
    pub metric: &'static Metric,
    /// Of what.
    pub entity: Entity,
    /// The value, in a form that can be combined across replications.
    pub amount: Amount,
}

/// What a value is of. Names, so that it can be read without the scenario.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entity {
    /// The whole cluster.
    Cluster,
    /// A group of nodes.
    Group(String),
    /// A zone.
    Zone(String),
    /// A service.
    Service(String),
    /// A node.
    Node(String),
    /// A part of the whole: a cause, or a class of pods by size.
    Part(String),
}

/// A value that can be combined across replications.
#[derive(Clone, Debug, PartialEq)]
pub enum Amount {
    /// A number: its mean over replications is what counts.
    Number(f64),
    /// A ratio: pooled over replications it is the sum of the upper over the sum of the lower part.
    Ratio {
        /// Upper part.
        over: f64,
        /// Lower part, larger than zero.
        under: f64,
    },
    /// A percentile of durations: pooled over replications.
    Percentile {
        /// Which, in (0, 1].
        p: f64,
        /// The durations, in seconds, ascending, each with how often it occurred; never = infinity.
        counts: std::sync::Arc<[(f64, u64)]>,
    },
}

/// One metric of one entity over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Of what.
    pub entity: Entity,
    /// What: a metric's name, or one of the plain quantities of the time-series table.
    pub metric: String,
    /// Its unit.
    pub unit: &'static str,
    /// The mean in each cell; `None` where it does not exist.
    pub values: Vec<Option<f64>>,
}

/// One pod incarnation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PodRow {
    /// The pod.
    pub pod: PodId,
    /// The service, or the job, it belongs to.
    pub owner: crate::cluster::pod::Owner,
    /// The n-th pod of its owner.
    pub index: u32,
    /// When it was created.
    pub created: Time,
    /// When it got a node.
    pub bound: Option<Time>,
    /// Which node.
    pub node: Option<NodeId>,
    /// When it was first ready (a job's pod: running), in truth.
    pub ready: Option<Time>,
    /// When it was over, as believed.
    pub ended: Option<Time>,
    /// How it ended.
    pub outcome: Option<crate::cluster::pod::Outcome>,
    /// Restarts of its container.
    pub restarts: u32,
}

/// One outage of one service.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    /// The service.
    pub service: ServiceId,
    /// When too few replicas were ready first.
    pub start: Time,
    /// When the control plane first heard of a failure that contributes.
    pub detected: Option<Time>,
    /// When enough replicas were ready again.
    pub recovered: Option<Time>,
    /// What went wrong: `node worker-3`, `zone b`, `container`, in order of time.
    pub causes: Vec<String>,
    /// Whether it began before the window or was open at its end.
    pub censored: bool,
    /// Requests lost during it.
    pub lost: f64,
}

/// What became of every job, counted from the truth and from belief.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounting {
    /// Jobs of the input, the excluded ones included.
    pub total: u64,
    /// Left out when the trace was imported, by reason.
    pub excluded: Vec<(String, u64)>,
    /// Not asked for before the end of the run.
    pub not_arrived: u64,
    /// By the truth.
    pub truth: Fates,
    /// By belief.
    pub belief: Fates,
}

/// Fates of the jobs that arrived: they add up to all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fates {
    /// Done.
    pub finished: u64,
    /// Running at the end.
    pub running: u64,
    /// Bound but not running yet at the end.
    pub starting: u64,
    /// Lost with its node, or crashed, and not running again at the end.
    pub lost: u64,
    /// Not placed (again) by the end.
    pub never_placed: u64,
}
impl Fates {
    /// All jobs counted.
    pub const fn total(&self) -> u64 {
        self.finished + self.running + self.starting + self.lost + self.never_placed
    }
}
