//! `summary.json`: everything a program wants to know, in one file.

mod schema;

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Deserialize, Serialize, Serializer};

use crate::experiment::assumptions::{Effect, Varied};
use crate::experiment::drill::{Loss, YearlyLoss};
use crate::experiment::summary::{CONFIDENCE, Line, Rare};
use crate::metrics::dictionary::{Basis, Better};
use crate::metrics::measured::{self, Accounting, Fates};
use crate::policy::params::Value;
use crate::policy::registry::Named;
use crate::report::objectives::{self, Judged};
use crate::report::output::{Options, Plots};
use crate::report::outside::stated_by;
use crate::report::results::Results;
use crate::report::text::why;
use crate::report::{answer, command, notes, text};
use crate::scenario::objective::Bound;
use crate::stats::{self, Estimate};
pub use schema::schema;

/// The number of the format: raised when a program that reads the last one would go wrong.
pub(crate) const VERSION: u32 = 2;

/// Writes the summary, with a line break at its end. `files` are those written before it that the page
/// is made of.
pub(crate) fn write(
    results: &Results<'_>,
    options: Options,
    files: &BTreeMap<String, FileLine>,
    mut out: impl Write,
) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut out, &Summary::of(results, options, files))?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct Summary<'a> {
    version: u32,
    plimsoll: &'static str,
    scenario: Scenario<'a>,
    seed: u64,
    replications: usize,
    /// What to type, where the scenario's file is, to make the same files; of a live run, to make another.
    command: String,
    /// Whether plots are there.
    plots: bool,
    /// What was run, fact by fact.
    headline: Vec<String>,
    answer: String,
    /// Why objectives were missed, as far as the data say.
    why: Vec<String>,
    objectives: Vec<ObjectiveLine>,
    policies: BTreeMap<&'static str, Policy<'a>>,
    /// How sure the intervals are.
    confidence: f64,
    metrics: Vec<MetricLine<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rare_outages: Vec<RareOutages<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    drill: Option<Drill<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    jobs: Vec<Jobs<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    assumptions: Vec<Assumed>,
    notes: Vec<String>,
    /// The tables that the page is made of, as they were written.
    files: &'a BTreeMap<String, FileLine>,
}

/// A file, as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileLine {
    /// Its length.
    pub(crate) bytes: u64,
    /// Its fingerprint: FNV-1a of 128 bits, hexadecimal.
    pub(crate) hash: String,
}

/// An objective, and in how many runs it was met.
#[derive(Serialize)]
struct ObjectiveLine {
    quantity: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<f64>,
    runs_met: usize,
    /// Runs that have such a value.
    runs_judged: usize,
}

#[derive(Serialize)]
struct Scenario<'a> {
    name: &'a str,
    /// The name of its file.
    file: &'a str,
    question: &'a str,
    hash: &'a str,
    /// What was changed of the file, in the words of the command line.
    changes: &'a [String],
    /// The fingerprint of the reference mix: what "fits" means is the same where it is equal.
    mix_hash: String,
    duration_s: f64,
    warm_up_s: f64,
    currency: &'a str,
    nodes: usize,
    zones: usize,
    services: usize,
    service_names: Vec<&'a str>,
    /// Whether all pods are jobs of a trace that stay.
    only_arrivals: bool,
    /// Whether it was run on real engines.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    lived: bool,
}

/// A policy with its parameters.
#[derive(Serialize)]
pub(crate) struct Policy<'a> {
    name: &'static str,
    parameters: BTreeMap<&'static str, Parameter<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Parameter<'a> {
    Integer(u64),
    Number(f64),
    Text(String),
    Choice(&'a str),
}

#[derive(Serialize)]
struct MetricLine<'a> {
    metric: &'static str,
    entity: Entity<'a>,
    unit: &'static str,
    better: &'static str,
    basis: &'static str,
    estimate: Number,
    interval: Option<Interval>,
    method: &'static str,
    values: Vec<Option<Number>>,
}

/// What a lost node or zone costs.
#[derive(Serialize)]
struct Drill<'a> {
    lost: &'static str,
    drills: u32,
    /// Failures in a year, where that is known, and who says so.
    failures_per_year: Option<f64>,
    stated_by: Option<&'static str>,
    losses: Vec<DrillLoss<'a>>,
}

#[derive(Serialize)]
struct DrillLoss<'a> {
    loss: &'static str,
    entity: Entity<'a>,
    unit: &'static str,
    per_failure: Number,
    per_failure_interval: Option<Interval>,
    method: &'static str,
    /// Share of drills that lose anything.
    share: f64,
    share_interval: Option<Interval>,
    per_year: Option<Number>,
    per_year_interval: Option<Interval>,
}

/// How often a service had an outage, where at most half of the runs had one.
#[derive(Serialize)]
struct RareOutages<'a> {
    entity: Entity<'a>,
    runs_with_outage: u32,
    /// Runs that opened or ended in an outage.
    runs_censored: u32,
    /// Share of runs with an outage.
    probability: f64,
    probability_interval: Option<Interval>,
    /// Share of requests lost in a run with an outage.
    loss_given_outage: Option<f64>,
    /// No outage seen: there are fewer per second than this.
    rate_below_per_second: Option<f64>,
}

#[derive(Serialize)]
pub(crate) struct Entity<'a> {
    kind: &'static str,
    /// The service that it is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Interval {
    low: Number,
    high: Number,
}

/// What became of the answer under one changed assumption.
#[derive(Serialize)]
struct Assumed {
    assumption: &'static str,
    effects: Vec<EffectLine>,
}

#[derive(Serialize)]
struct EffectLine {
    quantity: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<f64>,
    runs: usize,
    runs_met_before: usize,
    runs_met_after: usize,
    before: Estimated,
    after: Estimated,
    /// After less before, run by run.
    difference: Option<Estimated>,
    /// The size of the difference, in tolerances, half widths of the interval before, or values before.
    size: Option<f64>,
}

#[derive(Serialize)]
struct Estimated {
    estimate: Number,
    interval: Option<Interval>,
    method: &'static str,
}

/// What became of the jobs in one replication.
#[derive(Serialize)]
struct Jobs<'a> {
    replication: usize,
    total: u64,
    excluded: BTreeMap<&'a str, u64>,
    not_arrived: u64,
    truth: FatesOf,
    belief: FatesOf,
}

#[derive(Serialize)]
struct FatesOf {
    finished: u64,
    running: u64,
    starting: u64,
    lost: u64,
    never_placed: u64,
}

/// A number, or `"inf"` and `"-inf"`, which JSON has no numbers for.
pub(crate) struct Number(pub(crate) f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            f64::INFINITY => serializer.serialize_str("inf"),
            f64::NEG_INFINITY => serializer.serialize_str("-inf"),
            finite => serializer.serialize_f64(finite),
        }
    }
}

impl<'a> Summary<'a> {
    fn of(
        results: &'a Results<'_>,
        options: Options,
        files: &'a BTreeMap<String, FileLine>,
    ) -> Summary<'a> {
        let scenario = results.scenario;
        let policy = &scenario.policy;
        Summary {
            version: VERSION,
            plimsoll: env!("CARGO_PKG_VERSION"),
            scenario: Scenario {
                name: &scenario.name,
                file: &scenario.file,
                question: &scenario.question,
                hash: &scenario.hash,
                changes: &scenario.changes,
                mix_hash: results.mix_hash(),
                duration_s: scenario.end.secs_f64(),
                warm_up_s: scenario.warm_up.secs_f64(),
                currency: &scenario.currency,
                nodes: scenario.catalog.nodes.len(),
                zones: results.zones(),
                services: scenario.catalog.services.len(),
                service_names: service_names(results),
                only_arrivals: results.only_arrivals(),
                lived: scenario.lived.is_some(),
            },
            seed: results.seed,
            replications: results.runs.len(),
            command: command::run(results, options),
            plots: options.plots == Plots::Drawn,
            headline: text::headline(results),
            answer: answer::sentence(results),
            why: why::sentences(results),
            objectives: objectives::all(results)
                .iter()
                .map(ObjectiveLine::of)
                .collect(),
            policies: BTreeMap::from([
                ("scheduler", Policy::of(&policy.scheduler)),
                ("autoscaler", Policy::of(&policy.autoscaler)),
                ("healer", Policy::of(&policy.healer)),
            ]),
            confidence: CONFIDENCE.level(),
            metrics: results.summary.lines.iter().map(MetricLine::of).collect(),
            rare_outages: results
                .summary
                .outages
                .iter()
                .map(RareOutages::of)
                .collect(),
            drill: results.summary.drill.as_ref().map(Drill::of),
            jobs: Jobs::of(results),
            assumptions: results
                .summary
                .assumptions
                .iter()
                .map(Assumed::of)
                .collect(),
            notes: notes::all(results),
            files,
        }
    }
}

fn service_names<'a>(results: &'a Results<'_>) -> Vec<&'a str> {
    let services = results.scenario.catalog.services.as_slice();
    let names = services.iter().map(|service| service.name.as_str());
    names.collect()
}

/// A bound as `at_least` and `at_most`.
const fn ends(bound: Bound) -> (Option<f64>, Option<f64>) {
    match bound {
        Bound::AtLeast(bound) => (Some(bound), None),
        Bound::AtMost(bound) => (None, Some(bound)),
    }
}

impl Assumed {
    fn of(varied: &Varied) -> Assumed {
        Assumed {
            assumption: varied.assumption.name(),
            effects: varied.effects.iter().map(EffectLine::of).collect(),
        }
    }
}

impl EffectLine {
    fn of(effect: &Effect) -> EffectLine {
        let (at_least, at_most) = effect.bound.map_or((None, None), ends);
        EffectLine {
            quantity: effect.quantity.to_string(),
            at_least,
            at_most,
            runs: effect.runs,
            runs_met_before: effect.met_before,
            runs_met_after: effect.met_after,
            before: Estimated::of(&effect.before),
            after: Estimated::of(&effect.after),
            difference: effect.difference.as_ref().map(Estimated::of),
            size: effect.size,
        }
    }
}

impl Estimated {
    fn of(estimate: &Estimate) -> Estimated {
        Estimated {
            estimate: Number(estimate.value),
            interval: estimate.interval.map(Interval::of),
            method: estimate.method.name(),
        }
    }
}

impl ObjectiveLine {
    fn of(one: &Judged) -> ObjectiveLine {
        let (at_least, at_most) = ends(one.bound);
        ObjectiveLine {
            quantity: one.quantity.to_string(),
            at_least,
            at_most,
            runs_met: one.met,
            runs_judged: one.judged,
        }
    }
}

impl<'a> Policy<'a> {
    /// What was chosen.
    pub(crate) fn of(named: &'a Named) -> Policy<'a> {
        let parameters = named.params.iter().map(|(name, value)| {
            let value = match value {
                Value::Integer(value) => Parameter::Integer(*value),
                Value::Number(value) => Parameter::Number(*value),
                Value::Duration(_) | Value::Shape(_) => Parameter::Text(value.to_string()),
                Value::Choice(value) => Parameter::Choice(value),
            };
            (name, value)
        });
        Policy {
            name: named.name,
            parameters: parameters.collect(),
        }
    }
}

impl<'a> MetricLine<'a> {
    fn of(line: &'a Line) -> MetricLine<'a> {
        MetricLine {
            metric: line.metric.name,
            entity: Entity::of(&line.entity),
            unit: line.metric.unit,
            better: better_name(line.metric.better),
            basis: basis_name(line.metric.basis),
            estimate: Number(line.estimate.value),
            interval: line.estimate.interval.map(Interval::of),
            method: line.estimate.method.name(),
            values: line.values.iter().map(|value| value.map(Number)).collect(),
        }
    }
}

impl<'a> Entity<'a> {
    pub(crate) fn of(entity: &'a measured::Entity) -> Entity<'a> {
        Entity {
            kind: entity.kind(),
            service: entity.within(),
            name: entity.name(),
        }
    }
}

impl Interval {
    pub(crate) const fn of(interval: stats::Interval) -> Interval {
        Interval {
            low: Number(interval.low),
            high: Number(interval.high),
        }
    }
}

impl<'a> Drill<'a> {
    fn of(drill: &'a YearlyLoss) -> Drill<'a> {
        let frequency = drill.drilled.frequency.as_ref();
        let loss = |loss: &'a Loss| DrillLoss {
            loss: loss.what.name(),
            entity: Entity::of(&loss.entity),
            unit: loss.what.unit(),
            per_failure: Number(loss.per_failure.value),
            per_failure_interval: loss.per_failure.interval.map(Interval::of),
            method: loss.per_failure.method.name(),
            share: loss.share.value,
            share_interval: loss.share.interval.map(Interval::of),
            per_year: loss.per_year.map(|yearly| Number(yearly.value)),
            per_year_interval: loss
                .per_year
                .and_then(|yearly| yearly.interval)
                .map(Interval::of),
        };
        Drill {
            lost: drill.drilled.drill.name(),
            drills: drill.drills,
            failures_per_year: frequency.map(|frequency| frequency.per_year),
            stated_by: frequency.map(|frequency| stated_by(frequency.stated_by)),
            losses: drill.losses.iter().map(loss).collect(),
        }
    }
}

impl<'a> RareOutages<'a> {
    fn of(rare: &'a Rare) -> RareOutages<'a> {
        RareOutages {
            entity: Entity::of(&rare.entity),
            runs_with_outage: rare.with_outage,
            runs_censored: rare.censored,
            probability: rare.probability.value,
            probability_interval: rare.probability.interval.map(Interval::of),
            loss_given_outage: rare.loss_given_outage,
            rate_below_per_second: rare.rate_below,
        }
    }
}

/// Which direction is better, in a word that stays.
pub(crate) const fn better_name(better: Better) -> &'static str {
    match better {
        Better::Up => "up",
        Better::Down => "down",
        Better::Neither => "neither",
    }
}

/// What a metric is measured on, in a word that stays.
pub(crate) const fn basis_name(basis: Basis) -> &'static str {
    match basis {
        Basis::Truth => "truth",
        Basis::Belief => "belief",
    }
}

impl<'a> Jobs<'a> {
    /// Those of every replication; none for a scenario without jobs.
    fn of(results: &'a Results<'_>) -> Vec<Jobs<'a>> {
        let runs = (1..).zip(results.runs);
        let runs = runs.filter(|(_, run)| run.accounting.total > 0);
        runs.map(|(replication, run)| {
            let Accounting {
                total,
                ref excluded,
                not_arrived,
                truth,
                belief,
            } = run.accounting;
            let excluded = excluded
                .iter()
                .map(|(reason, count)| (reason.as_str(), *count));
            Jobs {
                replication,
                total,
                excluded: excluded.collect(),
                not_arrived,
                truth: FatesOf::of(truth),
                belief: FatesOf::of(belief),
            }
        })
        .collect()
    }
}

impl FatesOf {
    const fn of(fates: Fates) -> FatesOf {
        FatesOf {
            finished: fates.finished,
            running: fates.running,
            starting: fates.starting,
            lost: fates.lost,
            never_placed: fates.never_placed,
        }
    }
}
