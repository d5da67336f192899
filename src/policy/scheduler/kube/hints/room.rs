//! Hints of plugins that look for room on a node: NodePorts, NodeResourcesFit, GpuDevices.

use super::Waiting;
use crate::cluster::catalog::NodeSpec;
use crate::ids::PodId;
use crate::policy::queue::Event;
use crate::policy::scheduler::kube::resources::allocatable;

/// NodePorts.
pub(super) fn ports(waiting: &Waiting, event: &Event) -> bool {
    match *event {
        Event::NodeAdded { .. } => true,
        Event::PodGone(pod) | Event::PodUnnominated(pod) => shares_ports(waiting, pod),
        Event::NodeChanged { .. } | Event::NodeRemoved { .. } | Event::PodBound(_) => false,
    }
}

fn shares_ports(waiting: &Waiting, pod: PodId) -> bool {
    let taken = &waiting.cluster.rules(pod).host_ports;
    let mut wanted = waiting.rules.host_ports.iter();
    wanted.any(|port| taken.iter().any(|taken| port.conflicts(taken)))
}

/// NodeResourcesFit. Resources that the filter ignores are not ignored here.
pub(super) fn resources(waiting: &Waiting, event: &Event) -> bool {
    match *event {
        Event::NodeAdded { node, now } => fits(waiting, waiting.spec(node, now)),
        Event::NodeChanged { node, before, now } => {
            let (before, now) = (waiting.spec(node, before), waiting.spec(node, now));
            fits(waiting, now) && has_more(waiting, before, now)
        }
        Event::PodGone(_) | Event::PodUnnominated(_) => true,
        Event::NodeRemoved { .. } | Event::PodBound(_) => false,
    }
}

/// Whether the pod would fit if the node were empty.
fn fits(waiting: &Waiting, node: &NodeSpec) -> bool {
    let (asked, all) = (&waiting.shape.requests, &node.allocatable);
    let mut extended = waiting.shape.extended.iter();
    node.max_pods > 0
        && asked.cpu <= all.cpu
        && asked.memory <= all.memory
        && extended.all(|&(resource, asked)| asked <= allocatable(node, resource))
}

/// Whether the node takes more pods than before, or has more of something that the pod asks for.
fn has_more(waiting: &Waiting, before: &NodeSpec, now: &NodeSpec) -> bool {
    let (asked, was, is) = (
        &waiting.shape.requests,
        &before.allocatable,
        &now.allocatable,
    );
    let mut extended = waiting.shape.extended.iter();
    now.max_pods > before.max_pods
        || (asked.cpu.0 > 0 && is.cpu > was.cpu)
        || (asked.memory.0 > 0 && is.memory > was.memory)
        || extended.any(|&(resource, _)| allocatable(now, resource) > allocatable(before, resource))
}

/// GpuDevices. The GPUs of a node never change.
pub(super) fn gpus(waiting: &Waiting, event: &Event) -> bool {
    let asked = waiting.shape.gpus;
    match *event {
        Event::NodeAdded { node, now } => {
            let spec = waiting.spec(node, now);
            asked.models.allow(spec.gpu_model) && spec.gpus >= asked.count
        }
        Event::PodGone(pod) | Event::PodUnnominated(pod) => {
            waiting.cluster.shape(pod).gpus.count > 0
        }
        Event::NodeChanged { .. } | Event::NodeRemoved { .. } | Event::PodBound(_) => false,
    }
}
