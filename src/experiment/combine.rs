//! One estimate of what several replications measured.

use super::summary::CONFIDENCE;
use crate::metrics::dictionary::Metric;
use crate::metrics::measured::{Amount, Entity};
use crate::rng::{self, Purpose, Seed};
use crate::stats::{self, Ecdf, Estimate, Method, Ratio};

/// The estimate of a metric of an entity from the amounts of the replications that have it, which
/// are one at least. `seed` keys the bootstrap.
pub(super) fn estimate(
    seed: u64,
    metric: &Metric,
    entity: &Entity,
    amounts: &[&Amount],
) -> Estimate {
    let numbers: Vec<f64> = amounts.iter().map(|amount| amount.value()).collect();
    let estimate = match form(metric, amounts[0]) {
        Form::Mean => stats::t_mean(&numbers, CONFIDENCE),
        Form::Share => share_of_runs(&numbers),
        Form::Ratio => stats::jackknife_ratio(&ratios(amounts), CONFIDENCE),
        Form::Percentile(p) => percentile(seed, metric, entity, p, &numbers, amounts),
    };
    let estimate = estimate.expect("what was measured can be estimated");
    let (low, high) = possible(metric);
    Estimate {
        interval: estimate
            .interval
            .map(|interval| interval.clamped(low, high)),
        ..estimate
    }
}

/// How the values of several replications become one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    /// Their mean.
    Mean,
    /// The share of runs of which something is true.
    Share,
    /// Σ ÷ Σ.
    Ratio,
    /// The percentile of all their values together.
    Percentile(f64),
}

/// The form of a metric, of which every amount has the same.
pub(super) fn form(metric: &Metric, amount: &Amount) -> Form {
    match amount {
        Amount::Number(_) => Form::Mean,
        Amount::Ratio { .. } if metric.name == "slo.met" => Form::Share,
        Amount::Ratio { .. } => Form::Ratio,
        Amount::Percentile { p, .. } => Form::Percentile(*p),
    }
}

/// The value of a metric over all replications that have it, which are one at least, without its error.
pub(super) fn pooled(metric: &Metric, amounts: &[&Amount]) -> f64 {
    let mean = || {
        let numbers: Vec<f64> = amounts.iter().map(|amount| amount.value()).collect();
        stats::mean(&numbers).expect("there is a replication")
    };
    match form(metric, amounts[0]) {
        Form::Mean | Form::Share => mean(),
        Form::Ratio => {
            let ratios = ratios(amounts);
            let over: f64 = ratios.iter().map(|ratio| ratio.numerator).sum();
            let under: f64 = ratios.iter().map(|ratio| ratio.denominator).sum();
            over / under
        }
        Form::Percentile(p) => {
            let runs = amounts.iter().map(|amount| ecdf(amount));
            let mut all: Vec<(f64, u64)> = runs.flat_map(|run| counted(&run)).collect();
            all.sort_by(|a, b| a.0.total_cmp(&b.0));
            let all = Ecdf::from_ascending(all.into_iter());
            all.quantile(p).expect("a percentile is of something")
        }
    }
}

fn counted(run: &Ecdf) -> Vec<(f64, u64)> {
    run.counted().collect()
}

/// The share of runs of which something is true.
fn share_of_runs(truths: &[f64]) -> Option<Estimate> {
    let trials = truths.len() as u64;
    let successes = truths.iter().filter(|&&truth| truth == 1.0).count() as u64;
    let estimate = stats::clopper_pearson(successes, trials, CONFIDENCE)?;
    Some(match trials {
        1 => alone(estimate.value, Method::TooFew),
        _ => estimate,
    })
}

fn percentile(
    seed: u64,
    metric: &Metric,
    entity: &Entity,
    p: f64,
    numbers: &[f64],
    amounts: &[&Amount],
) -> Option<Estimate> {
    let runs: Vec<Ecdf> = amounts.iter().map(|amount| ecdf(amount)).collect();
    let name = format!("{} {} {}", metric.name, entity.kind(), entity.full_name());
    let seed = Seed {
        seed,
        replication: 0,
    };
    let dice = rng::stream(seed, Purpose::Bootstrap, &name, 0);
    let estimate = stats::bootstrap_quantile(&runs, p, CONFIDENCE, dice)?;
    // Drawing from runs that mostly agree says nothing about those that might not.
    let constant = numbers.len() > 1 && stats::is_mostly_constant(numbers);
    Some(match constant {
        true => alone(estimate.value, Method::MostlyConstant),
        false => estimate,
    })
}

const fn alone(value: f64, why: Method) -> Estimate {
    Estimate {
        value,
        interval: None,
        method: why,
    }
}

pub(super) fn ecdf(amount: &Amount) -> Ecdf {
    match amount {
        Amount::Percentile { counts, .. } => Ecdf::from_ascending(counts.iter().copied()),
        Amount::Number(_) | Amount::Ratio { .. } => panic!("a metric has one form"),
    }
}

pub(super) fn ratios(amounts: &[&Amount]) -> Vec<Ratio> {
    let ratio = |amount: &&Amount| match **amount {
        Amount::Ratio { over, under } => Ratio {
            numerator: over,
            denominator: under,
        },
        Amount::Number(_) | Amount::Percentile { .. } => panic!("a metric has one form"),
    };
    amounts.iter().map(ratio).collect()
}

/// The least and the greatest value that a metric can have: no interval reaches beyond.
fn possible(metric: &Metric) -> (f64, f64) {
    match metric.name {
        "slack.cpu" | "slack.memory" => (f64::NEG_INFINITY, 1.0),
        "slo.budget_burned" | "scaling.over" => (0.0, f64::INFINITY),
        _ if metric.unit == "ratio" => (0.0, 1.0),
        _ => (0.0, f64::INFINITY),
    }
}
