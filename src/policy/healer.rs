//! Healers: what is done about dead containers and dead nodes.

pub mod kubernetes;
pub mod lifecycle;
pub mod restart;

use super::{Plan, View};
use crate::cluster::pod::Deletion;
use crate::time::{Duration, Time};

/// Repairs.
pub trait Healer: Send {
    /// The next time at which [`Healer::heal`] is to be asked, `view.now` or earlier for "at once";
    /// `None` while nothing is amiss. Asked after every change.
    fn wake(&self, view: &View) -> Option<Time>;

    /// What to do now: [`Plan::HealPod`], [`Plan::HealNode`] and [`Plan::HealZone`] only, all
    /// carried out before the next view. Asked again at the same time until nothing is due.
    fn heal(&mut self, view: &View, plans: &mut Vec<Plan>);

    /// Longest time from when a node falls silent, or a container is heard to be dead, until it acts;
    /// zero where it acts at once or never.
    fn delay(&self) -> Duration {
        Duration::ZERO
    }

    /// Drops all caches; no later answer changes.
    fn forget(&mut self);
}

/// What a healer does about a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodAction {
    /// Restarts its dead container at that time.
    RestartAt {
        /// When.
        at: Time,
        /// Restarts planned since the last spell of health, this one included.
        step: u8,
    },
    /// Restarts its dead container now.
    Restart,
    /// Gives the pod up: a dead container that is never restarted.
    Fail,
    /// Deletes the pod; its owner replaces it.
    Evict(Deletion),
}

/// What a healer does about a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeAction {
    /// Counts it as not ready: no new pods, no traffic.
    NotReady,
    /// Counts it as ready again.
    Ready,
    /// Taints it: its pods are evicted when their toleration ends. The number is remembered for
    /// the zone.
    Taint {
        /// Earliest time, in nanoseconds, of the zone's next taint.
        zone_next: u64,
    },
    /// Takes the taint back.
    Untaint,
}

/// How a zone is disrupted, and so how fast its nodes are tainted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disruption {
    /// Most nodes are ready: tainted at the normal rate.
    None,
    /// Too many nodes are not ready, and the zone is large: tainted at the secondary rate.
    Slowed,
    /// Too many nodes are not ready, and the zone is small: none is tainted.
    Halted,
    /// No node is ready, but one of another zone is: tainted at the normal rate.
    Full,
    /// No node of any zone was ready: none is tainted.
    Blackout,
}

/// `none`: nothing is repaired and nothing is noticed.
pub struct NoHealer;

impl Healer for NoHealer {
    fn wake(&self, _view: &View) -> Option<Time> {
        None
    }

    fn heal(&mut self, _view: &View, _plans: &mut Vec<Plan>) {}

    fn forget(&mut self) {}
}
