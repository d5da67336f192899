//! One attempt over columns: which nodes fit, and which of them are best.

use super::ask::Ask;
use super::classes::{Class, Column};
use super::domains::{EMPTY, NONE};
use super::mirror::Mirror;
use super::topology::Topology;
use super::weights::Weights;
use crate::cluster::queue::RejectedBy;
use crate::policy::scheduler::explanation::Plugin;
use crate::policy::scheduler::kube::images;
use crate::policy::scheduler::kube::inter_pod_affinity::score::points as pod_points;
use crate::policy::scheduler::kube::points::{MAX, share};
use crate::policy::scheduler::kube::profile::{Filter, Profile};
use crate::policy::scheduler::kube::topology_spread::score::{IGNORED, crowd, points, weight};

/// What one attempt looks at.
#[derive(Clone, Copy)]
pub(super) struct Sight<'a> {
    pub(super) profile: &'a Profile,
    pub(super) weights: &'a Weights,
    pub(super) mirror: &'a Mirror,
    pub(super) column: &'a Column,
    pub(super) topology: Option<&'a Topology>,
    pub(super) ask: &'a Ask<'a>,
}

/// What fits, and which of it is best. Kept from attempt to attempt for its memory alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Search {
    /// Ranks of the nodes that fit, in the order in which they were found.
    feasible: Vec<u32>,
    /// The sum of each.
    totals: Vec<i64>,
    /// Ranks of the nodes with the greatest sum, in order.
    best: Vec<u32>,
    gates: Vec<Gate>,
    /// Sums of one scorer.
    sums: Vec<f64>,
    likings: Vec<i64>,
    /// Points of each class.
    by_class: Vec<Option<i64>>,
    /// Domains that were seen.
    seen: Vec<bool>,
}

/// The nodes whose domain has a number between two others.
#[derive(Clone, Copy, Debug)]
struct Gate {
    plugin: Plugin,
    count: usize,
    least: i32,
    most: i32,
    /// Whether nodes without the label stay outside.
    labelled: bool,
}

/// The best nodes and what they are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// No node fits.
    Nothing,
    /// One alone does.
    Only(u32),
    /// These are the best, by rank, with this sum.
    Best(&'a [u32], i64),
}

impl Search {
    /// Looks at all nodes.
    pub(super) fn all(&mut self, sight: &Sight) -> Found<'_> {
        self.open_gates(sight);
        self.feasible.clear();
        let classes = &sight.column.classes;
        for (rank, (&class, row)) in (0..).zip(sight.column.of.iter().zip(&sight.mirror.rows)) {
            if classes[class as usize].open() && sight.ask.fits(row) {
                self.feasible.push(rank);
            }
        }
        for gate in &self.gates {
            let (domains, counts) = gate.columns(sight);
            self.feasible
                .retain(|&rank| gate.lets(domains[rank as usize], counts));
        }
        self.best(sight)
    }

    /// Looks at nodes in line from a place on until more than `enough` fit. The number of nodes that
    /// were looked at comes with what was found.
    pub(super) fn some(&mut self, sight: &Sight, start: usize, enough: usize) -> (u32, Found<'_>) {
        self.open_gates(sight);
        self.feasible.clear();
        let line = &sight.mirror.line;
        let start = start % line.len().max(1);
        let mut looked_at = 0;
        for &rank in line[start..].iter().chain(&line[..start]) {
            if self.fits(sight, rank as usize) {
                if self.feasible.len() == enough {
                    break;
                }
                self.feasible.push(rank);
            }
            looked_at += 1;
        }
        (looked_at, self.best(sight))
    }

    /// The filters that refuse nodes, of each node the first one.
    pub(super) fn refusals(&mut self, sight: &Sight) -> RejectedBy {
        self.open_gates(sight);
        let ranks = 0..sight.mirror.rows.len();
        let refusals = ranks.filter_map(|rank| self.refusal(sight, rank));
        refusals.fold(RejectedBy::default(), |by, plugin| by.with(plugin.bit()))
    }

    fn fits(&self, sight: &Sight, rank: usize) -> bool {
        sight.class(rank).open()
            && sight.ask.fits(&sight.mirror.rows[rank])
            && self.gates.iter().all(|gate| gate.lets_in(sight, rank))
    }

    fn refusal(&self, sight: &Sight, rank: usize) -> Option<Plugin> {
        let (class, row) = (sight.class(rank), &sight.mirror.rows[rank]);
        if !class.present {
            return None;
        }
        if !class.named {
            return Some(Plugin::NodeAffinity);
        }
        let refuses = |filter: &&Filter| {
            let plugin = filter.plugin();
            class.refused.contains(plugin.bit())
                || sight.ask.refuses_beside(filter, row)
                || self
                    .gates
                    .iter()
                    .any(|gate| gate.plugin == plugin && !gate.lets_in(sight, rank))
        };
        let first = sight.profile.filters.iter().find(refuses);
        first.map(Filter::plugin)
    }

    /// What required terms and constraints come to now.
    fn open_gates(&mut self, sight: &Sight) {
        self.gates.clear();
        let Some(topology) = sight.topology else {
            return;
        };
        for one in &topology.required {
            let most = one.most(&topology.counts[one.count]);
            self.gates.push(Gate {
                plugin: Plugin::PodTopologySpread,
                count: one.count,
                least: i32::MIN,
                most: most.clamp(i32::MIN.into(), i32::MAX.into()) as i32,
                labelled: true,
            });
        }
        let near = |count, least, most, labelled| Gate {
            plugin: Plugin::InterPodAffinity,
            count,
            least,
            most,
            labelled,
        };
        let mut wanted = topology.wanted.iter();
        let is_first =
            topology.wants_itself && wanted.all(|&count| topology.counts[count].is_nothing());
        let least = if is_first { 0 } else { 1 };
        for &count in &topology.wanted {
            self.gates.push(near(count, least, i32::MAX, true));
        }
        for &count in &topology.unwanted {
            self.gates.push(near(count, i32::MIN, 0, false));
        }
    }

    /// The best of the nodes that fit.
    fn best(&mut self, sight: &Sight) -> Found<'_> {
        match *self.feasible {
            [] => return Found::Nothing,
            [only] => return Found::Only(only),
            _ => {}
        }
        self.add_nodes(sight);
        if let Some(topology) = sight.topology {
            self.add_spread(sight, topology);
            self.add_likings(sight, topology);
        }
        let most = self.totals.iter().copied().max().expect("some fit");
        let ranked = self.feasible.iter().zip(&self.totals);
        self.best.clear();
        self.best.extend(
            ranked
                .filter(|(_, total)| **total == most)
                .map(|(&rank, _)| rank),
        );
        self.best.sort_unstable();
        Found::Best(&self.best, most)
    }

    /// Points that depend on single nodes.
    fn add_nodes(&mut self, sight: &Sight) {
        self.by_class.clear();
        self.by_class.resize(sight.column.classes.len(), None);
        for &rank in &self.feasible {
            self.by_class[sight.column.of[rank as usize] as usize] = Some(0);
        }
        sight.score_classes(&mut self.by_class);
        self.totals.clear();
        self.totals.extend(self.feasible.iter().map(|&rank| {
            let class = self.by_class[sight.column.of[rank as usize] as usize];
            class.expect("a class of a node that fits")
                + sight.ask.points(&sight.mirror.rows[rank as usize])
        }));
    }

    /// Points for few selected pods in the node's domains.
    fn add_spread(&mut self, sight: &Sight, topology: &Topology) {
        if topology.preferred.is_empty() {
            return;
        }
        self.sums.clear();
        self.sums.resize(self.feasible.len(), 0.0);
        let domains = |column| &sight.mirror.domains.at(column).of;
        if topology.all_labels {
            for one in &topology.preferred {
                let domains = domains(one.column);
                for (sum, &rank) in self.sums.iter_mut().zip(&self.feasible) {
                    if domains[rank as usize] == NONE {
                        *sum = f64::NAN;
                    }
                }
            }
        }
        for one in &topology.preferred {
            let labels = domains(one.column);
            let weight = weight(match one.over_nodes {
                true => self.sums.iter().filter(|sum| !sum.is_nan()).count(),
                false => self.domains(labels, topology.counts[one.count].of.len()),
            });
            let (places, pods) = (
                domains(topology.counts[one.count].column),
                &topology.counts[one.count].of,
            );
            for (sum, &rank) in self.sums.iter_mut().zip(&self.feasible) {
                if labels[rank as usize] != NONE {
                    let pods = pods[places[rank as usize] as usize];
                    *sum += crowd(i64::from(pods), one.max_skew, weight);
                }
            }
        }
        self.add_spread_points(sight.weights.spread);
    }

    /// How many domains the nodes that fit are in, those without points aside.
    fn domains(&mut self, labels: &[u32], domains: usize) -> usize {
        self.seen.clear();
        self.seen.resize(domains, false);
        let mut different = 0;
        for (sum, &rank) in self.sums.iter().zip(&self.feasible) {
            let domain = labels[rank as usize].max(EMPTY) as usize;
            if !sum.is_nan() && !self.seen[domain] {
                self.seen[domain] = true;
                different += 1;
            }
        }
        different
    }

    fn add_spread_points(&mut self, weight: i64) {
        let sum_of = |sum: f64| {
            if sum.is_nan() {
                IGNORED
            } else {
                sum.round() as i64
            }
        };
        let (mut least, mut most) = (i64::MAX, i64::MIN);
        for &sum in self.sums.iter().filter(|sum| !sum.is_nan()) {
            let sum = sum_of(sum);
            least = least.min(sum);
            most = most.max(sum);
        }
        if least > most {
            return;
        }
        for (total, &sum) in self.totals.iter_mut().zip(&self.sums) {
            *total += weight * points(sum_of(sum), least, most);
        }
    }

    /// Points for what pods prefer of each other.
    fn add_likings(&mut self, sight: &Sight, topology: &Topology) {
        let Some((_, weight)) = sight.weights.pods else {
            return;
        };
        self.likings.clear();
        self.likings.resize(self.feasible.len(), 0);
        for &count in &topology.liked {
            let count = &topology.counts[count];
            let domains = &sight.mirror.domains.at(count.column).of;
            for (sum, &rank) in self.likings.iter_mut().zip(&self.feasible) {
                *sum += i64::from(count.of[domains[rank as usize] as usize]);
            }
        }
        let least = self.likings.iter().copied().min().unwrap_or(0);
        let most = self.likings.iter().copied().max().unwrap_or(0);
        if least == most {
            return;
        }
        for (total, &sum) in self.totals.iter_mut().zip(&self.likings) {
            *total += weight * pod_points(sum, least, most);
        }
    }
}

impl Sight<'_> {
    fn class(&self, rank: usize) -> &Class {
        &self.column.classes[self.column.of[rank] as usize]
    }

    /// Points of every class that a node which fits is of.
    pub(super) fn score_classes(&self, by_class: &mut [Option<i64>]) {
        let weights = self.weights;
        let (mut taints, mut affinity) = (0, 0);
        for (class, _) in self
            .column
            .classes
            .iter()
            .zip(&*by_class)
            .filter(|(_, it)| it.is_some())
        {
            taints = taints.max(class.taints);
            affinity = affinity.max(class.affinity);
        }
        let nodes = self.mirror.line.len();
        for (class, points) in self.column.classes.iter().zip(by_class) {
            if points.is_some() {
                let images = class.images(&self.ask.cycle);
                *points = Some(
                    weights.taints * (MAX - share(class.taints, taints))
                        + weights.affinity * share(class.affinity, affinity)
                        + weights.images * images::points(&self.ask.cycle, images, nodes),
                );
            }
        }
    }
}

impl Gate {
    fn columns<'a>(&self, sight: &Sight<'a>) -> (&'a [u32], &'a [i32]) {
        let topology = sight.topology.expect("a gate is of a topology");
        let count = &topology.counts[self.count];
        (&sight.mirror.domains.at(count.column).of, &count.of)
    }

    fn lets(&self, domain: u32, counts: &[i32]) -> bool {
        let here = counts[domain as usize];
        self.least <= here && here <= self.most && (domain != NONE || !self.labelled)
    }

    fn lets_in(&self, sight: &Sight, rank: usize) -> bool {
        let (domains, counts) = self.columns(sight);
        self.lets(domains[rank], counts)
    }
}
