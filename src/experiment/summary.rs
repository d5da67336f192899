//! What replications say together: one line per metric and entity.
//!
//! Which interval a line gets follows from the metric and how it varies: a mean Student's t, a pooled
//! ratio the jackknife, a pooled percentile the bootstrap over replications, a share of runs Clopper
//! and Pearson's. A metric that is constant in most runs gets none: rare outages are told as a
//! probability and a loss given an outage instead.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::assumptions::Varied;
use super::drill::YearlyLoss;
use super::{combine, rare};
use crate::metrics::dictionary::{METRICS, Metric};
use crate::metrics::measured::{Amount, Entity, Measured, Value};
use crate::metrics::quantity::Quantity;
use crate::stats::{Confidence, Estimate};

/// Level of all intervals.
pub const CONFIDENCE: Confidence = Confidence::NINETY_FIVE;

/// What all replications say together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Number of replications.
    pub replications: u32,
    /// One line per metric and entity, in the order of the dictionary.
    pub lines: Vec<Line>,
    /// Services with an outage in at most half of the runs.
    pub outages: Vec<Rare>,
    /// What a loss costs, where the runs are a drill.
    pub drill: Option<YearlyLoss>,
    /// What became of the answer under changed assumptions, the one that changes it most first; empty
    /// where none was tried.
    pub assumptions: Vec<Varied>,
}

/// One metric of one entity.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Which metric.
    pub metric: &'static Metric,
    /// Of what.
    pub entity: Entity,
    /// Its best value, with its interval and how that was made.
    pub estimate: Estimate,
    /// The value of each replication; absent where it does not exist, infinite where a percentile
    /// falls among what never happened. `availability.nines` has none: it is no mean of nines.
    pub values: Vec<Option<f64>>,
}

/// How often a service had an outage, where runs are too few for a mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Rare {
    /// The service.
    pub entity: Entity,
    /// Runs with an outage that began in the window.
    pub with_outage: u32,
    /// Runs with an outage of which the window shows a part only.
    pub censored: u32,
    /// Share of runs with an outage, with its Clopper–Pearson interval.
    pub probability: Estimate,
    /// Share of the requests of runs with an outage that were lost; absent without one or without
    /// requests.
    pub loss_given_outage: Option<f64>,
    /// Without an outage, not even a part of one: outages per second are below this (rule of three);
    /// never for drills.
    pub rate_below: Option<f64>,
}

/// Puts replications together. `seed` keys the bootstrap. What a drill costs is not among it: that
/// takes runs without one too ([`drill::yearly_loss`](super::drill::yearly_loss)).
pub fn summarize(seed: u64, runs: &[Measured]) -> Summary {
    let mut groups: BTreeMap<Place, Vec<Option<&Value>>> = BTreeMap::new();
    for (replication, run) in runs.iter().enumerate() {
        for value in &run.values {
            let place = (position(value.metric), value.entity.clone());
            let group = groups
                .entry(place)
                .or_insert_with(|| vec![None; runs.len()]);
            group[replication] = Some(value);
        }
    }
    let groups: Vec<Vec<Option<&Value>>> = groups.into_values().collect();
    // The bootstrap takes long, and each has dice of its own.
    let mut lines: Vec<Line> = groups.par_iter().map(|group| line(seed, group)).collect();
    lines.extend(rare::nines(&lines));
    lines.sort_by_cached_key(place);
    Summary {
        replications: runs.len() as u32,
        outages: rare::outages(runs),
        drill: None,
        assumptions: Vec::new(),
        lines,
    }
}

impl Summary {
    /// The line of one metric of one entity.
    pub fn line(&self, quantity: &Quantity) -> Option<&Line> {
        let is_it = |line: &&Line| line.metric == quantity.metric && line.entity == quantity.entity;
        self.lines.iter().find(is_it)
    }

    /// The same of runs of a drill, with what a loss costs. How often outages come says nothing then:
    /// their rate is that of drills.
    pub fn of_drill(mut self, cost: YearlyLoss) -> Summary {
        for rare in &mut self.outages {
            rare.rate_below = None;
        }
        self.drill = Some(cost);
        self
    }
}

/// Where a line stands among all of all variants.
pub(super) fn place(line: &Line) -> Place {
    (position(line.metric), line.entity.clone())
}

/// By the dictionary, then by entity.
pub(super) type Place = (usize, Entity);

fn position(metric: &Metric) -> usize {
    let place = METRICS.iter().position(|other| other == metric);
    place.expect("every metric is in the dictionary")
}

/// The line of one metric of one entity, which at least one replication has.
fn line(seed: u64, group: &[Option<&Value>]) -> Line {
    let present: Vec<&Value> = group.iter().copied().flatten().collect();
    let amounts: Vec<&Amount> = present.iter().map(|value| &value.amount).collect();
    let Value { metric, entity, .. } = present[0];
    let numbers: Vec<Option<f64>> = group
        .iter()
        .map(|value| value.map(|value| value.amount.value()))
        .collect();
    let estimate = combine::estimate(seed, metric, entity, &amounts);
    Line {
        metric,
        entity: entity.clone(),
        estimate,
        values: numbers,
    }
}
