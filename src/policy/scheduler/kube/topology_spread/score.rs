//! Preferred constraints.
//!
//! Every constraint adds, for the node's domain, pods x ln(domains + 2) + maxSkew - 1: without the
//! logarithm a label of many values, over which pods are thin, would hardly count. The sum is
//! rounded, half away from zero, and the lowest gets the most points.

use std::collections::BTreeMap;

use super::{Constraint, Defaults, constraints, counted, has_all_labels};
use crate::cluster::rules::well_known;
use crate::ids::{NodeId, ValueId};
use crate::policy::scheduler::kube::cycle::{Cycle, NodeInfo};

/// The sum of a node that gets no points because it lacks the label of a constraint. Real sums are
/// not negative.
pub const IGNORED: i64 = -1;

/// What each preferred constraint of a pod counts.
#[derive(Clone, Debug)]
pub struct Score<'a> {
    weighed: Vec<Weighed<'a>>,
    /// Whether only nodes with the labels of all constraints get points.
    all_labels: bool,
}

/// A constraint with what it counts.
#[derive(Clone, Debug)]
struct Weighed<'a> {
    constraint: Constraint<'a>,
    weight: f64,
    /// Pods in each domain of a feasible node. A constraint over nodes counts when it is asked.
    pods: BTreeMap<ValueId, i64>,
}

impl<'a> Score<'a> {
    /// Counts the pods on all nodes. `None` where no constraint is preferred.
    ///
    /// A node without a label is left out unless the constraints are those built into the scheduler:
    /// in a cluster without zones they still spread over nodes.
    pub fn new(
        cycle: &Cycle<'a>,
        defaults: &'a Defaults,
        feasible: &[NodeId],
        nodes: &[NodeId],
    ) -> Option<Score<'a>> {
        let constraints = constraints(cycle.rules, defaults, false);
        if constraints.is_empty() {
            return None;
        }
        let all_labels = !cycle.rules.spread.is_empty() || *defaults != Defaults::System;
        let looked_at = |nodes: &[NodeId]| -> Vec<NodeId> {
            let has = |node: &NodeId| has_all_labels(&constraints, cycle.cluster.spec(*node));
            let nodes = nodes.iter().copied();
            nodes.filter(|node| !all_labels || has(node)).collect()
        };
        let (feasible, nodes) = (looked_at(feasible), looked_at(nodes));
        let weighed = |&constraint: &_| Weighed::new(cycle, constraint, &feasible, &nodes);
        Some(Score {
            weighed: constraints.iter().map(weighed).collect(),
            all_labels,
        })
    }

    /// What the node's domains hold, or [`IGNORED`].
    pub fn of(&self, cycle: &Cycle, info: &NodeInfo) -> i64 {
        let mut weighed = self.weighed.iter();
        if self.all_labels && weighed.any(|one| one.constraint.domain(info.spec).is_none()) {
            return IGNORED;
        }
        let sums = self.weighed.iter().filter_map(|one| one.of(cycle, info));
        sums.fold(0.0, |sum, one| sum + one).round() as i64
    }

    /// Makes points of the sums of all feasible nodes.
    pub fn normalize(&self, sums: &mut [i64]) {
        let real = || sums.iter().copied().filter(|&sum| sum != IGNORED);
        let (Some(least), Some(most)) = (real().min(), real().max()) else {
            sums.fill(0);
            return;
        };
        for sum in sums {
            *sum = points(*sum, least, most);
        }
    }
}

impl<'a> Weighed<'a> {
    fn new(
        cycle: &Cycle,
        constraint: Constraint<'a>,
        feasible: &[NodeId],
        nodes: &[NodeId],
    ) -> Weighed<'a> {
        if is_over_nodes(&constraint) {
            return Weighed {
                constraint,
                weight: weight(feasible.len()),
                pods: BTreeMap::new(),
            };
        }
        let domain = |spec| constraint.domain(spec).unwrap_or(well_known::EMPTY);
        let specs = feasible.iter().map(|&node| cycle.cluster.spec(node));
        let mut pods: BTreeMap<ValueId, i64> = specs.map(|spec| (domain(spec), 0)).collect();
        for (node, spec) in counted(cycle, &constraint, nodes) {
            if let Some(here) = pods.get_mut(&domain(spec)) {
                let all = &cycle.cluster.nodes()[node].pods;
                *here += constraint.count(cycle.cluster, cycle.rules.namespace, all);
            }
        }
        Weighed {
            constraint,
            weight: weight(pods.len()),
            pods,
        }
    }

    fn of(&self, cycle: &Cycle, info: &NodeInfo) -> Option<f64> {
        let domain = self.constraint.domain(info.spec)?;
        let pods = if is_over_nodes(&self.constraint) {
            let namespace = cycle.rules.namespace;
            self.constraint.count(cycle.cluster, namespace, &info.pods)
        } else {
            *self.pods.get(&domain).expect("the node is feasible")
        };
        Some(crowd(pods, self.constraint.rule.max_skew, self.weight))
    }
}

fn is_over_nodes(constraint: &Constraint) -> bool {
    constraint.rule.topology_key == well_known::HOSTNAME
}

/// What the pods of a domain weigh, for a label with so many domains.
pub fn weight(domains: usize) -> f64 {
    ((domains + 2) as f64).ln()
}

/// What a constraint adds for a domain with so many pods. A larger `maxSkew` blurs differences.
pub fn crowd(pods: i64, max_skew: i64, weight: f64) -> f64 {
    pods as f64 * weight + (max_skew - 1) as f64
}

/// Points of a sum between the least and the most one.
pub const fn points(sum: i64, least: i64, most: i64) -> i64 {
    if sum == IGNORED {
        0
    } else if most == 0 {
        100
    } else {
        100 * (most + least - sum) / most
    }
}
