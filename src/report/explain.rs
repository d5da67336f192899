//! Why a pod is where it is, or nowhere: what `plimsoll explain` says.

pub(crate) mod amounts;
mod choice;
pub(crate) mod groups;
pub mod json;
pub mod list;
pub mod names;
mod schema;
pub mod text;

use crate::cluster::Cluster;
use crate::control::watch::Decision;
use crate::ids::PodId;
use crate::report::figure::{self, Unit};
use crate::report::text::capitalized;
use crate::report::text::why;
use crate::scenario::{Scenario, drill};
use crate::script::jobs::Jobs;
use crate::script::strike::Struck;
use crate::time::Time;
pub use schema::schema;

/// A moment of a run.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// What was run.
    pub scenario: &'a Scenario,
    /// The user's seed.
    pub seed: u64,
    /// All jobs of the run.
    pub jobs: &'a Jobs,
    /// The drill, where this is one.
    pub drill: Option<&'a Drill>,
    /// When it is.
    pub at: Time,
    /// What is believed then.
    pub belief: &'a Cluster,
}

/// The drill of a run.
#[derive(Clone, Debug)]
pub struct Drill {
    /// What is lost.
    pub drill: drill::Drill,
    /// Which one and when; nothing where none was up to be lost.
    pub struck: Option<Struck>,
}

/// One pod at a moment of a run.
#[derive(Clone, Copy, Debug)]
pub struct Story<'a> {
    /// The moment.
    pub moment: Moment<'a>,
    /// The pod.
    pub pod: PodId,
    /// The last decision on it, if there was one.
    pub decision: Option<&'a Decision>,
    /// The pod of higher priority for which it was evicted, if it was.
    pub evicted_for: Option<PodId>,
}

/// Which nodes are listed one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nodes {
    /// The best few; others are counted.
    Few,
    /// All of them.
    All,
}

impl Moment<'_> {
    /// A time of the run: `20:00:52`.
    pub fn clock(&self, at: Time) -> String {
        why::clock(at.secs_f64(), self.scenario.end.secs_f64())
    }

    /// What the drill takes away: `Zone b was lost at 20:00:12, for 30 m.`
    fn drilled(&self) -> Option<String> {
        let Drill { drill, struck } = self.drill?;
        let what = drill.name();
        let Some(Struck { name, at, down }) = struck else {
            return Some(format!("No {what} was up to be lost in the drill."));
        };
        let tense = if *at <= self.at { "was" } else { "will be" };
        let length = match down {
            Some(down) => format!("for {}", figure::number(down.secs_f64(), Unit::Seconds)),
            None => "for good".to_owned(),
        };
        let what = capitalized(what);
        let at = self.clock(*at);
        Some(format!("{what} {name} {tense} lost at {at}, {length}."))
    }

    /// The name of a pod: `cart-7`.
    fn name(&self, pod: PodId) -> String {
        names::of(self, pod)
    }

    /// The name of a node.
    fn node(&self, node: crate::ids::NodeId) -> &str {
        &self.scenario.catalog.nodes[node].name
    }
}
