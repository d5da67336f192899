//! What a scheduler asks of nodes, and what it prefers: a list of filters and a list of scorers.
//!
//! Source: kube-scheduler v1.34.1, `apis/config/v1/default_plugins.go` (which plugins, in which
//! order, with which weights) and `apis/config/v1/defaults.go` (their arguments).

use super::inter_pod_affinity::score::Args;
use super::resources::{Counted, Ignored, Strategy};
use super::topology_spread::Defaults;
use crate::cluster::rules::NodeAffinity;
use crate::policy::scheduler::explanation::Plugin;
use crate::units::Resource;

/// A profile of the scheduler (`KubeSchedulerProfile`).
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Asked in this order: the first that refuses a node is told.
    pub filters: Vec<Filter>,
    /// Their points, times weight, are added up.
    pub scorers: Vec<Weighted>,
    /// What every pod asks of its node beside what it says itself (`addedAffinity`).
    pub added_affinity: NodeAffinity,
    /// Constraints of pods that have none (`defaultConstraints`).
    pub spread_defaults: Defaults,
    /// In clusters of 100 nodes and more, after how many per cent of them that fit no more are
    /// looked at (`percentageOfNodesToScore`); zero: fewer, the larger the cluster.
    pub percentage_of_nodes_to_score: u32,
    /// Which of equally good nodes is taken.
    pub ties: Ties,
}

/// What may refuse a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Cordoned nodes.
    NodeUnschedulable,
    /// Nodes other than the one that the pod names.
    NodeName,
    /// Taints that the pod does not tolerate.
    TaintToleration,
    /// Labels of the node, and its name.
    NodeAffinity,
    /// Ports that are taken.
    NodePorts,
    /// Too little of a resource, or too many pods.
    NodeResourcesFit(Ignored),
    /// Too few GPUs, one by one.
    GpuDevices,
    /// Required topology spread constraints.
    PodTopologySpread,
    /// Required affinity and anti-affinity between pods.
    InterPodAffinity,
}

/// What may give a node points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scorer {
    /// Few taints that would rather keep the pod off.
    TaintToleration,
    /// Preferred labels of the node.
    NodeAffinity,
    /// Which use of resources is best (`scoringStrategy`).
    NodeResourcesFit {
        /// What is good.
        strategy: Strategy,
        /// The resources that count, with weights.
        resources: Vec<(Counted, i64)>,
    },
    /// Preferred topology spread constraints.
    PodTopologySpread,
    /// Preferred affinity and anti-affinity between pods.
    InterPodAffinity(Args),
    /// Equal shares used of these resources.
    NodeResourcesBalancedAllocation(Vec<Counted>),
    /// Images that are there already.
    ImageLocality,
}

/// A scorer and what its points count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighted {
    /// The scorer.
    pub scorer: Scorer,
    /// By what its 0 to 100 points are multiplied.
    pub weight: i64,
}

/// Which of equally good nodes is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ties {
    /// Any, by lot: what kube-scheduler does.
    Lot,
    /// The first by name.
    Name,
}

/// CPU and memory, alike: what scorers of resources look at unless they are told otherwise.
pub const CPU_AND_MEMORY: [Counted; 2] = [
    Counted::Plain(Resource::Cpu),
    Counted::Plain(Resource::Memory),
];

impl Profile {
    /// The profile of kube-scheduler v1.34 without any configuration.
    pub fn kube_1_34() -> Profile {
        Profile::with_strategy(Strategy::LeastAllocated)
    }

    /// The same, but for one scorer: full nodes are better than empty ones.
    pub fn kube_binpack() -> Profile {
        Profile::with_strategy(Strategy::MostAllocated)
    }

    fn with_strategy(strategy: Strategy) -> Profile {
        let resources = CPU_AND_MEMORY.map(|resource| (resource, 1)).to_vec();
        let balanced = CPU_AND_MEMORY.to_vec();
        Profile {
            filters: vec![
                // Cheap, and final: no eviction helps.
                Filter::NodeUnschedulable,
                Filter::NodeName,
                Filter::TaintToleration,
                Filter::NodeAffinity,
                // What the pods on the node have taken.
                Filter::NodePorts,
                Filter::NodeResourcesFit(Ignored::default()),
                // No plugin of Kubernetes: it counts GPUs in sum, plimsoll one by one.
                Filter::GpuDevices,
                // Dearest, as they look at the pods of other nodes.
                Filter::PodTopologySpread,
                Filter::InterPodAffinity,
            ],
            scorers: vec![
                // Whoever runs the cluster says "rather not here": that counts most.
                Scorer::TaintToleration.times(3),
                // Whoever runs the pod has preferences: they count more than what is good for all.
                Scorer::NodeAffinity.times(2),
                Scorer::PodTopologySpread.times(2),
                Scorer::InterPodAffinity(Args::default()).times(2),
                // What is good for all: room to spare (or none), no stranded rest, images at hand.
                Scorer::NodeResourcesFit {
                    strategy,
                    resources,
                }
                .times(1),
                Scorer::NodeResourcesBalancedAllocation(balanced).times(1),
                Scorer::ImageLocality.times(1),
            ],
            // Nothing is asked for on behalf of pods, but that they spread a little.
            added_affinity: NodeAffinity::default(),
            spread_defaults: Defaults::System,
            percentage_of_nodes_to_score: 0,
            ties: Ties::Lot,
        }
    }
}

impl Filter {
    /// Its name.
    pub const fn plugin(&self) -> Plugin {
        match self {
            Filter::NodeUnschedulable => Plugin::NodeUnschedulable,
            Filter::NodeName => Plugin::NodeName,
            Filter::TaintToleration => Plugin::TaintToleration,
            Filter::NodeAffinity => Plugin::NodeAffinity,
            Filter::NodePorts => Plugin::NodePorts,
            Filter::NodeResourcesFit(_) => Plugin::NodeResourcesFit,
            Filter::GpuDevices => Plugin::GpuDevices,
            Filter::PodTopologySpread => Plugin::PodTopologySpread,
            Filter::InterPodAffinity => Plugin::InterPodAffinity,
        }
    }
}

impl Scorer {
    /// With a weight.
    pub const fn times(self, weight: i64) -> Weighted {
        Weighted {
            scorer: self,
            weight,
        }
    }

    /// Its name.
    pub const fn plugin(&self) -> Plugin {
        match self {
            Scorer::TaintToleration => Plugin::TaintToleration,
            Scorer::NodeAffinity => Plugin::NodeAffinity,
            Scorer::NodeResourcesFit { .. } => Plugin::NodeResourcesFit,
            Scorer::PodTopologySpread => Plugin::PodTopologySpread,
            Scorer::InterPodAffinity(_) => Plugin::InterPodAffinity,
            Scorer::NodeResourcesBalancedAllocation(_) => Plugin::NodeResourcesBalancedAllocation,
            Scorer::ImageLocality => Plugin::ImageLocality,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_and_spreading_differ_in_one_scorer_only() {
        let (mut spread, pack) = (Profile::kube_1_34(), Profile::kube_binpack());
        assert_ne!(spread, pack);
        for weighted in &mut spread.scorers {
            if let Scorer::NodeResourcesFit { strategy, .. } = &mut weighted.scorer {
                *strategy = Strategy::MostAllocated;
            }
        }
        assert_eq!(spread, pack);
    }
}
