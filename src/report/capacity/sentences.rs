//! What was found, in sentences.

mod levers;

use std::collections::BTreeMap;

use super::Told;
use crate::experiment::capacity::answer::{Row, Seen};
use crate::experiment::capacity::confirm::{Tally, Verdict};
use crate::experiment::capacity::fewest::Found;
use crate::experiment::capacity::trials::{Condition, Phase, Trials};
use crate::metrics::measured::Entity;
use crate::report::figure::{self, Unit};
use crate::report::reasons;
use crate::report::text::count;
use crate::report::text::why::clock;
use crate::scenario::Scenario;
use crate::scenario::drill::Drill;
use crate::scenario::loss::Loss;
use crate::scenario::objective::{AVAILABILITY, Bound, Objective};
use crate::time::Time;

/// The answer, and what speaks for it.
pub(super) fn answer(told: &Told<'_>) -> Vec<String> {
    let capacity = told.capacity;
    let found = &capacity.found;
    let mut said = Vec::new();
    match (found.answer, &capacity.struck) {
        (None, _) => said.push(not_enough(told, found)),
        (Some(answer), None) => {
            said.push(format!(
                "{}: {}",
                nodes(told, answer),
                met(told, answer, found)
            ));
            said.extend(below(told, answer, found));
        }
        (Some(answer), Some(struck)) => match struck.answer {
            Some(all) if all == answer => {
                said.push(format!("{}: {}", nodes(told, all), met(told, all, struck)));
                said.extend(below(told, all, found));
            }
            Some(all) => {
                said.push(format!("{}: {}", nodes(told, all), met(told, all, struck)));
                said.push(format!(
                    "Without the time it takes to make a loss good, {}: {}",
                    nodes(told, answer),
                    met(told, answer, found)
                ));
                said.extend(below(told, answer, found));
            }
            None => {
                said.push(format!(
                    "{}: {}",
                    nodes(told, answer),
                    met(told, answer, found)
                ));
                said.extend(below(told, answer, found));
                said.push(transient(told, struck));
            }
        },
    }
    said.extend(not_monotone(told, found));
    if let Some(struck) = &capacity.struck {
        said.extend(not_monotone(told, struck));
    }
    said
}

/// `17 worker nodes`.
pub(super) fn nodes(told: &Told<'_>, size: u32) -> String {
    count(size.into(), &format!("{} node", told.group))
}

/// That a size is enough, and how sure that is.
fn met(told: &Told<'_>, size: u32, found: &Found) -> String {
    let length = figure::number(told.scenario.end.secs_f64(), Unit::Seconds);
    let conditions = conditions(told, found);
    if told.capacity.is_exact {
        return format!(
            "this one run (of {length}) meets every objective{conditions}. Nothing in the scenario is \
             random; other weeks may differ."
        );
    }
    let claim = told.capacity.plan.claim;
    let tally = tally_of(told, size, found);
    let each = if found.cases > 1 { " of each case" } else { "" };
    format!(
        "with {} confidence at least {} of runs (of {length}) meet every objective{conditions} ({} of {} \
         runs{each}, fresh seeds).",
        figure::exact_percent(claim.confidence.level()),
        figure::exact_percent(claim.quantile),
        tally.good,
        tally.runs
    )
}

/// Under what else than the scenario as it is.
pub(super) fn conditions(told: &Told<'_>, found: &Found) -> String {
    let capacity = told.capacity;
    let Some(times) = capacity.times else {
        return String::new();
    };
    let what = losses(&capacity.losses);
    let at = |time: Time| minute(time, told.scenario);
    match found.cases > 1 + capacity.losses.len() {
        true => format!(
            ", also if {what} is lost for good at the busiest time, {}; and once that has been made good, all \
             pods of services have a node and the load of the busiest time is served",
            at(times.struck)
        ),
        false => format!(
            "; and once {what} has been lost for good, all pods of services have a node and the load of the \
             busiest time, {}, is served",
            at(times.peak)
        ),
    }
}

/// `any one of 3 zones`.
pub(super) fn losses(losses: &[Loss]) -> String {
    match losses {
        [one] => one.to_string(),
        several => {
            let kind = match several.first() {
                Some(Loss::Zone(_)) => Drill::Zone.name(),
                Some(Loss::Node { .. }) | None => Drill::Node.name(),
            };
            match several.first() {
                Some(Loss::Zone(_)) => format!("any one of {} {kind}s", several.len()),
                Some(Loss::Node { .. }) | None => {
                    format!("any one {kind} ({} kinds by group and zone)", several.len())
                }
            }
        }
    }
}

/// The lowest tally of the conditions that count.
fn tally_of(told: &Told<'_>, size: u32, found: &Found) -> Tally {
    let row = told.capacity.rows.iter().find(|row| row.size == size);
    let seen = row.and_then(|row| worst(told, row, found));
    seen.map_or(Tally::default(), |seen| seen.trials.tally)
}

/// What was seen under the worst of the conditions that count.
pub(super) fn worst<'a>(told: &Told<'_>, row: &'a Row, found: &Found) -> Option<&'a Seen> {
    let counts_struck = found.cases > 1 + told.capacity.losses.len();
    row.worst(|condition| match condition {
        Condition::AsWritten | Condition::Settled { .. } => true,
        Condition::Struck { .. } => counts_struck,
    })
}

/// That the size below is not enough, or could not be ruled out.
fn below(told: &Told<'_>, answer: u32, found: &Found) -> Option<String> {
    let below = found.verdicts.range(..answer).next_back();
    let Some((&size, verdict)) = below else {
        let plan = told.capacity.plan;
        return (answer <= plan.from)
            .then(|| format!("Fewer than {answer} were not tried (--from)."));
    };
    let row = told.capacity.rows.iter().find(|row| row.size == size)?;
    let seen = worst(told, row, found)?;
    let why = missed(told.scenario, &seen.trials, &seen.condition);
    let between = match answer - size {
        1 => String::new(),
        _ => format!(
            " Numbers between were not tried: nodes are dealt to zones in turn, {} at a time (--step 1 \
             tries all).",
            told.capacity.plan.step
        ),
    };
    Some(match verdict {
        Verdict::Refuted => format!("{size} do not: {why}.{between}"),
        Verdict::Open | Verdict::Confirmed => format!(
            "{size} could not be ruled out: {} of {} runs meet every objective.{between}",
            seen.trials.tally.good, seen.trials.tally.runs
        ),
    })
}

/// What is missed most, in what share of the runs, and what was short.
pub(super) fn missed(scenario: &Scenario, trials: &Trials, condition: &Condition) -> String {
    let runs = trials.tally.runs;
    // Of one run there is no share.
    let share = |bad: u32| match runs {
        1 => String::new(),
        _ => format!(
            " in {} of runs",
            figure::rough(f64::from(bad) / f64::from(runs))
        ),
    };
    let mut parts = Vec::new();
    if let Some(place) = trials.most_missed() {
        let objective = objective(scenario, &scenario.objectives[place]);
        parts.push(format!("{objective}{}", share(trials.missed[place])));
    }
    if trials.left_over > 0 {
        parts.push(format!("pods find no node{}", share(trials.left_over)));
    }
    let mut said = parts.join(", ");
    said.push_str(&when(scenario, condition));
    if let Some(short) = short(scenario, trials) {
        said.push_str(&format!(" ({short})"));
    }
    said
}

/// What kept pods waiting at the end of most runs.
pub(super) fn short(scenario: &Scenario, trials: &Trials) -> Option<String> {
    let scarce = trials.scarce();
    let texts = scarce
        .iter()
        .map(|reason| lower(&reasons::reason(&scenario.catalog, reason)));
    let mut said = String::new();
    for text in texts {
        match (said.is_empty(), text.strip_prefix(INSUFFICIENT)) {
            (false, Some(rest)) if said.starts_with(INSUFFICIENT) => {
                said.push_str(&format!(" and {rest}"));
            }
            (false, _) => said.push_str(&format!(", {text}")),
            (true, _) => said = text,
        }
    }
    (!said.is_empty()).then_some(said)
}

/// What the scarcity of a resource begins with.
const INSUFFICIENT: &str = "insufficient ";

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_lowercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}

fn when(scenario: &Scenario, condition: &Condition) -> String {
    match condition {
        Condition::AsWritten => String::new(),
        Condition::Settled { loss, .. } => format!(" once {loss} is lost"),
        Condition::Struck { loss, at } => {
            format!(" with {loss} lost at {}", minute(*at, scenario))
        }
    }
}

/// That an objective is missed: `cart misses 99.9 %`.
pub(super) fn objective(scenario: &Scenario, objective: &Objective) -> String {
    let quantity = &objective.quantity;
    match (&quantity.entity, objective.bound) {
        (Entity::Service(name), Bound::AtLeast(share)) if quantity.metric.name == AVAILABILITY => {
            format!("{name} misses {}", figure::exact_percent(share))
        }
        (_, bound) => {
            let unit = Unit::of(quantity.metric.unit, &scenario.currency);
            let (word, value) = match bound {
                Bound::AtLeast(value) => ("below", value),
                Bound::AtMost(value) => ("above", value),
            };
            let value = match unit {
                Unit::Ratio => figure::exact_percent(value),
                unit => figure::number(value, unit),
            };
            format!("{quantity} is {word} {value}")
        }
    }
}

/// That no size is enough.
fn not_enough(told: &Told<'_>, found: &Found) -> String {
    let largest = told.capacity.plan.largest();
    let row = told.capacity.rows.iter().find(|row| row.size == largest);
    let why = row
        .and_then(|row| worst(told, row, found))
        .filter(|seen| seen.trials.tally.good < seen.trials.tally.runs)
        .map(|seen| missed(told.scenario, &seen.trials, &seen.condition));
    let why = why.unwrap_or_else(|| "too few of the fresh runs meet every objective".to_owned());
    match found.is_flat {
        true => format!(
            "More nodes cannot help: {why}, with {} as with {}.{}",
            nodes(told, largest),
            told.capacity.plan.half(),
            levers::said(told)
        ),
        false => format!(
            "Even {} do not meet every objective: {why}. --to tries more.",
            nodes(told, largest)
        ),
    }
}

/// That no size is enough while a loss is being made good.
fn transient(told: &Told<'_>, struck: &Found) -> String {
    let largest = told.capacity.plan.largest();
    let row = told.capacity.rows.iter().find(|row| row.size == largest);
    let why = row
        .and_then(|row| worst(told, row, struck))
        .map_or_else(String::new, |seen| {
            missed(told.scenario, &seen.trials, &seen.condition)
        });
    match struck.is_flat {
        true => format!(
            "Until a loss is made good, more nodes cannot help: {why}, even with {}.{}",
            nodes(told, largest),
            levers::said(told)
        ),
        false => format!(
            "Until a loss is made good, even {} are not enough: {why}.",
            nodes(told, largest)
        ),
    }
}

/// That a larger size does worse than a smaller one.
fn not_monotone(told: &Told<'_>, found: &Found) -> Option<String> {
    let shares: BTreeMap<u32, f64> = told
        .capacity
        .rows
        .iter()
        .filter_map(|row| {
            let seen = worst(told, row, found)?;
            let tally = seen.trials.tally;
            let is_fresh = seen.phase == Phase::Fresh || told.capacity.is_exact;
            is_fresh.then(|| (row.size, f64::from(tally.good) / f64::from(tally.runs)))
        })
        .collect();
    let quantile = told.capacity.plan.claim.quantile;
    let (larger, low) = shares.iter().rev().find(|(larger, low)| {
        **low < quantile
            && shares
                .range(..**larger)
                .any(|(_, &share)| share >= quantile)
    })?;
    let (smaller, high) = shares
        .range(..larger)
        .rev()
        .find(|&(_, &share)| share >= quantile)?;
    Some(format!(
        "More is not always better here: {smaller} meet every objective in {} of runs, {larger} in {}. The \
         answer is the smallest number from which all larger ones tried hold.",
        figure::rough(*high),
        figure::rough(*low)
    ))
}

/// A time of the run to the minute.
pub(super) fn minute(at: Time, scenario: &Scenario) -> String {
    let text = clock(at.secs_f64(), scenario.end.secs_f64());
    text.strip_suffix(":00").unwrap_or(&text).to_owned()
}
