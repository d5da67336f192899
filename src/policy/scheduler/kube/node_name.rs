//! NodeName: a pod may name its node.
//!
//! Source: kube-scheduler v1.34.1, `framework/plugins/nodename`.

use super::cycle::{Cycle, NodeInfo};
use crate::policy::scheduler::explanation::{Code, Plugin, Reason, Rejection};

/// Whether the pod names another node.
pub fn refuses(cycle: &Cycle, info: &NodeInfo) -> Option<Rejection> {
    let named = cycle.rules.node_name?;
    (info.spec.traits.name != Some(named)).then(|| Rejection {
        plugin: Plugin::NodeName,
        code: Code::UnschedulableAndUnresolvable,
        reasons: vec![Reason::OtherNodeNamed],
    })
}
