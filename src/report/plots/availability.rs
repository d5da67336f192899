//! What share of its requests each service answered, over time.

use super::axis::Axis;
use super::chart::{Chart, Line, Panel, Style, series_points};
use super::theme;
use crate::metrics::measured::Entity;
use crate::report::figure::{self, Unit};
use crate::report::results::Results;

const METRIC: &str = "availability.requests";

/// Nothing without requests.
pub(super) fn chart(results: &Results<'_>) -> Option<Chart> {
    let services = results.scenario.catalog.services.as_slice().iter();
    let mut lines: Vec<(f64, Line)> = services
        .filter_map(|service| {
            let entity = Entity::Service(service.name.clone());
            let points = series_points(results, &entity, METRIC)?;
            let lowest = points
                .iter()
                .filter_map(|&(_, value)| value)
                .reduce(f64::min)?;
            let line = Line {
                label: service.name.clone(),
                color: theme::PALE,
                style: Style::Steps,
                points,
            };
            Some((lowest, line))
        })
        .collect();
    let lowest = lines.iter().map(|&(lowest, _)| lowest).reduce(f64::min)?;
    // Those that fell lowest get the colours; all others are pale, behind them and nameless.
    lines.sort_by(|a, b| a.0.total_cmp(&b.0));
    let colors = theme::COLORS
        .iter()
        .copied()
        .map(Some)
        .chain(std::iter::repeat(None));
    let lines = lines
        .into_iter()
        .zip(colors)
        .map(|((_, line), color)| match color {
            Some(color) => Line { color, ..line },
            None => Line {
                label: String::new(),
                ..line
            },
        });
    let mut lines: Vec<Line> = lines.collect();
    lines.reverse();
    let (x, x_label) = super::time_axis(results);
    Some(Chart {
        name: "availability",
        data: "timeseries.csv",
        title: title(results),
        subtitle: subtitle(results),
        x,
        x_label: x_label.to_owned(),
        panels: vec![Panel {
            label: "Requests answered".to_owned(),
            y: Axis::up_to_all(lowest, 4),
            height: 200,
            bands: bands(results, None),
            lines,
        }],
    })
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

fn subtitle(results: &Results<'_>) -> String {
    let shaded = if bands(results, None).is_empty() {
        ""
    } else {
        " Shaded: fewer replicas ready than a service needs."
    };
    let replication = super::replication(results);
    format!("Share of the requests of each moment that were answered.{shaded}{replication}")
}

/// Outages of replication 1, in seconds; of one service or of any.
pub(super) fn bands(results: &Results<'_>, service: Option<&str>) -> Vec<(f64, f64)> {
    let end = results.scenario.end;
    let catalog = &results.scenario.catalog;
    let incidents = results.runs.first().map_or(&[][..], |run| &run.incidents);
    let of_it = incidents.iter().filter(|incident| {
        service.is_none_or(|service| catalog.services[incident.service].name == service)
    });
    of_it
        .map(|incident| {
            (
                incident.start.secs_f64(),
                incident.recovered.unwrap_or(end).secs_f64(),
            )
        })
        .collect()
}
