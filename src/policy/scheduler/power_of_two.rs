//! `power-of-two`: two nodes by lot, and of them the one with more left.
//!
//! Of the nodes on which the pod fits two different ones are drawn, all pairs with the same
//! probability, and the one that would be left with the larger share of its resources is taken: the
//! formula of `least-allocated` ([`super::score`]) in millionths. Of equals it is the first drawn. Where
//! one node fits it is taken.
//!
//! Throwing n balls into n bins this way keeps the fullest bin at ln ln n / ln 2 + O(1) instead of
//! about ln n / ln ln n: most of what looking everywhere is worth, for two looks. Source: Azar et al.,
//! "Balanced Allocations" (STOC 1994); Mitzenmacher, "The Power of Two Choices in Randomized Load
//! Balancing" (IEEE TPDS 12(10), 2001). Sparrow (Ousterhout et al., SOSP 2013) schedules on it.
//!
//! With n nodes: O(n) per decision, to know which fit. A scheduler that asks two nodes for their load
//! need not know: it is told by them.

use super::explanation::{Explanation, Measure, TieBreak};
use super::score::{Ask, LEFT, SCORE_MAX, Weights};
use super::table::{Row, Table};
use super::{Chosen, Placement, Scheduler, filter};
use crate::ids::{Id, NodeId, PodId};
use crate::policy::View;
use crate::policy::params::Params;
use crate::rng;

/// Parts of a node in which what is left is counted.
const PARTS: u64 = 1_000_000;

/// What the two are compared by, for explanations.
const MEASURES: &[Measure] = &[Measure {
    parts: PARTS / SCORE_MAX,
    ..LEFT
}];

/// The scheduler.
#[derive(Debug)]
pub struct PowerOfTwo {
    weights: Weights,
    table: Table,
    /// Rows of the nodes that fit, for one decision.
    fitting: Vec<usize>,
}

impl PowerOfTwo {
    /// With the given parameters.
    pub fn new(params: &Params) -> PowerOfTwo {
        PowerOfTwo {
            weights: Weights::equal(params.choice("resources")),
            table: Table::default(),
            fitting: Vec::new(),
        }
    }
}

impl Scheduler for PowerOfTwo {
    fn place(&mut self, view: &View, pod: PodId) -> Placement {
        let ask = Ask::new(view.cluster, pod, self.weights);
        self.table.refresh(view.cluster);
        let rows = self.table.rows();
        let fitting = rows.iter().enumerate().filter(|(_, row)| row.fits(&ask));
        self.fitting.clear();
        self.fitting.extend(fitting.map(|(at, _)| at));
        let left = |row: &Row| ask.least_allocated::<PARTS>(row);
        let (row, candidates) = match self.fitting[..] {
            [] => return Placement::nowhere(view),
            [only] => (&rows[only], 1),
            _ => {
                let [first, second] = two(view, pod, self.fitting.len());
                let [first, second] = [first, second].map(|at| &rows[self.fitting[at]]);
                match left(second) > left(first) {
                    true => (second, 2),
                    false => (first, 2),
                }
            }
        };
        let score = left(row) as i64;
        Placement::on(view, pod, row.node, Chosen::Sampled { candidates, score })
    }

    fn explain(&mut self, view: &View, pod: PodId) -> Explanation {
        let ask = Ask::new(view.cluster, pod, self.weights);
        self.table.refresh(view.cluster);
        let rows = self.table.rows();
        let mut told = filter::sift(view.cluster, pod);
        if told.feasible.len() > 1 {
            let drawn = two(view, pod, told.feasible.len());
            told.drawn = Some(drawn.map(|at| told.feasible[at]).to_vec());
            told.tie_break = TieBreak::FirstDrawn;
        }
        let left = |node: NodeId| ask.least_allocated::<PARTS>(&rows[node.index()]);
        told.compared(MEASURES, |node| vec![left(node) as i64])
    }

    fn forget(&mut self) {
        self.table.clear();
    }
}

/// Two different numbers below `n`, which is at least two.
fn two(view: &View, pod: PodId, n: usize) -> [usize; 2] {
    let mut dice = view.dice(pod);
    let first = rng::below(&mut dice, n as u64) as usize;
    let second = rng::below(&mut dice, n as u64 - 1) as usize;
    [first, second + usize::from(second >= first)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ShapeId;
    use crate::policy::scheduler::testing::{chosen, node, scheduler, shape, world};

    #[test]
    fn of_two_by_lot_the_one_with_more_left_is_taken() {
        let shapes = vec![shape(1000, 1000), shape(2000, 2000), shape(4000, 4000)];
        let mut world = world(vec![node(10_000, 10_000); 4], shapes);
        world.put(1, 1);
        world.put(2, 2);
        world.put(2, 3);
        world.put(2, 3);
        world.put(1, 3);
        let mut policy = scheduler("power-of-two", &[]);
        let mut times = [0_u32; 4];
        for _ in 0..6000 {
            let pod = world.job(ShapeId(0));
            let (node, why) = chosen(policy.place(&world.view(), pod)).unwrap();
            let score = [900_000, 700_000, 500_000][node as usize];
            let candidates = 2;
            assert_eq!(why, Chosen::Sampled { candidates, score });
            times[node as usize] += 1;
        }
        // Nodes 0, 1 and 2 fit, node 3 is full. Of the three pairs two hold node 0, the other one
        // goes to node 1, and node 2 never wins. Standard deviation sqrt(6000 * 2/9) = 37.
        assert!(times[0].abs_diff(4000) < 5 * 37, "{times:?}");
        assert!(times[1].abs_diff(2000) < 5 * 37, "{times:?}");
        assert_eq!(times[2..], [0, 0]);
    }

    #[test]
    fn all_pairs_are_drawn_equally_often() {
        let mut world = world(vec![node(10_000, 10_000); 4], vec![shape(0, 1)]);
        let mut times = [[0_u32; 4]; 4];
        for _ in 0..12_000 {
            let pod = world.job(ShapeId(0));
            let [first, second] = two(&world.view(), pod, 4);
            times[first][second] += 1;
        }
        // 12 ordered pairs, 1000 expected of each, standard deviation sqrt(12,000 * 11/144) = 30.
        for (first, times) in times.iter().enumerate() {
            for (second, &times) in times.iter().enumerate() {
                let expected = if first == second { 0 } else { 1000 };
                assert!(
                    times.abs_diff(expected) < 5 * 31,
                    "{first} {second}: {times}"
                );
                assert_eq!(times == 0, first == second);
            }
        }
    }

    #[test]
    fn the_only_node_that_fits_is_taken() {
        let mut world = world(
            vec![node(500, 500), node(2000, 2000)],
            vec![shape(1000, 1000)],
        );
        let made = world.jobs(&mut *scheduler("power-of-two", &[]), &[0, 0, 0]);
        let sampled = |score| Chosen::Sampled {
            candidates: 1,
            score,
        };
        assert_eq!(
            made,
            [Some((1, sampled(500_000))), Some((1, sampled(0))), None]
        );
    }
}
