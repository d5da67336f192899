//! The pods that wait for a node: state only. The rules by which pods move are `policy::queue`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{PodId, ShapeId};
use crate::time::Time;

/// Order of the active queue: higher priority first, then the longer wait (Kubernetes'
/// `PrioritySort`), then the older pod.
pub type ActiveKey = (Reverse<i32>, Time, PodId);

/// The scheduling queue in the three parts of kube-scheduler's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    pub(super) active: BTreeSet<ActiveKey>,
    pub(super) backoff: BTreeSet<(Time, PodId)>,
    pub(super) unschedulable: BTreeMap<ShapeId, BTreeSet<PodId>>,
    /// When each of these shapes was last tried.
    pub(super) tried: BTreeMap<ShapeId, Time>,
    pub(super) tried_first: BTreeSet<(Time, ShapeId)>,
    pub(super) waiting: usize,
}

impl Queue {
    /// The pod to be tried next.
    pub fn next(&self) -> Option<PodId> {
        self.active.first().map(|&(_, _, pod)| pod)
    }

    /// Pods to be tried now.
    pub fn active(&self) -> usize {
        self.active.len()
    }

    /// Pods waiting for the end of their back-off, soonest first.
    pub fn backoff(&self) -> &BTreeSet<(Time, PodId)> {
        &self.backoff
    }

    /// Pods waiting for a change, by shape.
    pub fn unschedulable(&self) -> &BTreeMap<ShapeId, BTreeSet<PodId>> {
        &self.unschedulable
    }

    /// The shapes of these pods with the time at which one of them was last tried, longest ago
    /// first.
    pub fn tried(&self) -> &BTreeSet<(Time, ShapeId)> {
        &self.tried_first
    }

    /// A pod of the shape was tried, in vain or not.
    pub(super) fn set_tried(&mut self, shape: ShapeId, now: Time) {
        if let Some(before) = self.tried.insert(shape, now) {
            self.tried_first.remove(&(before, shape));
        }
        self.tried_first.insert((now, shape));
    }

    /// No pod of the shape waits any more.
    pub(super) fn forget_tried(&mut self, shape: ShapeId) {
        if let Some(before) = self.tried.remove(&shape) {
            self.tried_first.remove(&(before, shape));
        }
    }

    /// Pods in any part.
    pub fn len(&self) -> usize {
        self.active.len() + self.backoff.len() + self.waiting
    }

    /// Whether no pod waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
