//! `borg-stranded`: the node on which the pod strands the least.
//!
//! Borg's scoring stands between best and worst fit and is after stranded resources: what lies idle on
//! a machine that has run out of something else (Verma et al., "Large-scale cluster management at
//! Google with Borg", EuroSys 2015, section 3.2, which reports 3 to 5 % better packing than best fit).
//! The paper gives no formula. Taken here is
//!
//! ```text
//! free share of r   =  free of r / capacity of r
//! stranded of r     =  (free share of r - least free share) * capacity of r / largest of r
//! stranded          =  sum over the resources the node has
//! score             =  stranded before the pod - stranded with it
//! ```
//!
//! where `largest` is the most of the resource any node of the scenario has, and the score is rounded
//! to millionths. It is what would be left idle if pods shaped like the node used up its scarcest
//! resource. That needs no knowledge of the pods to come, is zero on a node used evenly, and is all
//! that is left once a resource is exhausted, which is the paper's definition. Amounts, not shares,
//! are compared, and differences, not states: the sum over the cluster is what shall be least, and only
//! the chosen node's changes. So a pod that needs mostly CPU goes where memory is short, and makes use
//! of what was stranded there.
//!
//! On nodes short of the same resource a pod strands the same: of nodes with equal scores the one on
//! which least would be left, as in [`super::best_fit`], is taken, and then the one with the lowest id.
//! Borg's other criteria (preemptions, images, failure domains, mixing priorities) are left out.
//!
//! With S shapes and n nodes: O(S + log n) per decision with `search = "tree"`, O(n) with `scan`.

use super::Chosen;
use super::best::{Best, Rank};
use super::best_fit::{LEFT_LEAST, LEFT_MAX, left_with};
use super::explanation::{Better, Measure};
use super::score::{Ask, Weights};
use super::table::Row;
use crate::policy::params::Params;
use crate::units::{Resource, Resources};

/// Parts of a resource in which scores are counted.
const PARTS: i64 = 1_000_000;

/// Bits behind the point of shares; scores are rounded when they are compared.
const SHARE_BITS: u32 = 40;

/// The most that one pod can free or strand.
const SCORE_MAX: i64 = Resource::ALL.len() as i64 * PARTS;

/// The order of nodes: the score, which is made positive, then what is missing to the most that can
/// be left.
#[derive(Clone, Copy, Debug)]
pub struct BorgStranded;

impl BorgStranded {
    /// The scheduler with the given parameters.
    pub fn scheduler(params: &Params) -> Best<BorgStranded> {
        Best::new(BorgStranded, Weights::NONE, params.choice("search"))
    }
}

impl Rank for BorgStranded {
    type Key = u64;

    const TOP: u64 = order(SCORE_MAX, 0);

    const MEASURES: &'static [Measure] = &[
        Measure {
            name: "stranding undone",
            better: Better::More,
            ..LEFT_LEAST
        },
        LEFT_LEAST,
    ];

    fn key(&self, ask: &Ask, row: &Row) -> u64 {
        order(score(ask, row), left_with(ask, row))
    }

    fn values(&self, key: u64) -> Vec<i64> {
        let left = LEFT_MAX - key as u32;
        vec![(key >> u32::BITS) as i64 - 1 - SCORE_MAX, i64::from(left)]
    }

    fn why(&self, key: u64) -> Chosen {
        Chosen::Score((key >> u32::BITS) as i64 - 1 - SCORE_MAX)
    }
}

/// The key of a node with that score and that much left.
const fn order(score: i64, left: u32) -> u64 {
    let positive = (score + SCORE_MAX + 1) as u64;
    positive << u32::BITS | (LEFT_MAX - left) as u64
}

/// What the pod frees of what is stranded, in millionths to the nearest; negative where it strands
/// more.
fn score(ask: &Ask, row: &Row) -> i64 {
    let free = &ask.cluster.free()[row.node];
    let with_pod = free.saturating_sub(&ask.shape.requests);
    let largest = ask.cluster.largest();
    let freed = stranded(free, row, largest) - stranded(&with_pod, row, largest);
    let half = 1 << (SHARE_BITS - 1);
    ((freed * i128::from(PARTS) + half) >> SHARE_BITS) as i64
}

/// What is stranded where this is free, in largest nodes with [`SHARE_BITS`] bits behind the point.
fn stranded(free: &Resources, row: &Row, largest: &Resources) -> i128 {
    let has = || row.shares.iter().zip(Resource::ALL);
    let has = || has().filter(|(share, _)| share.capacity > 0);
    let free_share = |capacity: u64, resource| {
        (u128::from(free.get(resource)) << SHARE_BITS) / u128::from(capacity)
    };
    let shares = has().map(|(share, resource)| free_share(share.capacity, resource));
    let least = shares.min().unwrap_or(0);
    let stranded = has().map(|(share, resource)| {
        let beyond = free_share(share.capacity, resource) - least;
        match largest.get(resource) {
            largest if largest == share.capacity => beyond,
            largest => beyond * u128::from(share.capacity) / u128::from(largest),
        }
    });
    stranded.sum::<u128>() as i128
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::gpu::GpuModels;
    use crate::policy::scheduler::testing::{
        asking_gpus, node, scheduler, shape, with_gpus, world,
    };

    #[test]
    fn what_is_stranded_is_put_to_use() {
        let shapes = vec![shape(1000, 5000), shape(3000, 1000), shape(5000, 1000)];
        let mut world = world(vec![node(10_000, 10_000); 3], shapes);
        world.put(2, 0);
        world.put(0, 2);
        let made = world.jobs(&mut *scheduler("borg-stranded", &[]), &[1, 1, 1]);
        // Free in tenths, CPU and memory: 5 and 9, 10 and 10, 9 and 5: 4, 0 and 4 are stranded.
        // With the pod 2 and 8, 7 and 9, 6 and 4: 6, 2 and 2 are: -2, -2, +2.
        // Then with the pod 2 and 8, 7 and 9, 3 and 3: 6, 2 and 0: -2, -2, and +2 again.
        // Then nodes 0 and 1 strand 2 more, node 2 has 0 and 2 with it: 2 more. Of equals the least
        // is left where 0 and 2 are.
        let expected = [(2, 200_000), (2, 200_000), (2, -200_000)];
        assert_eq!(
            made,
            expected.map(|(node, score)| Some((node, Chosen::Score(score))))
        );
    }

    #[test]
    fn pods_shaped_like_the_nodes_strand_nothing_and_fit_best() {
        let mut world = world(vec![node(12_000, 6000); 2], vec![shape(2000, 1000)]);
        world.put(0, 1);
        let made = world.jobs(&mut *scheduler("borg-stranded", &[]), &[0; 6]);
        let expected = [1, 1, 1, 1, 1, 0].map(|node| Some((node, Chosen::Score(0))));
        assert_eq!(made, expected);
    }

    #[test]
    fn pods_without_gpus_keep_off_nodes_with_idle_ones() {
        let nodes = vec![with_gpus(node(8000, 8000), 4, None), node(8000, 8000)];
        let gpu = asking_gpus(shape(2000, 2000), 1, 1000, GpuModels::ANY);
        let mut world = world(nodes, vec![shape(2000, 2000), gpu]);
        let made = world.jobs(&mut *scheduler("borg-stranded", &[]), &[0, 1]);
        // A quarter of the CPU and memory of node 0 would strand a quarter of its GPUs.
        let expected = [1, 0].map(|node| Some((node, Chosen::Score(0))));
        assert_eq!(made, expected);
    }

    #[test]
    fn amounts_are_counted_in_largest_nodes() {
        let nodes = vec![node(4000, 4000), node(16_000, 16_000)];
        let mut world = world(nodes, vec![shape(2000, 1000), shape(16_000, 0)]);
        let made = world.jobs(&mut *scheduler("borg-stranded", &[]), &[0]);
        // Free 2 and 3 of 4: a quarter of 4; 14 and 15 of 16: a sixteenth of 16. Both strand 1 of
        // 16, and less is left of the small node.
        assert_eq!(made, [Some((0, Chosen::Score(-62_500)))]);
        let made = world.jobs(&mut *scheduler("borg-stranded", &[]), &[1]);
        // Without CPU all memory of the node is stranded.
        assert_eq!(made, [Some((1, Chosen::Score(-1_000_000)))]);
    }
}
