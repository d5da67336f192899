//! The CSV files of a result folder, each one tidy table.

use std::io::{self, Write};

use crate::report::csv::Csv;
use crate::report::results::{Results, deletion_name, outcome_name, owner_parts, policy_name};

/// Which replications, and which entities, the detailed tables cover.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Replication 1; no single nodes.
    #[default]
    Brief,
    /// Replication 1; single nodes too.
    Nodes,
    /// Every replication; single nodes too.
    All,
}

impl Detail {
    /// The replications, from 1, that the detailed tables cover.
    pub(crate) fn replications(self, results: &Results<'_>) -> std::ops::RangeInclusive<u32> {
        match self {
            Detail::Brief | Detail::Nodes => 1..=1,
            Detail::All => 1..=results.runs.len() as u32,
        }
    }
}

/// `metrics.csv`: one row per metric, entity and replication that has a value.
pub(crate) fn metrics(results: &Results<'_>, out: impl Write) -> io::Result<()> {
    let columns = [
        "scenario",
        "policy",
        "replication",
        "metric",
        "entity",
        "unit",
        "value",
    ];
    let mut csv = Csv::new(out, &columns)?;
    let policy = policy_name(&results.scenario.policy);
    for line in &results.summary.lines {
        let entity = line.entity.to_string();
        for (replication, value) in (1..).zip(&line.values) {
            let Some(value) = *value else { continue };
            csv.text(&results.scenario.name);
            csv.text(&policy);
            csv.whole(replication);
            csv.text(line.metric.name);
            csv.text(&entity);
            csv.text(line.metric.unit);
            csv.number(value);
            csv.end_row()?;
        }
    }
    csv.finish()
}

/// The columns of `timeseries.csv`.
pub(crate) const TIMESERIES_COLUMNS: [&str; 6] =
    ["replication", "time_s", "entity", "metric", "unit", "value"];

/// The columns of `incidents.csv`.
pub(crate) const INCIDENT_COLUMNS: [&str; 8] = [
    "replication",
    "service",
    "start_s",
    "detected_s",
    "recovered_s",
    "censored",
    "lost_requests",
    "causes",
];

/// `timeseries.csv`: one row per replication, cell, entity and quantity that has a mean there.
pub(crate) fn timeseries(results: &Results<'_>, detail: Detail, out: impl Write) -> io::Result<()> {
    let mut csv = Csv::new(out, &TIMESERIES_COLUMNS)?;
    for replication in detail.replications(results) {
        let run = &results.runs[replication as usize - 1];
        for series in &run.series {
            let entity = series.entity.to_string();
            for (&time, value) in run.cells.iter().zip(&series.values) {
                let Some(value) = *value else { continue };
                csv.whole(u64::from(replication));
                csv.number(time);
                csv.text(&entity);
                csv.text(&series.metric);
                csv.text(series.unit);
                csv.number(value);
                csv.end_row()?;
            }
        }
    }
    csv.finish()
}

/// `pods.csv`: one row per pod incarnation, in order of creation; an empty time never came.
pub(crate) fn pods(results: &Results<'_>, detail: Detail, out: impl Write) -> io::Result<()> {
    let columns = [
        "replication",
        "kind",
        "owner",
        "index",
        "created_s",
        "bound_s",
        "node",
        "ready_s",
        "ended_s",
        "outcome",
        "deletion",
        "restarts",
    ];
    let mut csv = Csv::new(out, &columns)?;
    let scenario = results.scenario;
    for replication in detail.replications(results) {
        let jobs = results.jobs(replication);
        for row in results.runs[replication as usize - 1].pods.iter() {
            let (kind, owner) = owner_parts(row.owner, scenario, &jobs);
            csv.whole(u64::from(replication));
            csv.text(kind);
            csv.text(owner);
            csv.whole(u64::from(row.index));
            csv.time(row.created);
            csv.time(row.bound);
            csv.text(
                row.node
                    .map_or("", |node| &scenario.catalog.nodes[node].name),
            );
            csv.time(row.ready);
            csv.time(row.ended);
            csv.text(row.outcome.map_or("", outcome_name));
            csv.text(row.deletion.map_or("", deletion_name));
            csv.whole(u64::from(row.restarts));
            csv.end_row()?;
        }
    }
    csv.finish()
}

/// `incidents.csv`: one row per outage of a service, in order of their starts.
pub(crate) fn incidents(results: &Results<'_>, detail: Detail, out: impl Write) -> io::Result<()> {
    let mut csv = Csv::new(out, &INCIDENT_COLUMNS)?;
    for replication in detail.replications(results) {
        for incident in &results.runs[replication as usize - 1].incidents {
            csv.whole(u64::from(replication));
            csv.text(&results.scenario.catalog.services[incident.service].name);
            csv.time(incident.start);
            csv.time(incident.detected);
            csv.time(incident.recovered);
            csv.text(if incident.censored { "true" } else { "false" });
            csv.number(incident.lost);
            csv.text(&incident.causes.join("; "));
            csv.end_row()?;
        }
    }
    csv.finish()
}
