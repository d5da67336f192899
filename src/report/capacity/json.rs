//! `capacity.json`: everything that was found, for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::text::interval;
use super::{Told, sentences};
use crate::experiment::capacity::answer::{Row, Seen};
use crate::experiment::capacity::confirm::Verdict;
use crate::experiment::capacity::fewest::Found;
use crate::experiment::capacity::lever::{Lever, Levers};
use crate::experiment::capacity::survive::Times;
use crate::experiment::capacity::trials::{Condition, Phase, Trials};
use crate::report::json::written;
use crate::report::reasons;
use crate::report::summary_json::Number;

/// The number of the format: raised when a program that reads the last one would go wrong.
pub(super) const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    plimsoll: &'static str,
    scenario: &'a str,
    hash: &'a str,
    seed: u64,
    vary: &'a str,
    group: &'a str,
    from: u32,
    to: u32,
    step: u32,
    quantile: f64,
    confidence: f64,
    /// One run of a size says everything, and no confidence is claimed.
    exact: bool,
    objectives: Vec<String>,
    said: Vec<String>,
    /// For the scenario as it is, and once each loss has been made good.
    enough: Option<u32>,
    more_cannot_help: bool,
    verdicts: BTreeMap<u32, &'static str>,
    /// For all that, and while each loss is being made good.
    #[serde(skip_serializing_if = "Option::is_none")]
    during_loss: Option<During>,
    /// What was tried besides, where more nodes cannot help.
    #[serde(skip_serializing_if = "Option::is_none")]
    levers: Option<Tried>,
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<Moments>,
    sizes: Vec<Size>,
    runs: u64,
}

#[derive(Serialize)]
struct During {
    enough: Option<u32>,
    more_cannot_help: bool,
    verdicts: BTreeMap<u32, &'static str>,
}

#[derive(Serialize)]
struct Tried {
    nodes: u32,
    loss: Option<String>,
    objective: String,
    runs: u32,
    missed: u32,
    missed_by: Number,
    levers: Vec<Pulled>,
}

#[derive(Serialize)]
struct Pulled {
    lever: &'static str,
    missed: u32,
    missed_by: Number,
    met: u32,
    helps: bool,
}

#[derive(Serialize)]
struct Moments {
    peak_s: f64,
    peak_cores: f64,
    early_loss_s: f64,
    settled_s: f64,
    judged_until_s: f64,
    loss_s: f64,
}

#[derive(Serialize)]
struct Size {
    nodes: u32,
    cases: Vec<Case>,
}

#[derive(Serialize)]
struct Case {
    condition: &'static str,
    loss: Option<String>,
    seeds: &'static str,
    runs: u32,
    met: u32,
    low: f64,
    high: f64,
    /// Runs that missed each objective, in their order.
    missed: Vec<u32>,
    /// By how much each is missed in the mean over runs, in its unit; what is met is missed by 0.
    missed_by: Vec<Number>,
    /// Runs in which each had nothing to measure.
    absent: Vec<u32>,
    /// Runs in which a pod of a service found no node, where that counts.
    left_over: u32,
    /// Runs in which pods waited at the end, by what nodes lacked.
    short: BTreeMap<String, u32>,
}

pub(super) fn json(told: &Told<'_>) -> String {
    let capacity = told.capacity;
    let objectives = told.scenario.objectives.iter();
    let document = Document {
        version: VERSION,
        plimsoll: env!("CARGO_PKG_VERSION"),
        scenario: &told.scenario.name,
        hash: &told.scenario.hash,
        seed: told.seed,
        vary: told.key,
        group: told.group,
        from: capacity.plan.from,
        to: capacity.plan.to,
        step: capacity.plan.step,
        quantile: capacity.plan.claim.quantile,
        confidence: capacity.plan.claim.confidence.level(),
        exact: capacity.is_exact,
        objectives: objectives
            .map(|objective| objective.quantity.to_string())
            .collect(),
        said: sentences::answer(told),
        enough: capacity.found.answer,
        more_cannot_help: capacity.found.is_flat,
        verdicts: verdicts(&capacity.found),
        during_loss: capacity.struck.as_ref().map(|struck| During {
            enough: struck.answer,
            more_cannot_help: struck.is_flat,
            verdicts: verdicts(struck),
        }),
        levers: capacity.levers.as_ref().map(|levers| tried(told, levers)),
        times: capacity.times.as_ref().map(moments),
        sizes: capacity.rows.iter().map(|row| size(told, row)).collect(),
        runs: capacity.runs,
    };
    written(&document)
}

fn tried(told: &Told<'_>, levers: &Levers) -> Tried {
    let (_, loss, _) = condition(&levers.condition);
    let missed = |trials: &Trials| trials.missed[levers.objective];
    let missed_by = |trials: &Trials| Number(trials.missed_by(levers.objective));
    let pulled = |(lever, trials): &(Lever, Trials)| Pulled {
        lever: lever.name(),
        missed: missed(trials),
        missed_by: missed_by(trials),
        met: trials.tally.good,
        helps: levers.helps(trials),
    };
    Tried {
        nodes: levers.size,
        loss,
        objective: told.scenario.objectives[levers.objective]
            .quantity
            .to_string(),
        runs: levers.before.tally.runs,
        missed: missed(&levers.before),
        missed_by: missed_by(&levers.before),
        levers: levers.tried.iter().map(pulled).collect(),
    }
}

fn verdicts(found: &Found) -> BTreeMap<u32, &'static str> {
    let all = found.verdicts.iter();
    all.map(|(&size, &said)| (size, verdict(said))).collect()
}

fn moments(times: &Times) -> Moments {
    Moments {
        peak_s: times.peak.secs_f64(),
        peak_cores: times.cores,
        early_loss_s: times.early.secs_f64(),
        settled_s: times.settled.secs_f64(),
        judged_until_s: times.end.secs_f64(),
        loss_s: times.struck.secs_f64(),
    }
}

fn size(told: &Told<'_>, row: &Row) -> Size {
    let case = |seen: &Seen| {
        let (name, loss, _) = condition(&seen.condition);
        let (low, high) = interval(seen, told.capacity.plan.claim.confidence);
        let short = seen.trials.short.iter();
        Case {
            condition: name,
            loss,
            seeds: phase(seen.phase),
            runs: seen.trials.tally.runs,
            met: seen.trials.tally.good,
            low,
            high,
            missed: seen.trials.missed.clone(),
            missed_by: missed_by(&seen.trials).map(Number).collect(),
            absent: seen.trials.absent.clone(),
            left_over: seen.trials.left_over,
            short: short
                .map(|(reason, &runs)| (reasons::reason(&told.scenario.catalog, reason), runs))
                .collect(),
        }
    };
    Size {
        nodes: row.size,
        cases: row.cases.iter().map(case).collect(),
    }
}

/// By how much each objective is missed in the mean over runs.
pub(super) fn missed_by(trials: &Trials) -> impl Iterator<Item = f64> + '_ {
    (0..trials.missed.len()).map(|objective| trials.missed_by(objective))
}

/// A condition for files: its word, what is lost, and when.
pub(super) fn condition(condition: &Condition) -> (&'static str, Option<String>, Option<f64>) {
    match condition {
        Condition::AsWritten => ("as written", None, None),
        Condition::Settled { loss, at } => {
            ("after loss", Some(loss.to_string()), Some(at.secs_f64()))
        }
        Condition::Struck { loss, at } => {
            ("during loss", Some(loss.to_string()), Some(at.secs_f64()))
        }
    }
}

/// The word for which runs these are.
pub(super) const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Search => "search",
        Phase::Fresh => "fresh",
    }
}

/// The word for a verdict.
pub(super) const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Confirmed => "confirmed",
        Verdict::Refuted => "refuted",
        Verdict::Open => "open",
    }
}
