//! Hints of plugins that look at the pods on other nodes as well: PodTopologySpread and
//! InterPodAffinity.

use super::Waiting;
use crate::cluster::catalog::NodeSpec;
use crate::cluster::rules::PodTerm;
use crate::ids::{KeyId, PodId, ValueId};
use crate::policy::queue::{Event, Face};
use crate::policy::scheduler::kube::inter_pod_affinity::speaks_of;
use crate::policy::scheduler::kube::taints;
use crate::policy::scheduler::kube::topology_spread::{Constraint, constraints, has_all_labels};

/// PodTopologySpread.
pub(super) fn spread(waiting: &Waiting, event: &Event) -> bool {
    let constraints = constraints(waiting.rules, waiting.arguments.spread, true);
    let has_labels = |spec| has_all_labels(&constraints, spec);
    match *event {
        Event::NodeAdded { node, now } => has_labels(waiting.spec(node, now)),
        Event::NodeRemoved { node, before } => has_labels(waiting.spec(node, before)),
        Event::NodeChanged { node, before, now } => {
            let seen = [before, now].map(|face| (waiting.spec(node, face), face));
            let has = seen.map(|(spec, _)| has_labels(spec));
            has[0] != has[1] || (has[1] && tell_apart(&constraints, seen))
        }
        Event::PodBound(pod) | Event::PodGone(pod) => is_selected(waiting, &constraints, pod),
        Event::PodUnnominated(_) => false,
    }
}

/// Whether the node is in another domain, or has other taints, than before.
fn tell_apart(constraints: &[Constraint], seen: [(&NodeSpec, Face); 2]) -> bool {
    let [before, now] = seen;
    let mut each = constraints.iter();
    each.any(|constraint| constraint.domain(before.0) != constraint.domain(now.0))
        || taints::seen(before.0, &before.1) != taints::seen(now.0, &now.1)
}

fn is_selected(waiting: &Waiting, constraints: &[Constraint], pod: PodId) -> bool {
    let labels = &waiting.cluster.rules(pod).labels;
    let mut each = constraints.iter();
    waiting.is_in_namespace_of(pod) && each.any(|one| one.selects(waiting.cluster, labels))
}

/// InterPodAffinity. That a pod is gone which required the absence of the waiting one is not
/// noticed, nor is it that the last of those is gone which it wanted (kubernetes/kubernetes#134393
/// and #141354, both open in v1.34.1).
pub(super) fn affinity(waiting: &Waiting, event: &Event) -> bool {
    let wanted = &waiting.rules.affinity.required;
    let unwanted = &waiting.rules.anti_affinity.required;
    match *event {
        Event::NodeAdded { node, now } => {
            let labels = &waiting.spec(node, now).traits.labels;
            let mut keys = wanted.iter().map(|term| term.topology_key);
            !unwanted.is_empty() || keys.any(|key| labels.get(key).is_some())
        }
        Event::NodeChanged { node, before, now } => {
            let [before, now] = [before, now].map(|face| &waiting.spec(node, face).traits.labels);
            let values = |key: KeyId| (before.get(key), now.get(key));
            moved(wanted, values, |_, now| now.is_some())
                || moved(unwanted, values, |before, _| before.is_some())
        }
        Event::PodBound(pod) => all_want(waiting, wanted, pod),
        Event::PodGone(pod) => all_want(waiting, unwanted, pod),
        Event::NodeRemoved { .. } | Event::PodUnnominated(_) => false,
    }
}

/// Whether the value of some term's label is not what it was, in a way that matters.
fn moved(
    terms: &[PodTerm],
    values: impl Fn(KeyId) -> (Option<ValueId>, Option<ValueId>),
    matters: impl Fn(Option<ValueId>, Option<ValueId>) -> bool,
) -> bool {
    let mut values = terms.iter().map(|term| values(term.topology_key));
    values.any(|(before, now)| before != now && matters(before, now))
}

/// Whether there are terms and each of them speaks of the pod.
fn all_want(waiting: &Waiting, terms: &[PodTerm], pod: PodId) -> bool {
    let mut each = terms.iter();
    !terms.is_empty() && each.all(|term| speaks_of(waiting.cluster, term, pod))
}

/// Whether a required affinity term speaks of the pod.
pub(super) fn one_wants(waiting: &Waiting, pod: PodId) -> bool {
    let mut each = waiting.rules.affinity.required.iter();
    each.any(|term| speaks_of(waiting.cluster, term, pod))
}
