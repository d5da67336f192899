//! What the loss of a node or a zone costs: frequency × loss per failure, both told apart.
//!
//! Failures that are rare decide what is lost in a year, and few runs of an ordinary day have one. In a
//! drill every run has one, and how often it happens is stated, not simulated. What a run loses besides,
//! to load or to crashing containers, is not owed to the failure: each run of the drill is compared with
//! one under the same seed without it, and the difference counts.

use crate::metrics::measured::{Amount, Entity, Measured};
#[cfg(doc)]
use crate::scenario::Scenario;
use crate::scenario::drill::{Drilled, Frequency};
use crate::stats::{self, Estimate, Interval};

use super::summary::CONFIDENCE;

/// What losses of one kind cost, by failure and by year.
#[derive(Clone, Debug, PartialEq)]
pub struct YearlyLoss {
    /// What fails, and how often, as far as that is known.
    pub drilled: Drilled,
    /// Runs of the drill, each with one failure.
    pub drills: u32,
    /// What is lost: of the cluster first, then service by service.
    pub losses: Vec<Loss>,
}

/// What one failure costs of one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    /// Of what.
    pub entity: Entity,
    /// What is lost.
    pub what: Lost,
    /// Lost by one failure: the mean difference between runs with it and without, with Student's
    /// interval, which there is none of where most drills lose the same, such as nothing.
    pub per_failure: Estimate,
    /// Share of drills that lose anything, with its Clopper–Pearson interval.
    pub share: Estimate,
    /// Lost in a year: the frequency times the loss per failure, and times the ends of its interval,
    /// for the frequency is taken as stated. `None` where it is not.
    pub per_year: Option<Estimate>,
}

/// What is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lost {
    /// Requests.
    Requests,
    /// Seconds of a full outage at mean load that would lose as many requests: lost ÷ offered requests
    /// × the length of the measured window; of the cluster, of all requests together.
    Outage,
    /// Seconds for which jobs ran in vain: run time of runs that were cut off.
    RunTime,
}

impl Lost {
    /// All of them.
    pub const ALL: [Lost; 3] = [Lost::Requests, Lost::Outage, Lost::RunTime];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Lost::Requests => "requests",
            Lost::Outage => "outage_equivalent",
            Lost::RunTime => "job_run_time",
        }
    }

    /// Its unit, by the dictionary's words.
    pub const fn unit(self) -> &'static str {
        match self {
            Lost::Requests => "count",
            Lost::Outage | Lost::RunTime => "s",
        }
    }

    /// How much of it a run lost; absent where there is nothing that could be.
    fn in_run(self, run: &Measured, entity: &Entity) -> Option<f64> {
        let metric = match self {
            Lost::Requests | Lost::Outage => "requests.lost",
            Lost::RunTime => "jobs.goodput",
        };
        let Amount::Ratio { over, under } = *run.get(metric, entity)? else {
            return None;
        };
        Some(match self {
            Lost::Requests => over,
            Lost::Outage => over / under * run.window.secs_f64(),
            Lost::RunTime => under - over,
        })
    }
}

/// What a drill costs. `drills` are runs of the drill, `calm` those of [`Scenario::calm`] under the same
/// seeds, or one where that scenario is exact, for all are alike. Panics unless they match.
pub fn yearly_loss(drilled: Drilled, drills: &[Measured], calm: &[Measured]) -> YearlyLoss {
    assert!(
        calm.len() == drills.len() || calm.len() == 1,
        "every drill has a run without it"
    );
    let mut losses = Vec::new();
    for entity in entities(drills) {
        for what in Lost::ALL {
            losses.extend(loss(&drilled, what, &entity, drills, calm));
        }
    }
    YearlyLoss {
        drilled,
        drills: drills.len() as u32,
        losses,
    }
}

/// The cluster, then every service that is asked anything in any run.
fn entities(drills: &[Measured]) -> Vec<Entity> {
    let values = drills.iter().flat_map(|run| &run.values);
    let asked = values.filter(|value| value.metric.name == "requests.lost");
    let services = asked.map(|value| &value.entity);
    let services = services.filter(|entity| matches!(entity, Entity::Service(_)));
    let mut entities = vec![Entity::Cluster];
    for service in services {
        if !entities.contains(service) {
            entities.push(service.clone());
        }
    }
    entities
}

fn loss(
    drilled: &Drilled,
    what: Lost,
    entity: &Entity,
    drills: &[Measured],
    calm: &[Measured],
) -> Option<Loss> {
    let without = calm.iter().cycle();
    let differences = drills.iter().zip(without).filter_map(|(drill, calm)| {
        let (with, without) = (what.in_run(drill, entity)?, what.in_run(calm, entity)?);
        // Sums in another order differ in their last digits.
        let noise = 1e-9 * f64::max(with, without);
        Some(with - without).map(|lost| if lost.abs() <= noise { 0.0 } else { lost })
    });
    let differences: Vec<f64> = differences.collect();
    let per_failure = stats::t_mean(&differences, CONFIDENCE)?;
    let hit = differences.iter().filter(|&&lost| lost > 0.0).count() as u64;
    let share = stats::clopper_pearson(hit, differences.len() as u64, CONFIDENCE)?;
    let frequency = drilled.frequency.as_ref();
    Some(Loss {
        entity: entity.clone(),
        what,
        per_failure,
        share,
        per_year: frequency.map(|frequency| times(frequency, &per_failure)),
    })
}

fn times(frequency: &Frequency, loss: &Estimate) -> Estimate {
    let yearly = |lost: f64| frequency.per_year * lost;
    Estimate {
        value: yearly(loss.value),
        interval: loss.interval.map(|Interval { low, high }| Interval {
            low: yearly(low),
            high: yearly(high),
        }),
        method: loss.method,
    }
}
