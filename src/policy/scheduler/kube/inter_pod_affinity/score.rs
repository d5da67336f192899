//! Preferred terms.

use std::collections::BTreeMap;

use super::speaks_of;
use crate::cluster::labels::Labels;
use crate::cluster::rules::{PodTerm, Rules};
use crate::ids::{KeyId, NodeId, PodId, ValueId};
use crate::policy::scheduler::kube::cycle::{Cycle, NodeInfo};

/// What the plugin is told (`InterPodAffinityArgs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Args {
    /// What a required affinity term of a pod that is there weighs where it speaks of the pod
    /// (`hardPodAffinityWeight`), 0 to 100.
    pub hard_weight: i64,
    /// Whether the terms of other pods do not matter to a pod that prefers nothing itself
    /// (`ignorePreferredTermsOfExistingPods`; required ones are ignored with them).
    pub ignore_others: bool,
}

/// Weights of terms by label of the nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    weights: BTreeMap<(KeyId, ValueId), i64>,
}

/// Source: `SetDefaults_InterPodAffinityArgs` of kube-scheduler v1.34.1.
impl Default for Args {
    fn default() -> Self {
        Args {
            hard_weight: 1,
            ignore_others: false,
        }
    }
}

impl Score {
    /// Looks at the pods on all nodes. `None` where no term of them or of the pod speaks of the
    /// other on a node with the label.
    pub fn new(cycle: &Cycle, args: &Args, nodes: &[NodeId]) -> Option<Score> {
        if args.ignore_others && !prefers(cycle.rules) {
            return None;
        }
        let mut score = Score {
            weights: BTreeMap::new(),
        };
        for &node in nodes {
            let labels = &cycle.cluster.spec(node).traits.labels;
            for &pod in &cycle.cluster.nodes()[node].pods {
                score.add(cycle, args, pod, labels);
            }
        }
        (!score.weights.is_empty()).then_some(score)
    }

    /// The weights of all labels of the node.
    pub fn of(&self, info: &NodeInfo) -> i64 {
        let labels = info.spec.traits.labels.iter();
        labels.filter_map(|label| self.weights.get(&label)).sum()
    }

    /// Makes points of the sums of all feasible nodes.
    pub fn normalize(&self, sums: &mut [i64]) {
        let (Some(&least), Some(&most)) = (sums.iter().min(), sums.iter().max()) else {
            return;
        };
        for sum in sums {
            *sum = points(*sum, least, most);
        }
    }

    fn add(&mut self, cycle: &Cycle, args: &Args, pod: PodId, labels: &Labels) {
        for (weight, term, other) in terms_between(cycle, args, pod) {
            let value = labels.get(term.topology_key);
            if let Some(value) = value.filter(|_| speaks_of(cycle.cluster, term, other)) {
                let place = (term.topology_key, value);
                *self.weights.entry(place).or_default() += weight;
            }
        }
    }
}

/// Points of a sum between the least and the most one.
pub fn points(sum: i64, least: i64, most: i64) -> i64 {
    if most == least {
        return 0;
    }
    let share = (sum - least) as f64 / (most - least) as f64;
    (100.0 * share) as i64
}

fn prefers(rules: &Rules) -> bool {
    !rules.affinity.preferred.is_empty() || !rules.anti_affinity.preferred.is_empty()
}

/// Terms of the pod with their weights, to be asked of a pod that is there; and those of that pod,
/// to be asked of the pod.
fn terms_between<'a>(
    cycle: &Cycle<'a>,
    args: &Args,
    there: PodId,
) -> impl Iterator<Item = (i64, &'a PodTerm, PodId)> {
    let pod = cycle.pod;
    let theirs = cycle.cluster.rules(there);
    let hard_weight = args.hard_weight;
    let hard = theirs.affinity.required.iter();
    let hard = hard.filter(move |_| hard_weight > 0);
    preferences(cycle.rules)
        .map(move |(weight, term)| (weight, term, there))
        .chain(hard.map(move |term| (hard_weight, term, pod)))
        .chain(preferences(theirs).map(move |(weight, term)| (weight, term, pod)))
}

/// Preferred terms; to stay away weighs less than nothing.
pub fn preferences(rules: &Rules) -> impl Iterator<Item = (i64, &PodTerm)> {
    let near = rules.affinity.preferred.iter();
    let away = rules.anti_affinity.preferred.iter();
    let near = near.map(|(weight, term)| (*weight, term));
    near.chain(away.map(|(weight, term)| (-weight, term)))
}
