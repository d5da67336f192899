//! Several runs on one axis, below each other or over each other.

use super::axis::Axis;
use super::chart::{Body, Chart, Line, Panel, Point, Style, series_points};
use super::theme::{self, Color};
use super::utilization::spoken;
use super::{outages, pending};
use crate::metrics::measured::Entity;
use crate::report::results::Numbers as _;
use crate::report::stored::Stored;
use crate::units::Resource;

/// Colours of lines over each other: of more, none would be told apart.
const COLORS: [Color; 4] = [theme::BLUE, theme::VERMILION, theme::GREEN, theme::PURPLE];

/// A run under the name that it has among the others.
pub(crate) type Named<'a> = (&'a str, &'a Stored);

/// All plots that have something to show of these runs.
pub(crate) fn charts(runs: &[Named<'_>]) -> Vec<Chart> {
    let mut charts: Vec<Chart> = availability(runs).into_iter().collect();
    charts.extend(
        Resource::ALL
            .into_iter()
            .filter_map(|resource| utilization(runs, resource)),
    );
    charts.extend(waiting(runs));
    charts
}

/// The axis of time over the measured windows of all of them, and what it says.
fn time_axis(runs: &[Named<'_>]) -> (Axis, String) {
    let from = runs.iter().map(|(_, run)| run.warm_up.secs_f64());
    let to = runs.iter().map(|(_, run)| run.end.secs_f64());
    let (axis, unit) = Axis::time(
        from.fold(f64::INFINITY, f64::min),
        to.fold(0.0, f64::max),
        9,
    );
    let lived = runs.iter().any(|(_, run)| run.lived);
    (axis, super::time_label(unit, lived))
}

/// What each answered of all its requests; nothing where none was asked.
fn availability(runs: &[Named<'_>]) -> Option<Chart> {
    let lines = runs.iter().map(|(name, run)| (*name, *run, answered(run)));
    let lines: Vec<_> = lines
        .filter_map(|(name, run, points)| Some((name, run, points?)))
        .collect();
    let shares = lines.iter().flat_map(|(_, _, points)| points);
    let lowest = shares.filter_map(|&(_, share)| share).reduce(f64::min)?;
    let panel = |(name, run, points): (&str, &Stored, Vec<Point>)| Panel {
        label: name.to_owned(),
        note: outages::note_of_all(run),
        y: Axis::up_to_all(lowest, 3),
        height: 76,
        body: Body::Lines {
            outages: outages::spans_of_all(run),
            lines: vec![line("", theme::BLUE, Style::Steps, points)],
        },
    };
    let panels: Vec<Panel> = lines.into_iter().map(panel).collect();
    let (x, x_label) = time_axis(runs);
    Some(Chart {
        name: "availability",
        data: "timeseries.csv, incidents.csv of each".to_owned(),
        title: between(runs, "availability.requests", "of all requests answered"),
        subtitle: format!(
            "Share of the requests of all services that were answered.{}",
            replication(runs)
        ),
        keys: outages::keys(&panels),
        x,
        x_label,
        panels,
    })
}

/// The share answered of what all services were asked, cell by cell.
fn answered(run: &Stored) -> Option<Vec<Point>> {
    let mut sums: Option<Vec<(f64, f64)>> = None;
    for service in &run.services {
        let entity = Entity::Service(service.clone());
        let series = |metric: &str| run.series(&entity, metric);
        let (Some(offered), Some(served)) = (series("requests.offered"), series("requests.served"))
        else {
            continue;
        };
        let sums = sums.get_or_insert_with(|| vec![(0.0, 0.0); run.cells.len()]);
        for (sum, (offered, served)) in sums.iter_mut().zip(offered.iter().zip(served)) {
            sum.0 += offered.unwrap_or(0.0);
            sum.1 += served.unwrap_or(0.0);
        }
    }
    let share = |&(offered, served): &(f64, f64)| (offered > 0.0).then(|| served / offered);
    let shares: Vec<Option<f64>> = sums?.iter().map(share).collect();
    shares.iter().any(Option::is_some).then_some(())?;
    let mut points: Vec<Point> = run.cells.iter().copied().zip(shares).collect();
    let last = points.last()?.1;
    points.push((run.end.secs_f64(), last));
    Some(points)
}

/// What is requested and what is in use of one resource; nothing where nothing is requested.
fn utilization(runs: &[Named<'_>], resource: Resource) -> Option<Chart> {
    let points = |run: &Stored, kind: &str| {
        let metric = format!("{kind}.{}", resource.name());
        series_points(run, &Entity::Cluster, &metric)
    };
    let panel = |(name, run): &Named<'_>| {
        let allocated = points(run, "allocated")?;
        let used = points(run, "used");
        let used = used.map(|points| line("in use", theme::BLUE, Style::Area, points));
        let mut lines: Vec<Line> = used.into_iter().collect();
        let label = if lines.is_empty() { "" } else { "requested" };
        lines.push(line(label, theme::BLUE, Style::Steps, allocated));
        Some(Panel {
            label: (*name).to_owned(),
            note: String::new(),
            y: Axis::whole(),
            height: 76,
            body: Body::Lines {
                outages: Vec::new(),
                lines,
            },
        })
    };
    let metric = format!("allocated.{}", resource.name());
    let is_asked = |(_, run): &Named<'_>| run.value(&metric, &Entity::Cluster) > Some(0.0);
    if !runs.iter().any(is_asked) {
        return None;
    }
    let panels: Vec<Panel> = runs.iter().filter_map(panel).collect();
    let (x, x_label) = time_axis(runs);
    let title = format!("of {} requested on average", spoken(resource));
    (!panels.is_empty()).then(|| Chart {
        name: "utilization",
        data: "timeseries.csv of each".to_owned(),
        title: between(runs, &metric, &title),
        subtitle: format!(
            "Share of what all provisioned nodes can give.{}",
            replication(runs)
        ),
        keys: Vec::new(),
        x,
        x_label,
        panels,
    })
}

/// How long pods waited; nothing where no plots were made, where nobody waited in any run, or where
/// there are too many lines to be told apart.
fn waiting(runs: &[Named<'_>]) -> Option<Chart> {
    let waits = runs
        .iter()
        .map(|(name, run)| Some((*name, run.waits.get(&Entity::Cluster)?)));
    let waits: Vec<_> = waits.collect::<Option<_>>()?;
    let ranges = waits.iter().filter_map(|(_, waits)| waits.range());
    let (shortest, longest) = ranges.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
    if waits.len() > COLORS.len() {
        return None;
    }
    let knee = pending::knee(shortest);
    let x = Axis::waiting(knee, longest);
    let lines = waits
        .iter()
        .zip(COLORS)
        .map(|((name, waits), color)| line(name, color, Style::Steps, waits.points(x.to)));
    let lines: Vec<Line> = lines.collect();
    let least = lines.iter().filter_map(|line| line.points[0].1);
    let least = least.fold(1.0, f64::min);
    Some(Chart {
        name: "pending",
        data: "plots/pending.csv of each".to_owned(),
        title: between(runs, "pending.p99", "until 99 % of pods had a node"),
        subtitle: "All pods of all replications.".to_owned(),
        keys: Vec::new(),
        x_label: pending::x_label(knee),
        x,
        panels: vec![Panel {
            label: "Pods that had a node by then".to_owned(),
            note: String::new(),
            y: Axis::up_to_all(least, 4),
            height: 220,
            body: Body::Lines {
                outages: Vec::new(),
                lines,
            },
        }],
    })
}

/// What the least and the greatest of a metric are, as a title: `98.1 % (a) to 99.9 % (b) of …`.
fn between(runs: &[Named<'_>], metric: &str, of_what: &str) -> String {
    let lines = runs.iter().filter_map(|(name, run)| {
        let line = run.line(metric, &Entity::Cluster)?;
        Some((line.estimate.value, run.show_value(line), *name))
    });
    let mut values: Vec<(f64, String, &str)> = lines.collect();
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    match (values.first(), values.last()) {
        (Some(low), Some(high)) if low.1 != high.1 => {
            format!("{} ({}) to {} ({}) {of_what}", low.1, low.2, high.1, high.2)
        }
        (Some(same), _) => format!("{} {of_what} everywhere", same.1),
        (None, _) => of_what.to_owned(),
    }
}

/// Which of several replications is drawn.
fn replication(runs: &[Named<'_>]) -> &'static str {
    match runs.iter().all(|(_, run)| run.replications == 1) {
        true => "",
        false => " Replication 1 of each.",
    }
}

fn line(label: &str, color: Color, style: Style, points: Vec<Point>) -> Line {
    Line {
        label: label.to_owned(),
        color,
        style,
        points,
    }
}
