//! The pods that wait for a node: state only. The rules by which pods move are `policy::queue`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{PodId, ShapeId};
use crate::time::Time;

/// Order of the active queue: higher priority first, then the longer wait (Kubernetes'
/// `PrioritySort`), then the older pod.
pub type ActiveKey = (Reverse<i32>, Time, PodId);

/// Order of pods in back-off: the end of it first, then as in the active queue.
pub type BackoffKey = (Time, ActiveKey);

/// Which parts of the scheduler refused nodes to a pod, one bit each. What the bits mean is the
/// scheduler's affair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RejectedBy(pub u32);

/// Pods that no change tells apart: alike, and refused by the same parts of the scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// What they ask for.
    pub shape: ShapeId,
    /// Who refused them nodes.
    pub by: RejectedBy,
}

/// The scheduling queue in the three parts of kube-scheduler's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    pub(super) active: BTreeSet<ActiveKey>,
    pub(super) backoff: BTreeSet<BackoffKey>,
    pub(super) unschedulable: BTreeMap<Group, BTreeSet<PodId>>,
    /// Unschedulable pods by when they were last tried.
    pub(super) since: BTreeSet<(Time, PodId)>,
    /// When a pod of each of these shapes was last tried.
    pub(super) tried: BTreeMap<ShapeId, Tried>,
    pub(super) tried_first: BTreeSet<(Time, ShapeId)>,
}

/// Attempts to place unschedulable pods of one shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tried {
    /// The latest.
    last: Time,
    /// Unschedulable pods of the shape.
    waiting: u32,
}

impl RejectedBy {
    /// With one more part.
    #[must_use]
    pub const fn with(self, part: u8) -> RejectedBy {
        RejectedBy(self.0 | 1 << part)
    }

    /// Whether that part is among them.
    pub const fn contains(self, part: u8) -> bool {
        self.0 >> part & 1 == 1
    }
}

impl Queue {
    /// The pod to be tried next: the first active one, or the first in back-off when none is.
    pub fn next(&self) -> Option<PodId> {
        let backoff = || self.backoff.first().map(|(_, key)| key);
        self.active.first().or_else(backoff).map(|&(_, _, pod)| pod)
    }

    /// Pods to be tried now.
    pub fn active(&self) -> usize {
        self.active.len()
    }

    /// Pods waiting for the end of their back-off, soonest first.
    pub fn backoff(&self) -> &BTreeSet<BackoffKey> {
        &self.backoff
    }

    /// Pods waiting for a change, by group.
    pub fn unschedulable(&self) -> &BTreeMap<Group, BTreeSet<PodId>> {
        &self.unschedulable
    }

    /// The same pods with the time at which each was last tried, longest ago first.
    pub fn unschedulable_since(&self) -> &BTreeSet<(Time, PodId)> {
        &self.since
    }

    /// Pods of the shape that wait for a change.
    pub fn unschedulable_alike(&self, shape: ShapeId) -> impl Iterator<Item = PodId> {
        let (first, last) = (RejectedBy(0), RejectedBy(u32::MAX));
        let groups = Group { shape, by: first }..=Group { shape, by: last };
        let groups = self.unschedulable.range(groups);
        groups.flat_map(|(_, pods)| pods.iter().copied())
    }

    /// The shapes of these pods with the time at which one of them was last tried, longest ago
    /// first.
    pub fn tried(&self) -> &BTreeSet<(Time, ShapeId)> {
        &self.tried_first
    }

    /// A pod of the shape was tried, in vain or not.
    pub(super) fn set_tried(&mut self, shape: ShapeId, now: Time) {
        if let Some(tried) = self.tried.get_mut(&shape) {
            self.tried_first.remove(&(tried.last, shape));
            tried.last = now;
            self.tried_first.insert((now, shape));
        }
    }

    /// A pod that was last tried at `since` waits for a change.
    pub(super) fn wait(&mut self, group: Group, since: Time, pod: PodId) {
        assert!(self.since.insert((since, pod)), "a pod waits once");
        self.unschedulable.entry(group).or_default().insert(pod);
        let shape = group.shape;
        let tried = self.tried.entry(shape).or_insert(Tried {
            last: since,
            waiting: 0,
        });
        tried.waiting += 1;
        self.set_tried(shape, since);
    }

    /// The pod no longer waits for a change.
    pub(super) fn wait_no_more(&mut self, group: Group, since: Time, pod: PodId) {
        assert!(self.since.remove(&(since, pod)), "the pod waits");
        let alike = self.unschedulable.get_mut(&group);
        let alike = alike.expect("a group is kept while a pod of it waits");
        assert!(alike.remove(&pod), "the pod waits here");
        if alike.is_empty() {
            self.unschedulable.remove(&group);
        }
        let tried = self.tried.get_mut(&group.shape).expect("its shape waits");
        tried.waiting -= 1;
        if tried.waiting == 0 {
            self.tried_first.remove(&(tried.last, group.shape));
            self.tried.remove(&group.shape);
        }
    }

    /// When a pod of the shape was last tried.
    pub(super) fn last_tried(&self, shape: ShapeId) -> Option<Time> {
        self.tried.get(&shape).map(|tried| tried.last)
    }

    /// Pods in any part.
    pub fn len(&self) -> usize {
        self.active.len() + self.backoff.len() + self.since.len()
    }

    /// Whether no pod waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
