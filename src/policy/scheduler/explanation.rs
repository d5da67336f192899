//! Why a pod goes where it goes, node by node: what `plimsoll explain` shows.
//!
//! Everything here is data; text is made of it in `report`.

use std::collections::BTreeMap;

use crate::cluster::rules::Taint;
use crate::ids::{ExtendedId, NodeId, PodId};

/// One scheduling attempt, told whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explanation {
    /// Nodes that passed all filters, in the order in which they were found.
    pub feasible: Vec<NodeId>,
    /// Nodes that did not, with the first filter that refused each.
    pub rejected: Vec<(NodeId, Rejection)>,
    /// Points of every scorer that took part, for each feasible node in order. Nothing where there
    /// was nothing to choose.
    pub scores: Vec<Points>,
    /// Their sums, for each feasible node in order.
    pub totals: Vec<i64>,
    /// What nodes were compared by where a policy is no sum of points, what stands first being
    /// decisive.
    pub order: Vec<Criterion>,
    /// The nodes that were compared, in that order, where a lot left others out.
    pub drawn: Option<Vec<NodeId>>,
    /// All nodes that nothing but the tie-break sets apart.
    pub best: Vec<NodeId>,
    /// How one of them was picked.
    pub tie_break: TieBreak,
    /// The node the pod goes to.
    pub chosen: Option<NodeId>,
    /// What taking the place of others was found to be worth, where no node was feasible.
    pub preemption: Option<Preemption>,
    /// The place in the list of nodes at which the search started.
    pub start: u32,
    /// Nodes the search looked at; none where the pod went to the node it was nominated to.
    pub evaluated: u32,
}

/// The points of one scorer.
#[derive(Clone, Debug, PartialEq)]
pub struct Points {
    /// The scorer.
    pub plugin: Plugin,
    /// Normalised points times weight, for each feasible node in order.
    pub points: Vec<i64>,
}

/// One of the things nodes were compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Criterion {
    /// What it is.
    pub measure: Measure,
    /// The value of each feasible node in order, drawn or not.
    pub values: Vec<i64>,
}

/// Something nodes are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// What it is, in few words: the head of a column.
    pub name: &'static str,
    /// The unit; empty for counts and for numbers without one.
    pub unit: &'static str,
    /// Values are in so many parts of one, a power of ten.
    pub parts: u64,
    /// Which value is better.
    pub better: Better,
}

/// Points of a policy that gives up to 100.
pub const POINTS: Measure = Measure {
    name: "points",
    unit: "",
    parts: 1,
    better: Better::More,
};

/// Which of two values is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The larger one.
    More,
    /// The smaller one.
    Less,
}

/// How one of several nodes that are equally good is picked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TieBreak {
    /// The one that comes first in the scenario.
    #[default]
    First,
    /// The one that was drawn first.
    FirstDrawn,
    /// By lot.
    Lot,
    /// The first by name.
    Name,
}

/// A part of a scheduler that filters or scores. Those of Kubernetes bear its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plugin {
    /// Cordoned nodes are left out.
    NodeUnschedulable,
    /// A pod may name its node.
    NodeName,
    /// Taints keep pods off.
    TaintToleration,
    /// Node selector and node affinity.
    NodeAffinity,
    /// Ports of the node.
    NodePorts,
    /// Resources suffice, and which use of them is best.
    NodeResourcesFit,
    /// Single GPUs suffice (plimsoll's own, on for every policy).
    GpuDevices,
    /// Pods spread over topologies.
    PodTopologySpread,
    /// Pods near to, or far from, other pods.
    InterPodAffinity,
    /// Resources used in equal shares.
    NodeResourcesBalancedAllocation,
    /// Images that are there already.
    ImageLocality,
    /// Pods of lower priority make room.
    DefaultPreemption,
}

impl Explanation {
    /// The nodes are compared by these measures, what stands first being decisive; `values` gives
    /// one number for each measure. The first of the best is chosen, in the order of
    /// [`Explanation::drawn`] or of [`Explanation::feasible`].
    #[must_use]
    pub fn compared(
        mut self,
        measures: &[Measure],
        values: impl Fn(NodeId) -> Vec<i64>,
    ) -> Explanation {
        let of_node: BTreeMap<NodeId, Vec<i64>> = self
            .feasible
            .iter()
            .map(|&node| (node, values(node)))
            .collect();
        let criterion = |(at, &measure): (usize, &Measure)| Criterion {
            measure,
            values: self.feasible.iter().map(|node| of_node[node][at]).collect(),
        };
        self.order = measures.iter().enumerate().map(criterion).collect();
        let rank = |node: &NodeId| -> Vec<i64> {
            let ranked = measures.iter().zip(&of_node[node]);
            ranked
                .map(|(measure, &value)| measure.better.rank(value))
                .collect()
        };
        let compared = self.drawn.as_ref().unwrap_or(&self.feasible);
        let least = compared.iter().map(rank).min();
        let best = compared.iter().filter(|node| Some(rank(node)) == least);
        self.best = best.copied().collect();
        self.chosen = self.best.first().copied();
        self
    }
}

impl Better {
    /// A number that is smaller for better values.
    pub const fn rank(self, value: i64) -> i64 {
        match self {
            Better::More => -value,
            Better::Less => value,
        }
    }
}

impl Plugin {
    /// Those that refuse nodes.
    pub const FILTERS: [Plugin; 9] = [
        Plugin::NodeUnschedulable,
        Plugin::NodeName,
        Plugin::TaintToleration,
        Plugin::NodeAffinity,
        Plugin::NodePorts,
        Plugin::NodeResourcesFit,
        Plugin::GpuDevices,
        Plugin::PodTopologySpread,
        Plugin::InterPodAffinity,
    ];

    /// Its bit in a set of plugins.
    pub const fn bit(self) -> u8 {
        self as u8
    }
}

/// A filter refused a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rejection {
    /// The filter.
    pub plugin: Plugin,
    /// Whether evicting pods could change that.
    pub code: Code,
    /// Why, at least one.
    pub reasons: Vec<Reason>,
}

/// Whether evicting pods from a node could make it feasible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// It could.
    Unschedulable,
    /// It could not.
    UnschedulableAndUnresolvable,
}

/// Why a filter refused a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The node is cordoned.
    Cordoned,
    /// The pod names another node.
    OtherNodeNamed,
    /// A taint the pod does not tolerate.
    UntoleratedTaint(Taint),
    /// Node selector or affinity of the pod do not match.
    NodeAffinity,
    /// The affinity that the profile adds to every pod does not match.
    AddedAffinity,
    /// Node affinity names other nodes, so that this one was not looked at.
    NotNamed,
    /// A port of the node is taken.
    HostPorts,
    /// As many pods as the node takes are there.
    TooManyPods,
    /// Less CPU is free than requested.
    InsufficientCpu,
    /// Less memory is free than requested.
    InsufficientMemory,
    /// Less of an extended resource is free than requested.
    InsufficientExtended(ExtendedId),
    /// Fewer GPUs, or less of each, are free than requested, or they are of another kind.
    InsufficientGpu,
    /// A required topology spread constraint would be violated.
    TopologySpread,
    /// The node lacks the label of a required topology spread constraint.
    TopologySpreadLabelMissing,
    /// A required affinity to other pods is not met.
    PodAffinity,
    /// A required anti-affinity to other pods is not met.
    PodAntiAffinity,
    /// A pod that is there requires the absence of this one.
    ExistingPodAntiAffinity,
}

/// What evicting pods of lower priority was found to be worth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preemption {
    /// The node that would be made feasible, if any.
    pub nominated: Option<NodeId>,
    /// Why there is none.
    pub why_not: Option<WhyNoPreemption>,
    /// The pods to be evicted there, most important first.
    pub victims: Vec<PodId>,
    /// How many of them a disruption budget protects.
    pub budget_violations: u32,
    /// Every node where evicting pods would help.
    pub candidates: Vec<Candidate>,
    /// Candidates that all criteria leave equal.
    pub tied: Vec<NodeId>,
    /// Pods of lower priority that lose their nomination to the node.
    pub cleared_nominations: Vec<PodId>,
}

/// A node on which evicting pods would help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The node.
    pub node: NodeId,
    /// The pods to be evicted, most important first.
    pub victims: Vec<PodId>,
    /// How many of them a disruption budget protects.
    pub budget_violations: u32,
}

/// Why no pod makes room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyNoPreemption {
    /// The pod never takes the place of others.
    Never,
    /// Pods of lower priority are leaving the node it is nominated to already.
    VictimsLeaving,
    /// No node would become feasible: so many nodes for each obstacle. A node may have several.
    NoCandidate(BTreeMap<Obstacle, u32>),
}

/// Why evicting pods of lower priority would not make a node feasible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obstacle {
    /// What refused the node has nothing to do with its pods.
    Unhelpful,
    /// There are no pods of lower priority.
    NoVictims,
    /// It is refused even without all of them.
    Still(Reason),
}
