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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::change::Change;
    use crate::cluster::gpu::GpuModels;
    use crate::ids::ShapeId;
    use crate::policy::scheduler::testing::{asking_gpus, node, shape, with_gpus, world};

    #[test]
    fn every_node_is_refused_by_the_first_filter_that_does_and_for_all_its_reasons() {
        let mut full = with_gpus(node(4000, 4000), 1, None);
        full.max_pods = 1;
        let nodes = vec![
            with_gpus(node(4000, 4000), 1, None),
            with_gpus(node(4000, 4000), 1, None),
            with_gpus(node(900, 900), 1, None),
            full,
            node(4000, 4000),
            with_gpus(node(4000, 4000), 1, None),
        ];
        let asks = asking_gpus(shape(1000, 1000), 1, 500, GpuModels::ANY);
        let mut world = world(nodes, vec![asks, shape(100, 100)]);
        world.put(1, 3);
        world.apply(Change::NodeCordoned(NodeId(0)));
        world.apply(Change::NodeNotReady(NodeId(0)));
        world.apply(Change::NodeNotReady(NodeId(1)));
        let pod = world.job(ShapeId(0));
        let told = sift(&world.cluster, pod);
        assert_eq!(told.feasible, [NodeId(5)]);
        let silent = taints::of_condition(&Face::of(&world.cluster, NodeId(1)));
        let silent = Reason::UntoleratedTaint(silent.last().unwrap());
        let expected = [
            (Plugin::NodeUnschedulable, vec![Reason::Cordoned]),
            (Plugin::TaintToleration, vec![silent]),
            (
                Plugin::NodeResourcesFit,
                vec![Reason::InsufficientCpu, Reason::InsufficientMemory],
            ),
            (Plugin::NodeResourcesFit, vec![Reason::TooManyPods]),
            // 500 thousandths are asked for of one GPU, and the node has none.
            (Plugin::GpuDevices, vec![Reason::InsufficientGpu]),
        ];
        let made = told
            .rejected
            .into_iter()
            .map(|(_, why)| (why.plugin, why.reasons));
        assert_eq!(made.collect::<Vec<_>>(), expected);
    }
}
