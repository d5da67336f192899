//! One run: a scenario and a seed, and what came of it.

pub mod cell;
pub mod explain;
pub mod fidelity;
#[cfg(feature = "live")]
pub mod live;
pub mod marks;
pub mod pack;
pub mod snapshot;

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::cluster::Cluster;
use crate::control::{Control, Settings};
use crate::metrics::fold::{Fold, Options, Subject};
use crate::metrics::measured::Measured;
use crate::metrics::mix::Mix;
use crate::policy::registry;
use crate::policy::scheduler::Scheduler;
use crate::record::{Record, Recorder};
use crate::rng::Seed;
use crate::runtime::{self, Stop};
use crate::scenario::Scenario;
use crate::script::Script;
use crate::script::jobs::Jobs;
use crate::sim::Sim;
use crate::time::{Duration, Time};

/// Turns between two looks at the clock of a watched run.
const TURNS_BETWEEN_LOOKS: u32 = 256;

/// Simulates one run of a scenario and measures it. `watch` is told the simulated time now and
/// then; its break ends the run.
///
/// # Errors
/// [`Ended::Interrupted`] when `watch` ended the run.
pub fn simulate(
    scenario: &Scenario,
    seed: Seed,
    options: Options,
    watch: &mut dyn FnMut(Time) -> ControlFlow<()>,
) -> Result<Measured, Ended> {
    simulate_with(scenario, seed, None, options, watch)
}

/// The same with a scheduler that is not in the registry.
///
/// # Errors
/// As [`simulate`].
pub fn simulate_with(
    scenario: &Scenario,
    seed: Seed,
    scheduler: Option<Box<dyn Scheduler>>,
    options: Options,
    watch: &mut dyn FnMut(Time) -> ControlFlow<()>,
) -> Result<Measured, Ended> {
    let script = scenario.outline.script(seed, scenario.end);
    let jobs = script.jobs.clone();
    let subject = subject(scenario, &jobs);
    let mut recorder = (Fold::new(&subject, options), Watched::new(watch));
    let mut finished =
        play(scenario, script, seed, scheduler, &mut recorder).map_err(Ended::Stopped)?;
    let (fold, watched) = recorder;
    if watched.broken {
        return Err(Ended::Interrupted);
    }
    Ok(Measured {
        waiting: explain::waiting(&mut finished.control),
        ..fold.finish(finished.control.cluster(), finished.sim.events())
    })
}

/// What is to be measured of a scenario whose run has these jobs.
fn subject<'a>(scenario: &Scenario, jobs: &'a Jobs) -> Subject<'a> {
    Subject {
        catalog: scenario.catalog.clone(),
        mix: reference_mix(scenario),
        durations: &jobs.durations,
        excluded: scenario.excluded.clone(),
        warm_up: scenario.warm_up,
        end: scenario.end,
        sync: registry::build(registry::AUTOSCALERS, &scenario.policy.autoscaler).period(),
        healing: healing(scenario),
    }
}

/// Longest time from a failure until the healer acts on it: until it is heard of, and what the healer
/// takes then.
pub fn healing(scenario: &Scenario) -> Duration {
    let healer = registry::build(registry::HEALERS, &scenario.policy.healer);
    scenario.sim.status.longest() + healer.delay()
}

/// What the pods of a scenario ask for, whatever the seed and the policies.
pub fn reference_mix(scenario: &Scenario) -> Arc<Mix> {
    Arc::new(Mix::new(&scenario.catalog))
}

/// Why a run did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Whoever watched it ended it.
    Interrupted,
    /// The runtime could not go on.
    Stopped(Stop),
}

/// Lets somebody watch the time pass, and end the run.
struct Watched<'a> {
    watch: &'a mut dyn FnMut(Time) -> ControlFlow<()>,
    /// Turns between two looks.
    every: u32,
    turns: u32,
    broken: bool,
}

impl Watched<'_> {
    fn new(watch: &mut dyn FnMut(Time) -> ControlFlow<()>) -> Watched<'_> {
        Watched {
            watch,
            every: TURNS_BETWEEN_LOOKS,
            turns: 0,
            broken: false,
        }
    }
}

impl Recorder for Watched<'_> {
    fn record(&mut self, _at: Time, _record: Record) {}

    fn turn(&mut self, now: Time, _belief: &Cluster) -> ControlFlow<()> {
        self.turns += 1;
        if !self.turns.is_multiple_of(self.every) {
            return ControlFlow::Continue(());
        }
        let flow = (self.watch)(now);
        self.broken = flow.is_break();
        flow
    }
}

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
    let script = scenario.outline.script(seed, scenario.end);
    play(scenario, script, seed, scheduler, recorder)
}

fn play(
    scenario: &Scenario,
    script: Script,
    seed: Seed,
    scheduler: Option<Box<dyn Scheduler>>,
    recorder: &mut impl Recorder,
) -> Result<Finished, Stop> {
    let (mut control, mut sim) = stage(scenario, script, seed);
    if let Some(scheduler) = scheduler {
        control.set_scheduler(scheduler);
    }
    runtime::drive(&mut control, &mut sim, recorder, scenario.end)?;
    Ok(Finished { control, sim })
}

/// The control plane and the world as they are before anything happens.
fn stage(scenario: &Scenario, script: Script, seed: Seed) -> (Control, Sim) {
    let settings = Settings {
        scheduling: scenario.sim.scheduling,
    };
    let catalog = scenario.catalog.clone();
    let control = Control::new(catalog.clone(), &scenario.policy, settings, seed);
    (control, Sim::new(catalog, script, scenario.sim.clone()))
}
