//! Which assumptions of a scenario would change its answer, if they were wrong.
//!
//! One assumption at a time is changed by a factor, everything else stays, and all runs are repeated
//! under the same seeds: one-at-a-time screening about a base case (Saltelli et al., "Global Sensitivity
//! Analysis: The Primer", 2008, §1.2.5, "local" methods, with their limits: what two assumptions do
//! together is not seen). The factors are a question asked of the scenario and no estimate of how wrong
//! it is.

use std::cmp::Reverse;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::combine;
use super::difference::Difference;
use super::sample::{How, Run, Samples, Variant};
use super::summary::CONFIDENCE;
use crate::metrics::measured::{Amount, Entity, Measured};
use crate::metrics::quantity::Quantity;
use crate::run::Ended;
use crate::scenario::Scenario;
use crate::scenario::objective::{Bound, Objective, Tolerance};
use crate::stats::Estimate;
use crate::time::{Duration, Time};

/// Something that a scenario takes for granted, and that is made worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assumption {
    /// A fifth more requests and jobs.
    Load,
    /// A fifth more work for every request, and a fifth longer jobs.
    Work,
    /// Containers take twice as long until they can serve.
    Startup,
    /// Failures that recur come twice as often.
    Failures,
    /// What fails is back after twice the time.
    Repairs,
    /// A silent node counts as lost after twice the time, and its pods are evicted after twice the time.
    Detection,
    /// Measured use reaches the autoscaler after twice the time.
    Metrics,
}

/// What became of the answer under one changed assumption.
#[derive(Clone, Debug, PartialEq)]
pub struct Varied {
    /// What was changed.
    pub assumption: Assumption,
    /// What became of each quantity that the answer is judged by.
    pub effects: Vec<Effect>,
}

/// What became of one quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// The quantity.
    pub quantity: Quantity,
    /// Its bound, where it is an objective.
    pub bound: Option<Bound>,
    /// Runs that have it with and without the change.
    pub runs: usize,
    /// How many of them kept the bound without the change.
    pub met_before: usize,
    /// How many of them kept the bound with it.
    pub met_after: usize,
    /// Its value without the change.
    pub before: Estimate,
    /// Its value with it.
    pub after: Estimate,
    /// After less before, over runs that share their seeds, with its interval; absent where it is
    /// infinite.
    pub difference: Option<Estimate>,
    /// The size of the difference in tolerances of the objective; without one in half widths of the
    /// interval of the value before; without either in values before. Absent where there is no measure.
    pub size: Option<f64>,
}

impl Assumption {
    /// All of them.
    pub const ALL: [Assumption; 7] = [
        Assumption::Load,
        Assumption::Work,
        Assumption::Startup,
        Assumption::Failures,
        Assumption::Repairs,
        Assumption::Detection,
        Assumption::Metrics,
    ];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Assumption::Load => "load",
            Assumption::Work => "work",
            Assumption::Startup => "startup",
            Assumption::Failures => "failures",
            Assumption::Repairs => "repairs",
            Assumption::Detection => "detection",
            Assumption::Metrics => "metrics",
        }
    }

    /// The scenario with it changed; nothing where the scenario assumes no such thing.
    pub fn changed(self, scenario: &Scenario) -> Option<Scenario> {
        let mut changed = scenario.clone();
        let is_changed = match self {
            Assumption::Load => more_load(&mut changed),
            Assumption::Work => more_work(&mut changed),
            Assumption::Startup => slower_start(&mut changed),
            Assumption::Failures => more_failures(&mut changed),
            Assumption::Repairs => longer_repairs(&mut changed),
            Assumption::Detection => later_detection(&mut changed),
            Assumption::Metrics => later_metrics(&mut changed),
        };
        is_changed.then_some(changed)
    }
}

/// The assumptions that a scenario makes, each with the scenario in which it is changed.
pub fn variants(scenario: &Scenario) -> Vec<(Assumption, Scenario)> {
    let changed = |one: Assumption| Some((one, one.changed(scenario)?));
    Assumption::ALL.into_iter().filter_map(changed).collect()
}

/// Repeats the runs `base` of `scenario` with each of `variants`, on all threads: the one that changes
/// the answer most first. First count runs that keep a bound no more, or only now; then the size of the
/// largest difference. `watch` is told the place of the variant, the replication and the simulated time.
///
/// # Errors
/// As the first run that did not come to its end.
pub fn vary(
    scenario: &Scenario,
    seed: u64,
    base: &[Measured],
    variants: Vec<(Assumption, Scenario)>,
    watch: &(dyn Fn(Run, Time) -> ControlFlow<()> + Sync),
) -> Result<Vec<Varied>, Ended> {
    let (names, variants): (Vec<Assumption>, Vec<Variant>) = variants
        .into_iter()
        .map(|(one, scenario)| {
            let name = one.name().to_owned();
            (one, Variant { name, scenario })
        })
        .unzip();
    let mut samples = Samples::new(variants.len(), seed, 1);
    let how = How {
        watch,
        ..How::PLAIN
    };
    samples.extend(&variants, base.len() as u32, how)?;
    let judged = judged(scenario, base);
    let effects = |place: usize| {
        let after = samples.runs(place);
        let effects = judged.iter();
        effects
            .filter_map(|one| effect(seed, one, base, after))
            .collect()
    };
    let mut varied: Vec<Varied> = (0..)
        .zip(names)
        .map(|(place, assumption)| Varied {
            assumption,
            effects: effects(place),
        })
        .collect();
    varied.sort_by(|a, b| b.weight().total_cmp(&a.weight()));
    varied.sort_by_key(|one| Reverse(one.turned()));
    Ok(varied)
}

impl Varied {
    /// Runs that keep a bound no more, or only now, of the objective of which there are most.
    pub fn turned(&self) -> usize {
        let turned = self.effects.iter();
        let turned = turned.map(|effect| effect.met_before.abs_diff(effect.met_after));
        turned.max().unwrap_or(0)
    }

    /// The size of the largest difference.
    fn weight(&self) -> f64 {
        let sizes = self.effects.iter().filter_map(|effect| effect.size);
        sizes.fold(0.0, f64::max)
    }
}

/// What an answer is judged by where it has no objectives: the first that there is.
const PRIMARY: [&str; 3] = ["availability.requests", "pending.p99", "jobs.wait"];

/// What the answer is judged by.
type Judged = (Quantity, Option<(Bound, Option<Tolerance>)>);

fn judged(scenario: &Scenario, base: &[Measured]) -> Vec<Judged> {
    let objective = |one: &Objective| (one.quantity.clone(), Some((one.bound, one.tolerance)));
    if !scenario.objectives.is_empty() {
        return scenario.objectives.iter().map(objective).collect();
    }
    let has = |name: &&str| {
        base.iter()
            .any(|run| run.get(name, &Entity::Cluster).is_some())
    };
    let primary = PRIMARY.into_iter().find(has);
    primary
        .map(|name| (Quantity::of_cluster(name), None))
        .into_iter()
        .collect()
}

/// What became of one quantity; absent where no run has it both times.
fn effect(
    seed: u64,
    (quantity, objective): &Judged,
    base: &[Measured],
    after: &[Measured],
) -> Option<Effect> {
    let difference = Difference::of(quantity, after, base, CONFIDENCE, seed);
    let difference = difference.map(|one| one.estimate(CONFIDENCE));
    let difference = difference.filter(|one| one.value.is_finite());
    let pairs = base.iter().zip(after);
    let pairs: Vec<(&Amount, &Amount)> = pairs
        .filter_map(|(base, after)| Some((quantity.in_run(base)?, quantity.in_run(after)?)))
        .collect();
    let (base, after): (Vec<&Amount>, Vec<&Amount>) = pairs.into_iter().unzip();
    if base.is_empty() {
        return None;
    }
    let numbers =
        |amounts: &[&Amount]| -> Vec<f64> { amounts.iter().map(|amount| amount.value()).collect() };
    let (x, y) = (numbers(&base), numbers(&after));
    let bound = objective.as_ref().map(|&(bound, _)| bound);
    let met = |values: &[f64]| {
        let kept = values
            .iter()
            .filter(|&&value| bound.is_some_and(|b| b.holds(value)));
        kept.count()
    };
    let estimate =
        |amounts: &[&Amount]| combine::estimate(seed, quantity.metric, &quantity.entity, amounts);
    let before = estimate(&base);
    let tolerance = objective.as_ref().and_then(|&(_, tolerance)| tolerance);
    Some(Effect {
        quantity: quantity.clone(),
        bound,
        runs: x.len(),
        met_before: met(&x),
        met_after: met(&y),
        size: difference.and_then(|difference| size(difference.value, before, tolerance)),
        before,
        after: estimate(&after),
        difference,
    })
}

fn size(difference: f64, before: Estimate, tolerance: Option<Tolerance>) -> Option<f64> {
    let tolerated = tolerance.map(|tolerance| tolerance.amount(before.value));
    let half = before
        .interval
        .map(|interval| (interval.high - interval.low) / 2.0);
    let measure = tolerated.or(half.filter(|half| *half > 0.0 && half.is_finite()));
    let measure = measure.unwrap_or(before.value.abs());
    (measure > 0.0).then(|| (difference / measure).abs())
}

/// How much more load and work there is.
const MORE: f64 = 1.2;

fn more_load(scenario: &mut Scenario) -> bool {
    let mut is_changed = false;
    for place in scenario.outline.services.ids() {
        let load = &mut scenario.outline.services[place].load;
        is_changed |= load.highest() > 0.0;
        *load = load.times(MORE);
    }
    for source in &mut scenario.outline.sources {
        source.interarrival = source.interarrival.scaled(1.0 / MORE);
        is_changed = true;
    }
    is_changed
}

fn more_work(scenario: &mut Scenario) -> bool {
    let more = |time: Duration| match time {
        // For ever.
        Duration::MAX => Duration::MAX,
        time => Duration::from_nanos(time.nanos() / 5 * 6 + time.nanos() % 5 * 6 / 5),
    };
    let mut is_changed = false;
    for place in scenario.outline.services.ids() {
        let behaviour = &mut scenario.outline.services[place];
        let has_work = behaviour.work.is_some_and(|work| !work.is_zero());
        is_changed |= has_work && behaviour.load.highest() > 0.0;
        behaviour.work = behaviour.work.map(more);
    }
    for source in &mut scenario.outline.sources {
        source.duration = source.duration.scaled(MORE);
        is_changed = true;
    }
    let stays = |&time: &Duration| time == Duration::MAX;
    if !scenario.outline.trace.durations.iter().all(stays) {
        let trace = Arc::make_mut(&mut scenario.outline.trace);
        for duration in &mut trace.durations {
            *duration = more(*duration);
        }
        is_changed = true;
    }
    is_changed
}

fn slower_start(scenario: &mut Scenario) -> bool {
    let mut is_changed = !scenario.sim.create.is_none();
    scenario.sim.create = scenario.sim.create.scaled(2.0);
    for place in scenario.outline.services.ids() {
        if let Some(startup) = &mut scenario.outline.services[place].startup {
            *startup = startup.scaled(2.0);
            is_changed = true;
        }
    }
    is_changed
}

fn more_failures(scenario: &mut Scenario) -> bool {
    let mut is_changed = false;
    for failure in &mut scenario.outline.failures {
        is_changed |= failure.come_oftener(2.0);
    }
    is_changed
}

fn longer_repairs(scenario: &mut Scenario) -> bool {
    let mut is_changed = false;
    for failure in &mut scenario.outline.failures {
        if let Some(down) = &mut failure.down {
            *down = down.scaled(2.0);
            is_changed = true;
        }
    }
    let struck = scenario.outline.strike.iter_mut();
    for place in struck.flat_map(|strike| &mut strike.places) {
        if let Some(down) = &mut place.down {
            *down = down.scaled(2.0);
            is_changed = true;
        }
    }
    is_changed
}

/// The healer's patience, by its parameters; only where nodes can fail.
fn later_detection(scenario: &mut Scenario) -> bool {
    let can_fail = scenario.outline.loses_nodes();
    let healer = &mut scenario.policy.healer;
    let mut is_changed = false;
    for name in ["node_monitor_grace_period", "unreachable_toleration"] {
        if let Some(time) = healer.params.length(name).filter(|time| !time.is_zero()) {
            healer.params.set_length(name, time * 2);
            is_changed = true;
        }
    }
    is_changed && can_fail
}

/// Only where something scales by what is measured.
fn later_metrics(scenario: &mut Scenario) -> bool {
    let services = scenario.catalog.services.as_slice();
    let scales = services.iter().any(|service| service.hpa.is_some());
    let is_delayed = !scenario.sim.metrics.is_zero();
    scenario.sim.metrics = scenario.sim.metrics * 2;
    scales && is_delayed && scenario.policy.autoscaler.name != "fixed"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::replicate::replicate;
    use crate::metrics::fold;
    use crate::run::simulate;
    use crate::scenario;
    use crate::stats::{Interval, Method};
    use std::path::Path;

    const JOBS: &str = r#"
        duration = "1h"
        nodes = [{ name = "n", count = 2, cpu = "4", memory = "8Gi" }]
        objectives = [{ metric = "allocated.cpu", at_most = 0.5 }]
        [[jobs]]
        name = "job"
        every = "10s"
        sizes = [{ cpu = "1", memory = "1Gi" }]
        duration = "35s"
    "#;

    fn scenario(text: &str) -> Scenario {
        let read = |_: &Path| panic!("no file is named");
        let loaded = scenario::parse(Path::new("jobs.toml"), text, &read).unwrap();
        loaded.scenario
    }

    #[test]
    fn only_what_a_scenario_assumes_is_changed() {
        let changed = |text: &str| -> Vec<Assumption> {
            variants(&scenario(text))
                .into_iter()
                .map(|(one, _)| one)
                .collect()
        };
        use Assumption::{Detection, Failures, Load, Metrics, Repairs, Startup, Work};
        assert_eq!(changed(JOBS), [Load, Work]);
        let failing = format!(
            "{JOBS}\n[[failures]]\nnodes = \"n\"\nname = \"f\"\nafter = {{ exponential = {{ mean = \"10h\" }} }}\ndown = \"1m\""
        );
        assert_eq!(
            changed(&failing),
            [Load, Work, Failures, Repairs, Detection]
        );
        let starter = include_str!("../scenario/starter.toml");
        assert!(changed(starter).contains(&Startup));
        assert!(!changed(starter).contains(&Metrics));
        let scaled = starter.replace("# hpa =", "hpa =");
        assert!(changed(&scaled).contains(&Metrics));
    }

    #[test]
    fn the_answer_turns_where_a_bound_is_crossed_and_the_largest_change_comes_first() {
        let scenario = scenario(JOBS);
        let plain = |seed| {
            simulate(&scenario, seed, fold::Options::default(), &mut |_| {
                ControlFlow::Continue(())
            })
        };
        let base = replicate(1, 1, plain).unwrap();
        let watch = |_: Run, _: Time| ControlFlow::Continue(());
        let varied = vary(&scenario, 1, &base, variants(&scenario), &watch).unwrap();
        // 3.5 jobs of 8 cores run at a time; a fifth more are 4.2: 43.75 % becomes 52.5 %, either way.
        let effects: Vec<&Effect> = varied.iter().flat_map(|one| &one.effects).collect();
        assert_eq!(effects.len(), 2);
        for effect in effects {
            assert_eq!(
                (effect.met_before, effect.met_after, effect.runs),
                (1, 0, 1)
            );
            assert!(
                (effect.before.value - 0.4375).abs() < 0.005,
                "{}",
                effect.before.value
            );
            assert!(
                (effect.after.value - 0.525).abs() < 0.008,
                "{}",
                effect.after.value
            );
        }
        assert_eq!(varied[0].turned(), 1);
        assert!(varied[0].weight() >= varied[1].weight());
    }

    #[test]
    fn a_change_is_measured_in_tolerances_then_in_intervals_then_in_values() {
        let before = |half: f64| Estimate {
            value: 10.0,
            interval: (half > 0.0).then_some(Interval {
                low: 10.0 - half,
                high: 10.0 + half,
            }),
            method: Method::StudentT,
        };
        assert_eq!(
            size(-3.0, before(2.0), Some(Tolerance::Absolute(0.5))),
            Some(6.0)
        );
        assert_eq!(size(3.0, before(2.0), None), Some(1.5));
        assert_eq!(size(3.0, before(0.0), None), Some(0.3));
        let zero = Estimate {
            value: 0.0,
            ..before(0.0)
        };
        assert_eq!(size(3.0, zero, None), None);
    }
}
