//! What one replication measured.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::dictionary::Metric;
use super::mix::Mix;
pub use super::table::Pods;
use crate::cluster::pod::{Deletion, Outcome, Owner};
use crate::ids::{NodeId, PodId, ServiceId};
use crate::policy::scheduler::explanation::Reason;
use crate::stats::Ecdf;
use crate::time::{Duration, Time};

/// Everything one replication measured.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// The reference mix of the scenario: what "fits" is judged by.
    pub mix: Arc<Mix>,
    /// Length of the window in which it was measured: the run less its warm-up.
    pub window: Duration,
    /// One value per metric and entity, in the order of the dictionary; those that do not exist are
    /// not listed.
    pub values: Vec<Value>,
    /// Means over equal cells of the window; empty unless asked for.
    pub series: Vec<Series>,
    /// How full the nodes were over time, row by row; empty unless asked for.
    pub heat: Vec<HeatRow>,
    /// The start of each cell of series and heat map, in seconds; empty unless one is asked for.
    pub cells: Vec<f64>,
    /// One row per pod incarnation, in order of creation; empty unless asked for.
    pub pods: Pods,
    /// One row per outage that reaches into the window, in order of their starts.
    pub incidents: Vec<Incident>,
    /// What became of every job.
    pub accounting: Accounting,
    /// Pods that wait for a node at the end, by what keeps them waiting: those of a few shapes, the
    /// most frequent first.
    pub waiting: Vec<Waiting>,
    /// Events the runtime handled (for `run.json` only).
    pub events: u64,
}

/// Pods that are alike and wait for a node at the end of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub pods: u64,
    /// Nodes that refuse them, by reasons; empty where some node fits by now.
    pub refused: BTreeMap<Vec<Reason>, u32>,
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
    /// A part of what a service is: a cause.
    ServicePart {
        /// The service.
        service: String,
        /// The part.
        part: String,
    },
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
    /// A percentile: pooled over replications.
    Percentile {
        /// Which, in (0, 1].
        p: f64,
        /// The values in the metric's unit, ascending, each with how often it occurred; never =
        /// infinity.
        counts: Arc<[(f64, u64)]>,
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

/// One row of the heat map: a node, or a band of neighbours in the order of zones and nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatRow {
    /// Their zone; empty where nodes have none or the band reaches over several.
    pub zone: String,
    /// The first node.
    pub first: String,
    /// The last one.
    pub last: String,
    /// How many there are.
    pub nodes: u32,
    /// Cell by cell.
    pub cells: Vec<HeatCell>,
}

/// One cell of the heat map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeatCell {
    /// CPU requested of nodes that were up, integrated over the cell, in thousandths of a core-second.
    pub bound: f64,
    /// CPU they could give, likewise.
    pub capacity: f64,
    /// The fewest nodes that were up for any time in the cell.
    pub fewest_up: u32,
}

/// One pod incarnation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PodRow {
    /// The pod.
    pub pod: PodId,
    /// The service, or the job, it belongs to.
    pub owner: Owner,
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
    pub outcome: Option<Outcome>,
    /// Why it was deleted, if it was.
    pub deletion: Option<Deletion>,
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
    /// When the control plane first knew of a failure that contributes; `start` if it did before.
    pub detected: Option<Time>,
    /// When enough replicas were ready again.
    pub recovered: Option<Time>,
    /// What went wrong: `node worker-3`, `zone b`, `container`, in order of time.
    pub causes: Vec<String>,
    /// Whether it began before the window or was open at its end.
    pub censored: bool,
    /// Requests lost during it, as far as it lies in the window.
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
    /// Placed but not running yet at the end.
    pub starting: u64,
    /// Lost with its node, crashed or evicted, and not running again at the end.
    pub lost: u64,
    /// Never placed.
    pub never_placed: u64,
}

impl Measured {
    /// The amount of one metric of one entity, if it exists.
    pub fn get(&self, metric: &str, entity: &Entity) -> Option<&Amount> {
        let found = |value: &&Value| value.metric.name == metric && value.entity == *entity;
        self.values.iter().find(found).map(|value| &value.amount)
    }
}

impl Amount {
    /// The number that this replication alone gives; infinite for a percentile that falls among
    /// what never happened.
    pub fn value(&self) -> f64 {
        match self {
            Amount::Number(number) => *number,
            Amount::Ratio { over, under } => over / under,
            Amount::Percentile { p, counts } => {
                let values = Ecdf::from_ascending(counts.iter().copied());
                values.quantile(*p).expect("a percentile is of something")
            }
        }
    }
}

impl HeatRow {
    /// Several cells as one. Panics when there are none.
    pub fn together(cells: &[HeatCell]) -> HeatCell {
        let add = |a: HeatCell, b: &HeatCell| HeatCell {
            bound: a.bound + b.bound,
            capacity: a.capacity + b.capacity,
            fewest_up: a.fewest_up.min(b.fewest_up),
        };
        let (first, rest) = cells.split_first().expect("some cells");
        rest.iter().fold(*first, add)
    }

    /// Whether at least half of the nodes were down or absent for some time of a cell.
    pub const fn is_down(&self, cell: HeatCell) -> bool {
        2 * cell.fewest_up as u64 <= self.nodes as u64
    }
}

impl HeatCell {
    /// The share of the CPU of nodes that were up that was requested of them; absent while none was.
    pub fn share(&self) -> Option<f64> {
        (self.capacity > 0.0).then(|| self.bound / self.capacity)
    }
}

impl Entity {
    /// Its kind, as the files write it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Entity::Cluster => "cluster",
            Entity::Group(_) => "group",
            Entity::Zone(_) => "zone",
            Entity::Service(_) => "service",
            Entity::Node(_) => "node",
            Entity::Part(_) => "part",
            Entity::ServicePart { .. } => "service_part",
        }
    }

    /// Its name, for a part of a service together with that of the service; empty for the cluster.
    pub fn full_name(&self) -> Cow<'_, str> {
        match self.within() {
            Some(service) => Cow::Owned(format!("{service}/{}", self.name())),
            None => Cow::Borrowed(self.name()),
        }
    }

    /// The service that it is a part of.
    pub fn within(&self) -> Option<&str> {
        match self {
            Entity::ServicePart { service, .. } => Some(service),
            Entity::Cluster
            | Entity::Group(_)
            | Entity::Zone(_)
            | Entity::Service(_)
            | Entity::Node(_)
            | Entity::Part(_) => None,
        }
    }

    /// Its own name; empty for the cluster.
    pub fn name(&self) -> &str {
        match self {
            Entity::Cluster => "",
            Entity::Group(name)
            | Entity::Zone(name)
            | Entity::Service(name)
            | Entity::Node(name)
            | Entity::Part(name)
            | Entity::ServicePart { part: name, .. } => name,
        }
    }
}

impl Entity {
    /// All kinds.
    pub const KINDS: [&'static str; 7] = [
        "cluster",
        "group",
        "zone",
        "service",
        "node",
        "part",
        "service_part",
    ];
}

/// In one word for tables: `cluster`, `service:cart`, `service_part:cart/stale endpoint`.
impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entity::Cluster => f.write_str(self.kind()),
            Entity::Group(_)
            | Entity::Zone(_)
            | Entity::Service(_)
            | Entity::Node(_)
            | Entity::Part(_)
            | Entity::ServicePart { .. } => write!(f, "{}:{}", self.kind(), self.full_name()),
        }
    }
}

/// The entity that is shown so.
impl FromStr for Entity {
    type Err = ();

    fn from_str(text: &str) -> Result<Entity, ()> {
        let (kind, name) = text.split_once(':').unwrap_or((text, ""));
        let owned = || match name {
            "" => Err(()),
            name => Ok(name.to_owned()),
        };
        match kind {
            "cluster" if text == kind => Ok(Entity::Cluster),
            "group" => owned().map(Entity::Group),
            "zone" => owned().map(Entity::Zone),
            "service" => owned().map(Entity::Service),
            "node" => owned().map(Entity::Node),
            "part" => owned().map(Entity::Part),
            "service_part" => {
                let (service, part) = name.split_once('/').ok_or(())?;
                Ok(Entity::ServicePart {
                    service: service.to_owned(),
                    part: part.to_owned(),
                })
            }
            _ => Err(()),
        }
    }
}

impl Accounting {
    /// Jobs that arrived.
    pub fn arrived(&self) -> u64 {
        let excluded: u64 = self.excluded.iter().map(|&(_, count)| count).sum();
        self.total - excluded - self.not_arrived
    }
}

impl Fates {
    /// All jobs counted.
    pub const fn total(&self) -> u64 {
        self.finished + self.running + self.starting + self.lost + self.never_placed
    }
}
