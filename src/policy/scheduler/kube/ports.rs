//! NodePorts: ports of the node that are free.
//!
//! Source: kube-scheduler v1.34.1, `framework/plugins/nodeports`.

use super::cycle::{Cycle, NodeInfo};
use crate::cluster::rules::HostPort;
use crate::ids::PodId;
use crate::policy::scheduler::explanation::{Code, Plugin, Reason, Rejection};

/// Whether a port that the pod takes is taken.
pub fn refuses(cycle: &Cycle, info: &NodeInfo) -> Option<Rejection> {
    are_taken(cycle, &info.pods).then(|| Rejection {
        plugin: Plugin::NodePorts,
        code: Code::Unschedulable,
        reasons: vec![Reason::HostPorts],
    })
}

/// Whether one of the pods takes a port that the pod takes.
pub fn are_taken(cycle: &Cycle, pods: &[PodId]) -> bool {
    let wanted = &cycle.rules.host_ports;
    let conflicts = |taken: &HostPort| wanted.iter().any(|port| port.conflicts(taken));
    !wanted.is_empty()
        && pods
            .iter()
            .any(|&pod| cycle.cluster.rules(pod).host_ports.iter().any(conflicts))
}
