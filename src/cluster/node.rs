//! What is believed of a node, and the ring of recent changes.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::Shape;
use super::requests::Assumed;
use super::rules::{HostPort, Rules};
use super::trouble::Stage;
use crate::ids::{ExtendedId, ImageId, NodeId, PodId, RevisionId};
use crate::time::Time;
use crate::units::{Bytes, MilliCpu, Resources};

/// What is believed of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Part of the cluster.
    pub present: bool,
    /// Believed ready (Kubernetes: the Ready condition is true).
    pub ready: bool,
    /// Takes no new pods (`spec.unschedulable`).
    pub cordoned: bool,
    /// When its lease was last renewed, if it is silent now.
    pub silent_since: Option<Time>,
    /// When it was heard again after its last silence, if it is not silent now.
    pub heard_at: Option<Time>,
    /// When it was last marked not ready, if it is not ready now.
    pub not_ready_since: Option<Time>,
    /// Since when it evicts (taint `node.kubernetes.io/unreachable:NoExecute`).
    pub tainted_since: Option<Time>,
    /// How many of its pods are not being deleted.
    pub active: u32,
    /// Pods bound to it, terminating ones included, in no particular order.
    pub pods: Vec<PodId>,
    /// What they request.
    pub requested: Resources,
    /// What scorers count for them.
    pub assumed: Assumed,
    /// Extended resources they request, by id.
    pub extended: BTreeMap<ExtendedId, u64>,
    /// Ports of it that are taken.
    ///
    /// As in kube-scheduler v1.34.1 (`framework/types.go`, `HostPortInfo`) this is a set: of pods
    /// with the same port, which cannot come here but may be here, the first that leaves takes it
    /// along.
    pub ports: BTreeSet<HostPort>,
    /// Pods that wait for others to leave this node, in no particular order.
    pub nominated: Vec<PodId>,
    /// Images it has, in order.
    pub images: Vec<ImageId>,
    /// What it was updated to last, if it ever was.
    pub revision: Option<RevisionId>,
}

/// The most recently changed nodes, for caches that are brought up to date lazily.
#[derive(Clone, Debug)]
pub struct Changed {
    ring: Vec<NodeId>,
    head: u64,
}

impl Node {
    /// A node that is not part of the cluster.
    pub(super) const fn absent() -> Node {
        Node {
            present: false,
            ready: false,
            cordoned: false,
            silent_since: None,
            heard_at: None,
            not_ready_since: None,
            tainted_since: None,
            active: 0,
            pods: Vec::new(),
            requested: Resources::NONE,
            assumed: Assumed {
                cpu: MilliCpu(0),
                memory: Bytes(0),
            },
            extended: BTreeMap::new(),
            ports: BTreeSet::new(),
            nominated: Vec::new(),
            images: Vec::new(),
            revision: None,
        }
    }

    /// Notes that a pod of this shape was bound.
    pub(super) fn bind(&mut self, pod: PodId, shape: &Shape, rules: &Rules) {
        self.pods.push(pod);
        self.ports.extend(&rules.host_ports);
        self.requested += shape.requests;
        self.assumed += shape.assumed();
        for &(resource, amount) in &shape.extended {
            *self.extended.entry(resource).or_default() += amount;
        }
    }

    /// Notes that a pod of this shape is over. Panics if it was not bound here.
    pub(super) fn release(&mut self, pod: PodId, shape: &Shape, rules: &Rules) {
        let at = self.pods.iter().position(|&other| other == pod);
        self.pods
            .swap_remove(at.expect("a bound pod is on its node"));
        for port in &rules.host_ports {
            self.ports.remove(port);
        }
        self.requested -= shape.requests;
        self.assumed -= shape.assumed();
        for &(resource, amount) in &shape.extended {
            let taken = self.extended.get_mut(&resource).expect("taken before");
            *taken -= amount;
            if *taken == 0 {
                self.extended.remove(&resource);
            }
        }
    }

    /// Whether new pods may be bound to it.
    pub const fn schedulable(&self) -> bool {
        self.present && self.ready && !self.cordoned && self.tainted_since.is_none()
    }

    /// What is to happen to it because something is amiss.
    pub(super) fn stage(&self) -> Stage {
        match (self.silent_since, self.not_ready_since, self.tainted_since) {
            (None, None, _) => Stage::Settled,
            (None, Some(since), _) => Stage::Heard(self.heard_at.unwrap_or(since)),
            (Some(last), None, _) => Stage::Silent(last),
            (Some(_), Some(since), None) => Stage::Untainted(since),
            (Some(_), Some(_), Some(since)) if self.active > 0 => Stage::Evicting(since),
            (Some(_), Some(_), Some(_)) => Stage::Settled,
        }
    }
}

impl Changed {
    /// A ring that remembers at least as many changes as there are nodes.
    pub(super) fn new(nodes: usize) -> Changed {
        Changed {
            ring: vec![NodeId(0); nodes.next_power_of_two().max(1024)],
            head: 0,
        }
    }

    /// Notes that a node changed.
    pub(super) fn push(&mut self, node: NodeId) {
        let mask = self.ring.len() as u64 - 1;
        self.ring[(self.head & mask) as usize] = node;
        self.head += 1;
    }

    /// The cursor of a cache that has seen everything.
    pub const fn head(&self) -> u64 {
        self.head
    }

    /// The nodes changed since a cursor, oldest first, perhaps repeated; `None` when the cursor is
    /// older than the ring: the cache must be rebuilt.
    pub fn since(&self, cursor: u64) -> Option<impl Iterator<Item = NodeId>> {
        let mask = self.ring.len() as u64 - 1;
        (self.head - cursor <= self.ring.len() as u64)
            .then(|| (cursor..self.head).map(move |at| self.ring[(at & mask) as usize]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_sees_every_change_once() {
        let mut changed = Changed::new(3);
        let start = changed.head();
        changed.push(NodeId(2));
        changed.push(NodeId(2));
        changed.push(NodeId(1));
        let seen: Vec<_> = changed.since(start).expect("within the ring").collect();
        assert_eq!(seen, [NodeId(2), NodeId(2), NodeId(1)]);
        assert_eq!(
            changed
                .since(changed.head())
                .expect("within the ring")
                .count(),
            0
        );
    }

    #[test]
    fn a_cursor_older_than_the_ring_must_rebuild() {
        let mut changed = Changed::new(3);
        for n in 0..1025 {
            changed.push(NodeId(n % 3));
        }
        assert!(changed.since(0).is_none());
        assert!(changed.since(1).is_some());
    }
}
