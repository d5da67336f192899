//! Schedulers: which node a pod goes to.

pub mod best;
pub mod best_fit;
pub mod binpack;
pub mod borg_stranded;
pub mod explanation;
pub mod first_fit;
pub mod forest;
pub mod kube;
pub mod least_allocated;
pub mod most_allocated;
pub mod nomad;
pub mod power_of_two;
pub mod random;
pub mod score;
pub mod spread;
pub mod swarm;
pub mod table;
pub mod tetris;
pub mod tournament;
pub mod worst_fit;

#[cfg(test)]
mod properties;
#[cfg(test)]
pub(crate) mod testing;

use std::sync::Arc;

use super::queue::{Event, Waking};
use super::{Remember, View};
use crate::cluster::gpu::GpuSet;
use crate::cluster::queue::{Group, RejectedBy};
use crate::ids::{NodeId, PodId};
use crate::time::Time;

/// Chooses nodes for pods, one pod at a time. Caches follow the changes of one cluster: a scheduler
/// that is to serve another one must forget first.
pub trait Scheduler: Send {
    /// Where the pod goes. The control plane applies the answer before it asks again.
    fn place(&mut self, view: &View, pod: PodId) -> Placement;

    /// Drops all caches; no later answer changes.
    fn forget(&mut self);

    /// How it is found out which waiting pods are worth another attempt.
    fn waking(&self) -> Waking {
        Waking::Room
    }

    /// Whether what happened may have made a pod of the group schedulable: asked under
    /// [`Waking::Hints`] alone.
    fn hint(&self, _view: &View, _event: &Event, _group: Group) -> bool {
        true
    }

    /// When the scheduler wants to be asked even if nothing happens.
    fn wake(&self, _view: &View) -> Option<Time> {
        None
    }
}

/// What a scheduler decided on a pod.
#[derive(Clone, Debug, PartialEq)]
pub enum Placement {
    /// The pod goes to a node.
    Bind {
        /// The node.
        node: NodeId,
        /// The GPUs there.
        gpus: GpuSet,
        /// Why.
        why: Chosen,
        /// What to remember.
        remember: Remember,
    },
    /// The pod waits.
    Wait {
        /// Why.
        why: Refused,
        /// Who refused it nodes, where the scheduler's hints tell them apart.
        by: RejectedBy,
        /// What becomes of the place that others were evicted for.
        nomination: Nomination,
        /// What to remember.
        remember: Remember,
    },
    /// The pod waits for others to leave a node: no node fits, but without them this one would.
    Preempt {
        /// The node: the pod is nominated to it.
        node: NodeId,
        /// The pods of lower priority to be evicted there, most important first.
        victims: Arc<[PodId]>,
        /// Pods of lower priority that lose their nomination to the node.
        cleared: Arc<[PodId]>,
        /// Why it waits.
        why: Refused,
        /// Who refused it nodes, where the scheduler's hints tell them apart.
        by: RejectedBy,
        /// What to remember.
        remember: Remember,
    },
}

/// What becomes of the nomination of a pod that waits (`status.nominatedNodeName`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nomination {
    /// It stays, if there is one.
    Kept,
    /// It ends, if there is one: evicting pods would help nowhere any more.
    Dropped,
}

/// Why a node was chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Chosen {
    /// It scored highest.
    Score(i64),
    /// It has the fewest replicas of the same service beside it, and then scored highest.
    Apart {
        /// Replicas in the same zone.
        in_zone: u32,
        /// Replicas on the node.
        on_node: u32,
        /// The score.
        score: i64,
    },
    /// It was the first that fits in the policy's order.
    First,
    /// No other fits, of those that were looked at.
    Only,
    /// Others were evicted there for the pod.
    Nominated,
    /// By lot, among that many.
    Lot {
        /// Nodes that fit.
        feasible: u32,
    },
    /// It scored highest of those that a lot had picked.
    Sampled {
        /// Nodes that were scored.
        candidates: u32,
        /// The score.
        score: i64,
    },
    /// It has the least of all this, what stands first being decisive.
    Fewest {
        /// Pods of the same service in its zone; zero where zones do not matter.
        in_zone: u32,
        /// Recent failures of the service on it; zero where they are too few to matter.
        failures: u32,
        /// Pods of the same service on it.
        on_node: u32,
        /// Pods on it.
        pods: u32,
    },
}

/// Why a pod waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No node fits.
    NoNodeFits {
        /// Nodes in the cluster.
        nodes: u32,
    },
}

impl Placement {
    /// The pod goes to the node, on its best-fitting GPUs. Panics if they do not suffice.
    pub fn on(view: &View, pod: PodId, node: NodeId, why: Chosen) -> Placement {
        let request = view.cluster.shape(pod).gpus;
        let gpus = match request.count {
            0 => GpuSet::NONE,
            _ => view
                .cluster
                .gpus(node)
                .choose(request)
                .expect("a feasible node has GPUs left"),
        };
        Placement::Bind {
            node,
            gpus,
            why,
            remember: None,
        }
    }

    /// What to remember.
    pub const fn remember(&self) -> Remember {
        match self {
            Placement::Bind { remember, .. }
            | Placement::Wait { remember, .. }
            | Placement::Preempt { remember, .. } => *remember,
        }
    }

    /// The same, with something else to remember.
    #[must_use]
    pub fn remembering(mut self, new: Remember) -> Placement {
        match &mut self {
            Placement::Bind { remember, .. }
            | Placement::Wait { remember, .. }
            | Placement::Preempt { remember, .. } => *remember = new,
        }
        self
    }

    /// No node fits.
    pub fn nowhere(view: &View) -> Placement {
        Placement::Wait {
            why: Refused::NoNodeFits {
                nodes: view.cluster.nodes_present(),
            },
            by: RejectedBy::default(),
            nomination: Nomination::Kept,
            remember: None,
        }
    }
}
