//! `gpu-random`: any node on which the pod fits, and of its GPUs any.
//!
//! All nodes that fit have the same probability, and on the node all GPUs with room for a part. Whole
//! GPUs are alike: the first ones are taken. The dice are keyed by the pod and its attempt, as those of
//! [`super::random`], which differs by taking the best-fitting GPUs.
//!
//! Source: the baseline Random of Weng et al., "Beware of Fragmentation" (USENIX ATC 2023), section
//! 6.1, and of the authors' simulator (hkust-adsl/kubernetes-scheduler-simulator).
//!
//! With n nodes: O(n) per decision.

use super::explanation::Explanation;
use super::random::{drawn, lot};
use super::table::Table;
use super::{Chosen, Placement, Scheduler, best_fitting};
use crate::cluster::gpu::{GpuRequest, GpuSet, Gpus};
use crate::ids::PodId;
use crate::policy::View;
use crate::rng::{self, Stream};
use crate::units::WHOLE_GPU;

/// The scheduler.
#[derive(Debug, Default)]
pub struct GpuRandom {
    table: Table,
}

impl Scheduler for GpuRandom {
    fn place(&mut self, view: &View, pod: PodId) -> Placement {
        let (cluster, mut dice) = (view.cluster, view.dice(pod));
        self.table.refresh(cluster);
        let Some((node, feasible)) = lot(view, pod, self.table.rows(), &mut dice) else {
            return Placement::nowhere(view);
        };
        let shape = cluster.shape(pod);
        let gpus = match shape.gpus.milli {
            0 | WHOLE_GPU => best_fitting(cluster, shape, node),
            _ => any(cluster.gpus(node), shape.gpus, &mut dice),
        };
        Placement::on_gpus(node, gpus, Chosen::Lot { feasible })
    }

    fn explain(&mut self, view: &View, pod: PodId) -> Explanation {
        drawn(view, pod)
    }

    fn forget(&mut self) {
        self.table.clear();
    }
}

/// Any of the devices with room, as many as requested; there are enough.
fn any(gpus: Gpus, request: GpuRequest, dice: &mut Stream) -> GpuSet {
    let devices = gpus.left().iter().enumerate();
    let with_room = devices.filter(|&(_, &left)| left >= request.milli);
    let mut with_room: Vec<usize> = with_room.map(|(device, _)| device).collect();
    (0..request.count).fold(GpuSet::NONE, |chosen, _| {
        let lot = rng::below(dice, with_room.len() as u64) as usize;
        chosen.with(with_room.remove(lot))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::change::Change;
    use crate::cluster::gpu::GpuModels;
    use crate::ids::{Id, NodeId, ShapeId};
    use crate::policy::scheduler::testing::{asking_gpus, node, shape, with_gpus, world};

    #[test]
    fn every_node_that_fits_and_every_gpu_with_room_has_the_same_chance() {
        let gpus = |count| with_gpus(node(4000, 4096), count, None);
        let share = |milli| asking_gpus(shape(10, 1), 1, milli, GpuModels::ANY);
        let mut world = world(
            vec![gpus(3), gpus(2), gpus(0)],
            vec![share(500), share(600)],
        );
        // 400 thousandths are left of the second GPU of node 0, too little.
        let pod = world.job(ShapeId(1));
        let (node, gpus) = (NodeId(0), GpuSet::NONE.with(1));
        world.apply(Change::PodBound { pod, node, gpus });
        let mut random = GpuRandom::default();
        let mut chosen = [[0_u32; 3]; 2];
        for _ in 0..8000 {
            let pod = world.job(ShapeId(0));
            match random.place(&world.view(), pod) {
                Placement::Bind {
                    node, gpus, why, ..
                } => {
                    assert_eq!((why, gpus.len()), (Chosen::Lot { feasible: 2 }, 1));
                    chosen[node.index()][gpus.devices().next().unwrap()] += 1;
                }
                other => panic!("two nodes fit: {other:?}"),
            }
        }
        // Four GPUs, 2000 expected of each, standard deviation sqrt(8000 * 3/16) = 39.
        let expected = [[2000, 0, 2000], [2000, 2000, 0_u32]];
        for (made, expected) in chosen.iter().flatten().zip(expected.iter().flatten()) {
            assert!(made.abs_diff(*expected) <= 5 * 39, "{chosen:?}");
            assert_eq!(*made == 0, *expected == 0, "{chosen:?}");
        }
    }

    #[test]
    fn parts_of_several_gpus_are_of_different_ones_and_whole_gpus_the_first() {
        let gpus = |milli| asking_gpus(shape(10, 1), 2, milli, GpuModels::ANY);
        let nodes = vec![with_gpus(node(4000, 4096), 3, None)];
        let mut world = world(nodes, vec![gpus(500), gpus(1000)]);
        for (shape, sets) in [(0, 3), (1, 1)] {
            let made: std::collections::BTreeSet<u8> = (0..50)
                .map(|_| {
                    let pod = world.job(ShapeId(shape));
                    match GpuRandom::default().place(&world.view(), pod) {
                        Placement::Bind { gpus, .. } => {
                            assert_eq!(gpus.len(), 2);
                            gpus.devices().fold(0, |set, device| set | 1 << device)
                        }
                        other => panic!("it fits: {other:?}"),
                    }
                })
                .collect();
            assert_eq!(made.len(), sets, "{made:?}");
            assert!(sets > 1 || made.contains(&0b11));
        }
    }
}
