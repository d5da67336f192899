//! The one loop that drives the control plane, in simulation and live.

use std::fmt;

use crate::control::command::Command;
use crate::control::fact::Fact;
use crate::control::{Control, Step};
use crate::record::{Record, Recorder, Truth};
use crate::time::Time;

/// What came to pass while waiting.
#[derive(Clone, Debug, Default)]
pub struct Passed {
    /// What the control plane is told, all at the time [`Runtime::wait`] returned.
    pub facts: Vec<Fact>,
    /// What happened, heard or not, in order of time.
    pub truth: Vec<(Time, Truth)>,
}

/// Why a runtime cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// What failed, for a person to read.
    pub reason: String,
}

/// The world outside the control plane.
pub trait Runtime {
    /// Lets time pass until facts are at hand or `deadline` comes, and hands up a whole instant:
    /// everything due at the returned time, with what that causes at the same time.
    ///
    /// # Errors
    /// When the world cannot be reached any more.
    fn wait(&mut self, deadline: Time, passed: &mut Passed) -> Result<Time, Stop>;

    /// Never blocks, never fails: a failure comes back as a fact that names the command.
    fn submit(&mut self, now: Time, command: Command);
}

/// Runs `control` against `runtime` over [0, end).
///
/// # Errors
/// When the runtime stops.
pub fn drive(
    control: &mut Control,
    runtime: &mut dyn Runtime,
    recorder: &mut impl Recorder,
    end: Time,
) -> Result<(), Stop> {
    let mut now = Time::ZERO;
    let mut passed = Passed::default();
    loop {
        let deadline = control.next_deadline(now).map_or(end, |at| at.min(end));
        now = runtime.wait(deadline, &mut passed)?;
        for (at, truth) in passed.truth.drain(..).filter(|&(at, _)| at < end) {
            recorder.record(at, Record::Truth(truth));
        }
        if now >= end {
            let _ = recorder.turn(end, control.cluster());
            return Ok(());
        }
        for fact in passed.facts.drain(..) {
            recorder.record(now, Record::Heard(fact));
            control.observe(now, fact);
        }
        control.decide(now);
        for step in control.steps() {
            match step {
                Step::Changed(change) => recorder.record(now, Record::Believed(change)),
                Step::Planned(plan) => recorder.record(now, Record::Planned(plan)),
                Step::Command(command) => {
                    recorder.record(now, Record::Ordered(command));
                    runtime.submit(now, command);
                }
            }
        }
        if recorder.turn(now, control.cluster()).is_break() {
            return Ok(());
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Stop {}
