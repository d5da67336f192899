//! `least-allocated`: the node that would be left with the largest share of its resources.
//!
//! Kubernetes' default way of scoring resources, alone: it evens out load and leaves every node some
//! room. Formula and source: [`super::score`], LeastAllocated. Ties go to the node with the lowest
//! id, where Kubernetes takes any.
//!
//! With S shapes and n nodes: O(S + log n) per decision with `search = "tree"`, O(n) with `scan`.

use super::Chosen;
use super::best::{Best, Rank};
use super::explanation::Measure;
use super::score::{Ask, LEFT, SCORE_MAX, Weights};
use super::table::Row;
use crate::policy::params::Params;

/// The order of nodes: one more than the score.
#[derive(Clone, Copy, Debug)]
pub struct LeastAllocated;

impl LeastAllocated {
    /// The scheduler with the given parameters.
    pub fn scheduler(params: &Params) -> Best<LeastAllocated> {
        let weights = Weights::equal(params.choice("resources"));
        Best::new(LeastAllocated, weights, params.choice("search"))
    }
}

impl Rank for LeastAllocated {
    type Key = u8;

    const TOP: u8 = SCORE_MAX as u8 + 1;

    const MEASURES: &'static [Measure] = &[LEFT];

    fn key(&self, ask: &Ask, row: &Row) -> u8 {
        ask.least_allocated::<SCORE_MAX>(row) as u8 + 1
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
    fn pods_go_where_the_largest_share_is_left() {
        let nodes = vec![node(4000, 4000), node(8000, 8000)];
        let mut world = world(nodes, vec![shape(1000, 1000)]);
        let made = world.jobs(&mut *scheduler("least-allocated", &[]), &[0; 4]);
        // 75 or 87; 75 or 75, so the first; 50 or 75; 50 or 62.
        let expected = [(1, 87), (0, 75), (1, 75), (1, 62)];
        assert_eq!(
            made,
            expected.map(|(node, score)| Some((node, Chosen::Score(score))))
        );
    }
}
