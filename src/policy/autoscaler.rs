//! Autoscalers: how many replicas a service has.

pub mod hpa;

use super::View;
use crate::ids::ServiceId;
use crate::time::{Duration, Time};

/// Chooses the number of replicas of services.
pub trait Autoscaler: Send {
    /// Time between two looks at every service; `None` when it never looks.
    fn period(&self) -> Option<Duration> {
        None
    }

    /// How often use is to be measured; `None` when it is not needed.
    fn sampling(&self) -> Option<Duration>;

    /// The next time after `view.now` at which [`Autoscaler::scale`] is to be asked about every
    /// service; `None` for never.
    fn wake(&self, view: &View) -> Option<Time>;

    /// What to do about a service now; `None` when it is not scaled by this policy.
    fn scale(&mut self, view: &View, service: ServiceId) -> Option<Scaling>;

    /// Drops all caches; no later answer changes.
    fn forget(&mut self);
}

/// What an autoscaler decided on a service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaling {
    /// Replicas wanted until now.
    pub from: u32,
    /// Replicas wanted from now on.
    pub to: u32,
    /// What to note for the stabilization window: replicas recommended, and since when
    /// recommendations count.
    pub recommended: Option<(u32, Time)>,
    /// Why.
    pub why: WhyScaled,
}

/// Why a service has the size it has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WhyScaled {
    /// Its measured use asks for it.
    Use {
        /// Measured use, as a share of the request, over the target.
        ratio: f64,
        /// Replicas that use alone asks for: the present ones while the ratio is within tolerance.
        proposed: u32,
        /// The same once earlier recommendations count too.
        stabilized: u32,
        /// What kept it from that size.
        limit: Option<Limit>,
    },
    /// It had more replicas than are allowed, or fewer.
    OutOfBounds,
    /// No use of a ready pod is known.
    NoMetrics,
}

/// What keeps a service from the size that is recommended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The most replicas allowed (Kubernetes: `TooManyReplicas`).
    MostReplicas,
    /// The fewest replicas allowed (`TooFewReplicas`).
    FewestReplicas,
    /// How fast it may grow (`ScaleUpLimit`).
    Growth,
    /// How fast it may shrink (`ScaleDownLimit`).
    Shrinkage,
}

/// `fixed`: replicas stay as they are.
pub struct Fixed;

impl Autoscaler for Fixed {
    fn sampling(&self) -> Option<Duration> {
        None
    }

    fn wake(&self, _view: &View) -> Option<Time> {
        None
    }

    fn scale(&mut self, _view: &View, _service: ServiceId) -> Option<Scaling> {
        None
    }

    fn forget(&mut self) {}
}
