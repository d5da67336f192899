//! The wall clock, as time since the start of a run.

use std::thread;
use std::time::Instant;

use crate::time::{Duration, Time};

/// A clock that began at the start of a run.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
}

impl Clock {
    /// A run begins now.
    pub fn start() -> Clock {
        Clock { started: now() }
    }

    /// The time of the run.
    pub fn now(&self) -> Time {
        self.at(now())
    }

    /// The time of the run at a moment; its start for earlier ones.
    pub fn at(&self, moment: Instant) -> Time {
        let passed = moment.saturating_duration_since(self.started);
        Time::from_nanos(u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX))
    }

    /// The moment of a time of the run.
    pub fn moment(&self, at: Time) -> Instant {
        let far = std::time::Duration::from_secs(1 << 32);
        let passed = std::time::Duration::from_nanos(at.nanos()).min(far);
        self.started + passed
    }
}

/// What the real clock says.
#[expect(
    clippy::disallowed_methods,
    reason = "live runs are about the real clock"
)]
pub fn now() -> Instant {
    Instant::now()
}

/// Seconds since 1970, as the machine has it.
#[expect(clippy::disallowed_methods, reason = "engines date their events so")]
pub fn date() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// Lets real time pass.
#[expect(
    clippy::disallowed_methods,
    reason = "live runs are about the real clock"
)]
pub fn pause(length: std::time::Duration) {
    thread::sleep(length);
}

/// A length of time as std has it.
pub const fn real(length: Duration) -> std::time::Duration {
    std::time::Duration::from_nanos(length.nanos())
}
