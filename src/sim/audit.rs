//! The checker that belief equals truth, for use some delay after the last failure.

use super::Sim;
use super::container::State;
use crate::cluster::Cluster;
use crate::cluster::pod::{Owner, Phase};
use crate::ids::{Id, NodeId, PodId};

impl Sim {
    /// Every way in which belief differs from the truth, for a person to read; none when all facts
    /// have arrived and every failure has been found and mended.
    pub fn audit(&self, belief: &Cluster) -> Vec<String> {
        let mut found = Vec::new();
        for (node, believed) in belief.nodes().iter() {
            self.audit_node(node, (believed.present, believed.ready), &mut found);
        }
        for (pod, believed) in belief.pods().iter() {
            let held = self
                .containers
                .get(pod)
                .filter(|held| held.state != State::Dead);
            let truth = held.map(|held| (held.incarnation, held.node, held.state));
            let expected = match believed.phase {
                Phase::Starting | Phase::Running => {
                    let state = match (believed.phase, believed.ready) {
                        (Phase::Running, true) => State::Ready,
                        (Phase::Running, false) => State::Running,
                        _ => State::Starting,
                    };
                    believed
                        .node
                        .map(|node| (believed.incarnation, node, state))
                }
                Phase::Pending | Phase::Crashed | Phase::Gone(_) => None,
            };
            if truth != expected {
                found.push(format!(
                    "pod {}: {truth:?}, believed {expected:?}",
                    pod.index()
                ));
            }
            self.audit_route(pod, believed.owner, believed.routed, &mut found);
        }
        found
    }

    fn audit_node(&self, node: NodeId, believed: (bool, bool), found: &mut Vec<String>) {
        let state = &self.nodes[node];
        let truth = (state.registered, state.registered && state.up);
        if truth != believed {
            let name = &self.catalog.nodes[node].name;
            found.push(format!(
                "node {name}: (present, up) {truth:?}, believed {believed:?}"
            ));
        }
    }

    fn audit_route(&self, pod: PodId, owner: Owner, believed: bool, found: &mut Vec<String>) {
        let Owner::Service(service) = owner else {
            return;
        };
        let truth = self.services[service].endpoints.contains(&pod);
        if truth != believed {
            found.push(format!(
                "pod {}: endpoint {truth}, believed {believed}",
                pod.index()
            ));
        }
    }
}
