//! Rules of the scheduling queue: who is tried again, and when.
//!
//! Source of all of them: kube-scheduler (`pkg/scheduler/backend/queue`, v1.34).

use crate::cluster::Cluster;
use crate::cluster::pod::Pod;
use crate::ids::{NodeId, ShapeId};
use crate::time::{Duration, Time};

/// Back-off after the first failed attempt: 1 s (`podInitialBackoffSeconds`).
pub const BACKOFF_INITIAL: Duration = Duration::from_secs(1);

/// Longest back-off: 10 s (`podMaxBackoffSeconds`).
pub const BACKOFF_MAX: Duration = Duration::from_secs(10);

/// Longest stay among the unschedulable pods before a pod is tried all the same: 5 minutes
/// (`podMaxInUnschedulablePodsDuration`).
pub const UNSCHEDULABLE_MAX: Duration = Duration::from_secs(300);

/// When the back-off of an unschedulable pod ends: it doubles with every failed attempt.
pub fn backoff_until(pod: &Pod) -> Time {
    let doublings = pod.attempts.saturating_sub(1).min(16);
    let backoff = (BACKOFF_INITIAL * (1 << doublings)).min(BACKOFF_MAX);
    pod.queued_at + backoff
}

/// The shapes of which unschedulable pods are worth another attempt now that `node` changed.
///
/// A pod that found no room anywhere can only be helped by a node that changed since, so the
/// changed node alone is asked (kube-scheduler's queueing hints).
pub fn helped_by(cluster: &Cluster, node: NodeId) -> impl Iterator<Item = ShapeId> {
    let shapes = cluster.queue().unschedulable().keys().copied();
    shapes.filter(move |&shape| cluster.fits(&cluster.catalog().shapes[shape], node))
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
