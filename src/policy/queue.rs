//! Rules of the scheduling queue: who is tried again, and when.
//!
//! A pod that no node will have is unschedulable until something happens that may help it. Then it
//! is tried again: at once if the scheduler has nothing else to do, otherwise after its back-off.
//!
//! Source of all of them, but for [`Waking::Room`]: kube-scheduler v1.34
//! (`pkg/scheduler/backend/queue`, with the feature gates SchedulerQueueingHints and
//! SchedulerPopFromBackoffQ at their default, on). One difference: with no node at all in the cluster,
//! kube-scheduler ends the attempt with an error (`ErrNoNodesAvailable`, `schedule_one.go`) and makes
//! another one after the pod's back-off, whatever happens; here the pod is unschedulable and is tried
//! when the first node joins, up to 10 s sooner.

use std::collections::BTreeSet;

use super::View;
use super::scheduler::Scheduler;
use crate::cluster::Cluster;
use crate::cluster::catalog::{NodeSpec, Shape};
use crate::cluster::pod::Pod;
use crate::ids::{NodeId, PodId, RevisionId, ShapeId};
use crate::time::{Duration, Time};
use crate::units::Resource;

/// Back-off after the first failed attempt: 1 s (`podInitialBackoffSeconds`).
pub const BACKOFF_INITIAL: Duration = Duration::from_secs(1);

/// Longest back-off: 10 s (`podMaxBackoffSeconds`).
pub const BACKOFF_MAX: Duration = Duration::from_secs(10);

/// Pods whose back-offs end within one window of 1 s leave together
/// (`backoffQOrderingWindowDuration`).
pub const BACKOFF_WINDOW: Duration = Duration::from_secs(1);

/// Longest time a pod is unschedulable before it is tried all the same: 5 minutes
/// (`podMaxInUnschedulablePodsDuration`).
pub const UNSCHEDULABLE_MAX: Duration = Duration::from_secs(300);

/// How often such pods are looked for: every 30 s.
pub const FLUSH_PERIOD: Duration = Duration::from_secs(30);

/// How it is found out which waiting pods are worth another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waking {
    /// kube-scheduler's way: every pod is, of which a hint says so for what happened; and every pod
    /// that was last tried five minutes ago.
    Hints,
    /// A shorter way for crowds of waiting pods: as many of each shape as the changed node has room
    /// for, longest wait first; and one pod of each shape of which none was tried for five minutes.
    /// The others would fail as it does.
    Room,
}

/// Something that happened and may help pods that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A node joined.
    NodeAdded {
        /// The node.
        node: NodeId,
        /// What it is.
        now: Face,
    },
    /// A node is not what it was.
    NodeChanged {
        /// The node.
        node: NodeId,
        /// What it was.
        before: Face,
        /// What it is.
        now: Face,
    },
    /// A node left, after its pods.
    NodeRemoved {
        /// The node.
        node: NodeId,
        /// What it was.
        before: Face,
    },
    /// A pod got a node.
    PodBound(PodId),
    /// A pod that had a node is over.
    PodGone(PodId),
    /// A pod for which others were to leave a node no longer waits for it, and got no node.
    PodUnnominated(PodId),
}

/// What schedulers see of a node beside its pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Face {
    /// What it was updated to last.
    pub revision: Option<RevisionId>,
    /// Whether it was believed ready.
    pub ready: bool,
    /// Whether it took no new pods.
    pub cordoned: bool,
    /// Whether it evicted its pods.
    pub tainted: bool,
}

impl Face {
    /// The node as it is believed now.
    pub fn of(cluster: &Cluster, node: NodeId) -> Face {
        let state = &cluster.nodes()[node];
        Face {
            revision: state.revision,
            ready: state.ready,
            cordoned: state.cordoned,
            tainted: state.tainted_since.is_some(),
        }
    }

    /// What the node was.
    pub fn spec<'a>(&self, cluster: &'a Cluster, node: NodeId) -> &'a NodeSpec {
        match self.revision {
            Some(revision) => &cluster.catalog().revisions[revision],
            None => &cluster.catalog().nodes[node],
        }
    }
}

impl Event {
    /// The node that may have room now.
    fn node(&self, cluster: &Cluster) -> Option<NodeId> {
        match *self {
            Event::NodeAdded { node, .. } | Event::NodeChanged { node, .. } => Some(node),
            Event::PodGone(pod) => cluster.pods()[pod].node,
            Event::NodeRemoved { .. } | Event::PodBound(_) | Event::PodUnnominated(_) => None,
        }
    }
}

/// The end of an unschedulable pod's back-off: it doubles with every failed attempt, and ends with
/// its window.
pub fn backoff_until(pod: &Pod) -> Time {
    let doublings = pod.attempts.saturating_sub(1).min(16);
    let backoff = (BACKOFF_INITIAL * (1 << doublings)).min(BACKOFF_MAX);
    floor(pod.queued_at + backoff, BACKOFF_WINDOW) + BACKOFF_WINDOW
}

/// The unschedulable pods worth another attempt after what happened since the last decision.
pub fn woken(view: &View, scheduler: &dyn Scheduler, events: &[Event]) -> BTreeSet<PodId> {
    match scheduler.waking() {
        Waking::Hints => hinted(view, scheduler, events),
        Waking::Room => {
            let nodes = events.iter().filter_map(|event| event.node(view.cluster));
            let nodes: BTreeSet<NodeId> = nodes.collect();
            let mut woken = BTreeSet::new();
            for node in nodes {
                for (shape, room) in helped_by(view.cluster, node) {
                    let alike = view.cluster.queue().unschedulable_alike(shape);
                    let more: Vec<PodId> = alike
                        .filter(|pod| !woken.contains(pod))
                        .take(room)
                        .collect();
                    woken.extend(more);
                }
            }
            woken
        }
    }
}

fn hinted(view: &View, scheduler: &dyn Scheduler, events: &[Event]) -> BTreeSet<PodId> {
    let groups = view.cluster.queue().unschedulable().iter();
    let helped = groups.filter(|&(&group, _)| {
        events
            .iter()
            .any(|event| scheduler.hint(view, event, group))
    });
    helped.flat_map(|(_, pods)| pods.iter().copied()).collect()
}

/// The unschedulable pods that are to be tried although nothing happened that may help them.
pub fn flushed(view: &View, waking: Waking) -> Vec<PodId> {
    let (queue, now) = (view.cluster.queue(), view.now);
    match waking {
        Waking::Hints => {
            let pods = queue.unschedulable_since().iter();
            let old = pods.take_while(|&&(since, _)| flush_at(since) <= now);
            old.map(|&(_, pod)| pod).collect()
        }
        Waking::Room => {
            let shapes = queue.tried().iter();
            let old = shapes.take_while(|&&(tried, _)| tried + UNSCHEDULABLE_MAX <= now);
            let longest = |&(_, shape): &(Time, ShapeId)| queue.unschedulable_alike(shape).min();
            old.filter_map(longest).collect()
        }
    }
}

/// When [`flushed`] will next find a pod if nothing happens until then.
pub fn next_flush(cluster: &Cluster, waking: Waking) -> Option<Time> {
    let queue = cluster.queue();
    match waking {
        Waking::Hints => {
            let longest = queue.unschedulable_since().first();
            longest.map(|&(since, _)| flush_at(since))
        }
        Waking::Room => {
            let longest = queue.tried().first();
            longest.map(|&(tried, _)| tried + UNSCHEDULABLE_MAX)
        }
    }
}

/// The first look for old pods that finds one last tried at `since`: more than five minutes later.
fn flush_at(since: Time) -> Time {
    floor(since + UNSCHEDULABLE_MAX, FLUSH_PERIOD) + FLUSH_PERIOD
}

/// The last multiple of `period` that is not after `at`.
fn floor(at: Time, period: Duration) -> Time {
    Time::from_nanos(at.nanos() / period.nanos() * period.nanos())
}

/// The shapes of which unschedulable pods are worth another attempt now that `node` changed, each
/// with the number of pods of it that the node has room for.
fn helped_by(cluster: &Cluster, node: NodeId) -> impl Iterator<Item = (ShapeId, usize)> {
    let shapes = cluster.queue().tried().iter().map(|&(_, shape)| shape);
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
    let by_pods = cluster.spec(node).max_pods as usize - pods;
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
    use crate::cluster::queue::RejectedBy;
    use crate::ids::JobId;

    #[test]
    fn back_off_doubles_from_one_second_to_ten_and_ends_with_its_window() {
        let ends: Vec<_> = (1..=6)
            .map(|attempts| backoff_until(&pod(attempts)))
            .collect();
        assert_eq!(ends, [102, 103, 105, 109, 111, 111].map(Time::from_secs));
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
            rejected_by: RejectedBy::default(),
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
