//! One scheduling attempt, told whole: the plain and slow way.
//!
//! What is fast must decide as this does.
//!
//! Source: kube-scheduler v1.34.1, `schedule_one.go` (`schedulePod`, `findNodesThatFitPod`,
//! `findNodesThatPassFilters`, `prioritizeNodes`, `selectHost`).

use super::cycle::{Cycle, NodeInfo};
use super::filters::Prepared;
use super::preemption::{self, Filters};
use super::profile::{Profile, Ties};
use super::{node_affinity, sampling, scores};
use crate::cluster::{Cluster, Slot};
use crate::ids::{NodeId, PodId};
use crate::policy::View;
use crate::policy::scheduler::explanation::{Code, Explanation, Plugin, Points, Reason, Rejection};
use crate::rng;

/// Looks for a node for the pod, and for what evicting others would be worth where none fits.
pub fn attempt(profile: &Profile, view: &View, pod: PodId) -> Explanation {
    let cycle = Cycle::new(view.cluster, pod);
    let nodes = view.cluster.tree().list();
    let filters = Prepared::new(profile, &cycle, &nodes);
    let mut told = feasible(profile, &cycle, &filters, &nodes);
    let mut pick = picker(profile.ties, view, pod);
    if told.feasible.is_empty() {
        let preemption = preemption::preempt(&cycle, &filters, &told.rejected, pick);
        told.preemption = Some(preemption);
        return told;
    }
    if told.feasible.len() > 1 {
        told.scores = scores::scores(profile, &cycle, &told.feasible, &nodes);
        told.totals = totals(&told.scores, told.feasible.len());
    }
    told.best = best(view.cluster, &told);
    told.chosen = Some(pick(&told.best));
    told
}

/// How one of equally good nodes is picked.
fn picker(ties: Ties, view: &View, pod: PodId) -> impl FnMut(&[NodeId]) -> NodeId {
    let mut dice = view.dice(pod);
    let cluster = view.cluster;
    move |nodes| match ties {
        Ties::Lot => nodes[rng::below(&mut dice, nodes.len() as u64) as usize],
        Ties::Name => {
            let first = nodes.iter().min_by_key(|&&node| name(cluster, node));
            *first.expect("there is something to pick from")
        }
    }
}

fn name(cluster: &Cluster, node: NodeId) -> &str {
    &cluster.catalog().nodes[node].name
}

/// The nodes that fit. The one that others were evicted from for the pod is tried before all
/// others, which are not looked at if it fits.
fn feasible(profile: &Profile, cycle: &Cycle, filters: &Prepared, nodes: &[NodeId]) -> Explanation {
    if let Some(node) = cycle.cluster.pods()[cycle.pod].nominated
        && filters
            .refuses(cycle, &NodeInfo::new(cycle.cluster, node))
            .is_none()
    {
        return Explanation {
            feasible: vec![node],
            ..Explanation::default()
        };
    }
    match node_affinity::named(cycle, nodes) {
        None => search(profile, cycle, filters, nodes),
        Some(named) => {
            let mut told = search(profile, cycle, filters, &named);
            let others = nodes.iter().filter(|node| !named.contains(node));
            told.rejected
                .extend(others.map(|&node| (node, not_named())));
            told
        }
    }
}

fn not_named() -> Rejection {
    Rejection {
        plugin: Plugin::NodeAffinity,
        code: Code::UnschedulableAndUnresolvable,
        reasons: vec![Reason::NotNamed],
    }
}

/// Looks at nodes until enough of them fit: the search ends at the first one that would be too many,
/// so that nodes refused before that one are told as well.
fn search(profile: &Profile, cycle: &Cycle, filters: &Prepared, nodes: &[NodeId]) -> Explanation {
    let start = cycle.cluster.memory(Slot::Scheduler) as usize;
    let enough = sampling::enough(profile.percentage_of_nodes_to_score, nodes.len());
    let mut told = Explanation {
        start: start as u32,
        ..Explanation::default()
    };
    for at in 0..nodes.len() {
        let node = nodes[(start + at) % nodes.len()];
        match filters.refuses(cycle, &NodeInfo::new(cycle.cluster, node)) {
            Some(rejection) => told.rejected.push((node, rejection)),
            None if told.feasible.len() == enough => break,
            None => told.feasible.push(node),
        }
    }
    told.evaluated = (told.feasible.len() + told.rejected.len()) as u32;
    told
}

fn totals(scores: &[Points], nodes: usize) -> Vec<i64> {
    let of = |at: usize| scores.iter().map(|scorer| scorer.points[at]).sum();
    (0..nodes).map(of).collect()
}

/// The nodes with the highest total, by name.
fn best(cluster: &Cluster, told: &Explanation) -> Vec<NodeId> {
    let most = told.totals.iter().max();
    let is_best = |at: &usize| told.totals.get(*at) == most;
    let best = (0..told.feasible.len()).filter(is_best);
    let mut best: Vec<NodeId> = best.map(|at| told.feasible[at]).collect();
    best.sort_by_key(|&node| name(cluster, node));
    best
}
