//! What replications say together: one line per metric and entity.
//!
//! Which interval a line gets follows from how the metric varies: a mean with Student's t, a pooled
//! ratio with the jackknife, a pooled percentile with the bootstrap over replications; a metric that
//! is constant in most runs gets none, and rare outages are told as a probability with its
//! Clopper–Pearson interval and a loss given an outage.

use std::collections::BTreeMap;

use crate::metrics::dictionary::Metric;
use crate::metrics::measured::{Amount, Entity, Measured, Value};
use crate::rng::{self, Purpose, Seed};
use crate::stats::{self, Confidence, Ecdf, Estimate, Interval, Method, Ratio};

/// Level of all intervals.
pub const CONFIDENCE: Confidence = Confidence::NINETY_FIVE;

/// What all replications say together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Number of replications.
    pub replications: u32,
    /// One line per metric and entity, in the order of the dictionary.
    pub lines: Vec<Line>,
    /// Services that lost requests in some runs only, and those that lost none.
    pub outages: Vec<Rare>,
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
    /// The value of each replication; absent where it does not exist.
    pub values: Vec<Option<f64>>,
}

/// How often a service had an outage, where runs are too few for a mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Rare {
    /// The service.
    pub entity: Entity,
    /// Runs with an outage.
    pub with_outage: u32,
    /// Share of runs with an outage, with its Clopper–Pearson interval.
    pub probability: Estimate,
    /// Mean share of requests lost in runs with an outage; absent without one or without requests.
    pub loss_given_outage: Option<f64>,
    /// Without an outage: outages per second are below this (rule of three).
    pub rate_below: Option<f64>,
}

/// Puts replications together. `seed` keys the bootstrap.
pub fn summarize(seed: u64, runs: &[Measured]) -> Summary {
    let mut grouped: BTreeMap<Place, Vec<Option<&Value>>> = BTreeMap::new();
    for (index, run) in runs.iter().enumerate() {
        for value in &run.values {
            let place = (position(value.metric), value.entity.clone());
            grouped
                .entry(place)
                .or_insert_with(|| vec![None; runs.len()])[index] = Some(value);
        }
    }
    let lines: Vec<Line> = grouped
        .into_values()
        .filter_map(|values| line(seed, &values))
        .collect();
    let lines = with_nines(lines);
    let outages = rare_outages(&lines, runs);
    Summary {
        replications: runs.len() as u32,
        lines,
        outages,
    }
}

/// Where a line stands: by the dictionary, then by entity.
type Place = (usize, Entity);

fn position(metric: &Metric) -> usize {
    let mut metrics = crate::metrics::dictionary::METRICS.iter();
    metrics
        .position(|other| other.name == metric.name)
        .expect("every metric is in the dictionary")
}

fn line(seed: u64, values: &[Option<&Value>]) -> Option<Line> {
    let first = values.iter().flatten().next()?;
    let amounts: Vec<&Amount> = values.iter().flatten().map(|value| &value.amount).collect();
    let estimate = combine(seed, first, &amounts)?;
    let values = values
        .iter()
        .map(|value| value.and_then(|value| number(&value.amount)))
        .collect();
    Some(Line {
        metric: first.metric,
        entity: first.entity.clone(),
        estimate,
        values,
    })
}

/// The value of one replication by itself.
fn number(amount: &Amount) -> Option<f64> {
    match amount {
        Amount::Number(value) => Some(*value),
        Amount::Ratio { over, under } => Some(over / under),
        Amount::Percentile { p, counts } => ecdf(counts).quantile(*p),
    }
}

fn ecdf(counts: &[(f64, u64)]) -> Ecdf {
    Ecdf::from_ascending(counts.iter().copied())
}

fn combine(seed: u64, first: &Value, amounts: &[&Amount]) -> Option<Estimate> {
    let alone: Vec<f64> = amounts.iter().filter_map(|amount| number(amount)).collect();
    let pooled = match first.amount {
        Amount::Number(_) => {
            let value = stats::mean(&alone)?;
            match alone.iter().all(|value| value.is_finite()) {
                true => stats::t_mean(&alone, CONFIDENCE)?,
                false => Estimate {
                    value,
                    interval: None,
                    method: Method::TooFew,
                },
            }
        }
        Amount::Ratio { .. } => stats::jackknife_ratio(&ratios(amounts), CONFIDENCE)?,
        Amount::Percentile { p, .. } => {
            let runs: Vec<Ecdf> = amounts
                .iter()
                .map(|amount| match amount {
                    Amount::Percentile { counts, .. } => ecdf(counts),
                    Amount::Number(_) | Amount::Ratio { .. } => panic!("a metric has one form"),
                })
                .collect();
            let name = format!("{} {:?}", first.metric.name, first.entity);
            let seed = Seed {
                seed,
                replication: 0,
            };
            let dice = rng::stream(seed, Purpose::Bootstrap, &name, 0);
            stats::bootstrap_quantile(&runs, p, CONFIDENCE, dice)?
        }
    };
    let constant = alone.len() > 1 && stats::is_mostly_constant(&alone);
    Some(match constant {
        true => Estimate {
            interval: None,
            method: Method::MostlyConstant,
            ..pooled
        },
        false => pooled,
    })
}

fn ratios(amounts: &[&Amount]) -> Vec<Ratio> {
    let ratio = |amount: &&Amount| match amount {
        Amount::Ratio { over, under } => Ratio {
            numerator: *over,
            denominator: *under,
        },
        Amount::Number(_) | Amount::Percentile { .. } => panic!("a metric has one form"),
    };
    amounts.iter().map(ratio).collect()
}

/// Nines are those of the pooled availability: never a mean of nines.
fn with_nines(mut lines: Vec<Line>) -> Vec<Line> {
    let pooled: Vec<(Entity, Estimate)> = lines
        .iter()
        .filter(|line| line.metric.name == "availability.requests")
        .map(|line| (line.entity.clone(), line.estimate))
        .collect();
    for line in lines
        .iter_mut()
        .filter(|line| line.metric.name == "availability.nines")
    {
        let of_same = pooled.iter().find(|(entity, _)| *entity == line.entity);
        if let Some((_, availability)) = of_same {
            line.estimate = Estimate {
                value: nines(availability.value),
                interval: availability
                    .interval
                    .map(|Interval { low, high }| Interval {
                        low: nines(low.clamp(0.0, 1.0)),
                        high: nines(high.clamp(0.0, 1.0)),
                    }),
                method: availability.method,
            };
        }
    }
    lines
}

/// −log10(1 − A).
fn nines(availability: f64) -> f64 {
    -(1.0 - availability).log10()
}

fn rare_outages(lines: &[Line], runs: &[Measured]) -> Vec<Rare> {
    let seconds: f64 = runs.iter().map(|run| run.window.secs_f64()).sum();
    let counted = lines
        .iter()
        .filter(|line| line.metric.name == "outages" && matches!(line.entity, Entity::Service(_)));
    counted
        .filter_map(|line| {
            let had = |value: &Option<f64>| value.is_some_and(|outages| outages > 0.0);
            let with_outage = line.values.iter().filter(|value| had(value)).count() as u64;
            let trials = line.values.len() as u64;
            if with_outage * 2 > trials {
                return None;
            }
            let losses = lines.iter().find(|other| {
                other.metric.name == "availability.requests" && other.entity == line.entity
            });
            let lost: Vec<f64> = match losses {
                Some(losses) => (line.values.iter().zip(&losses.values))
                    .filter(|(outages, _)| had(outages))
                    .filter_map(|(_, availability)| availability.map(|served| 1.0 - served))
                    .collect(),
                None => Vec::new(),
            };
            let below = (with_outage == 0).then(|| stats::rule_of_three(seconds, CONFIDENCE));
            Some(Rare {
                entity: line.entity.clone(),
                with_outage: with_outage as u32,
                probability: stats::clopper_pearson(with_outage, trials, CONFIDENCE)?,
                loss_given_outage: stats::mean(&lost),
                rate_below: below
                    .flatten()
                    .and_then(|rate| rate.interval)
                    .map(|rate| rate.high),
            })
        })
        .collect()
}
