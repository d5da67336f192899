//! All scorers of a profile, asked of the nodes that fit.
//!
//! Source: kube-scheduler v1.34.1, `framework/runtime/framework.go` (`RunPreScorePlugins`,
//! `RunScorePlugins`).

use super::cycle::{Cycle, NodeInfo};
use super::profile::{Profile, Scorer};
use super::{images, inter_pod_affinity, node_affinity, resources, taints, topology_spread};
use crate::ids::NodeId;
use crate::policy::scheduler::explanation::Points;

/// Points of all scorers that take part, times weight, for each feasible node in order.
pub fn scores(
    profile: &Profile,
    cycle: &Cycle,
    feasible: &[NodeId],
    nodes: &[NodeId],
) -> Vec<Points> {
    let infos = feasible.iter();
    let infos: Vec<NodeInfo> = infos
        .map(|&node| NodeInfo::new(cycle.cluster, node))
        .collect();
    let scored = Scored {
        profile,
        cycle,
        feasible,
        infos: &infos,
        nodes,
    };
    let weighted = profile.scorers.iter().filter_map(|one| {
        let mut points = scored.points(&one.scorer)?;
        points.iter_mut().for_each(|points| *points *= one.weight);
        let plugin = one.scorer.plugin();
        Some(Points { plugin, points })
    });
    weighted.collect()
}

/// What scorers look at.
struct Scored<'a> {
    profile: &'a Profile,
    cycle: &'a Cycle<'a>,
    feasible: &'a [NodeId],
    /// The feasible nodes.
    infos: &'a [NodeInfo<'a>],
    /// All nodes.
    nodes: &'a [NodeId],
}

impl Scored<'_> {
    /// Points from 0 to 100; `None` where the scorer has nothing to say about the pod.
    fn points(&self, scorer: &Scorer) -> Option<Vec<i64>> {
        let (cycle, profile) = (self.cycle, self.profile);
        Some(match scorer {
            Scorer::TaintToleration => {
                self.normalized(|info| taints::score(cycle, info), taints::normalize)
            }
            Scorer::NodeAffinity => {
                let added = &profile.added_affinity;
                if !node_affinity::prefers(cycle, added) {
                    return None;
                }
                let score = |info: &NodeInfo<'_>| node_affinity::score(cycle, added, info);
                self.normalized(score, node_affinity::normalize)
            }
            Scorer::NodeResourcesFit {
                strategy,
                resources,
            } => self.each(|info| resources::score(cycle, strategy, resources, info)),
            Scorer::PodTopologySpread => {
                let defaults = &profile.spread_defaults;
                let (feasible, nodes) = (self.feasible, self.nodes);
                let score = topology_spread::score::Score::new(cycle, defaults, feasible, nodes)?;
                self.normalized(|info| score.of(cycle, info), |sums| score.normalize(sums))
            }
            Scorer::InterPodAffinity(args) => {
                let score = inter_pod_affinity::score::Score::new(cycle, args, self.nodes)?;
                self.normalized(|info| score.of(info), |sums| score.normalize(sums))
            }
            Scorer::NodeResourcesBalancedAllocation(resources) => {
                if !resources::requests_any(cycle, resources) {
                    return None;
                }
                self.each(|info| resources::balance(cycle, resources, info))
            }
            Scorer::ImageLocality => self.each(|info| images::score(cycle, info, self.nodes.len())),
        })
    }

    fn each(&self, score: impl Fn(&NodeInfo) -> i64) -> Vec<i64> {
        self.infos.iter().map(score).collect()
    }

    fn normalized(
        &self,
        score: impl Fn(&NodeInfo) -> i64,
        normalize: impl FnOnce(&mut [i64]),
    ) -> Vec<i64> {
        let mut sums = self.each(score);
        normalize(&mut sums);
        sums
    }
}
