//! The policies under test: pure functions of a read-only [`View`] that answer with plans.
//!
//! A policy owns no clock, no thread, no socket and no dice of its own. `&mut self` holds caches
//! only: `forget` at any moment changes no plan. What must be remembered is belief, see
//! [`crate::cluster::Slot`].

pub mod autoscaler;
pub mod balancer;
pub mod healer;
pub mod params;
pub mod queue;
pub mod registry;
pub mod rollout;
pub mod scheduler;

use crate::cluster::pod::Owner;
use crate::cluster::{Cluster, Slot};
use crate::ids::{NodeId, PodId, ServiceId, ZoneId};
use crate::rng::{self, Purpose, Seed, Stream};
use crate::time::Time;

/// What a policy sees.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The present.
    pub now: Time,
    /// Keys the dice of a policy.
    pub seed: Seed,
    /// What the control plane believes.
    pub cluster: &'a Cluster,
}

/// A number to be remembered, shown by the next view.
pub type Remember = Option<(Slot, u64)>;

/// What a policy decided, with its reason.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    /// A scheduler decided on a pod.
    Place {
        /// The pod.
        pod: PodId,
        /// What was decided.
        placement: scheduler::Placement,
    },
    /// An autoscaler decided on a service.
    Scale {
        /// The service.
        service: ServiceId,
        /// What was decided.
        scaling: autoscaler::Scaling,
    },
    /// A healer decided on a pod.
    HealPod {
        /// The pod.
        pod: PodId,
        /// What was decided.
        action: healer::PodAction,
    },
    /// A healer decided on a node.
    HealNode {
        /// The node.
        node: NodeId,
        /// What was decided.
        action: healer::NodeAction,
    },
    /// A healer decided how fast nodes of a zone are tainted.
    HealZone {
        /// The zone.
        zone: ZoneId,
        /// How the zone is disrupted.
        disruption: healer::Disruption,
        /// Earliest time, in nanoseconds, of the zone's next taint.
        zone_next: u64,
    },
}

impl<'a> View<'a> {
    /// What is seen at `now`.
    pub fn new(now: Time, seed: Seed, cluster: &'a Cluster) -> View<'a> {
        View { now, seed, cluster }
    }

    /// The dice of a policy for one decision on a pod: keyed by the pod's owner, its index and the
    /// attempt, so that they do not depend on what happened to other pods.
    pub fn dice(&self, pod: PodId) -> Stream {
        let state = &self.cluster.pods()[pod];
        let (entity, job) = match state.owner {
            Owner::Service(id) => (self.cluster.catalog().services[id].name.as_str(), 0),
            Owner::Job(job) => ("", u64::from(job.0)),
        };
        let occurrence = job << 32 | u64::from(state.index) << 12 | u64::from(state.attempts);
        rng::stream(self.seed, Purpose::Policy, entity, occurrence)
    }
}
