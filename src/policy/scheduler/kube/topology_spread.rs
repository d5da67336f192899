//! PodTopologySpread: the pods that a constraint selects lie evenly over the values of a label of
//! their nodes (its domains).
//!
//! A required constraint refuses a node whose domain would be ahead of the emptiest one by more than
//! `maxSkew`. A preferred one gives points: the fewer selected pods in the node's domain, the more.
//! A pod without constraints of its own has those of the profile, with the selector that its
//! services and its owner give it.
//!
//! Counted are the pods in the namespace of the pod that are not being deleted. A constraint whose
//! selector asks for nothing counts none, though every pod matches it.
//!
//! Source: kube-scheduler v1.34.1, `framework/plugins/podtopologyspread`.

pub mod domains;
pub mod filter;
pub mod score;
#[cfg(test)]
mod tests;

use super::cycle::Cycle;
use super::{node_affinity, taints};
use crate::cluster::Cluster;
use crate::cluster::catalog::NodeSpec;
use crate::cluster::labels::{Labels, Selector};
use crate::cluster::rules::{Rules, SpreadConstraint, well_known};
use crate::ids::{NamespaceId, NodeId, PodId, ValueId};

/// Constraints of pods that have none of their own (`PodTopologySpreadArgs`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Defaults {
    /// Those built into the scheduler (`defaultingType: System`), [`SYSTEM`].
    #[default]
    System,
    /// These (`defaultingType: List`); their selectors are not looked at.
    List(Vec<SpreadConstraint>),
}

/// The constraints built into the scheduler: at most 3 more on one node, and 5 more in one zone,
/// than elsewhere, if possible.
///
/// Source: `systemDefaultConstraints` of kube-scheduler v1.34.1.
pub static SYSTEM: [SpreadConstraint; 2] = [
    SpreadConstraint {
        max_skew: 3,
        topology_key: well_known::HOSTNAME,
        required: false,
        selector: None,
        min_domains: None,
        honor_affinity: true,
        honor_taints: false,
    },
    SpreadConstraint {
        max_skew: 5,
        topology_key: well_known::ZONE,
        required: false,
        selector: None,
        min_domains: None,
        honor_affinity: true,
        honor_taints: false,
    },
];

/// A constraint of a pod, its own or a default one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constraint<'a> {
    /// What it says, but for the pods it selects.
    pub rule: &'a SpreadConstraint,
    /// The pods it selects; none, if none.
    pub selector: Option<&'a Selector>,
}

/// The required, or the preferred, constraints of pods with these rules.
pub fn constraints<'a>(
    rules: &'a Rules,
    defaults: &'a Defaults,
    required: bool,
) -> Vec<Constraint<'a>> {
    let own = &rules.spread;
    let of_kind = |rule: &&SpreadConstraint| rule.required == required;
    if !own.is_empty() {
        let as_stated = |rule: &'a SpreadConstraint| Constraint {
            rule,
            selector: rule.selector.as_ref(),
        };
        return own.iter().filter(of_kind).map(as_stated).collect();
    }
    let selector = rules.default_selector.as_ref();
    let Some(selector) = selector.filter(|selector| !selector.0.is_empty()) else {
        return Vec::new();
    };
    let with_selector = |rule| Constraint {
        rule,
        selector: Some(selector),
    };
    let defaults = defaults.constraints().iter().filter(of_kind);
    defaults.map(with_selector).collect()
}

impl Defaults {
    fn constraints(&self) -> &[SpreadConstraint] {
        match self {
            Defaults::System => &SYSTEM,
            Defaults::List(list) => list,
        }
    }
}

impl Constraint<'_> {
    /// Whether it counts a pod on some node for a pod in the namespace.
    pub fn counts(&self, cluster: &Cluster, namespace: NamespaceId, pod: PodId) -> bool {
        self.selector.is_some_and(|selector| !selector.0.is_empty())
            && cluster.pods()[pod].deletion.is_none()
            && cluster.rules(pod).namespace == namespace
            && self.selects(cluster, &cluster.rules(pod).labels)
    }

    /// How many of the pods it counts for a pod in the namespace.
    pub fn count(&self, cluster: &Cluster, namespace: NamespaceId, pods: &[PodId]) -> i64 {
        let counted = pods.iter();
        let counted = counted.filter(|&&pod| self.counts(cluster, namespace, pod));
        counted.count() as i64
    }

    /// Whether a pod with these labels matches its selector.
    pub fn selects(&self, cluster: &Cluster, labels: &Labels) -> bool {
        let values = &cluster.catalog().values;
        let selector = self.selector;
        selector.is_some_and(|selector| selector.met_by(labels, values))
    }

    /// Whether pods on the node are counted for the pod: its node inclusion policies.
    pub fn includes(&self, cycle: &Cycle, node: NodeId) -> bool {
        let (traits, values) = (
            &cycle.cluster.spec(node).traits,
            &cycle.cluster.catalog().values,
        );
        let tolerated = || {
            let taints = taints::taints(cycle.cluster, node);
            cycle.rules.untolerated(&taints).is_none()
        };
        (!self.rule.honor_affinity || node_affinity::selects(cycle.rules, traits, values))
            && (!self.rule.honor_taints || tolerated())
    }

    /// The domain of a node; none, if it lacks the label.
    pub fn domain(&self, spec: &NodeSpec) -> Option<ValueId> {
        spec.traits.labels.get(self.rule.topology_key)
    }
}

/// Whether the node has the labels of all constraints.
pub fn has_all_labels(constraints: &[Constraint], spec: &NodeSpec) -> bool {
    let mut constraints = constraints.iter();
    constraints.all(|constraint| constraint.domain(spec).is_some())
}

/// Nodes whose pods a constraint counts, and what they are.
fn counted<'a>(
    cycle: &Cycle<'a>,
    constraint: &Constraint,
    nodes: &[NodeId],
) -> impl Iterator<Item = (NodeId, &'a NodeSpec)> {
    let specs = nodes.iter().map(|&node| (node, cycle.cluster.spec(node)));
    specs.filter(|&(node, _)| constraint.includes(cycle, node))
}
