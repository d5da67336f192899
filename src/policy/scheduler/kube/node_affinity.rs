//! NodeAffinity: labels and names of nodes that a pod requires or prefers, and those that the
//! profile adds to every pod.
//!
//! Source: kube-scheduler v1.34.1, `framework/plugins/nodeaffinity`, and
//! `component-helpers/scheduling/corev1/nodeaffinity`.

use std::collections::BTreeSet;

use super::cycle::{Cycle, NodeInfo};
use super::points::of_largest;
use crate::cluster::rules::{NodeAffinity, NodeTerm, Rules, Traits};
use crate::ids::{NodeId, Symbols, ValueId};
use crate::policy::scheduler::explanation::{Code, Plugin, Reason, Rejection};

/// Nodes to look at: of the others nothing needs to be known, for the pod names the nodes it may go
/// to. `None` where it does not.
pub fn named(cycle: &Cycle, nodes: &[NodeId]) -> Option<Vec<NodeId>> {
    let terms = cycle.rules.node_affinity.required.as_ref()?;
    let mut names: BTreeSet<ValueId> = BTreeSet::new();
    for term in terms {
        names.extend(named_by(term)?);
    }
    let is_named = |node: &NodeId| {
        let name = cycle.cluster.spec(*node).traits.name;
        name.is_some_and(|name| names.contains(&name))
    };
    (!terms.is_empty()).then(|| nodes.iter().copied().filter(is_named).collect())
}

/// The names that a term allows; `None` where it allows any.
fn named_by(term: &NodeTerm) -> Option<BTreeSet<ValueId>> {
    let mut fields = term.fields.iter().filter(|field| field.among);
    let first = fields.next()?.names.iter().copied().collect();
    Some(fields.fold(first, |names: BTreeSet<ValueId>, field| {
        let allowed = |name: &ValueId| field.names.contains(name);
        names.into_iter().filter(allowed).collect()
    }))
}

/// Why the pod cannot go to the node. `added` is what the profile asks for every pod.
pub fn refuses(cycle: &Cycle, added: &NodeAffinity, info: &NodeInfo) -> Option<Rejection> {
    let values = &cycle.cluster.catalog().values;
    let traits = &info.spec.traits;
    let reason = if !one_is_met(added.required.as_deref(), traits, values) {
        Reason::AddedAffinity
    } else if !selects(cycle.rules, traits, values) {
        Reason::NodeAffinity
    } else {
        return None;
    };
    Some(Rejection {
        plugin: Plugin::NodeAffinity,
        code: Code::UnschedulableAndUnresolvable,
        reasons: vec![reason],
    })
}

/// Whether node selector and required node affinity of the rules select the node.
pub fn selects(rules: &Rules, traits: &Traits, values: &Symbols<ValueId>) -> bool {
    let mut selector = rules.node_selector.iter();
    let required = rules.node_affinity.required.as_deref();
    selector.all(|(key, value)| traits.labels.get(key) == Some(value))
        && one_is_met(required, traits, values)
}

/// Whether one of the terms matches the node, if there are terms.
pub fn one_is_met(terms: Option<&[NodeTerm]>, traits: &Traits, values: &Symbols<ValueId>) -> bool {
    terms.is_none_or(|terms| terms.iter().any(|term| is_met(term, traits, values)))
}

fn is_met(term: &NodeTerm, traits: &Traits, values: &Symbols<ValueId>) -> bool {
    let is_empty = term.expressions.is_empty() && term.fields.is_empty();
    let labels = || {
        let mut asked = term.expressions.iter();
        asked.all(|asked| asked.met_by(&traits.labels, values))
    };
    let name = || {
        let mut fields = term.fields.iter();
        fields.all(|field| {
            let named = traits.name.is_some_and(|name| field.names.contains(&name));
            named == field.among
        })
    };
    !is_empty && labels() && name()
}

/// Whether anything is preferred.
pub fn prefers(cycle: &Cycle, added: &NodeAffinity) -> bool {
    !cycle.rules.node_affinity.preferred.is_empty() || !added.preferred.is_empty()
}

/// The weights of the preferred terms that match the node.
pub fn score(cycle: &Cycle, added: &NodeAffinity, info: &NodeInfo) -> i64 {
    let values = &cycle.cluster.catalog().values;
    let own = cycle.rules.node_affinity.preferred.iter();
    let met = own
        .chain(&added.preferred)
        .filter(|(_, term)| is_met(term, &info.spec.traits, values));
    met.map(|&(weight, _)| weight).sum()
}

/// The heaviest gets all points.
pub fn normalize(sums: &mut [i64]) {
    of_largest(sums);
}
