//! What rules say of the pods on other nodes: how many pods that matter are in every domain, kept up
//! to date from the log of moves.

use super::census::Move;
use super::domains::{Domains, EMPTY, NONE};
use super::mirror::Mirror;
use super::weights::Weights;
use crate::cluster::rules::{PodTerm, Rules, SpreadConstraint, well_known};
use crate::ids::{Id, KeyId, NodeId, RulesId};
use crate::policy::scheduler::kube::cycle::Cycle;
use crate::policy::scheduler::kube::inter_pod_affinity::score::preferences;
use crate::policy::scheduler::kube::inter_pod_affinity::speaks_of_rules;
use crate::policy::scheduler::kube::profile::Profile;
use crate::policy::scheduler::kube::topology_spread::{
    Constraint, Defaults, constraints, has_all_labels,
};

/// What matters to pods with some rules.
#[derive(Clone, Debug)]
pub(super) struct Topology {
    pub(super) counts: Vec<Count>,
    /// Required spread constraints.
    pub(super) required: Vec<Required>,
    /// Preferred spread constraints.
    pub(super) preferred: Vec<Preferred>,
    /// Whether a node without the label of a preferred constraint gets no points for spreading.
    pub(super) all_labels: bool,
    /// The counts of required affinity terms.
    pub(super) wanted: Vec<usize>,
    /// Whether the required affinity terms speak of the pod itself.
    pub(super) wants_itself: bool,
    /// The counts of pods that must not be near, and of those that do not want the pod near.
    pub(super) unwanted: Vec<usize>,
    /// The counts of what preferences between pods weigh.
    pub(super) liked: Vec<usize>,
    /// What a pod adds to the counts, by its rules, once it is known.
    effects: Vec<Option<Vec<Effect>>>,
    /// Whether taints say which nodes count.
    honors_taints: bool,
    cursor: u64,
    layout: u64,
    conditions: u64,
}

/// A number for every domain of a label.
#[derive(Clone, Debug)]
pub(super) struct Count {
    /// The column of the label.
    pub(super) column: usize,
    /// By domain; nothing for nodes that lack the label.
    pub(super) of: Vec<i32>,
    /// Whether pods that are being deleted do not count.
    staying: bool,
    /// Whether nodes that lack the label count as those whose label is empty.
    or_empty: bool,
    /// The nodes that count, by rank; all, if none.
    nodes: Option<Vec<bool>>,
}

/// A required spread constraint.
#[derive(Clone, Debug)]
pub(super) struct Required {
    pub(super) count: usize,
    pub(super) max_skew: i64,
    /// Whether the pod is one of those it selects.
    pub(super) is_one: bool,
    min_domains: i64,
    /// The domains of nodes that count.
    known: Vec<bool>,
}

/// A preferred spread constraint.
#[derive(Clone, Debug)]
pub(super) struct Preferred {
    pub(super) count: usize,
    /// The column of its label.
    pub(super) column: usize,
    pub(super) max_skew: i64,
    /// Whether it is over single nodes.
    pub(super) over_nodes: bool,
}

/// What one more pod adds to a count.
#[derive(Clone, Copy, Debug)]
struct Effect {
    count: usize,
    by: i32,
}

impl Topology {
    /// What matters to pods with the rules of the pod; `None` where no other pod does, nor ever
    /// will.
    pub(super) fn new(
        profile: &Profile,
        weights: &Weights,
        cycle: &Cycle,
        mirror: &mut Mirror,
    ) -> Option<Topology> {
        let mut topology = Topology {
            counts: Vec::new(),
            required: Vec::new(),
            preferred: Vec::new(),
            all_labels: !cycle.rules.spread.is_empty()
                || profile.spread_defaults != Defaults::System,
            wanted: Vec::new(),
            wants_itself: all_speak_of(cycle, &cycle.rules.affinity.required, cycle.rules),
            unwanted: Vec::new(),
            liked: Vec::new(),
            effects: vec![None; cycle.cluster.catalog().rules.len()],
            honors_taints: false,
            cursor: 0,
            layout: 0,
            conditions: 0,
        };
        if weights.filters_spread {
            for constraint in constraints(cycle.rules, &profile.spread_defaults, true) {
                topology.require(cycle, &constraint, mirror);
            }
        }
        if weights.spread > 0 {
            for constraint in constraints(cycle.rules, &profile.spread_defaults, false) {
                topology.prefer(cycle, &constraint, mirror);
            }
        }
        topology.look_at_terms(weights, cycle, mirror);
        if topology.counts.is_empty() {
            return None;
        }
        topology.recount(profile, weights, cycle, mirror);
        Some(topology)
    }

    /// About how many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        let counts = self.counts.iter();
        let counts = counts.map(|it| 4 * it.of.len() + it.nodes.as_ref().map_or(0, Vec::len));
        counts.sum::<usize>() + 32 * self.effects.len()
    }

    /// Takes over what changed since.
    pub(super) fn refresh(
        &mut self,
        profile: &Profile,
        weights: &Weights,
        cycle: &Cycle,
        mirror: &Mirror,
    ) {
        let census = mirror.census.as_ref().expect("rules speak of pods");
        let other_nodes = self.layout != mirror.layout
            || (self.honors_taints && self.conditions != mirror.conditions);
        if other_nodes {
            self.recount(profile, weights, cycle, mirror);
        } else if let Some(moves) = census.moves().since(self.cursor) {
            for one in moves {
                self.apply(profile, weights, cycle, &mirror.domains, one);
            }
        } else {
            self.recount(profile, weights, cycle, mirror);
        }
        self.cursor = census.moves().head();
    }

    fn count(&mut self, cycle: &Cycle, key: Option<KeyId>, mirror: &mut Mirror) -> &mut Count {
        let column = mirror.domains.column(cycle.cluster, &mirror.order, key);
        self.counts.push(Count {
            column,
            of: Vec::new(),
            staying: false,
            or_empty: false,
            nodes: None,
        });
        self.counts.last_mut().expect("just pushed")
    }

    fn require(&mut self, cycle: &Cycle, constraint: &Constraint, mirror: &mut Mirror) {
        let rule = constraint.rule;
        self.honors_taints |= rule.honor_taints;
        self.count(cycle, Some(rule.topology_key), mirror).staying = true;
        self.required.push(Required {
            count: self.counts.len() - 1,
            max_skew: rule.max_skew,
            is_one: constraint.selects(cycle.cluster, &cycle.rules.labels),
            min_domains: rule.min_domains.unwrap_or(1),
            known: Vec::new(),
        });
    }

    fn prefer(&mut self, cycle: &Cycle, constraint: &Constraint, mirror: &mut Mirror) {
        let SpreadConstraint {
            max_skew,
            topology_key,
            honor_taints,
            ..
        } = *constraint.rule;
        self.honors_taints |= honor_taints;
        let over_nodes = topology_key == well_known::HOSTNAME;
        let or_empty = !self.all_labels && !over_nodes;
        let key = (!over_nodes).then_some(topology_key);
        let count = self.count(cycle, key, mirror);
        (count.staying, count.or_empty) = (true, or_empty);
        let count = self.counts.len() - 1;
        let label = Some(topology_key);
        self.preferred.push(Preferred {
            count,
            column: mirror.domains.column(cycle.cluster, &mirror.order, label),
            max_skew,
            over_nodes,
        });
    }

    /// Adds counts for terms of the rules, and for those of other rules that speak of them.
    fn look_at_terms(&mut self, weights: &Weights, cycle: &Cycle, mirror: &mut Mirror) {
        let rules = cycle.rules;
        let mut counts_of = |topology: &mut Topology, keys: Vec<KeyId>| -> Vec<usize> {
            let made = keys.into_iter().map(|key| {
                topology.count(cycle, Some(key), mirror);
                topology.counts.len() - 1
            });
            made.collect()
        };
        if weights.filters_affinity {
            let wanted = rules.affinity.required.iter();
            let wanted = distinct(wanted.map(|term| term.topology_key));
            self.wanted = counts_of(self, wanted);
            let unwanted = rules.anti_affinity.required.iter();
            let others = cycle.cluster.catalog().rules.as_slice().iter();
            let unwelcome = others.flat_map(|other| &other.anti_affinity.required);
            let unwelcome = unwelcome.filter(|term| speaks_of_rules(cycle.cluster, term, rules));
            let unwanted = distinct(unwanted.chain(unwelcome).map(|term| term.topology_key));
            self.unwanted = counts_of(self, unwanted);
        }
        let others = cycle.cluster.catalog().rules.as_slice().iter();
        let own = weights.likings(rules).map(|(_, term)| term.topology_key);
        let theirs = others.flat_map(|other| weights.likings_of_others(rules, other));
        let theirs = theirs.filter(|(_, term)| speaks_of_rules(cycle.cluster, term, rules));
        let liked = distinct(own.chain(theirs.map(|(_, term)| term.topology_key)));
        self.liked = counts_of(self, liked);
    }

    /// Counts all pods.
    fn recount(&mut self, profile: &Profile, weights: &Weights, cycle: &Cycle, mirror: &Mirror) {
        let census = mirror.census.as_ref().expect("rules speak of pods");
        for count in &mut self.counts {
            count.of.clear();
            count.of.resize(mirror.domains.at(count.column).count, 0);
        }
        self.look_at_nodes(profile, cycle, mirror);
        for one in census.all(cycle.cluster, &mirror.order) {
            self.apply(profile, weights, cycle, &mirror.domains, one);
        }
        self.cursor = census.moves().head();
        self.layout = mirror.layout;
        self.conditions = mirror.conditions;
    }

    /// Notes whose pods spread constraints count.
    fn look_at_nodes(&mut self, profile: &Profile, cycle: &Cycle, mirror: &Mirror) {
        let required = constraints(cycle.rules, &profile.spread_defaults, true);
        let present = |node: NodeId| cycle.cluster.nodes()[node].present;
        for (constraint, own) in required.iter().zip(&mut self.required) {
            let count = &mut self.counts[own.count];
            let counts = |&node: &NodeId| {
                let spec = cycle.cluster.spec(node);
                present(node) && has_all_labels(&required, spec) && constraint.includes(cycle, node)
            };
            let nodes: Vec<bool> = mirror.order.nodes().iter().map(counts).collect();
            let column = mirror.domains.at(count.column);
            own.known = vec![false; column.count];
            for (&domain, &counts) in column.of.iter().zip(&nodes) {
                own.known[domain as usize] |= counts;
            }
            count.nodes = Some(nodes);
        }
        let preferred = constraints(cycle.rules, &profile.spread_defaults, false);
        for (constraint, own) in preferred.iter().zip(&self.preferred) {
            if own.over_nodes {
                continue;
            }
            let counts = |&node: &NodeId| {
                let spec = cycle.cluster.spec(node);
                (!self.all_labels || has_all_labels(&preferred, spec))
                    && constraint.includes(cycle, node)
            };
            let nodes = mirror.order.nodes().iter().map(counts).collect();
            self.counts[own.count].nodes = Some(nodes);
        }
    }

    fn apply(
        &mut self,
        profile: &Profile,
        weights: &Weights,
        cycle: &Cycle,
        domains: &Domains,
        one: Move,
    ) {
        if self.effects[one.rules.index()].is_none() {
            let effects = self.effects_of(profile, weights, cycle, domains, one.rules);
            self.effects[one.rules.index()] = Some(effects);
        }
        let effects = self.effects[one.rules.index()]
            .as_deref()
            .expect("made above");
        for effect in effects {
            self.counts[effect.count].apply(domains, one, effect.by);
        }
    }

    /// What a pod with other rules, or the same, adds to the counts.
    fn effects_of(
        &self,
        profile: &Profile,
        weights: &Weights,
        cycle: &Cycle,
        domains: &Domains,
        other: RulesId,
    ) -> Vec<Effect> {
        let (cluster, rules) = (cycle.cluster, cycle.rules);
        let theirs = &cluster.catalog().rules[other];
        let mut by = vec![0; self.counts.len()];
        let counted = |constraint: &Constraint| {
            constraint
                .selector
                .is_some_and(|selector| !selector.0.is_empty())
                && theirs.namespace == rules.namespace
                && constraint.selects(cluster, &theirs.labels)
        };
        let required = constraints(cycle.rules, &profile.spread_defaults, true);
        for (constraint, own) in required.iter().zip(&self.required) {
            by[own.count] += i32::from(counted(constraint));
        }
        let preferred = constraints(cycle.rules, &profile.spread_defaults, false);
        for (constraint, own) in preferred.iter().zip(&self.preferred) {
            by[own.count] += i32::from(counted(constraint));
        }
        let mut add = |counts: &[usize], term: &PodTerm, weight: i64| {
            let column = domains.find(term.topology_key);
            let count = counts
                .iter()
                .find(|&&count| Some(self.counts[count].column) == column);
            by[*count.expect("made for its key")] += i32::try_from(weight).expect("at most 100");
        };
        if weights.filters_affinity {
            let wanted = &rules.affinity.required;
            if all_speak_of(cycle, wanted, theirs) {
                wanted.iter().for_each(|term| add(&self.wanted, term, 1));
            }
            for term in &rules.anti_affinity.required {
                if speaks_of_rules(cluster, term, theirs) {
                    add(&self.unwanted, term, 1);
                }
            }
            for term in &theirs.anti_affinity.required {
                if speaks_of_rules(cluster, term, rules) {
                    add(&self.unwanted, term, 1);
                }
            }
        }
        for (weight, term) in weights.likings(rules) {
            if speaks_of_rules(cluster, term, theirs) {
                add(&self.liked, term, weight);
            }
        }
        for (weight, term) in weights.likings_of_others(rules, theirs) {
            if speaks_of_rules(cluster, term, rules) {
                add(&self.liked, term, weight);
            }
        }
        let some = (0..).zip(by).filter(|&(_, by)| by != 0);
        some.map(|(count, by)| Effect { count, by }).collect()
    }
}

impl Required {
    /// The most pods in a domain that takes one more.
    pub(super) fn most(&self, count: &Count) -> i64 {
        let known = || {
            count
                .of
                .iter()
                .zip(&self.known)
                .filter(|(_, known)| **known)
        };
        let fewest = match (known().count() as i64) < self.min_domains {
            true => 0,
            false => known().map(|(&pods, _)| i64::from(pods)).min().unwrap_or(0),
        };
        self.max_skew + fewest - i64::from(self.is_one)
    }
}

impl Count {
    fn apply(&mut self, domains: &Domains, one: Move, by: i32) {
        let rank = one.rank as usize;
        if self.nodes.as_ref().is_some_and(|nodes| !nodes[rank]) {
            return;
        }
        let pods = if self.staying { one.staying } else { one.pods };
        let domain = match domains.at(self.column).of[rank] {
            NONE if self.or_empty => EMPTY,
            NONE => return,
            domain => domain,
        };
        self.of[domain as usize] += by * pods;
    }

    /// Whether there is nothing in any domain.
    pub(super) fn is_nothing(&self) -> bool {
        self.of.iter().all(|&here| here == 0)
    }
}

impl Weights {
    /// The preferences of the rules, if they matter.
    fn likings<'a>(&self, rules: &'a Rules) -> impl Iterator<Item = (i64, &'a PodTerm)> + use<'a> {
        preferences(rules).filter({
            let matter = self.pods.is_some();
            move |_| matter
        })
    }

    /// What rules of a pod that is there wish for pods near it, if that matters to a pod with
    /// `rules`.
    fn likings_of_others<'a>(
        &self,
        rules: &Rules,
        others: &'a Rules,
    ) -> impl Iterator<Item = (i64, &'a PodTerm)> + use<'a> {
        let matter = self
            .pods
            .filter(|(args, _)| !args.ignore_others || preferences(rules).next().is_some());
        let hard_weight = matter.map_or(0, |(args, _)| args.hard_weight);
        let hard = others.affinity.required.iter();
        let hard = hard.filter(move |_| hard_weight > 0);
        let hard = hard.map(move |term| (hard_weight, term));
        hard.chain(preferences(others).filter(move |_| matter.is_some()))
    }
}

/// Whether there are terms, and each speaks of pods with the rules.
fn all_speak_of(cycle: &Cycle, terms: &[PodTerm], rules: &Rules) -> bool {
    let mut each = terms.iter();
    !terms.is_empty() && each.all(|term| speaks_of_rules(cycle.cluster, term, rules))
}

fn distinct(keys: impl Iterator<Item = KeyId>) -> Vec<KeyId> {
    let keys: std::collections::BTreeSet<KeyId> = keys.collect();
    keys.into_iter().collect()
}
