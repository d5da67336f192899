//! The filters that every policy has: which nodes a pod fits on, and why not on the others.
//!
//! They say in words what [`Cluster::fits`] answers with yes or no, and take every node on its own:
//! for explanations, not for decisions.

use super::explanation::{Code, Explanation, Plugin, Reason, Rejection};
use super::kube::cycle::{Cycle, NodeInfo};
use super::kube::resources::{self, Ignored};
use super::kube::taints;
use crate::cluster::Cluster;
use crate::ids::{NodeId, PodId};
use crate::policy::queue::Face;

/// The nodes on which the pod fits, in the order of the scenario, and why it does not fit on the
/// others that are in the cluster.
pub fn sift(cluster: &Cluster, pod: PodId) -> Explanation {
    let mut explanation = Explanation::default();
    let cycle = Cycle::new(cluster, pod);
    for (node, state) in cluster.nodes().iter().filter(|(_, state)| state.present) {
        match refusal(&cycle, node, state.cordoned) {
            Some(rejection) => explanation.rejected.push((node, rejection)),
            None => explanation.feasible.push(node),
        }
    }
    explanation.evaluated = cluster.nodes_present();
    explanation
}

/// What the first filter that refuses the node says.
fn refusal(cycle: &Cycle, node: NodeId, cordoned: bool) -> Option<Rejection> {
    let takes_none = |plugin, reason| Rejection {
        plugin,
        code: Code::UnschedulableAndUnresolvable,
        reasons: vec![reason],
    };
    let info = NodeInfo::new(cycle.cluster, node);
    let cordoned = || cordoned.then(|| takes_none(Plugin::NodeUnschedulable, Reason::Cordoned));
    let condition = || {
        let taint = taints::of_condition(&Face::of(cycle.cluster, node)).next()?;
        let reason = Reason::UntoleratedTaint(taint);
        Some(takes_none(Plugin::TaintToleration, reason))
    };
    cordoned()
        .or_else(condition)
        .or_else(|| resources::refuses(cycle, &Ignored::default(), &info))
        .or_else(|| resources::refuses_gpus(cycle, &info))
}
