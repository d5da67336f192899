//! `first-fit`: the first node, in the order of the scenario, on which the pod fits.
//!
//! The textbook baseline of bin packing: never more than 1.7 times the fewest bins in one dimension
//! (Dósa and Sgall, "First Fit bin packing: A tight analysis", STACS 2013).
//!
//! With S shapes and n nodes: O(S + log n) per decision with `search = "tree"`, O(n) with `scan`.

use super::Chosen;
use super::best::{Best, Rank};
use super::explanation::Measure;
use super::score::{Ask, Weights};
use super::table::Row;
use crate::policy::params::Params;

/// The order of nodes: those that fit are equal, so that the lowest id decides.
#[derive(Clone, Copy, Debug)]
pub struct FirstFit;

impl FirstFit {
    /// The scheduler with the given parameters.
    pub fn scheduler(params: &Params) -> Best<FirstFit> {
        Best::new(FirstFit, Weights::NONE, params.choice("search"))
    }
}

impl Rank for FirstFit {
    type Key = bool;

    const TOP: bool = true;

    const MEASURES: &'static [Measure] = &[];

    fn key(&self, _ask: &Ask, _row: &Row) -> bool {
        true
    }

    fn values(&self, _key: bool) -> Vec<i64> {
        Vec::new()
    }

    fn why(&self, _key: bool) -> Chosen {
        Chosen::First
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::scheduler::Chosen;
    use crate::policy::scheduler::testing::{node, scheduler, shape, world};

    #[test]
    fn pods_go_to_the_first_node_with_room() {
        let nodes = vec![node(1000, 4000), node(4000, 4000), node(4000, 4000)];
        let mut world = world(nodes, vec![shape(1000, 1000), shape(2500, 1000)]);
        let made = world.jobs(&mut *scheduler("first-fit", &[]), &[1, 0, 0, 1, 1, 0]);
        let expected = [Some(1), Some(0), Some(1), Some(2), None, Some(2)];
        assert_eq!(
            made,
            expected.map(|node| node.map(|node| (node, Chosen::First)))
        );
    }
}
