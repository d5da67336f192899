//! `tetris`: the node whose free resources point the way the pod's requests do.
//!
//! The alignment of a pod and a node is the dot product of what the pod requests and what is free
//! before it is placed, both as shares of the node:
//!
//! ```text
//! alignment = sum over cpu, memory and gpu of (requested / capacity) * (free / capacity)
//! ```
//!
//! with every share in millionths, rounded down, and the node with the largest is taken: the one with
//! the most of what the pod wants most. A resource of which the node has nothing adds nothing. Ties go
//! to the node with the lowest id.
//!
//! Source: Grandl et al., "Multi-resource Packing for Cluster Schedulers" (SIGCOMM 2014), the alignment
//! score of Tetris. There a machine with room picks among waiting tasks; here a pod picks among nodes
//! with the same score. What Tetris adds to the score for other ends is left out: short jobs first,
//! fairness, and the penalty for remote input.
//!
//! With S shapes and n nodes: O(S + log n) per decision with `search = "tree"`, O(n) with `scan`.

use super::Chosen;
use super::best::{Best, Rank};
use super::explanation::{Better, Measure};
use super::score::{Ask, Weights};
use super::table::Row;
use crate::policy::params::Params;
use crate::units::Resource;

/// Parts of a node's capacity in which shares are counted.
const PARTS: u64 = 1_000_000;

/// The order of nodes: one more than the alignment, in parts of parts.
#[derive(Clone, Copy, Debug)]
pub struct Tetris;

impl Tetris {
    /// The scheduler with the given parameters.
    pub fn scheduler(params: &Params) -> Best<Tetris> {
        Best::new(Tetris, Weights::NONE, params.choice("search"))
    }
}

impl Rank for Tetris {
    type Key = u64;

    const TOP: u64 = 1 + Resource::ALL.len() as u64 * PARTS * PARTS;

    const MEASURES: &'static [Measure] = &[Measure {
        name: "alignment",
        unit: "",
        parts: PARTS * PARTS,
        better: Better::More,
    }];

    fn key(&self, ask: &Ask, row: &Row) -> u64 {
        let free = &ask.cluster.free()[row.node];
        let shares = row.shares.iter().zip(Resource::ALL);
        let products = shares.filter(|(share, _)| share.capacity > 0);
        let products = products.map(|(share, resource)| {
            let requested = share.parts::<PARTS>(ask.shape.requests.get(resource));
            requested * share.parts::<PARTS>(free.get(resource))
        });
        1 + products.sum::<u64>()
    }

    fn values(&self, key: u64) -> Vec<i64> {
        vec![key as i64 - 1]
    }

    fn why(&self, key: u64) -> Chosen {
        Chosen::Score(key as i64 - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::gpu::GpuModels;
    use crate::policy::scheduler::testing::{
        asking_gpus, node, scheduler, shape, with_gpus, world,
    };

    const HUNDREDTH: i64 = (PARTS * PARTS / 100) as i64;

    #[test]
    fn pods_go_where_there_is_most_of_what_they_want_most() {
        let nodes = vec![node(10_000, 10_000); 2];
        let shapes = vec![
            shape(5000, 1000),
            shape(1000, 5000),
            shape(2000, 3000),
            shape(3000, 2000),
        ];
        let mut world = world(nodes, shapes);
        world.put(0, 0);
        world.put(1, 1);
        let made = world.jobs(&mut *scheduler("tetris", &[]), &[2, 3, 3]);
        // Free: 5 and 9 tenths, 9 and 5 tenths.
        // 2*5 + 3*9 = 37 or 2*9 + 3*5 = 33: memory is on node 0, which is left with 3 and 6.
        // 3*3 + 2*6 = 21 or 3*9 + 2*5 = 37: CPU is on node 1, which is left with 6 and 3.
        // 21 or 3*6 + 2*3 = 24.
        let expected = [(0, 37), (1, 37), (1, 24)];
        assert_eq!(
            made,
            expected.map(|(node, score)| Some((node, Chosen::Score(score * HUNDREDTH))))
        );
    }

    #[test]
    fn gpus_count_as_far_as_they_are_requested() {
        let gpus = |count| with_gpus(node(10_000, 10_000), count, None);
        let shapes = vec![
            asking_gpus(shape(1000, 1000), 1, 1000, GpuModels::ANY),
            shape(1000, 1000),
        ];
        let mut world = world(vec![node(10_000, 10_000), gpus(4), gpus(2)], shapes);
        let made = world.jobs(&mut *scheduler("tetris", &[]), &[1, 0, 0]);
        // 0.1 twice on each, so the first; 0.2 + 1/4 or 0.2 + 1/2; 0.2 + 1/4 or 0.18 + 1/2 * 1/2.
        let expected = [(0, 20), (2, 70), (1, 45)];
        assert_eq!(
            made,
            expected.map(|(node, score)| Some((node, Chosen::Score(score * HUNDREDTH))))
        );
    }
}
