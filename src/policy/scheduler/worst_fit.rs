//! `worst-fit`: the node on which the most would be left.
//!
//! What would be left is counted as in [`super::best_fit`], and the order is the other way round. Ties
//! go to the node with the lowest id.
//!
//! Load is spread and every node keeps room for a peak, at the price of fragmentation: large nodes
//! are broken into first. Verma et al., "Large-scale cluster management at Google with Borg" (EuroSys
//! 2015, section 3.2) call the effect of their first scoring model, E-PVM, by this name.
//!
//! With S shapes and n nodes: O(S + log n) per decision with `search = "tree"`, O(n) with `scan`.

use super::Chosen;
use super::best::{Best, Rank};
use super::best_fit::{LEFT_LEAST, LEFT_MAX, left_with};
use super::explanation::{Better, Measure};
use super::score::{Ask, Weights};
use super::table::Row;
use crate::policy::params::Params;

/// The order of nodes: one more than what would be left.
#[derive(Clone, Copy, Debug)]
pub struct WorstFit;

impl WorstFit {
    /// The scheduler with the given parameters.
    pub fn scheduler(params: &Params) -> Best<WorstFit> {
        Best::new(WorstFit, Weights::NONE, params.choice("search"))
    }
}

impl Rank for WorstFit {
    type Key = u32;

    const TOP: u32 = 1 + LEFT_MAX;

    const MEASURES: &'static [Measure] = &[Measure {
        better: Better::More,
        ..LEFT_LEAST
    }];

    fn key(&self, ask: &Ask, row: &Row) -> u32 {
        1 + left_with(ask, row)
    }

    fn values(&self, key: u32) -> Vec<i64> {
        vec![i64::from(key) - 1]
    }

    fn why(&self, key: u32) -> Chosen {
        Chosen::Score(i64::from(key) - 1)
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::scheduler::Chosen;
    use crate::policy::scheduler::testing::{node, scheduler, shape, world};

    #[test]
    fn pods_go_where_the_largest_amount_is_left() {
        let nodes = vec![node(8000, 8000), node(4000, 4000), node(16_000, 16_000)];
        let mut world = world(nodes, vec![shape(5000, 5000)]);
        let made = world.jobs(&mut *scheduler("worst-fit", &[]), &[0; 5]);
        // Left in sixteenths, of CPU and of memory: 3 or 11; 3 or 6; 3 or 1; 1, all that fits.
        let expected = [(2, 1_375_000), (2, 750_000), (0, 375_000), (2, 125_000)];
        let expected = expected.map(|(node, score)| Some((node, Chosen::Score(score))));
        assert_eq!(made, [&expected[..], &[None]].concat());
    }

    #[test]
    fn amounts_decide_where_least_allocated_goes_by_shares() {
        for (policy, expected) in [("worst-fit", 0), ("least-allocated", 1)] {
            let nodes = vec![node(40_000, 40_000), node(4000, 4000)];
            let mut world = world(nodes, vec![shape(1000, 1000), shape(24_000, 24_000)]);
            world.put(1, 0);
            // With the pod 15 of 40 are left of node 0 and 3 of 4 of node 1.
            let made = world.jobs(&mut *scheduler(policy, &[]), &[0]);
            assert_eq!(made[0].map(|(node, _)| node), Some(expected), "{policy}");
        }
    }
}
