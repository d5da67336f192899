//! Rules of the scheduling queue: who is tried again, and when.
//!
//! Source of all of them: kube-scheduler (`pkg/scheduler/backend/queue`, v1.34).

use crate::cluster::Cluster;
use crate::cluster::catalog::Shape;
use crate::cluster::pod::Pod;
use crate::ids::{NodeId, ShapeId};
use crate::time::{Duration, Time};
use crate::units::Resource;

/// Back-off after the first failed attempt: 1 s (`podInitialBackoffSeconds`).
pub const BACKOFF_INITIAL: Duration = Duration::from_secs(1);

/// Longest back-off: 10 s (`podMaxBackoffSeconds`).
pub const BACKOFF_MAX: Duration = Duration::from_secs(10);

/// Longest time in which no pod of a shape is tried while some of it are unschedulable: 5 minutes
/// (`podMaxInUnschedulablePodsDuration`; kube-scheduler counts it for each pod by itself). Then the
/// one that waits longest is tried all the same: if it fails, so would the others.
pub const UNSCHEDULABLE_MAX: Duration = Duration::from_secs(300);

/// When the back-off of an unschedulable pod ends: it doubles with every failed attempt.
pub fn backoff_until(pod: &Pod) -> Time {
    let doublings = pod.attempts.saturating_sub(1).min(16);
    let backoff = (BACKOFF_INITIAL * (1 << doublings)).min(BACKOFF_MAX);
    pod.queued_at + backoff
}

/// The shapes of which unschedulable pods are worth another attempt now that `node` changed, each
/// with the number of pods of it that the node has room for.
///
/// A pod that found no room anywhere can only be helped by a node that changed since, so the
/// changed node alone is asked (kube-scheduler's queueing hints). kube-scheduler wakes every pod that
/// might fit; all but those that find room fail again, which lengthens their back-off. Here only as
/// many are woken, longest wait first, as the node has room for.
pub fn helped_by(cluster: &Cluster, node: NodeId) -> impl Iterator<Item = (ShapeId, usize)> {
    let shapes = cluster.queue().unschedulable().keys().copied();
    shapes.filter_map(move |shape| {
        let room = room(cluster, &cluster.catalog().shapes[shape], node);
        (room > 0).then_some((shape, room))
    })
}

/// Pods of a shape that fit on the node together.
fn room(cluster: &Cluster, shape: &Shape, node: NodeId) -> usize {
    if !cluster.fits(shape, node) {
        return 0;
    }
    let free = &cluster.free()[node];
    let by_resource = Resource::ALL.map(|resource| {
        let times = free.get(resource).checked_div(shape.requests.get(resource));
        times.map_or(usize::MAX, |times| {
            usize::try_from(times).unwrap_or(usize::MAX)
        })
    });
    let pods = cluster.nodes()[node].pods.len();
    let by_pods = cluster.catalog().nodes[node].max_pods as usize - pods;
    let by_gpus = match shape.gpus.count {
        0 => usize::MAX,
        _ => cluster.gpus(node).room(shape.gpus),
    };
    by_resource
        .into_iter()
        .fold(by_pods.min(by_gpus), usize::min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::gpu::GpuSet;
    use crate::cluster::pod::{Owner, Phase, Queued};
    use crate::ids::JobId;

    #[test]
    fn back_off_doubles_from_one_second_to_ten() {
        let ends: Vec<_> = (1..=6)
            .map(|attempts| backoff_until(&pod(attempts)))
            .collect();
        assert_eq!(ends, [101, 102, 104, 108, 110, 110].map(Time::from_secs));
    }

    fn pod(attempts: u32) -> Pod {
        Pod {
            owner: Owner::Job(JobId(0)),
            shape: ShapeId(0),
            index: 0,
            replace: true,
            node: None,
            bound: Time::ZERO,
            nominated: None,
            gpus: GpuSet::NONE,
            phase: Phase::Pending,
            ready: false,
            ready_changed: Time::ZERO,
            routed: false,
            deletion: None,
            incarnation: 0,
            restart_step: 0,
            restart_at: None,
            created: Time::ZERO,
            started: Time::ZERO,
            ran: Duration::ZERO,
            attempts,
            queued_at: Time::from_secs(100),
            queued: Queued::Unschedulable,
        }
    }
}
