//! The answer in one sentence, from what was measured.

use crate::experiment::summary::Line;
use crate::metrics::measured::Entity;
use crate::report::figure::{self, Unit};
use crate::report::objectives::{self, Judged, Verdict};
use crate::report::results::{Numbers as _, Results};
use crate::report::text::count;

/// What a reader who reads one sentence should know.
pub(crate) fn sentence(results: &Results<'_>) -> String {
    promises(results)
        .or_else(|| jobs(results))
        .or_else(|| placed(results))
        .unwrap_or_else(|| "Nothing was asked of the cluster.".to_owned())
}

/// Whether the services kept their promises, and whether the other objectives were met.
fn promises(results: &Results<'_>) -> Option<String> {
    let judged = objectives::besides_slos(results);
    match (services(results), bounds(results, &judged)) {
        (services, None) => services,
        (None, Some(bounds)) => Some(format!("{bounds}.")),
        (Some(services), Some(bounds)) => {
            Some(format!("{}; {bounds}.", services.trim_end_matches('.')))
        }
    }
}

/// Whether the objectives that are no service's `slo` were met, without a full stop.
fn bounds(results: &Results<'_>, judged: &[Judged]) -> Option<String> {
    let mut missed = judged.iter().filter(|one| match one.verdict() {
        Verdict::Missed | Verdict::Partly => true,
        Verdict::Met | Verdict::Unknown => false,
    });
    let Some(first) = missed.next() else {
        let known: Vec<&Judged> = judged.iter().filter(|one| one.judged > 0).collect();
        return match known.as_slice() {
            [] => None,
            [one] => Some(format!("{} was kept", named(results, one))),
            all => Some(format!("all {} bounds on metrics were kept", all.len())),
        };
    };
    let runs = match (first.met, first.judged) {
        (_, 1) => String::new(),
        (0, _) => " in every run".to_owned(),
        (met, judged) => format!(" in {} of {judged} runs", judged - met),
    };
    let value = first.value(results);
    let value = value.map(|value| format!(": it was {value}"));
    let others = match missed.count() {
        0 => String::new(),
        more => format!(", nor {}", count(more as u64, "other bound")),
    };
    let (name, value) = (named(results, first), value.unwrap_or_default());
    Some(format!("{name} was not kept{runs}{value}{others}"))
}

/// `pending.p99 at most 1 m`.
fn named(results: &Results<'_>, one: &Judged) -> String {
    format!("{} {}", one.quantity, one.bound(results.currency()))
}

/// Whether the services kept their promises.
fn services(results: &Results<'_>) -> Option<String> {
    let lines = results.summary.lines.iter();
    let judged = lines.filter(|line| line.metric.name == "slo.met");
    let judged: Vec<(&str, &Line)> = judged
        .filter_map(|line| match &line.entity {
            Entity::Service(name) => Some((name.as_str(), line)),
            _ => None,
        })
        .collect();
    if judged.is_empty() {
        return None;
    }
    let mut missed: Vec<&(&str, &Line)> = judged
        .iter()
        .filter(|(_, line)| line.estimate.value < 1.0)
        .collect();
    // The worst first.
    let served = |name: &str| {
        let entity = Entity::Service(name.to_owned());
        results
            .value("availability.requests", &entity)
            .unwrap_or(1.0)
    };
    missed.sort_by(|a, b| served(a.0).total_cmp(&served(b.0)));
    let kept = judged.len() - missed.len();
    Some(match missed.as_slice() {
        [] => all_met(results, judged.len()),
        [(name, line)] if kept == 0 => format!("{}.", miss(results, name, line)),
        [(name, line)] => {
            let others = count(kept as u64, "other service");
            format!("{}; {others} met theirs.", miss(results, name, line))
        }
        [(name, line), ..] => {
            let (missed, all) = (missed.len(), judged.len());
            let worst = miss(results, name, line);
            format!("{missed} of {all} services missed their objectives: {worst}.")
        }
    })
}

fn all_met(results: &Results<'_>, services: usize) -> String {
    let runs = if results.runs.len() > 1 {
        " in every run"
    } else {
        ""
    };
    match services {
        1 => format!("The objective was met{runs}."),
        _ => format!("All {services} services met their objectives{runs}."),
    }
}

fn miss(results: &Results<'_>, name: &str, met: &Line) -> String {
    let entity = Entity::Service(name.to_owned());
    let share = results.show("availability.requests", &entity);
    let share = share.map(|share| format!(", answering {share} of its requests"));
    let runs = match results.runs.len() {
        1 => String::new(),
        _ if met.estimate.value == 0.0 => " in every run".to_owned(),
        _ => format!(
            " in {} of runs",
            figure::number(1.0 - met.estimate.value, Unit::Ratio)
        ),
    };
    format!(
        "{name} missed its objective{runs}{}",
        share.unwrap_or_default()
    )
}

/// What became of the jobs.
fn jobs(results: &Results<'_>) -> Option<String> {
    let first = results.runs.first()?;
    let arrived: u64 = results
        .runs
        .iter()
        .map(|run| run.accounting.truth.total())
        .sum();
    if first.accounting.total == 0 || arrived == 0 {
        return None;
    }
    let sum = |fate: fn(&crate::metrics::measured::Fates) -> u64| -> u64 {
        results
            .runs
            .iter()
            .map(|run| fate(&run.accounting.truth))
            .sum()
    };
    let never = sum(|fates| fates.never_placed);
    let lost = sum(|fates| fates.lost);
    let waited = results.show("pending.p99", &Entity::Cluster);
    let waited = waited.map(|wait| format!("; 99 % had a node within {wait}"));
    let fate = match (never, lost) {
        (0, 0) => "Every job that arrived was placed".to_owned(),
        (never, 0) => format!("{} never had a node", count(never, "job")),
        (0, lost) => format!("{} lost", count(lost, "job")),
        (never, lost) => {
            format!(
                "{} never had a node, {} lost",
                count(never, "job"),
                figure::thousands(lost)
            )
        }
    };
    let arrived = count(arrived, "job");
    Some(format!(
        "{fate}, of {arrived}{}.",
        waited.filter(|_| never == 0).unwrap_or_default()
    ))
}

/// Whether every pod had a node.
fn placed(results: &Results<'_>) -> Option<String> {
    let never = results.value("pending.never", &Entity::Cluster)?;
    Some(if never > 0.0 {
        let never = results.counted("pending.never", &Entity::Cluster, ["pod", "pods"])?;
        format!("{never} never had a node.")
    } else {
        "Every pod had a node.".to_owned()
    })
}
