//! `best-fit`: the node on which the least would be left.
//!
//! What would be left of a node with the pod on it is the sum over CPU, memory and GPU of
//!
//! ```text
//! (free - requested) * 1,000,000 / largest
//! ```
//!
//! rounded down, where `largest` is the most of that resource any node of the scenario has. Ties go
//! to the node with the lowest id.
//!
//! The textbook's rule takes the bin with the least room left, an amount and not a share, so that a
//! nearly full small node comes before a nearly full large one; `binpack` goes by shares. To add
//! resources up, each is counted in largest nodes, as the BestFit of Weng et al., "Beware of
//! Fragmentation" (USENIX ATC 2023) does. In one dimension best fit never takes more than 1.7 times
//! the fewest bins (Dósa and Sgall, "Optimal Analysis of Best Fit Bin Packing", ICALP 2014); Verma
//! et al., "Large-scale cluster management at Google with Borg" (EuroSys 2015, section 3.2) name it
//! as the opposite of `worst-fit`.
//!
//! With S shapes and n nodes: O(S + log n) per decision with `search = "tree"`, O(n) with `scan`.

use super::Chosen;
use super::best::{Best, Rank};
use super::explanation::{Better, Measure};
use super::score::{Ask, Weights};
use super::table::Row;
use crate::policy::params::Params;
use crate::units::{Resource, Resources};

/// Parts in which the largest node's amount of a resource is counted.
pub(super) const PARTS: u64 = 1_000_000;

/// The most that can be left of a node.
pub(super) const LEFT_MAX: u32 = (Resource::ALL.len() as u64 * PARTS) as u32;

/// What would be left, for explanations.
pub(super) const LEFT_LEAST: Measure = Measure {
    name: "left, in largest nodes",
    unit: "",
    parts: PARTS,
    better: Better::Less,
};

/// The order of nodes: one more than what is missing to the most that can be left.
#[derive(Clone, Copy, Debug)]
pub struct BestFit;

impl BestFit {
    /// The scheduler with the given parameters.
    pub fn scheduler(params: &Params) -> Best<BestFit> {
        Best::new(BestFit, Weights::NONE, params.choice("search"))
    }
}

impl Rank for BestFit {
    type Key = u32;

    const TOP: u32 = 1 + LEFT_MAX;

    const MEASURES: &'static [Measure] = &[LEFT_LEAST];

    fn key(&self, ask: &Ask, row: &Row) -> u32 {
        1 + LEFT_MAX - left_with(ask, row)
    }

    fn values(&self, key: u32) -> Vec<i64> {
        vec![i64::from(Self::TOP) - i64::from(key)]
    }

    fn why(&self, key: u32) -> Chosen {
        Chosen::Score(i64::from(key) - i64::from(Self::TOP))
    }
}

/// What would be left of the node with the pod on it, in parts of the largest node, summed over
/// resources.
pub(super) fn left_with(ask: &Ask, row: &Row) -> u32 {
    let free = &ask.cluster.free()[row.node];
    let left = free.saturating_sub(&ask.shape.requests);
    sum_of_parts(&left, ask.cluster.largest())
}

fn sum_of_parts(amounts: &Resources, largest: &Resources) -> u32 {
    let parts = Resource::ALL.map(|resource| parts(amounts.get(resource), largest.get(resource)));
    parts.into_iter().sum::<u64>() as u32
}

/// `amount`, at most `whole`, in parts of it; none of nothing.
fn parts(amount: u64, whole: u64) -> u64 {
    match amount.checked_mul(PARTS) {
        Some(product) => product.checked_div(whole).unwrap_or(0),
        None => (u128::from(amount) * u128::from(PARTS) / u128::from(whole)) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::gpu::GpuModels;
    use crate::policy::scheduler::testing::{
        asking_gpus, node, scheduler, shape, with_gpus, world,
    };

    #[test]
    fn pods_go_where_the_smallest_amount_is_left() {
        let nodes = vec![node(8000, 8000), node(4000, 4000), node(16_000, 16_000)];
        let mut world = world(nodes, vec![shape(2000, 2000), shape(9000, 1000)]);
        let made = world.jobs(&mut *scheduler("best-fit", &[]), &[0, 0, 1, 0, 0]);
        // Left in sixteenths, of CPU and of memory:
        // 6, 2 or 14 each, so node 1 with 2/16 twice; 6, 0 or 14, node 1 with nothing;
        // only node 2 has 9 cores, 7/16 and 15/16; 6 and 6 against 5 and 13, node 0 with 12/16 in
        // sum; 4 and 4 against 5 and 13, node 0 with 8/16.
        let expected = [
            (1, -250_000),
            (1, 0),
            (2, -1_375_000),
            (0, -750_000),
            (0, -500_000),
        ];
        assert_eq!(
            made,
            expected.map(|(node, score)| Some((node, Chosen::Score(score))))
        );
    }

    #[test]
    fn amounts_decide_where_binpack_goes_by_shares() {
        let nodes = || vec![node(40_000, 40_000), node(4000, 4000)];
        let shapes = || vec![shape(1000, 1000), shape(24_000, 24_000)];
        for (policy, expected) in [("best-fit", 1), ("binpack", 0)] {
            let mut world = world(nodes(), shapes());
            world.put(1, 0);
            // With the pod 15 of 40 are left of node 0 and 3 of 4 of node 1: a smaller amount and a
            // larger share.
            let made = world.jobs(&mut *scheduler(policy, &[]), &[0]);
            assert_eq!(made[0].map(|(node, _)| node), Some(expected), "{policy}");
        }
    }

    #[test]
    fn idle_gpus_are_room_too() {
        let nodes = vec![with_gpus(node(8000, 8000), 2, None), node(8000, 8000)];
        let plain = shape(1000, 1000);
        let gpu = asking_gpus(plain.clone(), 1, 1000, GpuModels::ANY);
        let mut world = world(nodes, vec![plain, gpu]);
        let made = world.jobs(&mut *scheduler("best-fit", &[]), &[0, 1]);
        // 7/8 twice, and 2/2 of the GPUs on node 0; then 7/8 twice and 1/2, its only place.
        let expected = [(1, -1_750_000), (0, -2_250_000)];
        assert_eq!(
            made,
            expected.map(|(node, score)| Some((node, Chosen::Score(score))))
        );
    }

    #[test]
    fn parts_are_exact_beyond_64_bits_and_zero_of_nothing() {
        assert_eq!(parts(u64::MAX, u64::MAX), PARTS);
        assert_eq!(parts(u64::MAX / 4, u64::MAX), PARTS / 4 - 1);
        assert_eq!(parts(0, 0), 0);
    }
}
