//! `binpack`: fill nodes one after the other, and fill the fullest first.
//!
//! As `most-allocated`, but nodes with the same score are told apart by the same formula in
//! millionths instead of hundredths: "fuller" is the mean over the resources that count of
//! `requested * 1,000,000 / capacity`, the pod included, every division rounded down. Ties that
//! remain go to the node with the lowest id.
//!
//! Best fit by relative load; a hundredth of a node of 96 cores is a whole core, so that
//! `most-allocated` alone leaves much to the order of the nodes. Source of the score:
//! [`super::score`], MostAllocated.
//!
//! With S shapes and n nodes: O(S + log n) per decision with `search = "tree"`, O(n) with `scan`.

use super::Chosen;
use super::best::{Best, Rank};
use super::explanation::Measure;
use super::score::{Ask, SCORE_MAX, USED, Weights};
use super::table::Row;
use crate::policy::params::Params;

/// Parts in which nodes with the same score are told apart.
const PARTS: u64 = 1_000_000;

/// Bits for a number of parts: 1,000,000 < 2^20.
const PARTS_BITS: u32 = 20;

/// The order of nodes: one more than the score, then how full the node would be.
#[derive(Clone, Copy, Debug)]
pub struct Binpack;

impl Binpack {
    /// The scheduler with the given parameters.
    pub fn scheduler(params: &Params) -> Best<Binpack> {
        let weights = Weights::equal(params.choice("resources"));
        Best::new(Binpack, weights, params.choice("search"))
    }
}

impl Rank for Binpack {
    type Key = u32;

    const TOP: u32 = (SCORE_MAX as u32 + 1) << PARTS_BITS | PARTS as u32;

    const MEASURES: &'static [Measure] = &[
        USED,
        Measure {
            name: "used exactly",
            parts: PARTS / SCORE_MAX,
            ..USED
        },
    ];

    fn key(&self, ask: &Ask, row: &Row) -> u32 {
        let score = ask.most_allocated::<SCORE_MAX>(row) as u32;
        let full = ask.most_allocated::<PARTS>(row) as u32;
        (score + 1) << PARTS_BITS | full
    }

    fn values(&self, key: u32) -> Vec<i64> {
        let (score, full) = (key >> PARTS_BITS, key & ((1 << PARTS_BITS) - 1));
        vec![i64::from(score) - 1, i64::from(full)]
    }

    fn why(&self, key: u32) -> Chosen {
        Chosen::Score(i64::from(key >> PARTS_BITS) - 1)
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::scheduler::Chosen;
    use crate::policy::scheduler::testing::{node, scheduler, shape, world};

    #[test]
    fn of_nodes_with_the_same_score_the_fuller_is_taken() {
        for (policy, expected) in [("most-allocated", 0), ("binpack", 1)] {
            let nodes = vec![node(100_000, 100_000); 3];
            let mut world = world(nodes, vec![shape(1000, 1000), shape(400, 400)]);
            world.put(1, 1);
            // With the pod 1 %, 1.4 % and 1 % full: all score 1.
            let made = world.jobs(&mut *scheduler(policy, &[]), &[0]);
            assert_eq!(made, [Some((expected, Chosen::Score(1)))]);
        }
    }

    #[test]
    fn the_score_decides_before_fullness() {
        let shapes = vec![shape(1000, 1000), shape(1900, 900)];
        let mut world = world(vec![node(100_000, 100_000); 2], shapes);
        world.put(1, 0);
        world.put(0, 1);
        // With the pod 2.9 % and 1.9 %, rounded down 2 and 1, mean 1; against 2 % and 2 %, mean 2.
        let made = world.jobs(&mut *scheduler("binpack", &[]), &[0]);
        assert_eq!(made, [Some((1, Chosen::Score(2)))]);
    }
}
