//! What share of its requests each service answered, over time.

use super::axis::Axis;
use super::chart::{Body, Chart, Line, Panel, Point, Style, series_points};
use super::{outages, theme};
use crate::experiment::summary;
use crate::metrics::measured::Entity;
use crate::report::figure;
use crate::report::results::Numbers as _;
use crate::report::stored::Stored;

const METRIC: &str = "availability.requests";

/// Most services that are shown.
const PANELS: usize = 6;

/// Shares above this are all: sums of what was answered are rounded.
const ALL: f64 = 1.0 - 1e-9;

/// Nothing without requests.
pub(super) fn chart(stored: &Stored) -> Option<Chart> {
    let services = stored.services.iter();
    let mut lines: Vec<(f64, Line)> = services
        .filter_map(|service| line(stored, service))
        .collect();
    let lowest = lines.iter().map(|&(lowest, _)| lowest).reduce(f64::min)?;
    let all = lines.len();
    // Those that fell lowest first; those that are equal in the order of the scenario.
    lines.sort_by(|a, b| a.0.total_cmp(&b.0));
    let is_eventful = |(lowest, line): &(f64, Line)| {
        *lowest < ALL || !outages::spans(stored, &line.label).is_empty()
    };
    let eventful = lines.iter().filter(|line| is_eventful(line)).count();
    if eventful > 0 {
        lines.retain(is_eventful);
        lines.truncate(PANELS);
    } else {
        // One flat line says it.
        lines.truncate(1);
        if all > 1 {
            lines[0].1.label = format!("Each of {all} services");
        }
    }
    let subtitle = subtitle(stored, lines.len(), eventful, all);
    let panels = lines
        .into_iter()
        .map(|(_, line)| panel(stored, line, lowest));
    let panels: Vec<Panel> = panels.chain(nodes_down(stored)).collect();
    let (x, x_label) = super::time_axis(stored);
    Some(Chart {
        name: "availability",
        data: outages::data(&panels),
        title: title(stored),
        subtitle,
        keys: outages::keys(&panels),
        x,
        x_label,
        panels,
    })
}

fn panel(stored: &Stored, line: Line, lowest: f64) -> Panel {
    Panel {
        note: outages::note(stored, &line.label),
        label: line.label.clone(),
        y: Axis::up_to_all(lowest, 3),
        height: 76,
        body: Body::Lines {
            outages: outages::spans(stored, &line.label),
            lines: vec![Line {
                label: String::new(),
                ..line
            }],
        },
    }
}

/// The line of one service, and the lowest share in it.
fn line(stored: &Stored, service: &str) -> Option<(f64, Line)> {
    let entity = Entity::Service(service.to_owned());
    let points = series_points(stored, &entity, METRIC)?;
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

fn title(stored: &Stored) -> String {
    let lines = stored
        .lines
        .iter()
        .filter(|line| line.metric.name == METRIC);
    let services = lines.filter_map(|line| match &line.entity {
        Entity::Service(name) => Some((name, line)),
        _ => None,
    });
    let services: Vec<(&String, &summary::Line)> = services.collect();
    let share = |line: &summary::Line| line.estimate.value;
    let worst = services
        .iter()
        .min_by(|a, b| share(a.1).total_cmp(&share(b.1)));
    match worst {
        Some((name, line)) if share(line) < 1.0 => {
            let share = stored.show_value(line);
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

fn subtitle(stored: &Stored, shown: usize, eventful: usize, all: usize) -> String {
    const SHARE: &str = "Share of requests that were answered";
    let replication = super::replication(stored);
    match (all - eventful, stored.replications) {
        (flat, 1) if flat == all => format!("{SHARE}: all of them."),
        (flat, runs) if flat == all => format!("{SHARE}: in replication 1 of {runs}, all of them."),
        _ if shown < eventful => {
            format!("{SHARE}. The {shown} of {all} services that fell lowest.{replication}")
        }
        (0, _) => format!("{SHARE}.{replication}"),
        (1, _) => format!("{SHARE}.{replication} One other service lost none."),
        (flat, _) => format!("{SHARE}.{replication} The other {flat} services lost none."),
    }
}

/// Nodes that are paid for and not up, if ever there were any: what availability suffers from.
fn nodes_down(stored: &Stored) -> Option<Panel> {
    let points = |metric: &str| series_points(stored, &Entity::Cluster, metric);
    let (provisioned, up) = (points("nodes.provisioned")?, points("nodes.up")?);
    let down = |(&(x, all), &(_, up)): (&Point, &Point)| {
        // Means over cells are rounded.
        let down = all.zip(up).map(|(all, up)| all - up);
        (x, down.map(|down| if down < ROUNDING { 0.0 } else { down }))
    };
    let points: Vec<Point> = provisioned.iter().zip(&up).map(down).collect();
    let most = |points: &[Point]| {
        let values = points.iter().filter_map(|&(_, value)| value);
        values.fold(0.0, f64::max)
    };
    let (highest, all) = (most(&points), most(&provisioned));
    (highest > 0.0).then(|| Panel {
        label: format!(
            "Nodes down or booting, of {}",
            figure::thousands(all.round() as u64)
        ),
        note: String::new(),
        y: Axis::counts(highest, 2),
        height: 44,
        body: Body::Lines {
            outages: Vec::new(),
            lines: vec![Line {
                label: String::new(),
                color: theme::MUTED,
                style: Style::Area,
                points,
            }],
        },
    })
}

/// Fewer nodes are none.
const ROUNDING: f64 = 1e-6;
