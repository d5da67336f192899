//! NodePorts: ports of the node that are free.
//!
//! Source: kube-scheduler v1.34.1, `framework/plugins/nodeports`.

use super::cycle::{Cycle, NodeInfo};
use crate::policy::scheduler::explanation::{Code, Plugin, Reason, Rejection};

/// Whether a port that the pod takes is taken.
pub fn refuses(cycle: &Cycle, info: &NodeInfo) -> Option<Rejection> {
    let wanted = &cycle.rules.host_ports;
    if wanted.is_empty() {
        return None;
    }
    let mut taken = info.ports.iter();
    let is_taken = taken.any(|taken| wanted.iter().any(|port| port.conflicts(taken)));
    is_taken.then(|| Rejection {
        plugin: Plugin::NodePorts,
        code: Code::Unschedulable,
        reasons: vec![Reason::HostPorts],
    })
}
