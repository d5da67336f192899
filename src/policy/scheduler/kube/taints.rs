//! NodeUnschedulable and TaintToleration: what keeps pods off a node as a whole.
//!
//! Source: kube-scheduler v1.34.1, `framework/plugins/nodeunschedulable` and
//! `framework/plugins/tainttoleration`.

use super::cycle::{Cycle, NodeInfo};
use super::points::of_smallest;
use crate::cluster::Cluster;
use crate::cluster::catalog::NodeSpec;
use crate::cluster::rules::{Effect, Taint, Toleration, well_known};
use crate::ids::NodeId;
use crate::policy::queue::Face;
use crate::policy::scheduler::explanation::{Code, Plugin, Reason, Rejection};

/// The taint that a pod must bear to go to a cordoned node.
const CORDONED: Taint = Taint {
    key: well_known::UNSCHEDULABLE,
    value: well_known::EMPTY,
    effect: Effect::NoSchedule,
};

/// Whether a cordoned node is refused.
pub fn refuses_cordoned(cycle: &Cycle, info: &NodeInfo) -> Option<Rejection> {
    let refused = info.state.cordoned && !cycle.rules.tolerates(&CORDONED);
    refused.then(|| refusal(Plugin::NodeUnschedulable, Reason::Cordoned))
}

/// The first taint that keeps the pod off.
pub fn refuses(cycle: &Cycle, info: &NodeInfo) -> Option<Rejection> {
    let taints = taints(cycle.cluster, info.node);
    let taint = *cycle.rules.untolerated(&taints)?;
    Some(refusal(
        Plugin::TaintToleration,
        Reason::UntoleratedTaint(taint),
    ))
}

fn refusal(plugin: Plugin, reason: Reason) -> Rejection {
    Rejection {
        plugin,
        code: Code::UnschedulableAndUnresolvable,
        reasons: vec![reason],
    }
}

/// The taints of the node, and those that follow from its condition.
pub fn taints(cluster: &Cluster, node: NodeId) -> Vec<Taint> {
    seen(cluster.spec(node), &Face::of(cluster, node))
}

/// The taints of a node as it is or was.
pub fn seen(spec: &NodeSpec, face: &Face) -> Vec<Taint> {
    let given = spec.traits.taints.iter().copied();
    given.chain(of_condition(face)).collect()
}

/// The taints that follow from a node's condition: one that is not heard of takes no new pods, and
/// after a while evicts those it has (Kubernetes v1.34, "Taints and Tolerations").
pub fn of_condition(face: &Face) -> impl Iterator<Item = Taint> + use<> {
    let taint = |effect| Taint {
        key: well_known::UNREACHABLE,
        value: well_known::EMPTY,
        effect,
    };
    let silent = (!face.ready).then(|| taint(Effect::NoSchedule));
    let evicting = face.tainted.then(|| taint(Effect::NoExecute));
    silent.into_iter().chain(evicting)
}

/// How many taints of the node would rather keep the pod off.
pub fn score(cycle: &Cycle, info: &NodeInfo) -> i64 {
    let concerns = |one: &&Toleration| {
        one.effect
            .is_none_or(|effect| effect == Effect::PreferNoSchedule)
    };
    let tolerations: Vec<&Toleration> = cycle.rules.tolerations.iter().filter(concerns).collect();
    let rather_not = info.spec.traits.taints.iter().filter(|taint| {
        taint.effect == Effect::PreferNoSchedule
            && !tolerations.iter().any(|one| one.tolerates(taint))
    });
    rather_not.count() as i64
}

/// The fewer, the more points.
pub fn normalize(sums: &mut [i64]) {
    of_smallest(sums);
}
