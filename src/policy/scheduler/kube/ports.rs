//! NodePorts: ports of the node that are free.
//!
//! Source: kube-scheduler v1.34.1, `framework/plugins/nodeports`.

use std::collections::BTreeSet;

use super::cycle::{Cycle, NodeInfo};
use crate::cluster::rules::HostPort;
use crate::policy::scheduler::explanation::{Code, Plugin, Reason, Rejection};

/// Whether a port that the pod takes is taken.
pub fn refuses(cycle: &Cycle, info: &NodeInfo) -> Option<Rejection> {
    are_taken(cycle, &info.ports).then(|| Rejection {
        plugin: Plugin::NodePorts,
        code: Code::Unschedulable,
        reasons: vec![Reason::HostPorts],
    })
}

/// Whether a port that the pod takes is among those that are taken.
pub fn are_taken(cycle: &Cycle, taken: &BTreeSet<HostPort>) -> bool {
    let wanted = &cycle.rules.host_ports;
    let conflicts = |taken: &HostPort| wanted.iter().any(|port| port.conflicts(taken));
    !wanted.is_empty() && taken.iter().any(conflicts)
}
