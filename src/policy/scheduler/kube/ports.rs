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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::change::Change;
    use crate::cluster::pod::Outcome;
    use crate::cluster::rules::{HostPort, Protocol, Rules};
    use crate::ids::PodId;
    use crate::policy::scheduler::kube::testing::{each_node, pending, zones};
    use crate::policy::scheduler::testing::World;

    #[test]
    fn of_two_pods_with_one_port_the_first_that_leaves_takes_it_along() {
        let port = HostPort {
            address: None,
            protocol: Protocol::Tcp,
            port: 80,
        };
        let rules = Rules {
            host_ports: vec![port],
            ..Rules::default()
        };
        let mut world = zones(&[None], vec![rules]);
        let new = pending(&mut world, 0);
        let both = [world.put(0, 0), world.put(0, 0)];
        assert!(is_refused(&world, new));
        let (pod, outcome) = (both[0], Outcome::Deleted);
        world.apply(Change::PodGone { pod, outcome });
        world.cluster.check();
        assert!(!is_refused(&world, new));
        world.put(0, 0);
        assert!(is_refused(&world, new));
    }

    fn is_refused(world: &World, pod: PodId) -> bool {
        let cycle = Cycle::new(&world.cluster, pod);
        each_node(&cycle, |info| refuses(&cycle, info).is_some()) == [true]
    }
}
