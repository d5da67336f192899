//! Hints of plugins that look at the node alone: NodeUnschedulable, NodeName, TaintToleration,
//! NodeAffinity.

use super::Waiting;
use crate::ids::NodeId;
use crate::policy::queue::{Event, Face};
use crate::policy::scheduler::kube::{node_affinity, taints};

/// NodeUnschedulable.
pub(super) fn not_cordoned(event: &Event) -> bool {
    became(event, |_, face| !face.cordoned)
}

/// NodeName.
pub(super) fn named(event: &Event) -> bool {
    match event {
        Event::NodeAdded { .. } => true,
        Event::NodeChanged { .. }
        | Event::NodeRemoved { .. }
        | Event::PodBound(_)
        | Event::PodGone(_)
        | Event::PodUnnominated(_) => false,
    }
}

/// TaintToleration.
pub(super) fn tolerated(waiting: &Waiting, event: &Event) -> bool {
    became(event, |node, face| {
        let taints = taints::seen(waiting.spec(node, face), &face);
        waiting.rules.untolerated(&taints).is_none()
    })
}

/// NodeAffinity. What the profile adds must be met, whether or not it was before.
pub(super) fn selected(waiting: &Waiting, event: &Event) -> bool {
    let values = &waiting.cluster.catalog().values;
    let added = waiting.arguments.added_affinity.required.as_deref();
    let is_added = |node, face| {
        let traits = &waiting.spec(node, face).traits;
        node_affinity::one_is_met(added, traits, values)
    };
    let is_selected = |node, face| {
        let traits = &waiting.spec(node, face).traits;
        node_affinity::selects(waiting.rules, traits, values)
    };
    became(event, is_selected) && now(event).is_some_and(|(node, face)| is_added(node, face))
}

/// Whether something holds of a node that did not hold before, for it was another or was not there.
fn became(event: &Event, holds: impl Fn(NodeId, Face) -> bool) -> bool {
    match *event {
        Event::NodeAdded { node, now } => holds(node, now),
        Event::NodeChanged { node, before, now } => holds(node, now) && !holds(node, before),
        Event::NodeRemoved { .. }
        | Event::PodBound(_)
        | Event::PodGone(_)
        | Event::PodUnnominated(_) => false,
    }
}

/// The node that is, or may be, better than before.
fn now(event: &Event) -> Option<(NodeId, Face)> {
    match *event {
        Event::NodeAdded { node, now } | Event::NodeChanged { node, now, .. } => Some((node, now)),
        Event::NodeRemoved { .. }
        | Event::PodBound(_)
        | Event::PodGone(_)
        | Event::PodUnnominated(_) => None,
    }
}
