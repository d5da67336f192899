//! What the control plane is told.

use crate::cluster::pod::Exit;
use crate::cluster::service::Usage;
use crate::control::command::CommandId;
use crate::ids::{JobId, NodeId, PodId, RevisionId, ServiceId, ShapeId};
use crate::time::Time;

/// One piece of news. Facts about containers carry the incarnation, so that stale ones are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A node joined the cluster.
    NodeAdded(NodeId),
    /// An operator drains a node: no new pods, and those there are to go elsewhere.
    NodeDrained(NodeId),
    /// An operator gives a drained or cordoned node back.
    NodeUndrained(NodeId),
    /// An operator keeps new pods off a node. Those there are stay.
    NodeCordoned(NodeId),
    /// An operator changed a node's labels, taints, images or size.
    NodeUpdated {
        /// The node.
        node: NodeId,
        /// What it is now.
        revision: RevisionId,
    },
    /// A node left the cluster for good.
    NodeRemoved(NodeId),
    /// A heartbeat that was due did not come; the last one came at `last`.
    HeartbeatMissed {
        /// The node.
        node: NodeId,
        /// When its lease was last renewed.
        last: Time,
    },
    /// A silent node was heard again.
    HeartbeatSeen(NodeId),
    /// A node is about to list its containers: those not listed by [`Fact::RelistEnded`], which
    /// comes at the same instant, do not exist.
    RelistBegun(NodeId),
    /// A container that a relisted node runs.
    ContainerListed {
        /// Its pod.
        pod: PodId,
        /// Which of the pod's containers.
        incarnation: u32,
        /// Whether it runs; otherwise it is still being started.
        running: bool,
        /// Whether it passes its readiness probe.
        ready: bool,
    },
    /// A node has listed all its containers.
    RelistEnded(NodeId),
    /// A user asks for a service, as the catalogue describes it.
    ServiceSubmitted(ServiceId),
    /// A user asks for a job.
    JobSubmitted {
        /// The job.
        job: JobId,
        /// What its pod asks for.
        shape: ShapeId,
        /// Whether a lost pod is replaced (unless `restart = "never"`).
        replace: bool,
    },
    /// A user deletes a pod. What it belongs to replaces it as it does any other.
    PodDeleted(PodId),
    /// A container runs.
    ContainerStarted {
        /// Its pod.
        pod: PodId,
        /// Which of the pod's containers.
        incarnation: u32,
        /// Whether it is ready already: it has no readiness probe.
        ready: bool,
    },
    /// A container's readiness probe gives another result than before.
    ProbeChanged {
        /// Its pod.
        pod: PodId,
        /// Which of the pod's containers.
        incarnation: u32,
        /// The result.
        ready: bool,
    },
    /// A container is dead.
    ContainerExited {
        /// Its pod.
        pod: PodId,
        /// Which of the pod's containers.
        incarnation: u32,
        /// How it ended.
        exit: Exit,
    },
    /// A command could not be carried out.
    CommandFailed {
        /// The command.
        command: CommandId,
        /// The pod it was about.
        pod: PodId,
        /// Which of the pod's containers.
        incarnation: u32,
    },
    /// The use of a sampled service.
    ServiceUsage {
        /// The service.
        service: ServiceId,
        /// Its use.
        usage: Usage,
    },
}

const _: () = assert!(size_of::<Fact>() <= 32, "facts are copied on the hot path");
