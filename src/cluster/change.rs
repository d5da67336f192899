//! Every way in which belief can change.

use super::Slot;
use super::gpu::GpuSet;
use super::pod::{Deletion, Exit, Outcome, Owner};
use super::queue::RejectedBy;
use super::service::Usage;
use crate::ids::{ImageId, NodeId, PodId, RevisionId, ServiceId, ShapeId};
use crate::time::Time;

/// One change of belief.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A node joined, ready.
    NodeAdded(NodeId),
    /// A node left; its pods are gone already.
    NodeRemoved(NodeId),
    /// A node takes no new pods.
    NodeCordoned(NodeId),
    /// A node takes new pods again.
    NodeUncordoned(NodeId),
    /// A node missed a heartbeat; its lease was last renewed at `last`.
    NodeSilent {
        /// The node.
        node: NodeId,
        /// When its lease was last renewed.
        last: Time,
    },
    /// A silent node was heard again.
    NodeHeard(NodeId),
    /// A node counts as not ready.
    NodeNotReady(NodeId),
    /// A node counts as ready again.
    NodeReady(NodeId),
    /// A node evicts its pods (NoExecute).
    NodeTainted(NodeId),
    /// A node no longer evicts.
    NodeUntainted(NodeId),
    /// A node has other labels, taints or resources now; whether it takes new pods is a change of
    /// its own.
    NodeUpdated {
        /// The node.
        node: NodeId,
        /// What it is now, whole.
        revision: RevisionId,
    },
    /// A node has an image.
    ImagePulled {
        /// The node.
        node: NodeId,
        /// The image.
        image: ImageId,
    },
    /// A service is to have that many replicas.
    ServiceScaled {
        /// The service.
        service: ServiceId,
        /// Replicas wanted.
        replicas: u32,
    },
    /// A service has as many pods as it should.
    ServiceSettled(ServiceId),
    /// The use of a service was reported.
    ServiceUsage {
        /// The service.
        service: ServiceId,
        /// The report.
        usage: Usage,
    },
    /// The autoscaler recommended a size; older recommendations than `keep` are dropped.
    ServiceRecommended {
        /// The service.
        service: ServiceId,
        /// Replicas recommended.
        replicas: u32,
        /// Recommendations before this time no longer count.
        keep: Time,
    },
    /// A pod was created and waits in the active queue.
    PodCreated {
        /// The pod: always the next id.
        pod: PodId,
        /// What it belongs to.
        owner: Owner,
        /// What it asks for.
        shape: ShapeId,
        /// The n-th pod of its owner.
        index: u32,
        /// Whether a lost one is replaced.
        replace: bool,
    },
    /// A scheduling attempt found no node.
    PodUnschedulable {
        /// The pod.
        pod: PodId,
        /// Who refused it nodes.
        by: RejectedBy,
    },
    /// A pod waits until its back-off ends.
    PodBackedOff {
        /// The pod.
        pod: PodId,
        /// The end of the back-off.
        until: Time,
    },
    /// A pod is to be tried again although nothing changed in its favour.
    PodFlushed(PodId),
    /// A pod is to be tried again now.
    PodActivated(PodId),
    /// A pod waits for others to leave a node.
    PodNominated {
        /// The pod.
        pod: PodId,
        /// The node.
        node: NodeId,
    },
    /// A pod no longer waits for others to leave a node.
    PodUnnominated(PodId),
    /// A pod got a node.
    PodBound {
        /// The pod.
        pod: PodId,
        /// Its node.
        node: NodeId,
        /// Its GPUs there.
        gpus: GpuSet,
    },
    /// The pod's next container was ordered.
    ContainerOrdered(PodId),
    /// The pod's container runs.
    ContainerStarted(PodId),
    /// The pod's container died.
    ContainerExited {
        /// The pod.
        pod: PodId,
        /// How.
        exit: Exit,
    },
    /// The pod's container will be restarted at that time.
    RestartPlanned {
        /// The pod.
        pod: PodId,
        /// When.
        at: Time,
        /// Restarts planned since the last spell of health, this one included.
        step: u8,
    },
    /// The pod passes its readiness probe.
    PodReady(PodId),
    /// The pod no longer passes its readiness probe.
    PodUnready(PodId),
    /// Traffic is sent to the pod.
    PodRouted(PodId),
    /// Traffic is no longer sent to the pod.
    PodUnrouted(PodId),
    /// The pod is being deleted.
    PodDeleting {
        /// The pod.
        pod: PodId,
        /// Why.
        deletion: Deletion,
    },
    /// The pod is over.
    PodGone {
        /// The pod.
        pod: PodId,
        /// How it ended.
        outcome: Outcome,
    },
    /// A policy remembers a number.
    Remembered {
        /// Where.
        slot: Slot,
        /// What.
        value: u64,
    },
}
