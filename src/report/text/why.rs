//! Why an objective was missed, as far as the outages say.

use crate::metrics::measured::{Entity, Incident};
use crate::report::figure::{self, Unit};
use crate::report::results::Results;

/// One sentence for each service that missed its objective and had an outage.
pub(crate) fn sentences(results: &Results<'_>) -> Vec<String> {
    let services = results.scenario.catalog.services.iter();
    let missed = services.filter(|(_, spec)| {
        let entity = Entity::Service(spec.name.clone());
        spec.slo.is_some()
            && results
                .value("slo.met", &entity)
                .is_some_and(|met| met < 1.0)
    });
    let told = missed.filter_map(|(service, spec)| {
        // The worst outage of the first replication that had one.
        let (replication, worst) = (1..).zip(results.runs).find_map(|(replication, run)| {
            let mut own: Vec<&Incident> = run
                .incidents
                .iter()
                .filter(|incident| incident.service == service)
                .collect();
            own.sort_by(|a, b| b.lost.total_cmp(&a.lost).then(a.start.cmp(&b.start)));
            own.first().map(|worst| (replication, *worst))
        })?;
        let wanted = figure::exact_percent(spec.slo?.availability);
        let run = if results.runs.len() > 1 {
            format!(" in replication {replication}")
        } else {
            String::new()
        };
        let name = &spec.name;
        Some(format!(
            "Why {name} missed {wanted}{run}: {}",
            tell(results, worst)
        ))
    });
    told.collect()
}

/// What happened, in order of time.
fn tell(results: &Results<'_>, incident: &Incident) -> String {
    let seconds = |time: f64| figure::number(time, Unit::Seconds);
    let start = clock(incident.start.secs_f64(), results.scenario.end.secs_f64());
    let causes = match incident.causes.as_slice() {
        [] => "too few replicas were ready".to_owned(),
        causes => format!("{} failed", causes.join(", ")),
    };
    let mut text = format!("{causes} ({start})");
    if let Some(detected) = incident.detected {
        let after = detected.since(incident.start).secs_f64();
        text.push_str(&format!("; known after {}", seconds(after)));
    } else {
        text.push_str("; never known");
    }
    if let Some(recovered) = incident.recovered {
        let after = recovered.since(incident.start).secs_f64();
        text.push_str(&format!("; enough replicas again after {}", seconds(after)));
    } else {
        text.push_str("; not over at the end");
    }
    let lost = figure::thousands(incident.lost.round() as u64);
    text.push_str(&format!("; {lost} requests lost meanwhile."));
    text
}

/// A time of the run: `day 3, 20:00:05`, without the day in runs of one day.
pub(crate) fn clock(at: f64, end: f64) -> String {
    let whole = at.round() as u64;
    let (day, hour, minute, second) = (
        whole / 86_400,
        whole / 3600 % 24,
        whole / 60 % 60,
        whole % 60,
    );
    let time = format!("{hour:02}:{minute:02}:{second:02}");
    if end > 86_400.0 {
        format!("day {}, {time}", day + 1)
    } else {
        time
    }
}
