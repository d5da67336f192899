//! Replicas ready against replicas that the load asks for, service by service.

use super::axis::Axis;
use super::chart::{Body, Chart, Line, Panel, Style, series_points};
use super::{outages, theme};
use crate::metrics::measured::Entity;
use crate::report::figure;
use crate::report::results::Numbers as _;
use crate::report::stored::Stored;

/// Most services that are shown.
const PANELS: usize = 6;

/// Nothing without services under load.
pub(super) fn chart(stored: &Stored) -> Option<Chart> {
    let services = stored.services.iter();
    let mut panels: Vec<(f64, Panel)> = services
        .filter_map(|service| panel(stored, service))
        .collect();
    if panels.is_empty() {
        return None;
    }
    let all = panels.len();
    // The largest, in the order of the scenario.
    let mut sizes: Vec<f64> = panels.iter().map(|&(size, _)| size).collect();
    sizes.sort_by(|a, b| b.total_cmp(a));
    let least = sizes[all.min(PANELS) - 1];
    panels.retain(|&(size, _)| size >= least);
    panels.truncate(PANELS);
    let (x, x_label) = super::time_axis(stored);
    let shown = match panels.len() {
        shown if shown < all => format!(" The {shown} largest of {all} services."),
        _ => String::new(),
    };
    let panels: Vec<Panel> = panels.into_iter().map(|(_, panel)| panel).collect();
    Some(Chart {
        name: "replicas",
        data: outages::data(&panels),
        title: title(stored),
        subtitle: format!(
            "Line: replicas ready. Filled: replicas that the load of the moment needs.{shown}{}",
            super::replication(stored)
        ),
        keys: outages::keys(&panels),
        x,
        x_label,
        panels,
    })
}

fn title(stored: &Stored) -> String {
    let short = stored.show("scaling.under_time", &Entity::Cluster);
    match (short, stored.value("scaling.under_time", &Entity::Cluster)) {
        (Some(short), Some(share)) if share > 0.0 => {
            format!("Services had too few replicas for their load {short} of the time")
        }
        (Some(_), Some(_)) => "There were always enough replicas for the load".to_owned(),
        _ => "Replicas against load".to_owned(),
    }
}

/// A service's panel, and the most replicas it shows.
fn panel(stored: &Stored, service: &str) -> Option<(f64, Panel)> {
    let entity = Entity::Service(service.to_owned());
    let points = |metric| series_points(stored, &entity, metric);
    let ready = points("replicas.ready")?;
    let offered = points("requests.offered")?;
    let bounds = |points: &[(f64, Option<f64>)]| {
        let values = points.iter().filter_map(|&(_, value)| value);
        values.fold((f64::INFINITY, 0.0_f64), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    };
    let (least, most) = bounds(&offered);
    if most <= 0.0 {
        return None;
    }
    let needed = points("replicas.needed").filter(|points| bounds(points).1 > 0.0);
    let highest = bounds(&ready)
        .1
        .max(needed.as_ref().map_or(0.0, |points| bounds(points).1));
    let line = |label: &str, style, points| Line {
        label: label.to_owned(),
        color: theme::BLUE,
        style,
        points,
    };
    let mut lines: Vec<Line> = needed
        .map(|points| line("needed", Style::Area, points))
        .into_iter()
        .collect();
    lines.push(line("ready", Style::Steps, ready));
    let load = if least == most {
        rate(most)
    } else {
        format!("{} to {}", rate(least), rate(most))
    };
    let panel = Panel {
        label: format!("{service}: replicas, at {load} requests per second"),
        note: outages::note(stored, service),
        y: Axis::counts(highest, 3),
        height: 90,
        body: Body::Lines {
            outages: outages::spans(stored, service),
            lines,
        },
    };
    Some((highest, panel))
}

fn rate(rate: f64) -> String {
    if rate < 10.0 {
        format!("{rate:.1}")
    } else {
        figure::thousands(rate.round() as u64)
    }
}
