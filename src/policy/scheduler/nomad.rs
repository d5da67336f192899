//! `nomad`: as Nomad's generic scheduler places an allocation.
//!
//! The n nodes that take pods are shuffled and gone through until enough of those on which the pod
//! fits are candidates: 2 for the pod of a job, max(2, ceil(log2 n)) for a replica. The candidate with
//! the highest score is taken, of equals the one that came first. The score is the mean of
//!
//! ```text
//! fit            =  (20 - 10^cpu - 10^memory) / 18     with algorithm = "binpack" ("BestFit v3")
//!                   (10^cpu + 10^memory - 2) / 18      with algorithm = "spread" (worst fit)
//! anti-affinity  =  -(c + 1) / replicas                where c > 0
//! ```
//!
//! where `cpu` and `memory` are the shares of the node that would be left free with the pod on it, c
//! the replicas of the service on the node, and `replicas` as many as the service is to have. Where c
//! is zero, fit alone is the score. A resource of which the node has nothing counts as used up.
//!
//! Up to three nodes with scores of zero or less are set aside and do not count as candidates, unless
//! the nodes run out.
//!
//! Scores are rounded to billionths, so that equal ones are equal. `candidates = "all"` scores every
//! node, as Nomad does for jobs with an affinity or a spread block up to its limit of 100;
//! `anti_affinity = "off"` shows what the rule is worth, and Nomad has no such switch.
//!
//! Source: `github.com/hashicorp/nomad` at 14d4c37, `scheduler/feasible` (`stack.go`: `GenericStack`;
//! `select.go`: `LimitIterator`; `rank.go`: `BinPackIterator`, `JobAntiAffinityIterator`,
//! `ScoreNormalizationIterator`), `nomad/structs/funcs.go` (`ScoreFitBinPack`, `ScoreFitSpread`).
//!
//! Where this is less than Nomad: all missing allocations of a job are placed in one evaluation there,
//! which goes on through one shuffle; here every attempt to place a pod is an evaluation and a shuffle
//! of its own. Left out are affinity and spread blocks, preemption, and the penalty of the node on
//! which an allocation failed when it is rescheduled, for the healer restarts containers in place.
//!
//! With n nodes of which every k-th fits: O(k log n) per decision, at most O(n).

use super::explanation::{Better, Explanation, Measure, TieBreak};
use super::score::{Ask, Weights};
use super::table::{Row, Table};
use super::{Chosen, Placement, Scheduler, filter};
use crate::cluster::Cluster;
use crate::cluster::pod::Owner;
use crate::ids::{Id, NodeId, PodId};
use crate::policy::View;
use crate::policy::params::{Kind, Param, Params};
use crate::rng::{self, Stream};
use crate::units::Resource;

/// Fewest candidates, and all there are for the pod of a job (`GenericStack.SetNodes`).
const CANDIDATES_MIN: usize = 2;

/// Most nodes that are set aside (`maxSkip`).
const ASIDE_MAX: usize = 3;

/// Score up to which a node is set aside (`skipScoreThreshold`).
const ASIDE_SCORE: i64 = 0;

/// The highest fit before it is normalised to 1 (`binPackingMaxFitScore`).
const FIT_MAX: f64 = 18.0;

/// Parts of one in which scores are counted.
const SCORE_PARTS: f64 = 1e9;

/// What candidates are compared by, for explanations.
const MEASURES: &[Measure] = &[Measure {
    name: "points",
    unit: "",
    parts: SCORE_PARTS as u64,
    better: Better::More,
}];

/// Which fit scores high.
pub const ALGORITHM: Param = Param {
    name: "algorithm",
    kind: Kind::Choice(&["binpack", "spread"]),
    default: "binpack",
    doc: "which node scores high: `binpack`, the one with the least left, or `spread`, the one with \
          the most (Nomad `scheduler_algorithm`, default binpack)",
};

/// Whether replicas keep apart.
pub const ANTI_AFFINITY: Param = Param {
    name: "anti_affinity",
    kind: Kind::Choice(&["on", "off"]),
    default: "on",
    doc: "whether a node's score falls with the replicas of the service on it; in Nomad it always \
          does",
};

/// How many nodes are scored.
pub const CANDIDATES: Param = Param {
    name: "candidates",
    kind: Kind::Choice(&["few", "all"]),
    default: "few",
    doc: "how many of the nodes that fit are scored: `few`, 2 for the pod of a job and \
          max(2, ceil(log2 nodes)) for a replica, or `all`",
};

/// The scheduler.
#[derive(Debug)]
pub struct Nomad {
    rule: Rule,
    all: bool,
    table: Table,
    ready: Ready,
}

/// What makes a score.
#[derive(Clone, Copy, Debug)]
struct Rule {
    spread: bool,
    anti_affinity: bool,
}

/// The nodes that take pods.
#[derive(Debug, Default)]
struct Ready {
    /// By node.
    takes: Vec<bool>,
    /// In order of their ids; another order while a decision is made.
    nodes: Vec<NodeId>,
    cursor: u64,
    /// What was swapped for the decision.
    swaps: Vec<(usize, usize)>,
}

/// A node and its score.
type Scored = (i64, NodeId);

impl Nomad {
    /// With the given parameters.
    pub fn new(params: &Params) -> Nomad {
        Nomad {
            rule: Rule {
                spread: params.choice("algorithm") == "spread",
                anti_affinity: params.choice("anti_affinity") == "on",
            },
            all: params.choice("candidates") == "all",
            table: Table::default(),
            ready: Ready::default(),
        }
    }

    /// How many candidates are enough.
    fn limit(&self, view: &View, pod: PodId) -> usize {
        let nodes = self.ready.nodes.len();
        match (self.all, view.cluster.pods()[pod].owner) {
            (true, _) => nodes,
            (false, Owner::Job(_)) => CANDIDATES_MIN,
            (false, Owner::Service(_)) => log2_rounded_up(nodes).max(CANDIDATES_MIN),
        }
    }

    /// Takes the candidates, in the order in which they are found.
    fn candidates(&mut self, view: &View, ask: &Ask, pod: PodId, take: impl FnMut(Scored)) {
        self.table.refresh(view.cluster);
        self.ready.refresh(view.cluster);
        let (limit, rule, rows) = (self.limit(view, pod), self.rule, self.table.rows());
        let shuffled = self.ready.shuffled(view.dice(pod));
        let fitting = shuffled.map(|node| &rows[node.index()]);
        let fitting = fitting.filter(|row| row.fits(ask));
        let scored = fitting.map(|row| (rule.score(ask, pod, row), row.node));
        limited(scored, limit, take);
        self.ready.restore();
    }
}

impl Scheduler for Nomad {
    fn place(&mut self, view: &View, pod: PodId) -> Placement {
        let ask = Ask::new(view.cluster, pod, Weights::NONE);
        let (mut candidates, mut best): (u32, Option<Scored>) = (0, None);
        self.candidates(view, &ask, pod, |(score, node)| {
            candidates += 1;
            if best.is_none_or(|(highest, _)| score > highest) {
                best = Some((score, node));
            }
        });
        match best {
            Some((score, node)) => {
                Placement::on(view, pod, node, Chosen::Sampled { candidates, score })
            }
            None => Placement::nowhere(view),
        }
    }

    fn explain(&mut self, view: &View, pod: PodId) -> Explanation {
        let ask = Ask::new(view.cluster, pod, Weights::NONE);
        let mut told = filter::sift(view.cluster, pod);
        let mut drawn = Vec::new();
        self.candidates(view, &ask, pod, |(_, node)| drawn.push(node));
        told.drawn = Some(drawn);
        told.tie_break = TieBreak::FirstDrawn;
        let (rule, rows) = (self.rule, self.table.rows());
        told.compared(MEASURES, |node| {
            vec![rule.score(&ask, pod, &rows[node.index()])]
        })
    }

    fn forget(&mut self) {
        self.table.clear();
        self.ready = Ready::default();
    }
}

impl Rule {
    /// The mean of what counts, in billionths.
    fn score(self, ask: &Ask, pod: PodId, row: &Row) -> i64 {
        let fit = self.fit(ask, row);
        let score = match self.collisions(ask.cluster, pod, row.node) {
            Some((others, replicas)) => {
                (fit - (f64::from(others) + 1.0) / f64::from(replicas)) / 2.0
            }
            None => fit,
        };
        (score * SCORE_PARTS).round() as i64
    }

    fn fit(self, ask: &Ask, row: &Row) -> f64 {
        let free = &ask.cluster.free()[row.node];
        let left = free.saturating_sub(&ask.shape.requests);
        let shares = row.shares.iter().zip(Resource::ALL);
        let powers = shares.map(|(share, resource)| match (resource, share.capacity) {
            (Resource::Gpu, _) => 0.0,
            (Resource::Cpu | Resource::Memory, 0) => 1.0,
            (Resource::Cpu | Resource::Memory, capacity) => {
                10_f64.powf(left.get(resource) as f64 / capacity as f64)
            }
        });
        let total: f64 = powers.sum();
        let fit = match self.spread {
            true => total - 2.0,
            false => 20.0 - total,
        };
        fit.clamp(0.0, FIT_MAX) / FIT_MAX
    }

    /// Replicas of the pod's service on the node, and as many as it is to have, where the former
    /// are some and matter.
    fn collisions(self, cluster: &Cluster, pod: PodId, node: NodeId) -> Option<(u32, u32)> {
        let service = cluster.pods()[pod].service();
        let service = &cluster.services()[service.filter(|_| self.anti_affinity)?];
        let &others = service.by_node.get(&node)?;
        Some((others, service.replicas.max(1)))
    }
}

impl Ready {
    fn refresh(&mut self, cluster: &Cluster) {
        let (changed, nodes) = (cluster.changed(), cluster.nodes());
        let same = |node: NodeId| self.takes[node.index()] == nodes[node].schedulable();
        let current = !self.takes.is_empty()
            && changed
                .since(self.cursor)
                .is_some_and(|mut nodes| nodes.all(same));
        if !current {
            let takes = nodes.iter().map(|(_, node)| node.schedulable());
            self.takes = takes.collect();
            let ready = nodes.iter().filter(|(_, node)| node.schedulable());
            self.nodes = ready.map(|(node, _)| node).collect();
        }
        self.cursor = changed.head();
    }

    /// The nodes in an order drawn as far as it is asked for (Fisher and Yates). [`Ready::restore`]
    /// must follow.
    fn shuffled(&mut self, mut dice: Stream) -> impl Iterator<Item = NodeId> {
        let (nodes, swaps) = (&mut self.nodes, &mut self.swaps);
        (0..nodes.len()).map(move |at| {
            let other = at + rng::below(&mut dice, (nodes.len() - at) as u64) as usize;
            swaps.push((at, other));
            nodes.swap(at, other);
            nodes[at]
        })
    }

    fn restore(&mut self) {
        for (at, other) in self.swaps.drain(..).rev() {
            self.nodes.swap(at, other);
        }
    }
}

/// Takes the candidates among the nodes, in their order, up to the limit.
fn limited(nodes: impl Iterator<Item = Scored>, limit: usize, mut take: impl FnMut(Scored)) {
    let mut aside = [(0, NodeId(0)); ASIDE_MAX];
    let (mut low, mut last_is_low, mut taken) = (0, false, 0);
    for scored in nodes {
        last_is_low = scored.0 <= ASIDE_SCORE && low < ASIDE_MAX;
        if last_is_low {
            aside[low] = scored;
            low += 1;
            continue;
        }
        take(scored);
        taken += 1;
        if taken == limit {
            return;
        }
    }
    // Of exactly two the first is set aside once more when it comes back, behind the second, unless
    // the nodes ran out while a candidate was looked for.
    if low == 2 && !last_is_low {
        aside.swap(0, 1);
    }
    aside[..low]
        .iter()
        .take(limit - taken)
        .copied()
        .for_each(take);
}

fn log2_rounded_up(n: usize) -> usize {
    n.next_power_of_two().trailing_zeros() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::change::Change;
    use crate::ids::{ServiceId, ShapeId};
    use crate::policy::scheduler::testing::{World, chosen, node, scheduler, shape, world};

    /// Node, candidates and score in billionths.
    fn place(world: &World, nomad: &mut dyn Scheduler, pod: PodId) -> (u32, u32, i64) {
        match chosen(nomad.place(&world.view(), pod)) {
            Some((node, Chosen::Sampled { candidates, score })) => (node, candidates, score),
            other => panic!("not the reason of nomad: {other:?}"),
        }
    }

    #[test]
    fn fit_is_eighteen_less_the_powers_of_what_is_left() {
        let check = |algorithm, expected: i64| {
            let mut nomad = scheduler("nomad", &[("algorithm", algorithm)]);
            let mut world = world(vec![node(4000, 1000)], vec![shape(2000, 900)]);
            let pod = world.job(ShapeId(0));
            assert_eq!(place(&world, &mut *nomad, pod), (0, 1, expected));
        };
        // Half of the CPU and a tenth of the memory are left: 10^0.5 = 3.16227766017 and
        // 10^0.1 = 1.25892541179, in sum 4.42120307196.
        // (20 - 4.42120307196) / 18 = 0.865488718224; (4.42120307196 - 2) / 18 = 0.134511281776.
        check("binpack", 865_488_718);
        check("spread", 134_511_282);
    }

    #[test]
    fn fit_is_one_on_a_node_that_is_filled_and_zero_on_one_that_stays_empty() {
        let shapes = vec![shape(4000, 1000), shape(0, 0)];
        let mut world = world(vec![node(4000, 1000)], shapes);
        for (algorithm, full, empty) in [("binpack", 1, 0), ("spread", 0, 1)] {
            let mut nomad = scheduler("nomad", &[("algorithm", algorithm)]);
            for (shape, score) in [(0, full), (1, empty)] {
                let pod = world.job(ShapeId(shape));
                let made = place(&world, &mut *nomad, pod);
                assert_eq!(made, (0, 1, score * 1_000_000_000));
            }
        }
    }

    #[test]
    fn replicas_on_the_node_lower_its_score_by_their_share() {
        let mut world = world(vec![node(4000, 4000)], vec![shape(1000, 1000)]);
        let service = ServiceId(0);
        let replicas = 4;
        world.apply(Change::ServiceScaled { service, replicas });
        let mut scores = Vec::new();
        for anti_affinity in ["on", "off"] {
            let mut nomad = scheduler("nomad", &[("anti_affinity", anti_affinity)]);
            let pod = world.replica(service);
            scores.push(place(&world, &mut *nomad, pod).2);
            world.schedule(&mut *nomad, pod);
        }
        let mut nomad = scheduler("nomad", &[]);
        let pod = world.replica(service);
        scores.push(place(&world, &mut *nomad, pod).2);
        // 3/4 are left: (20 - 2 * 5.62341325190) / 18 = 0.486287416455.
        // Half: (20 - 2 * 3.16227766017) / 18 = 0.759746926648, and no penalty by choice.
        // A quarter: (20 - 2 * 1.77827941004) / 18 = 0.913524509996, with the two others
        // (0.913524509996 - 3/4) / 2 = 0.081762254998.
        assert_eq!(scores, [486_287_416, 759_746_927, 81_762_255]);
    }

    #[test]
    fn two_nodes_are_scored_for_a_job_and_log2_of_all_for_a_replica() {
        for (nodes, expected) in [(1, 1), (2, 2), (4, 2), (5, 3), (8, 3), (9, 4), (100, 7)] {
            let mut world = world(vec![node(4000, 4000); nodes], vec![shape(1000, 1000)]);
            let job = world.job(ShapeId(0));
            let replica = world.replica(ServiceId(0));
            let mut nomad = scheduler("nomad", &[]);
            assert_eq!(place(&world, &mut *nomad, replica).1, expected);
            assert_eq!(place(&world, &mut *nomad, job).1, 2.min(nodes as u32));
            let mut all = scheduler("nomad", &[("candidates", "all")]);
            assert_eq!(place(&world, &mut *all, job).1, nodes as u32);
        }
    }

    #[test]
    fn nodes_that_are_full_count_for_the_logarithm_and_cordoned_ones_do_not() {
        let mut world = world(
            vec![node(1000, 1000); 9],
            vec![shape(1000, 1000), shape(0, 0)],
        );
        world.put(0, 0);
        let mut nomad = scheduler("nomad", &[]);
        let pod = world.replica(ServiceId(0));
        assert_eq!(place(&world, &mut *nomad, pod).1, 4);
        world.apply(Change::NodeCordoned(NodeId(5)));
        assert_eq!(place(&world, &mut *nomad, pod).1, 3);
    }

    #[test]
    fn every_pair_of_nodes_may_be_the_candidates_of_a_job() {
        let mut world = world(vec![node(4000, 4000); 4], vec![shape(1000, 1000)]);
        for filled in [1, 2, 2, 3, 3, 3] {
            world.put(0, filled);
        }
        let mut nomad = scheduler("nomad", &[]);
        let mut times = [0_u32; 4];
        for _ in 0..6000 {
            let pod = world.job(ShapeId(0));
            times[place(&world, &mut *nomad, pod).0 as usize] += 1;
        }
        // The fuller of two among four wins: node 3 is in three of the six pairs, node 2 wins two
        // of the others, node 1 the last. Standard deviations 39, 37 and 29.
        assert!(times[3].abs_diff(3000) < 5 * 39, "{times:?}");
        assert!(times[2].abs_diff(2000) < 5 * 37, "{times:?}");
        assert!(times[1].abs_diff(1000) < 5 * 29, "{times:?}");
        assert_eq!(times[0], 0);
    }

    #[test]
    fn low_scores_are_set_aside_until_the_nodes_run_out() {
        let check = |limit, scores: &[i64], expected: &[u32]| {
            let nodes = scores.iter().copied().zip((0..).map(NodeId));
            let mut taken = Vec::new();
            limited(nodes, limit, |(_, node)| taken.push(node.0));
            assert_eq!(taken, expected, "{limit} of {scores:?}");
        };
        check(2, &[5, 4, 9], &[0, 1]);
        check(2, &[-1, 5, 0, 4, 9], &[1, 3]);
        // A fourth low score counts.
        check(2, &[-1, -2, -3, -4, 5], &[3, 4]);
        check(9, &[-1, -2, -3, 5], &[3, 0, 1, 2]);
        check(2, &[-1, -2, -3], &[0, 1]);
        check(2, &[-1, 5], &[1, 0]);
        // Two that were set aside come back in the other order where a candidate was last.
        check(9, &[5, -1, -2, 4], &[0, 3, 2, 1]);
        check(3, &[5, -1, -2, 4], &[0, 3, 2]);
        check(9, &[5, -1, -2], &[0, 1, 2]);
        check(9, &[], &[]);
    }

    #[test]
    fn a_crowded_node_is_passed_over_for_one_that_came_later() {
        let mut world = world(
            vec![node(4000, 4000); 3],
            vec![shape(1000, 1000), shape(2000, 2000)],
        );
        let service = ServiceId(0);
        let replicas = 2;
        world.apply(Change::ServiceScaled { service, replicas });
        let mut nomad = scheduler("nomad", &[]);
        let first = world.replica(service);
        let (crowded, ..) = place(&world, &mut *nomad, first);
        world.schedule(&mut *nomad, first);
        world.put(1, crowded);
        // (0.913524509996 - 2/2) / 2 is below zero: whatever the shuffle, the other two nodes are
        // the candidates.
        for _ in 0..50 {
            let pod = world.replica(service);
            let (node, candidates, score) = place(&world, &mut *nomad, pod);
            assert_ne!(node, crowded);
            assert_eq!((candidates, score), (2, 486_287_416));
        }
    }
}
