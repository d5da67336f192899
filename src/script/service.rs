//! How the replicas of a service behave, whatever the control plane believes.

use super::load::Load;
use super::varies;
use crate::dist::Distribution;
use crate::rng::{self, Purpose, Seed};
use crate::time::Duration;
use crate::units::Bytes;

/// How the replicas of a service behave.
#[derive(Clone, Debug, PartialEq)]
pub struct Behaviour {
    /// The image of its container.
    pub image: Option<Image>,
    /// Seconds from the start of a container until it can serve; `None`: at once.
    pub startup: Option<Distribution>,
    /// Time between readiness probes; `None`: a container counts as ready once it runs.
    pub probe_period: Option<Duration>,
    /// Time from the order to stop until a container exits; it serves until then.
    pub shutdown: Duration,
    /// CPU time one request costs; `None`: requests cost nothing.
    pub work: Option<Duration>,
    /// Memory a container uses; `None`: its request.
    pub memory: Option<MemoryUse>,
    /// Requests asked of it.
    pub load: Load,
}

impl Behaviour {
    /// Time from the start of a container until it can serve. `name` is that of its pod.
    pub fn startup_of(&self, seed: Seed, name: &str, incarnation: u32) -> Duration {
        let Some(law) = &self.startup else {
            return Duration::ZERO;
        };
        let occurrence = u64::from(incarnation);
        law.sample_duration(&mut rng::stream(seed, Purpose::Startup, name, occurrence))
    }

    /// Whether two seeds can make its containers behave differently.
    pub fn is_random(&self) -> bool {
        self.startup.as_ref().is_some_and(varies)
    }
}

/// A container image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its name; nodes cache by it.
    pub name: String,
    /// What must be pulled.
    pub size: Bytes,
}

/// Memory of one container over its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryUse {
    /// From the start.
    pub base: Bytes,
    /// What it grows by in an hour.
    pub growth_per_hour: Bytes,
}
