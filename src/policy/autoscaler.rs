//! Autoscalers: how many replicas a service has.

use super::View;
use crate::ids::ServiceId;
use crate::time::{Duration, Time};

/// Chooses the number of replicas of services.
pub trait Autoscaler: Send {
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
    /// The measured use, as a share of the request, over the target asks for it.
    Ratio {
        /// Use over target.
        ratio: f64,
    },
    /// The ratio is within the tolerance.
    WithinTolerance {
        /// Use over target.
        ratio: f64,
    },
    /// A recent recommendation was higher.
    Stabilized {
        /// Replicas that use alone asks for.
        recommended: u32,
    },
    /// The ratio asks for more or fewer than the bounds allow.
    Bounded {
        /// Replicas that use alone asks for.
        recommended: u32,
    },
    /// No use was reported yet.
    NoMetrics,
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
