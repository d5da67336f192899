//! `random`: any node on which the pod fits, all with the same probability.
//!
//! The baseline that shows what choosing is worth. The dice are keyed by the pod and its attempt, so
//! that what happens to other pods does not change them.
//!
//! With n nodes: O(n) per decision.

use super::explanation::{Explanation, TieBreak};
use super::score::{Ask, Weights};
use super::table::{Row, Table};
use super::{Chosen, Placement, Scheduler, filter};
use crate::ids::{NodeId, PodId};
use crate::policy::View;
use crate::rng::{self, Stream};

/// The scheduler.
#[derive(Debug, Default)]
pub struct Random {
    table: Table,
}

impl Scheduler for Random {
    fn place(&mut self, view: &View, pod: PodId) -> Placement {
        self.table.refresh(view.cluster);
        match lot(view, pod, self.table.rows(), &mut view.dice(pod)) {
            Some((node, feasible)) => Placement::on(view, pod, node, Chosen::Lot { feasible }),
            None => Placement::nowhere(view),
        }
    }

    fn explain(&mut self, view: &View, pod: PodId) -> Explanation {
        drawn(view, pod)
    }

    fn forget(&mut self) {
        self.table.clear();
    }
}

/// How [`lot`] comes to its node with the dice of the pod.
pub fn drawn(view: &View, pod: PodId) -> Explanation {
    let mut told = filter::sift(view.cluster, pod).compared(&[], |_| Vec::new());
    told.tie_break = TieBreak::Lot;
    told.chosen = match told.best.len() {
        0 => None,
        count => {
            let lot = rng::below(&mut view.dice(pod), count as u64);
            Some(told.best[lot as usize])
        }
    };
    told
}

/// One of the nodes on which the pod fits, and how many they are.
pub fn lot(view: &View, pod: PodId, rows: &[Row], dice: &mut Stream) -> Option<(NodeId, u32)> {
    let ask = Ask::new(view.cluster, pod, Weights::NONE);
    let feasible = || rows.iter().filter(|row| row.fits(&ask));
    let count = feasible().count();
    if count == 0 {
        return None;
    }
    let lot = rng::below(dice, count as u64) as usize;
    let node = feasible().nth(lot).expect("below the count").node;
    Some((node, count as u32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::change::Change;
    use crate::cluster::queue::RejectedBy;
    use crate::ids::{Id, ShapeId};
    use crate::policy::scheduler::testing::{node, shape, world};

    #[test]
    fn every_node_that_fits_has_the_same_chance() {
        let mut nodes = vec![node(4000, 4096); 8];
        nodes[2] = node(500, 4096);
        let mut world = world(nodes, vec![shape(1000, 1024)]);
        world.apply(Change::NodeCordoned(NodeId(5)));
        world.apply(Change::NodeNotReady(NodeId(7)));
        let mut random = Random::default();
        let mut chosen = [0_u32; 8];
        for _ in 0..10_000 {
            let pod = world.job(ShapeId(0));
            match random.place(&world.view(), pod) {
                Placement::Bind { node, why, .. } => {
                    assert_eq!(why, Chosen::Lot { feasible: 5 });
                    chosen[node.index()] += 1;
                }
                Placement::Wait { .. } | Placement::Preempt { .. } => panic!("five nodes fit"),
            }
        }
        // Five nodes fit: 2000 expected of 10,000, standard deviation sqrt(10,000 * 0.2 * 0.8) = 40.
        for (node, count) in chosen.into_iter().enumerate() {
            let expected = if [2, 5, 7].contains(&node) { 0 } else { 2000 };
            assert!(count.abs_diff(expected) <= 5 * 40, "{chosen:?}");
            assert_eq!(count == 0, expected == 0, "{chosen:?}");
        }
    }

    #[test]
    fn another_attempt_of_the_same_pod_has_other_dice() {
        let mut world = world(vec![node(4000, 4096); 100], vec![shape(1000, 1024)]);
        let pod = world.job(ShapeId(0));
        let mut random = Random::default();
        let first = random.place(&world.view(), pod);
        let by = RejectedBy::default();
        world.apply(Change::PodUnschedulable { pod, by });
        world.apply(Change::PodActivated(pod));
        assert_ne!(random.place(&world.view(), pod), first);
    }
}
