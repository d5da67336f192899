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
use crate::policy::scheduler::explanation::{
    Code, Explanation, Plugin, Points, Reason, Rejection, TieBreak,
};
use crate::rng;

/// Looks for a node for the pod, and for what evicting others would be worth where none fits.
pub fn attempt(profile: &Profile, view: &View, pod: PodId) -> Explanation {
    attempt_of(profile, view, Cycle::new(view.cluster, pod))
}

/// The attempt of a cycle.
pub fn attempt_of(profile: &Profile, view: &View, cycle: Cycle) -> Explanation {
    let nodes = view.cluster.tree().list();
    let filters = Prepared::new(profile, &cycle, &nodes);
    let mut told = feasible(profile, &cycle, &filters, &nodes);
    let mut pick = picker(profile.ties, view, cycle.pod);
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
    told.tie_break = match profile.ties {
        Ties::Lot => TieBreak::Lot,
        Ties::Name => TieBreak::Name,
    };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::catalog::{NodeSpec, Shape};
    use crate::cluster::change::Change;
    use crate::cluster::rules::{NameRequirement, NodeAffinity, NodeTerm, PodAffinity, Traits};
    use crate::cluster::rules::{PodTerm, Rules, well_known};
    use crate::ids::{NamespaceId, ShapeId, ValueId};
    use crate::policy::scheduler::kube::cycle::Nominations;
    use crate::policy::scheduler::kube::plain::next_start;
    use crate::policy::scheduler::kube::testing::{APP, WEB, label, selector, world_of, zones};
    use crate::policy::scheduler::testing::{World, node, shape, world};

    fn by_name() -> Profile {
        Profile {
            ties: Ties::Name,
            ..Profile::kube_1_34()
        }
    }

    fn of_priority(shape: Shape, priority: i32) -> Shape {
        Shape { priority, ..shape }
    }

    /// One node with 2 cores, for one of which a pod of priority 5 waits.
    fn with_nominated() -> (World, PodId) {
        let shapes = [4, 5, 6].map(|priority| of_priority(shape(1500, 10), priority));
        let mut world = world(vec![node(2000, 4096)], shapes.to_vec());
        let pod = world.job(ShapeId(1));
        let node = NodeId(0);
        world.apply(Change::PodNominated { pod, node });
        (world, pod)
    }

    fn fits(world: &World, pod: PodId, nominations: Nominations) -> bool {
        let cycle = Cycle {
            nominations,
            ..Cycle::new(&world.cluster, pod)
        };
        attempt_of(&by_name(), &world.view(), cycle)
            .chosen
            .is_some()
    }

    #[test]
    fn a_nominated_pod_counts_for_those_that_are_no_more_important() {
        let (mut world, nominated) = with_nominated();
        let pods = [0, 1, 2].map(|shape| world.job(ShapeId(shape)));
        let fit = pods.map(|pod| fits(&world, pod, Nominations::Queued));
        assert_eq!(fit, [false, false, true]);
        assert!(fits(&world, nominated, Nominations::Queued));
        // Of one that waits elsewhere no priority above zero is known.
        let fit = pods.map(|pod| fits(&world, pod, Nominations::Elsewhere));
        assert_eq!(fit, [true, true, true]);
    }

    #[test]
    fn what_is_told_of_a_nominated_pod_is_not_counted_on() {
        let wants = Rules {
            affinity: PodAffinity {
                required: vec![PodTerm {
                    selector: Some(selector(APP, WEB)),
                    namespaces: vec![NamespaceId::default()],
                    topology_key: well_known::HOSTNAME,
                }],
                preferred: Vec::new(),
            },
            ..Rules::default()
        };
        let wanted = Rules {
            labels: label(APP, WEB),
            ..Rules::default()
        };
        let mut world = zones(&[None], vec![wants, wanted]);
        let (pod, nominated) = (world.job(ShapeId(0)), world.job(ShapeId(1)));
        let node = NodeId(0);
        world.apply(Change::PodNominated {
            pod: nominated,
            node,
        });
        assert!(!fits(&world, pod, Nominations::Queued));
        world.put(1, 0);
        assert!(fits(&world, pod, Nominations::Queued));
    }

    #[test]
    fn a_nominated_node_that_fits_is_taken_without_a_look_at_others() {
        let mut world = world(
            vec![node(2000, 4096), node(9000, 4096)],
            vec![shape(1000, 10)],
        );
        let pod = world.job(ShapeId(0));
        let told = attempt(&by_name(), &world.view(), pod);
        assert_eq!((told.feasible.len(), told.chosen), (2, Some(NodeId(1))));
        let node = NodeId(0);
        world.apply(Change::PodNominated { pod, node });
        let told = attempt(&by_name(), &world.view(), pod);
        assert_eq!((told.feasible, told.chosen), (vec![node], Some(node)));
        assert_eq!(told.evaluated, 0);
        world.put(0, 0);
        world.put(0, 0);
        let told = attempt(&by_name(), &world.view(), pod);
        assert_eq!(told.feasible, [NodeId(1)], "it does not fit any more");
    }

    #[test]
    fn preemption_stops_at_enough_candidates_from_a_node_by_lot() {
        let shapes = [0, 1].map(|priority| of_priority(shape(1500, 10), priority));
        // A tenth, and at least 100.
        for (nodes, enough) in [(90, 90), (300, 100), (1500, 150)] {
            let mut world = world(vec![node(2000, 4096); nodes], shapes.to_vec());
            for node in 0..nodes {
                world.put(0, node as u32);
            }
            let pod = world.job(ShapeId(1));
            let told = attempt(&Profile::kube_1_34(), &world.view(), pod);
            let found = told.preemption.expect("no node fits");
            let tried: Vec<usize> = found
                .candidates
                .iter()
                .map(|one| one.node.0 as usize)
                .collect();
            let in_turn = (0..enough).map(|at| (tried[0] + at) % nodes);
            assert_eq!(tried, in_turn.collect::<Vec<_>>());
            assert_eq!(tried[0] == 0, nodes == enough, "begins at {}", tried[0]);
        }
    }

    #[test]
    fn a_large_cluster_is_looked_at_in_turns() {
        let mut nodes = vec![node(2000, 4096); 150];
        nodes[120] = node(10, 4096);
        let mut world = world(nodes, vec![shape(1000, 10)]);
        let mut looked = Vec::new();
        for _ in 0..3 {
            let pod = world.job(ShapeId(0));
            let told = attempt(&by_name(), &world.view(), pod);
            assert_eq!(told.feasible.len(), 100);
            assert_eq!(told.feasible[0], NodeId(told.start));
            looked.push((told.start, told.evaluated));
            let (slot, value) = next_start(&world.view(), &told).expect("it looked at nodes");
            world.apply(Change::Remembered { slot, value });
        }
        // The second one meets the node that is too small: 100 + 101 - 150 = 51.
        assert_eq!(looked, [(0, 100), (100, 101), (51, 101)]);
    }

    #[test]
    fn nodes_that_the_pod_does_not_name_are_not_looked_at() {
        let named = |name: u32| NodeSpec {
            traits: Traits {
                name: Some(ValueId(name)),
                ..Traits::default()
            },
            ..node(4000, 4096)
        };
        let fields = vec![NameRequirement {
            among: true,
            names: vec![ValueId(8)],
        }];
        let term = NodeTerm {
            expressions: Vec::new(),
            fields,
        };
        let rules = Rules {
            node_affinity: NodeAffinity {
                required: Some(vec![term]),
                preferred: Vec::new(),
            },
            ..Rules::default()
        };
        let nodes = [7, 8, 9].map(named).to_vec();
        let mut world = world_of(nodes, vec![rules]);
        let pod = world.job(ShapeId(0));
        let told = attempt(&by_name(), &world.view(), pod);
        assert_eq!((told.feasible, told.evaluated), (vec![NodeId(1)], 1));
        let refused = [0, 2].map(|node| (NodeId(node), not_named()));
        assert_eq!(told.rejected, refused);
    }
}
