//! One run: a scenario and a seed, and what came of it.

use crate::control::{Control, Settings};
use crate::policy::scheduler::Scheduler;
use crate::record::Recorder;
use crate::rng::Seed;
use crate::runtime::{self, Stop};
use crate::scenario::Scenario;
use crate::sim::Sim;

/// What is left when a run is over.
pub struct Finished {
    /// The control plane, with what it believes.
    pub control: Control,
    /// The world, with the truth.
    pub sim: Sim,
}

/// Simulates one run of a scenario and tells `recorder` everything.
///
/// # Errors
/// Simulations go on to their end: no error is expected.
pub fn record(
    scenario: &Scenario,
    seed: Seed,
    recorder: &mut impl Recorder,
) -> Result<Finished, Stop> {
    record_with(scenario, seed, None, recorder)
}

/// The same with a scheduler that is not in the registry.
///
/// # Errors
/// As [`record`].
pub fn record_with(
    scenario: &Scenario,
    seed: Seed,
    scheduler: Option<Box<dyn Scheduler>>,
    recorder: &mut impl Recorder,
) -> Result<Finished, Stop> {
    let settings = Settings {
        scheduling: scenario.sim.scheduling,
    };
    let catalog = scenario.catalog.clone();
    let mut control = Control::new(catalog.clone(), &scenario.policy, settings, seed);
    if let Some(scheduler) = scheduler {
        control.set_scheduler(scheduler);
    }
    let script = scenario.outline.script(seed, scenario.end);
    let mut sim = Sim::new(catalog, script, scenario.sim);
    runtime::drive(&mut control, &mut sim, recorder, scenario.end)?;
    Ok(Finished { control, sim })
}
