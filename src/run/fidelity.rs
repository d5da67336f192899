//! One run, live or simulated, with what the two are held together by.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::marks::{Marking, Marks};
use super::{Ended, Watched, play, subject};
use crate::control::Control;
#[cfg(feature = "live")]
use crate::live::load::tally::{Counts, Tally};
use crate::metrics::fold::{Fold, Options};
use crate::metrics::measured::Measured;
use crate::record::Recorder;
use crate::rng::Seed;
use crate::scenario::Scenario;
use crate::time::Time;

/// What one run showed.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What failures, load and decisions came to.
    pub marks: Marks,
    /// What was measured.
    pub measured: Measured,
    /// What a reader must know of the engines; nothing where it was simulated.
    pub notes: Vec<String>,
}

/// Simulates one run.
///
/// # Errors
/// [`Ended::Interrupted`] when `watch` ended the run.
pub fn simulated(
    scenario: &Scenario,
    seed: Seed,
    watch: &mut dyn FnMut(Time) -> ControlFlow<()>,
) -> Result<Seen, Ended> {
    let script = scenario.outline.script(seed, scenario.end);
    observe(scenario, &script.jobs.clone(), watch, |fold, rest| {
        let finished =
            play(scenario, script, seed, None, &mut (fold, rest)).map_err(Ended::Stopped)?;
        let events = finished.sim.events();
        Ok((finished.control, events, Vec::new()))
    })
}

/// Runs it on real engines. However it ends, nothing of it is left on them.
///
/// # Errors
/// As [`super::live::run`].
#[cfg(feature = "live")]
pub fn live(
    scenario: &Scenario,
    setup: crate::live::world::Setup,
    watch: &mut dyn FnMut(Time) -> ControlFlow<()>,
) -> Result<Seen, Ended> {
    let jobs = setup.script.jobs.clone();
    let services = setup.catalog.services.len();
    let tally = Arc::new(Tally::new(services, scenario.warm_up));
    let mut seen = observe(scenario, &jobs, watch, |fold, rest| {
        let mut behind = super::live::behind::Behind::new(fold);
        let recorder = &mut (&mut behind, rest);
        let counting = Arc::clone(&tally);
        let played =
            super::live::play(scenario, setup, counting, recorder).map_err(Ended::Stopped)?;
        behind.finish();
        let mut notes = super::live::unheeded(scenario);
        notes.extend(played.notes);
        Ok((played.control, played.events, notes))
    })?;
    // Every request, not rates by the second.
    let windows = tally.all().into_iter().map(|requests| requests.window);
    let windows: Vec<Counts> = windows.collect();
    let sum = |of: fn(&Counts) -> u64| windows.iter().map(of).sum::<u64>() as f64;
    seen.marks.offered = sum(|window| window.offered);
    seen.marks.served = sum(|window| window.served);
    Ok(seen)
}

fn observe(
    scenario: &Scenario,
    jobs: &crate::script::jobs::Jobs,
    watch: &mut dyn FnMut(Time) -> ControlFlow<()>,
    run: impl FnOnce(&mut Fold, &mut dyn Recorder) -> Result<(Control, u64, Vec<String>), Ended>,
) -> Result<Seen, Ended> {
    let subject = subject(scenario, jobs);
    let mut fold = Fold::new(&subject, Options::default());
    let mut marking = Marking::new(Arc::clone(&scenario.catalog), scenario.warm_up);
    let mut watched = Watched {
        every: 1,
        ..Watched::new(watch)
    };
    let (control, events, notes) = run(&mut fold, &mut (&mut marking, &mut watched))?;
    if watched.broken {
        return Err(Ended::Interrupted);
    }
    Ok(Seen {
        marks: marking.finish(scenario.end),
        measured: fold.finish(control.cluster(), events),
        notes,
    })
}
