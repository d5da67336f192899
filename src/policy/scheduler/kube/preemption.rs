//! DefaultPreemption: on which node pods of lower priority make room, and which pods.
//!
//! On every node that a filter refused for its pods, all pods of lower priority are taken away in
//! thought. If the pod fits then, they are put back one by one, most important first and those that
//! a disruption budget protects before the others; what does not fit beside the pod any more is a
//! victim. The node is taken where the fewest budgets are violated, then where the most important
//! victim matters least, then where victims matter least in sum, then with the fewest victims, then
//! where the most important victim started last.
//!
//! Source: kube-scheduler v1.34.1, `framework/plugins/defaultpreemption` and
//! `framework/preemption` (`DryRunPreemption`). Nodes are tried one after the other, where the real one
//! tries several at a time and may find a few candidates more than it asks for.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::cycle::{Cycle, NodeInfo};
use crate::cluster::budget;
use crate::cluster::pod::Deletion;
use crate::ids::{NodeId, PodId};
use crate::policy::scheduler::explanation::{
    Candidate, Code, Obstacle, Preemption, Rejection, WhyNoPreemption,
};
use crate::time::Time;

/// Candidates after which no further node is tried, if one of them violates no budget: as many
/// (`minCandidateNodesAbsolute` of DefaultPreemptionArgs, default 100) …
const ENOUGH: usize = 100;

/// … or, if that is more, this share of the nodes where evicting may help: a tenth
/// (`minCandidateNodesPercentage`, default 10).
const ENOUGH_PER: usize = 10;

/// The filters of one attempt, with pods moved in thought.
pub trait Filters: Clone {
    /// The first refusal of the node, pods nominated to it included.
    fn refuses(&self, cycle: &Cycle, node: &NodeInfo) -> Option<Rejection>;

    /// A pod is added to a node in thought.
    fn add(&mut self, cycle: &Cycle, pod: PodId, node: NodeId);

    /// A pod is taken from a node in thought.
    fn remove(&mut self, cycle: &Cycle, pod: PodId, node: NodeId);
}

/// What evicting pods is worth for a pod that every node refused. `pick` chooses among nodes that all
/// criteria leave equal, and the one to begin with where not all are tried.
pub fn preempt(
    cycle: &Cycle,
    filters: &impl Filters,
    rejected: &[(NodeId, Rejection)],
    mut pick: impl FnMut(&[NodeId]) -> NodeId,
) -> Preemption {
    if let Some(why_not) = not_eligible(cycle, rejected) {
        return nothing(why_not);
    }
    let (candidates, obstacles) = candidates(cycle, filters, rejected, &mut pick);
    let Some(least) = candidates.iter().map(|one| cost(cycle, one)).min() else {
        return nothing(WhyNoPreemption::NoCandidate(obstacles));
    };
    let tied = candidates.iter().filter(|one| cost(cycle, one) == least);
    let tied: Vec<NodeId> = tied.map(|one| one.node).collect();
    let nominated = pick(&tied);
    let chosen = candidates.iter().find(|one| one.node == nominated);
    let chosen = chosen.expect("one of the tied").clone();
    Preemption {
        nominated: Some(nominated),
        why_not: None,
        victims: chosen.victims,
        budget_violations: chosen.budget_violations,
        candidates,
        tied,
        cleared_nominations: less_important_nominated(cycle, nominated),
    }
}

fn nothing(why_not: WhyNoPreemption) -> Preemption {
    Preemption {
        why_not: Some(why_not),
        ..Preemption::default()
    }
}

/// Why the pod may not evict others at all.
fn not_eligible(cycle: &Cycle, rejected: &[(NodeId, Rejection)]) -> Option<WhyNoPreemption> {
    if cycle.rules.never_preempts {
        return Some(WhyNoPreemption::Never);
    }
    let node = cycle.cluster.pods()[cycle.pod].nominated?;
    let for_good = rejected.iter().any(|(other, rejection)| {
        *other == node && rejection.code == Code::UnschedulableAndUnresolvable
    });
    let leaving = |&pod: &PodId| {
        let state = &cycle.cluster.pods()[pod];
        state.deletion == Some(Deletion::Preempted) && priority(cycle, pod) < cycle.shape.priority
    };
    let pods = &cycle.cluster.nodes()[node].pods;
    (!for_good && pods.iter().any(leaving)).then_some(WhyNoPreemption::VictimsLeaving)
}

/// The nodes where evicting helps, as many as are enough; and what stands against the others.
fn candidates(
    cycle: &Cycle,
    filters: &impl Filters,
    rejected: &[(NodeId, Rejection)],
    pick: &mut impl FnMut(&[NodeId]) -> NodeId,
) -> (Vec<Candidate>, BTreeMap<Obstacle, u32>) {
    let mut obstacles: BTreeMap<Obstacle, u32> = BTreeMap::new();
    let mut nodes = Vec::new();
    for (node, rejection) in rejected {
        match rejection.code {
            Code::Unschedulable => nodes.push(*node),
            Code::UnschedulableAndUnresolvable => {
                *obstacles.entry(Obstacle::Unhelpful).or_default() += 1;
            }
        }
    }
    let enough = ENOUGH.max(nodes.len() / ENOUGH_PER);
    if nodes.len() > enough {
        let first = pick(&nodes);
        let at = nodes.iter().position(|&node| node == first);
        nodes.rotate_left(at.expect("it is one of them"));
    }
    let mut candidates = Vec::new();
    let mut spares_budgets = false;
    for node in nodes {
        match victims(cycle, filters, node) {
            Ok(candidate) => {
                spares_budgets |= candidate.budget_violations == 0;
                candidates.push(candidate);
            }
            Err(found) => {
                for obstacle in found {
                    *obstacles.entry(obstacle).or_default() += 1;
                }
            }
        }
        if spares_budgets && candidates.len() >= enough {
            break;
        }
    }
    (candidates, obstacles)
}

/// The pods that would have to leave the node.
fn victims(
    cycle: &Cycle,
    filters: &impl Filters,
    node: NodeId,
) -> Result<Candidate, Vec<Obstacle>> {
    let mut filters = filters.clone();
    let mut info = NodeInfo::new(cycle.cluster, node);
    let lower = |&pod: &PodId| priority(cycle, pod) < cycle.shape.priority;
    let mut removed: Vec<PodId> = info.pods.iter().copied().filter(lower).collect();
    if removed.is_empty() {
        return Err(vec![Obstacle::NoVictims]);
    }
    removed.sort_by_key(|&pod| importance(cycle, pod));
    for &pod in &removed {
        info.remove(cycle.cluster, pod);
        filters.remove(cycle, pod, node);
    }
    if let Some(rejection) = filters.refuses(cycle, &info) {
        return Err(rejection.reasons.into_iter().map(Obstacle::Still).collect());
    }
    let protected = budget::violated(cycle.cluster, &removed);
    let (first, then): (Vec<_>, Vec<_>) = removed
        .iter()
        .zip(protected)
        .partition(|&(_, protected)| protected);
    let mut victims = Vec::new();
    let mut budget_violations = 0;
    for (&pod, protected) in first.into_iter().chain(then) {
        info.add(cycle.cluster, pod);
        filters.add(cycle, pod, node);
        if filters.refuses(cycle, &info).is_some() {
            info.remove(cycle.cluster, pod);
            filters.remove(cycle, pod, node);
            victims.push(pod);
            budget_violations += u32::from(protected);
        }
    }
    victims.sort_by_key(|&pod| importance(cycle, pod));
    Ok(Candidate {
        node,
        victims,
        budget_violations,
    })
}

/// How bad it is to evict these pods: the less, the better.
fn cost(cycle: &Cycle, candidate: &Candidate) -> (u32, i32, i64, usize, Reverse<Time>) {
    let priorities = candidate.victims.iter().map(|&pod| priority(cycle, pod));
    let highest = priorities.clone().max().unwrap_or(i32::MIN);
    // Each priority counts from the lowest there is, so that more victims never weigh less.
    let sum = priorities
        .map(|one| i64::from(one) - i64::from(i32::MIN))
        .sum();
    let important = candidate.victims.iter();
    let important = important.filter(|&&pod| priority(cycle, pod) == highest);
    let started = important.map(|&pod| cycle.cluster.pods()[pod].bound).min();
    (
        candidate.budget_violations,
        highest,
        sum,
        candidate.victims.len(),
        Reverse(started.unwrap_or(Time::ZERO)),
    )
}

/// Pods of lower priority that wait for the same node.
fn less_important_nominated(cycle: &Cycle, node: NodeId) -> Vec<PodId> {
    let nominated = cycle.nominated(node);
    let less = nominated.filter(|&(_, priority)| priority < cycle.shape.priority);
    let mut cleared: Vec<PodId> = less.map(|(pod, _)| pod).collect();
    cleared.sort_unstable();
    cleared
}

fn priority(cycle: &Cycle, pod: PodId) -> i32 {
    cycle.cluster.shape(pod).priority
}

/// Most important first: higher priority, then longer there.
fn importance(cycle: &Cycle, pod: PodId) -> (Reverse<i32>, Time, PodId) {
    let bound = cycle.cluster.pods()[pod].bound;
    (Reverse(priority(cycle, pod)), bound, pod)
}
