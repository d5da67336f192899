//! Outages of services on the time axis: shaded, with marks where they became known and were over.

use super::chart::{Body, Key, Outage, Panel, Sample};
use crate::report::figure::{self, Unit};
use crate::report::stored::{Incident, Stored};
use crate::time::Time;

/// Most outages of one panel that are marked; more would hide each other.
const MARKED: usize = 24;

/// Outages of one service in replication 1.
pub(super) fn spans(stored: &Stored, service: &str) -> Vec<Outage> {
    spans_of(stored, &of(stored, service))
}

/// Outages of all services in replication 1.
pub(super) fn spans_of_all(stored: &Stored) -> Vec<Outage> {
    spans_of(stored, &stored.incidents.iter().collect::<Vec<_>>())
}

fn spans_of(stored: &Stored, incidents: &[&Incident]) -> Vec<Outage> {
    let is_marked = incidents.len() <= MARKED;
    // What came before the window is not on the axis.
    let shown = |at: Option<Time>| at.filter(|&at| is_marked && at >= stored.warm_up);
    let outage = |incident: &&Incident| Outage {
        from: incident.start.secs_f64(),
        to: incident.recovered.unwrap_or(stored.end).secs_f64(),
        known: shown(incident.detected).map(Time::secs_f64),
        over: shown(incident.recovered).map(Time::secs_f64),
    };
    incidents.iter().map(outage).collect()
}

/// The outages of one service in a few words; nothing where there was none.
pub(super) fn note(stored: &Stored, service: &str) -> String {
    note_of(stored, &of(stored, service))
}

/// The outages of all services in a few words; nothing where there was none.
pub(super) fn note_of_all(stored: &Stored) -> String {
    note_of(stored, &stored.incidents.iter().collect::<Vec<_>>())
}

fn note_of(stored: &Stored, incidents: &[&Incident]) -> String {
    let end = stored.end;
    let length = |incident: &Incident| incident.recovered.unwrap_or(end).since(incident.start);
    let shown = |seconds: f64| figure::number(seconds, Unit::Seconds);
    match incidents {
        [] => String::new(),
        [one] => {
            let after = |at: Time| shown(at.since(one.start).secs_f64().round());
            let known = match one.detected {
                Some(at) => format!("known after {}", after(at)),
                None => "never known".to_owned(),
            };
            let over = match one.recovered {
                Some(at) => format!("over after {}", after(at)),
                None => "not over at the end".to_owned(),
            };
            format!("outage: {known}, {over}")
        }
        [first, ..] => {
            let longest = incidents
                .iter()
                .map(|one| length(one))
                .fold(length(first), Ord::max);
            let longest = shown(longest.secs_f64().round());
            let count = figure::thousands(incidents.len() as u64);
            format!("{count} outages, the longest {longest}")
        }
    }
}

/// Where the data of these panels are.
pub(super) fn data(panels: &[Panel]) -> String {
    match keys(panels).as_slice() {
        [] => "timeseries.csv".to_owned(),
        _ => "timeseries.csv, incidents.csv".to_owned(),
    }
}

/// What is to be explained of what these panels show.
pub(super) fn keys(panels: &[Panel]) -> Vec<Key> {
    let outages = || {
        panels.iter().flat_map(|panel| match &panel.body {
            Body::Lines { outages, .. } => outages.as_slice(),
            Body::Shares { .. } | Body::Rows { .. } | Body::Ranges { .. } => &[],
        })
    };
    let key = |is_there: bool, sample, label| is_there.then_some(Key { sample, label });
    let keys = [
        key(
            outages().next().is_some(),
            Sample::Outage,
            "fewer ready than min_available",
        ),
        key(
            outages().any(|outage| outage.known.is_some()),
            Sample::Known,
            "failure known",
        ),
        key(
            outages().any(|outage| outage.over.is_some()),
            Sample::Over,
            "enough again",
        ),
    ];
    keys.into_iter().flatten().collect()
}

/// Outages of one service.
fn of<'a>(stored: &'a Stored, service: &str) -> Vec<&'a Incident> {
    let all = stored.incidents.iter();
    all.filter(|incident| incident.service == service).collect()
}
