//! What a runtime must do, so specific that nothing is left to choose.

use crate::cluster::gpu::GpuSet;
use crate::cluster::pod::Owner;
use crate::ids::{NodeId, PodId, ServiceId, ShapeId};
use crate::time::Duration;

/// The number of a command, in order of decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommandId(pub u32);

/// Something to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Pull the image if need be, create a container and start it.
    Start {
        /// The command.
        id: CommandId,
        /// The pod.
        pod: PodId,
        /// Which of the pod's containers.
        incarnation: u32,
        /// What the pod belongs to.
        owner: Owner,
        /// The n-th pod of its owner.
        index: u32,
        /// What it asks for.
        shape: ShapeId,
        /// Where.
        node: NodeId,
        /// On which GPUs.
        gpus: GpuSet,
    },
    /// Stop a pod's container, gracefully first, and remove it.
    Stop {
        /// The command.
        id: CommandId,
        /// The pod.
        pod: PodId,
        /// Which of the pod's containers.
        incarnation: u32,
        /// Where.
        node: NodeId,
    },
    /// Send the service's traffic to the pod too.
    Route {
        /// The command.
        id: CommandId,
        /// The service.
        service: ServiceId,
        /// The pod.
        pod: PodId,
    },
    /// Send the service's traffic to the pod no more.
    Unroute {
        /// The command.
        id: CommandId,
        /// The service.
        service: ServiceId,
        /// The pod.
        pod: PodId,
    },
    /// Report the use of the service from now on.
    Sample {
        /// The command.
        id: CommandId,
        /// The service.
        service: ServiceId,
        /// Time between reports.
        every: Duration,
    },
}
