//! Outages in few runs, and nines.

use super::summary::{CONFIDENCE, Line, Rare};
use crate::metrics::dictionary;
use crate::metrics::measured::{Amount, Entity, Measured};
use crate::stats::{self, Estimate, Interval};

/// The nines of each pooled availability: −log10(1 − A), and the same of the ends of its interval.
/// Absent where nothing was lost.
pub(super) fn nines(lines: &[Line]) -> Vec<Line> {
    let metric = dictionary::find("availability.nines").expect("nines are in the dictionary");
    let availabilities = lines
        .iter()
        .filter(|line| line.metric.name == "availability.requests");
    let lossy = availabilities.filter(|line| line.estimate.value < 1.0);
    // Nothing served is 0 nines, not −0.
    let of = |availability: f64| 0.0 - (1.0 - availability).log10();
    let line = |line: &Line| Line {
        metric,
        entity: line.entity.clone(),
        estimate: Estimate {
            value: of(line.estimate.value),
            interval: line
                .estimate
                .interval
                .map(|Interval { low, high }| Interval {
                    low: of(low),
                    high: of(high),
                }),
            method: line.estimate.method,
        },
        values: vec![None; line.values.len()],
    };
    lossy.map(line).collect()
}

/// How often each service had an outage, for those that had one in at most half of the runs.
pub(super) fn outages(runs: &[Measured]) -> Vec<Rare> {
    let first = runs
        .first()
        .map(|run| run.values.as_slice())
        .unwrap_or_default();
    let counted = first.iter().filter(|value| value.metric.name == "outages");
    let services = counted.filter(|value| matches!(value.entity, Entity::Service(_)));
    services
        .filter_map(|value| rare(&value.entity, runs))
        .collect()
}

fn rare(service: &Entity, runs: &[Measured]) -> Option<Rare> {
    let had = |run: &&Measured| {
        run.get("outages", service)
            .is_some_and(|outages| outages.value() > 0.0)
    };
    let (trials, hit) = (runs.len() as u64, runs.iter().filter(had).count() as u64);
    if 2 * hit > trials {
        return None;
    }
    let (mut lost, mut offered) = (0.0, 0.0);
    for run in runs.iter().filter(had) {
        if let Some(Amount::Ratio { over, under }) = run.get("requests.lost", service) {
            lost += over;
            offered += under;
        }
    }
    let censored = |run: &&Measured| {
        run.get("outages.censored", service)
            .is_some_and(|outages| outages.value() > 0.0)
    };
    let censored = runs.iter().filter(censored).count() as u32;
    let watched: f64 = runs.iter().map(|run| run.window.secs_f64()).sum();
    let none = hit == 0 && censored == 0;
    let unseen = stats::rule_of_three(watched, CONFIDENCE).filter(|_| none);
    Some(Rare {
        entity: service.clone(),
        with_outage: hit as u32,
        censored,
        probability: stats::clopper_pearson(hit, trials, CONFIDENCE)?,
        loss_given_outage: (offered > 0.0).then(|| lost / offered),
        rate_below: unseen.and_then(|rate| rate.interval).map(|rate| rate.high),
    })
}
