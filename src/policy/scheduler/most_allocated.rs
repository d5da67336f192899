//! `most-allocated`: the node that would be left with the smallest share of its resources.
//!
//! Kubernetes' way of filling nodes one after the other, alone. Formula and source:
//! [`super::score`], MostAllocated. Ties go to the node with the lowest id, where Kubernetes takes
//! any; `binpack` breaks them better.
//!
//! With S shapes and n nodes: O(S + log n) per decision with `search = "tree"`, O(n) with `scan`.

use super::Chosen;
use super::best::{Best, Rank};
use super::explanation::Measure;
use super::score::{Ask, SCORE_MAX, USED, Weights};
use super::table::Row;
use crate::policy::params::Params;

/// The order of nodes: one more than the score.
#[derive(Clone, Copy, Debug)]
pub struct MostAllocated;

impl MostAllocated {
    /// The scheduler with the given parameters.
    pub fn scheduler(params: &Params) -> Best<MostAllocated> {
        let weights = Weights::equal(params.choice("resources"));
        Best::new(MostAllocated, weights, params.choice("search"))
    }
}

impl Rank for MostAllocated {
    type Key = u8;

    const TOP: u8 = SCORE_MAX as u8 + 1;

    const MEASURES: &'static [Measure] = &[USED];

    fn key(&self, ask: &Ask, row: &Row) -> u8 {
        ask.most_allocated::<SCORE_MAX>(row) as u8 + 1
    }

    fn values(&self, key: u8) -> Vec<i64> {
        vec![i64::from(key) - 1]
    }

    fn why(&self, key: u8) -> Chosen {
        Chosen::Score(i64::from(key) - 1)
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::scheduler::Chosen;
    use crate::policy::scheduler::testing::{node, scheduler, shape, world};

    #[test]
    fn pods_go_where_the_smallest_share_is_left() {
        let nodes = vec![node(8000, 8000), node(2000, 4000)];
        let mut world = world(nodes, vec![shape(1000, 1000)]);
        let made = world.jobs(&mut *scheduler("most-allocated", &[]), &[0; 4]);
        // 12 or (50 + 25) / 2 = 37; 12 or (100 + 50) / 2 = 75; then the second is full.
        let expected = [(1, 37), (1, 75), (0, 12), (0, 25)];
        assert_eq!(
            made,
            expected.map(|(node, score)| Some((node, Chosen::Score(score))))
        );
    }
}
