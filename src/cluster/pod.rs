//! What is believed of a pod.

use super::gpu::GpuSet;
use super::queue::RejectedBy;
use crate::ids::{JobId, NodeId, ServiceId, ShapeId};
use crate::time::{Duration, Time};

/// What a pod belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// A replica of a service.
    Service(ServiceId),
    /// The pod of a job, recreated after a loss unless its job says "never".
    Job(JobId),
}

impl Owner {
    /// Whether it is a service.
    pub const fn is_service(self) -> bool {
        match self {
            Owner::Service(_) => true,
            Owner::Job(_) => false,
        }
    }
}

/// How far a pod has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Waits for a node.
    Pending,
    /// Bound; its container has been ordered.
    Starting,
    /// Its container runs.
    Running,
    /// Its container is dead; a restart may be planned (Kubernetes: `CrashLoopBackOff`).
    Crashed,
    /// Over.
    Gone(Outcome),
}

/// How a pod ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Its work is done.
    Succeeded,
    /// Its container died and is not to be restarted.
    Failed,
    /// Deleted by the control plane.
    Deleted,
    /// Its node left the cluster or came back without it.
    Lost,
}

/// Why the control plane deletes a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deletion {
    /// The service is to have fewer replicas.
    ScaledDown,
    /// A user asked for it.
    Requested,
    /// Its node has been unreachable for too long.
    Unreachable,
    /// Its node is being drained.
    Drained,
    /// Its node left the cluster.
    NodeRemoved,
    /// A pod of higher priority needs its place.
    Preempted,
}

/// How a container ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// The work is done (exit code 0).
    Completed,
    /// It crashed.
    Crashed,
    /// Killed for exceeding its memory limit.
    OutOfMemory,
    /// Killed by the kernel because the node ran out of memory.
    NodeOutOfMemory,
    /// Stopped as ordered.
    Stopped,
    /// It died with its node.
    NodeLost,
}

/// In which part of the scheduling queue a pod is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Queued {
    /// In none: bound or over.
    No,
    /// To be tried next.
    Active,
    /// To be tried again at that time.
    BackOff(Time),
    /// To be tried again when something changes in its favour.
    Unschedulable,
}

/// What is believed of one pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// What it belongs to.
    pub owner: Owner,
    /// What it asks for.
    pub shape: ShapeId,
    /// The n-th pod of its owner, from 0.
    pub index: u32,
    /// Whether a lost one is replaced.
    pub replace: bool,
    /// Where it is bound.
    pub node: Option<NodeId>,
    /// When it was bound (the counterpart of `status.startTime`).
    pub bound: Time,
    /// Where others are being evicted for it (`status.nominatedNodeName`).
    pub nominated: Option<NodeId>,
    /// Its GPUs there.
    pub gpus: GpuSet,
    /// How far it has come.
    pub phase: Phase,
    /// Whether its container passes its readiness probe, as last heard.
    pub ready: bool,
    /// When that last changed: created, until it does (Kubernetes: `lastTransitionTime` of the
    /// Ready condition).
    pub ready_changed: Time,
    /// Whether the service's traffic is sent to it.
    pub routed: bool,
    /// Why it is being deleted, if it is.
    pub deletion: Option<Deletion>,
    /// Containers ordered so far; the present one has this number.
    pub incarnation: u32,
    /// Restarts planned since the last spell of health.
    pub restart_step: u8,
    /// When its container is to be restarted, if that is planned.
    pub restart_at: Option<Time>,
    /// When it was created.
    pub created: Time,
    /// When its present or last container was started.
    pub started: Time,
    /// How long its last container ran.
    pub ran: Duration,
    /// Scheduling attempts that found no node.
    pub attempts: u32,
    /// When it was last put in the queue: created, or found unschedulable.
    pub queued_at: Time,
    /// In which part of the queue it is.
    pub queued: Queued,
    /// Who refused it nodes when it was last tried.
    pub rejected_by: RejectedBy,
}

impl Exit {
    /// Whether the container failed, rather than finishing, being stopped or dying with its node.
    pub const fn failed(self) -> bool {
        match self {
            Exit::Crashed | Exit::OutOfMemory | Exit::NodeOutOfMemory => true,
            Exit::Completed | Exit::Stopped | Exit::NodeLost => false,
        }
    }
}

impl Pod {
    /// Whether it is neither over nor being deleted.
    pub const fn active(&self) -> bool {
        self.deletion.is_none() && !self.gone()
    }

    /// Whether it is over.
    pub const fn gone(&self) -> bool {
        matches!(self.phase, Phase::Gone(_))
    }

    /// Whether none of its containers has been started yet (Kubernetes: phase Pending).
    pub const fn pending(&self) -> bool {
        match self.phase {
            Phase::Pending => true,
            Phase::Starting => self.incarnation <= 1,
            Phase::Running | Phase::Crashed | Phase::Gone(_) => false,
        }
    }

    /// The service it is a replica of.
    pub const fn service(&self) -> Option<ServiceId> {
        match self.owner {
            Owner::Service(service) => Some(service),
            Owner::Job(_) => None,
        }
    }
}
