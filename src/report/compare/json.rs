//! `compare.json`: everything a program wants to know of a comparison.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Asked, Compared};
use crate::experiment::compare::{self, Chance};
use crate::experiment::sample;
use crate::experiment::verdict;
use crate::report::json::written;
use crate::report::summary_json::{Entity, Interval, Number, Policy, basis_name, better_name};
use crate::scenario::objective;

/// The number of the format: raised when a program that reads the last one would go wrong.
pub const VERSION: u32 = 1;

/// The comparison as JSON, with a line break at its end.
pub fn json(compared: &Compared<'_>) -> String {
    written(&Root::of(compared))
}

#[derive(Serialize)]
struct Root<'a> {
    version: u32,
    plimsoll: &'static str,
    scenario: &'a str,
    question: &'a str,
    currency: &'a str,
    seed: u64,
    replications: u32,
    /// How many there would have been, if the user had not stopped it.
    #[serde(skip_serializing_if = "Option::is_none")]
    interrupted_of: Option<u32>,
    /// Whether runs differ by chance.
    chance: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    precision: Option<Precision>,
    /// With what confidence all verdicts hold together.
    confidence: f64,
    /// Verdicts given: primary metrics × (variants − 1).
    family: usize,
    /// The baseline first.
    variants: Vec<Variant<'a>>,
    metrics: Vec<Metric<'a>>,
    /// The answer in one sentence; absent without verdicts.
    in_short: Option<String>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Precision {
    asked: f64,
    most_replications: u32,
    reached: bool,
}

#[derive(Serialize)]
struct Variant<'a> {
    name: &'a str,
    hash: &'a str,
    changes: &'a [String],
    policies: BTreeMap<&'static str, Policy<'a>>,
}

#[derive(Serialize)]
struct Metric<'a> {
    metric: &'static str,
    entity: Entity<'a>,
    unit: &'static str,
    better: &'static str,
    basis: &'static str,
    /// Whether verdicts are given on it.
    primary: bool,
    tolerance: Option<Tolerance>,
    /// In the order of the variants.
    variants: Vec<Cell>,
}

#[derive(Serialize)]
struct Tolerance {
    /// `absolute`, in the metric's unit, or `relative`, a share of the baseline.
    kind: &'static str,
    size: f64,
}

#[derive(Serialize)]
struct Cell {
    estimate: Option<Number>,
    interval: Option<Interval>,
    method: Option<&'static str>,
    /// By replication.
    values: Vec<Option<Number>>,
    /// From the baseline.
    difference: Option<Difference>,
}

#[derive(Serialize)]
struct Difference {
    estimate: Number,
    interval: Option<Interval>,
    method: &'static str,
    /// Of the interval by itself.
    confidence: f64,
    pairs: u64,
    larger_in: u64,
    smaller_in: u64,
    p_value: f64,
    holm_p_value: Option<f64>,
    /// Variance of paired against unpaired differences.
    variance_ratio: Option<f64>,
    verdict: Option<&'static str>,
    within_tolerance: Option<bool>,
    /// Runs that would probably decide what is undecided.
    runs_needed: Option<usize>,
}

impl<'a> Root<'a> {
    fn of(compared: &'a Compared<'_>) -> Root<'a> {
        let comparison = compared.comparison;
        let scenario = &compared.baseline().scenario;
        let rows = comparison.rows.iter();
        Root {
            version: VERSION,
            plimsoll: env!("CARGO_PKG_VERSION"),
            scenario: &scenario.name,
            question: &scenario.question,
            currency: &scenario.currency,
            seed: compared.seed,
            replications: comparison.replications,
            interrupted_of: compared.interrupted,
            chance: match comparison.chance {
                Chance::Random => "random",
                Chance::Exact => "exact",
            },
            precision: precision(compared.asked),
            confidence: comparison.confidence.level(),
            family: comparison.family,
            variants: compared.variants.iter().map(Variant::of).collect(),
            metrics: rows.map(|row| Metric::of(row, comparison)).collect(),
            in_short: super::summary::sentence(compared),
            notes: compared.notes(true),
        }
    }
}

fn precision(asked: Asked) -> Option<Precision> {
    match asked {
        Asked::Default | Asked::Number => None,
        Asked::Precision {
            relative,
            cap,
            reached,
        } => Some(Precision {
            asked: relative,
            most_replications: cap,
            reached,
        }),
    }
}

impl<'a> Variant<'a> {
    fn of(variant: &'a sample::Variant) -> Variant<'a> {
        let scenario = &variant.scenario;
        Variant {
            name: &variant.name,
            hash: &scenario.hash,
            changes: &scenario.changes,
            policies: BTreeMap::from([
                ("scheduler", Policy::of(&scenario.policy.scheduler)),
                ("autoscaler", Policy::of(&scenario.policy.autoscaler)),
                ("healer", Policy::of(&scenario.policy.healer)),
            ]),
        }
    }
}

impl<'a> Metric<'a> {
    fn of(row: &'a compare::Row, comparison: &compare::Comparison) -> Metric<'a> {
        let metric = row.quantity.metric;
        let cells = row.cells.iter().zip(&comparison.summaries);
        Metric {
            metric: metric.name,
            entity: Entity::of(&row.quantity.entity),
            unit: metric.unit,
            better: better_name(metric.better),
            basis: basis_name(metric.basis),
            primary: row.primary.is_some(),
            tolerance: row.primary.flatten().map(|tolerance| match tolerance {
                objective::Tolerance::Absolute(size) => Tolerance {
                    kind: "absolute",
                    size,
                },
                objective::Tolerance::Relative(size) => Tolerance {
                    kind: "relative",
                    size,
                },
            }),
            variants: cells
                .map(|(cell, summary)| {
                    let line = summary.line(&row.quantity);
                    let values = line.map_or(&[][..], |line| &line.values);
                    Cell::of(cell, values)
                })
                .collect(),
        }
    }
}

impl Cell {
    fn of(cell: &compare::Cell, values: &[Option<f64>]) -> Cell {
        Cell {
            estimate: cell.estimate.map(|estimate| Number(estimate.value)),
            interval: cell
                .estimate
                .and_then(|estimate| estimate.interval)
                .map(Interval::of),
            method: cell.estimate.map(|estimate| estimate.method.name()),
            values: values.iter().map(|value| value.map(Number)).collect(),
            difference: cell.against.as_ref().map(Difference::of),
        }
    }
}

impl Difference {
    fn of(against: &compare::Against) -> Difference {
        Difference {
            estimate: Number(against.estimate.value),
            interval: against.estimate.interval.map(Interval::of),
            method: against.estimate.method.name(),
            confidence: against.confidence.level(),
            pairs: against.signs.pairs,
            larger_in: against.signs.only_here,
            smaller_in: against.signs.only_baseline,
            p_value: against.p_value,
            holm_p_value: against.holm,
            variance_ratio: against.variance_ratio,
            verdict: against.verdict.map(word),
            within_tolerance: against.verdict.and_then(within_tolerance),
            runs_needed: against.verdict.and_then(verdict::Verdict::runs_needed),
        }
    }
}

/// A verdict in a word that stays.
const fn word(verdict: verdict::Verdict) -> &'static str {
    match verdict {
        verdict::Verdict::Better { .. } => "better",
        verdict::Verdict::Worse { .. } => "worse",
        verdict::Verdict::Different { .. } => "different",
        verdict::Verdict::Equivalent => "equivalent",
        verdict::Verdict::Undecided { .. } => "undecided",
        verdict::Verdict::Identical { .. } => "identical",
    }
}

const fn within_tolerance(verdict: verdict::Verdict) -> Option<bool> {
    match verdict {
        verdict::Verdict::Better { within_tolerance }
        | verdict::Verdict::Worse { within_tolerance }
        | verdict::Verdict::Different { within_tolerance } => within_tolerance,
        verdict::Verdict::Equivalent
        | verdict::Verdict::Undecided { .. }
        | verdict::Verdict::Identical { .. } => None,
    }
}
