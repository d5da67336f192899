//! What every plugin looks at during one scheduling attempt.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::Cluster;
use crate::cluster::catalog::{NodeSpec, Shape};
use crate::cluster::node::Node;
use crate::cluster::requests::Assumed;
use crate::cluster::rules::{HostPort, Rules};
use crate::ids::{ExtendedId, NodeId, PodId};
use crate::units::Resources;

/// One attempt to place one pod.
#[derive(Clone, Copy, Debug)]
pub struct Cycle<'a> {
    /// What is believed.
    pub cluster: &'a Cluster,
    /// The pod.
    pub pod: PodId,
    /// What it asks for.
    pub shape: &'a Shape,
    /// Where it may and should go.
    pub rules: &'a Rules,
    /// What is known of pods that are nominated to nodes.
    pub nominations: Nominations,
}

/// What is known of pods that are nominated to nodes.
///
/// Source: kube-scheduler v1.34.1, `backend/queue/scheduling_queue.go` (`nominatedPodToInfo`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nominations {
    /// All, for they wait in the scheduler's queue.
    Queued,
    /// Their names alone, for they wait elsewhere: they have priority zero and ask for nothing.
    /// Recorded decisions of a scheduler without a queue are of this kind.
    Elsewhere,
}

/// A node with the pods on it, some of them added or taken away in thought.
#[derive(Clone, Debug)]
pub struct NodeInfo<'a> {
    /// The node.
    pub node: NodeId,
    /// What it is.
    pub spec: &'a NodeSpec,
    /// What is believed of it. Pods and sums are those below.
    pub state: &'a Node,
    /// The pods on it.
    pub pods: Vec<PodId>,
    /// Pods on it of which only that is known.
    pub unknown: usize,
    /// What they request.
    pub requested: Resources,
    /// What scorers count for them.
    pub assumed: Assumed,
    /// Extended resources they request.
    pub extended: BTreeMap<ExtendedId, u64>,
    /// Ports that are taken, as [`Node::ports`].
    pub ports: BTreeSet<HostPort>,
}

impl<'a> Cycle<'a> {
    /// An attempt to place the pod.
    pub fn new(cluster: &'a Cluster, pod: PodId) -> Cycle<'a> {
        Cycle {
            cluster,
            pod,
            shape: cluster.shape(pod),
            rules: cluster.rules(pod),
            nominations: Nominations::Queued,
        }
    }

    /// Pods that are nominated to the node, perhaps the pod itself, with their priorities.
    pub fn nominated(&self, node: NodeId) -> impl Iterator<Item = (PodId, i32)> {
        let nominated = self.cluster.nodes()[node].nominated.iter().copied();
        nominated.map(|pod| {
            let priority = match self.nominations {
                Nominations::Queued => self.cluster.shape(pod).priority,
                Nominations::Elsewhere => 0,
            };
            (pod, priority)
        })
    }
}

impl<'a> NodeInfo<'a> {
    /// The node as believed.
    pub fn new(cluster: &'a Cluster, node: NodeId) -> NodeInfo<'a> {
        let state = &cluster.nodes()[node];
        NodeInfo {
            node,
            spec: cluster.spec(node),
            state,
            pods: state.pods.clone(),
            unknown: 0,
            requested: state.requested,
            assumed: state.assumed,
            extended: state.extended.clone(),
            ports: state.ports.clone(),
        }
    }

    /// The pod is added in thought.
    pub fn add(&mut self, cluster: &Cluster, pod: PodId) {
        let shape = cluster.shape(pod);
        self.pods.push(pod);
        self.ports.extend(&cluster.rules(pod).host_ports);
        self.requested += shape.requests;
        self.assumed += shape.assumed();
        for &(resource, amount) in &shape.extended {
            *self.extended.entry(resource).or_default() += amount;
        }
    }

    /// The pod is taken away in thought. Panics if it is not there.
    pub fn remove(&mut self, cluster: &Cluster, pod: PodId) {
        let shape = cluster.shape(pod);
        let at = self.pods.iter().position(|&other| other == pod);
        self.pods.swap_remove(at.expect("the pod is here"));
        for port in &cluster.rules(pod).host_ports {
            self.ports.remove(port);
        }
        self.requested -= shape.requests;
        self.assumed -= shape.assumed();
        for &(resource, amount) in &shape.extended {
            *self.extended.get_mut(&resource).expect("taken by the pod") -= amount;
        }
    }
}
