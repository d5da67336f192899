//! Rollouts: which pods a service should have.
//!
//! Source: Kubernetes' ReplicaSet controller (`pkg/controller/replicaset`, v1.34).

use super::View;
use crate::cluster::pod::{Phase, Pod};
use crate::ids::{PodId, ServiceId};

/// What brings a service to its wanted size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adjustment {
    /// Pods to create.
    pub create: u32,
    /// Pods to delete, in order.
    pub delete: Vec<PodId>,
}

/// The difference between what a service has and what it should have.
pub fn adjust(view: &View, service: ServiceId) -> Adjustment {
    let state = &view.cluster.services()[service];
    if state.active <= state.replicas {
        return Adjustment {
            create: state.replicas - state.active,
            delete: Vec::new(),
        };
    }
    let pods = view.cluster.pods();
    let mut active: Vec<PodId> = state
        .pods
        .iter()
        .copied()
        .filter(|&pod| pods[pod].active())
        .collect();
    active.sort_by_key(|&pod| deletion_rank(view, service, pod));
    active.truncate((state.active - state.replicas) as usize);
    Adjustment {
        create: 0,
        delete: active,
    }
}

/// Pods with the least rank are deleted first (`ActivePodsWithRanks`): without a node, then not
/// running, then not ready, then on a node with more pods of the service, then newer, then with
/// more restarts.
fn deletion_rank(view: &View, service: ServiceId, id: PodId) -> impl Ord + use<> {
    let pod: &Pod = &view.cluster.pods()[id];
    let beside = pod
        .node
        .and_then(|node| view.cluster.services()[service].by_node.get(&node));
    (
        pod.node.is_some(),
        pod.phase == Phase::Running,
        pod.ready,
        std::cmp::Reverse(beside.copied().unwrap_or(0)),
        std::cmp::Reverse(pod.started),
        std::cmp::Reverse(pod.incarnation),
        std::cmp::Reverse(id),
    )
}
