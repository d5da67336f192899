//! Required terms.

use std::collections::BTreeMap;

use super::speaks_of;
use crate::cluster::labels::Labels;
use crate::cluster::rules::PodTerm;
use crate::ids::{KeyId, NodeId, PodId, ValueId};
use crate::policy::scheduler::explanation::{Code, Plugin, Reason, Rejection};
use crate::policy::scheduler::kube::cycle::{Cycle, NodeInfo};

/// How often required terms are met, by label of the nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Pods that all affinity terms of the pod speak of.
    wanted: Places,
    /// Pods that anti-affinity terms of the pod speak of.
    unwanted: Places,
    /// Anti-affinity terms, of pods that are there, that speak of the pod.
    unwelcome: Places,
}

/// A number for labels of nodes; none is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(BTreeMap<(KeyId, ValueId), i64>);

impl Filter {
    /// Looks at the pods on all nodes. `None` where the pod requires nothing and no pod requires its
    /// absence.
    pub fn new(cycle: &Cycle, nodes: &[NodeId]) -> Option<Filter> {
        let mut filter = Filter::default();
        for &node in nodes {
            for &pod in &cycle.cluster.nodes()[node].pods {
                filter.add(cycle, pod, node);
            }
        }
        let rules = cycle.rules;
        let requires =
            !rules.affinity.required.is_empty() || !rules.anti_affinity.required.is_empty();
        (requires || !filter.unwelcome.are_none()).then_some(filter)
    }

    /// Why the pod cannot go to the node, if it cannot.
    pub fn refuses(&self, cycle: &Cycle, info: &NodeInfo) -> Option<Rejection> {
        let labels = &info.spec.traits.labels;
        let (code, reason) = if !self.has_wanted(cycle, labels) {
            (Code::UnschedulableAndUnresolvable, Reason::PodAffinity)
        } else if self.has_unwanted(cycle, labels) {
            (Code::Unschedulable, Reason::PodAntiAffinity)
        } else if self.is_unwelcome(labels) {
            (Code::Unschedulable, Reason::ExistingPodAntiAffinity)
        } else {
            return None;
        };
        Some(Rejection {
            plugin: Plugin::InterPodAffinity,
            code,
            reasons: vec![reason],
        })
    }

    /// The pod is added to the node in thought.
    pub fn add(&mut self, cycle: &Cycle, pod: PodId, node: NodeId) {
        self.change(cycle, pod, node, 1);
    }

    /// The pod is taken away from the node in thought.
    pub fn remove(&mut self, cycle: &Cycle, pod: PodId, node: NodeId) {
        self.change(cycle, pod, node, -1);
    }

    fn change(&mut self, cycle: &Cycle, pod: PodId, node: NodeId, by: i64) {
        let cluster = cycle.cluster;
        let labels = &cluster.spec(node).traits.labels;
        for term in &cluster.rules(pod).anti_affinity.required {
            if speaks_of(cluster, term, cycle.pod) {
                self.unwelcome.add(labels, term.topology_key, by);
            }
        }
        let wanted = &cycle.rules.affinity.required;
        if all_speak_of(cycle, wanted, pod) {
            for term in wanted {
                self.wanted.add(labels, term.topology_key, by);
            }
        }
        for term in &cycle.rules.anti_affinity.required {
            if speaks_of(cluster, term, pod) {
                self.unwanted.add(labels, term.topology_key, by);
            }
        }
    }

    /// Pods that all affinity terms speak of must be near, in the sense of each term. But the first
    /// of a group of pods that want each other may go anywhere where the labels are: no pod is
    /// wanted anywhere, and the terms speak of the pod itself.
    fn has_wanted(&self, cycle: &Cycle, labels: &Labels) -> bool {
        let terms = &cycle.rules.affinity.required;
        let has_labels = || {
            terms
                .iter()
                .all(|term| labels.get(term.topology_key).is_some())
        };
        let is_near = |term: &PodTerm| self.wanted.at(labels, term.topology_key) > 0;
        let is_first = || self.wanted.are_none() && all_speak_of(cycle, terms, cycle.pod);
        terms.iter().all(is_near) || (has_labels() && is_first())
    }

    fn has_unwanted(&self, cycle: &Cycle, labels: &Labels) -> bool {
        let mut terms = cycle.rules.anti_affinity.required.iter();
        terms.any(|term| self.unwanted.at(labels, term.topology_key) > 0)
    }

    fn is_unwelcome(&self, labels: &Labels) -> bool {
        labels
            .iter()
            .any(|(key, _)| self.unwelcome.at(labels, key) > 0)
    }
}

impl Places {
    fn add(&mut self, labels: &Labels, key: KeyId, by: i64) {
        let Some(value) = labels.get(key) else {
            return;
        };
        let place = self.0.entry((key, value)).or_default();
        *place += by;
        if *place == 0 {
            self.0.remove(&(key, value));
        }
    }

    fn at(&self, labels: &Labels, key: KeyId) -> i64 {
        let place = labels.get(key).and_then(|value| self.0.get(&(key, value)));
        place.copied().unwrap_or(0)
    }

    fn are_none(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether there are terms and the pod is one that each of them speaks of.
fn all_speak_of(cycle: &Cycle, terms: &[PodTerm], pod: PodId) -> bool {
    let mut each = terms.iter();
    !terms.is_empty() && each.all(|term| speaks_of(cycle.cluster, term, pod))
}
