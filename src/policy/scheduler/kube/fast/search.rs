//! One attempt over columns: which nodes fit, and which of them are best.

use super::ask::Ask;
use super::classes::{Class, Column};
use super::contest::Contest;
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
    /// By rank: what a node is worth but for its class and other pods, from 1; zero where it does not
    /// fit.
    keys: Vec<u32>,
    /// Ranks of the nodes that fit, in the order in which they were found.
    feasible: Vec<u32>,
    /// The sum of each.
    totals: Vec<i64>,
    /// Ranks of the nodes with the greatest sum, in order.
    best: Vec<u32>,
    gates: Vec<Gate>,
    /// Sums of one scorer.
    sums: Vec<f64>,
    /// The same, as whole numbers.
    rounded: Vec<i64>,
    /// Points by sum.
    table: Vec<i64>,
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
    /// Looks at all nodes. What each is worth but for its class and other pods is in the contests,
    /// if there are any.
    pub(super) fn all(&mut self, sight: &Sight, contests: Option<&[(u32, Contest)]>) -> Found<'_> {
        self.feasible.clear();
        self.totals.clear();
        match contests {
            Some(contests) => self.sum_up(sight, contests),
            None => self.look_at_all(sight),
        }
        let ranks = (0..).zip(&self.keys).filter(|(_, key)| **key > 0);
        self.feasible.extend(ranks.map(|(rank, _)| rank));
        self.open_gates(sight);
        for gate in &self.gates {
            let (domains, counts) = gate.columns(sight);
            self.feasible
                .retain(|&rank| gate.lets(domains[rank as usize], counts));
        }
        let worth = self.feasible.iter().map(|&rank| self.keys[rank as usize]);
        self.totals.extend(worth.map(|key| i64::from(key) - 1));
        self.best(sight)
    }

    /// Looks at all nodes, of which those that fit differ in nothing but the use of their resources.
    pub(super) fn all_alike(&mut self, sight: &Sight) -> Found<'_> {
        let open = sight.column.classes.iter().position(Class::open);
        let mut fit = 0;
        let mut most = i64::MIN;
        self.best.clear();
        for (rank, (&class, row)) in (0..).zip(sight.column.of.iter().zip(&sight.mirror.rows)) {
            if Some(class as usize) != open || !sight.ask.fits(row) {
                continue;
            }
            fit += 1;
            let Some(points) = sight.ask.points_from(row, most) else {
                continue;
            };
            if points > most {
                most = points;
                self.best.clear();
            }
            if points == most {
                self.best.push(rank);
            }
        }
        match (fit, open) {
            (0, _) | (_, None) => Found::Nothing,
            (1, _) => Found::Only(self.best[0]),
            (_, Some(open)) => {
                self.by_class.clear();
                self.by_class.resize(sight.column.classes.len(), None);
                self.by_class[open] = Some(0);
                sight.score_classes(&mut self.by_class);
                let class = self.by_class[open].expect("scored");
                Found::Best(&self.best, most + class)
            }
        }
    }

    fn sum_up(&mut self, sight: &Sight, contests: &[(u32, Contest)]) {
        self.keys.clear();
        self.keys.resize(sight.mirror.rows.len(), 0);
        for (_, contest) in contests {
            for (sum, key) in self.keys.iter_mut().zip(contest.keys()) {
                *sum = (*sum).max(*key);
            }
        }
    }

    fn look_at_all(&mut self, sight: &Sight) {
        let ranks = 0..sight.mirror.rows.len();
        let key = |rank| match sight.class(rank).open() {
            true => sight.key(rank),
            false => 0,
        };
        self.keys.clear();
        self.keys.extend(ranks.map(key));
    }

    /// Looks at nodes in line from a place on until more than `enough` fit. The number of nodes that
    /// were looked at comes with what was found.
    pub(super) fn some(&mut self, sight: &Sight, start: usize, enough: usize) -> (u32, Found<'_>) {
        self.open_gates(sight);
        self.feasible.clear();
        self.totals.clear();
        let line = &sight.mirror.line;
        let start = start % line.len().max(1);
        let mut looked_at = 0;
        for &rank in line[start..].iter().chain(&line[..start]) {
            if self.fits(sight, rank as usize) {
                if self.feasible.len() == enough {
                    break;
                }
                self.feasible.push(rank);
                let row = &sight.mirror.rows[rank as usize];
                self.totals.push(sight.ask.points(row));
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
        let names = sight.column.named.map(|_| Plugin::NodeAffinity);
        let refusals = refusals.chain(names);
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
        self.add_classes(sight);
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

    /// Points that depend on what a node is.
    fn add_classes(&mut self, sight: &Sight) {
        self.by_class.clear();
        self.by_class.resize(sight.column.classes.len(), None);
        let classes = &sight.column.of;
        for &rank in &self.feasible {
            self.by_class[classes[rank as usize] as usize] = Some(0);
        }
        sight.score_classes(&mut self.by_class);
        for (total, &rank) in self.totals.iter_mut().zip(&self.feasible) {
            let points = self.by_class[classes[rank as usize] as usize];
            *total += points.expect("a class of a node that fits");
        }
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
        let (mut least, mut most) = (i64::MAX, i64::MIN);
        self.rounded.clear();
        for &sum in &self.sums {
            let rounded = if sum.is_nan() { IGNORED } else { round(sum) };
            if rounded != IGNORED {
                least = least.min(rounded);
                most = most.max(rounded);
            }
            self.rounded.push(rounded);
        }
        if least > most {
            return;
        }
        add_points(
            &mut self.totals,
            &self.rounded,
            (least, most),
            &mut self.table,
            |sum| weight * points(sum, least, most),
        );
    }

    /// Points for what pods prefer of each other.
    fn add_likings(&mut self, sight: &Sight, topology: &Topology) {
        let Some((_, weight)) = sight.weights.pods else {
            return;
        };
        self.rounded.clear();
        self.rounded.resize(self.feasible.len(), 0);
        for &count in &topology.liked {
            let count = &topology.counts[count];
            let domains = &sight.mirror.domains.at(count.column).of;
            for (sum, &rank) in self.rounded.iter_mut().zip(&self.feasible) {
                *sum += i64::from(count.of[domains[rank as usize] as usize]);
            }
        }
        let least = self.rounded.iter().copied().min().unwrap_or(0);
        let most = self.rounded.iter().copied().max().unwrap_or(0);
        if least == most {
            return;
        }
        add_points(
            &mut self.totals,
            &self.rounded,
            (least, most),
            &mut self.table,
            |sum| weight * pod_points(sum, least, most),
        );
    }
}

/// Rounds a sum that is not negative, half away from zero, as [`f64::round`] does.
fn round(sum: f64) -> i64 {
    let whole = sum as i64;
    whole + i64::from(sum - whole as f64 >= 0.5)
}

/// Adds the points of every sum. Where there are fewer different sums than nodes, the points of each
/// are worked out once.
fn add_points(
    totals: &mut [i64],
    sums: &[i64],
    (least, most): (i64, i64),
    table: &mut Vec<i64>,
    points: impl Fn(i64) -> i64,
) {
    if most - least >= sums.len() as i64 {
        for (total, &sum) in totals.iter_mut().zip(sums) {
            *total += points(sum);
        }
        return;
    }
    table.clear();
    table.extend((least..=most).map(&points));
    for (total, &sum) in totals.iter_mut().zip(sums) {
        *total += match usize::try_from(sum - least) {
            Ok(at) => table[at],
            Err(_) => points(sum),
        };
    }
}

impl Sight<'_> {
    /// What the node is worth but for its class and other pods, from 1; zero where it does not fit.
    pub(super) fn key(&self, rank: usize) -> u32 {
        let row = &self.mirror.rows[rank];
        match self.ask.fits(row) {
            true => 1 + u32::try_from(self.ask.points(row)).expect("points times weights are few"),
            false => 0,
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_rounded_away_from_zero() {
        for sum in [
            0.0,
            0.49999999999999994,
            0.5,
            1.0,
            1.5,
            2.4999999,
            1e12 + 0.5,
            3.0_f64.ln(),
        ] {
            assert_eq!(round(sum), sum.round() as i64, "{sum}");
        }
    }
}
