//! What share of its requests each service answered, over time.

use super::axis::Axis;
use super::chart::{Chart, Line, Panel, Style, series_points};
use super::theme;
use crate::metrics::measured::{Entity, Incident};
use crate::report::figure::{self, Unit};
use crate::report::results::Results;

const METRIC: &str = "availability.requests";

/// Most services that are shown.
const PANELS: usize = 6;

/// Nothing without requests.
pub(super) fn chart(results: &Results<'_>) -> Option<Chart> {
    let services = results.scenario.catalog.services.as_slice().iter();
    let mut lines: Vec<(f64, Line)> = services
        .filter_map(|service| line(results, &service.name))
        .collect();
    let lowest = lines.iter().map(|&(lowest, _)| lowest).reduce(f64::min)?;
    let all = lines.len();
    // Those that fell lowest first; those that are equal in the order of the scenario.
    lines.sort_by(|a, b| a.0.total_cmp(&b.0));
    lines.truncate(PANELS);
    let panels = lines.into_iter().map(|(_, line)| Panel {
        bands: bands(results, &line.label),
        label: line.label.clone(),
        y: Axis::up_to_all(lowest, 3),
        height: 76,
        lines: vec![Line {
            label: String::new(),
            ..line
        }],
    });
    let panels: Vec<Panel> = panels.collect();
    let (x, x_label) = super::time_axis(results);
    Some(Chart {
        name: "availability",
        data: "timeseries.csv",
        title: title(results),
        subtitle: subtitle(results, &panels, all),
        x,
        x_label: x_label.to_owned(),
        panels,
    })
}

/// The line of one service, and the lowest share in it.
fn line(results: &Results<'_>, service: &str) -> Option<(f64, Line)> {
    let entity = Entity::Service(service.to_owned());
    let points = series_points(results, &entity, METRIC)?;
    let lowest = points
        .iter()
        .filter_map(|&(_, value)| value)
        .reduce(f64::min)?;
    let line = Line {
        label: service.to_owned(),
        color: theme::BLUE,
        style: Style::Steps,
        points,
    };
    Some((lowest, line))
}

fn title(results: &Results<'_>) -> String {
    let lines = results
        .summary
        .lines
        .iter()
        .filter(|line| line.metric.name == METRIC);
    let services = lines.filter_map(|line| match &line.entity {
        Entity::Service(name) => Some((name, line.estimate.value)),
        _ => None,
    });
    let services: Vec<(&String, f64)> = services.collect();
    let worst = services.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    match worst {
        Some((name, share)) if *share < 1.0 => {
            let share = figure::number(*share, Unit::Ratio);
            match services.len() {
                1 => format!("{name} answered {share} of its requests"),
                all => {
                    format!("{name} answered {share} of its requests, the least of {all} services")
                }
            }
        }
        _ => "Every request was answered".to_owned(),
    }
}

fn subtitle(results: &Results<'_>, panels: &[Panel], all: usize) -> String {
    let shown = match panels.len() {
        shown if shown < all => format!(" The {shown} of {all} services that fell lowest."),
        _ => String::new(),
    };
    let shaded = match panels.iter().all(|panel| panel.bands.is_empty()) {
        true => "",
        false => " Shaded: fewer replicas ready than the service needs.",
    };
    format!(
        "Share of requests that were answered.{shown}{shaded}{}",
        super::replication(results)
    )
}

/// Outages of one service in replication 1, in seconds.
pub(super) fn bands(results: &Results<'_>, service: &str) -> Vec<(f64, f64)> {
    let end = results.scenario.end;
    let catalog = &results.scenario.catalog;
    let incidents = results.runs.first().map_or(&[][..], |run| &run.incidents);
    let own = incidents
        .iter()
        .filter(|incident| catalog.services[incident.service].name == service);
    let span = |incident: &Incident| {
        (
            incident.start.secs_f64(),
            incident.recovered.unwrap_or(end).secs_f64(),
        )
    };
    own.map(span).collect()
}
