//! How full each node was over time: the heat map.

use std::io::{self, Write};

use super::axis::{Axis, Scale};
use super::chart::{Body, Chart, Key, Panel, Sample};
use crate::metrics::measured::HeatRow;
use crate::report::csv::Csv;
use crate::report::figure;
use crate::report::results::Results;
use crate::report::stored::Stored;
use crate::report::text::count;

/// The name of the files.
const NAME: &str = "heatmap";
/// Its data, beside the pictures.
pub(crate) const TABLE: &str = "heatmap.csv";

/// Most zones that have a panel each.
const PANELS: usize = 6;
/// Height of all rows together, as far as each may have so many pixels.
const HEIGHT: usize = 500;
const ROW: std::ops::RangeInclusive<usize> = 6..=16;
/// Least distance of two labels.
const LABEL_LINE: usize = 14;

/// Nothing where no heat map was kept.
pub(super) fn chart(stored: &Stored) -> Option<Chart> {
    let rows = stored.heat.as_slice();
    if rows.is_empty() {
        return None;
    }
    let mut edges = stored.heat_cells.clone();
    edges.push(stored.end.secs_f64());
    let height = (HEIGHT / rows.len()).clamp(*ROW.start(), *ROW.end());
    let zones: Vec<&[HeatRow]> = rows.chunk_by(|a, b| a.zone == b.zone).collect();
    let panels = match zones.len() {
        2..=PANELS => zones
            .iter()
            .map(|rows| panel(rows, height, &edges, true))
            .collect(),
        _ => vec![panel(rows, height, &edges, false)],
    };
    let has_absent = |row: &HeatRow| row.cells.iter().any(|&cell| row.is_down(cell));
    let mut keys = vec![Key {
        sample: Sample::Shares,
        label: "0 to 100 % of CPU requested",
    }];
    if rows.iter().any(has_absent) {
        keys.push(Key {
            sample: Sample::Absent,
            label: absent(band(rows)),
        });
    }
    let (x, x_label) = super::time_axis(stored);
    Some(Chart {
        name: NAME,
        data: format!("plots/{TABLE}"),
        title: title(rows),
        subtitle: subtitle(rows, stored),
        keys,
        x,
        x_label,
        panels,
    })
}

/// The columns of its data.
pub(crate) const COLUMNS: [&str; 9] = [
    "time_s",
    "zone",
    "first_node",
    "last_node",
    "nodes",
    "fewest_up",
    "cpu_requested_mcpu_s",
    "cpu_up_mcpu_s",
    "cpu_requested_of_up",
];

/// What is in the pictures, one row per row and cell.
pub(crate) fn table(results: &Results<'_>, out: impl Write) -> io::Result<()> {
    let mut csv = Csv::new(out, &COLUMNS)?;
    if let Some(run) = results.runs.first() {
        for row in &run.heat {
            for (&time, cell) in run.cells.iter().zip(&row.cells) {
                csv.number(time);
                csv.text(&row.zone);
                csv.text(&row.first);
                csv.text(&row.last);
                csv.whole(u64::from(row.nodes));
                csv.whole(u64::from(cell.fewest_up));
                csv.number(cell.bound);
                csv.number(cell.capacity);
                csv.number(cell.share());
                csv.end_row()?;
            }
        }
    }
    csv.finish()
}

/// The rows of one zone, or all of them.
fn panel(rows: &[HeatRow], height: usize, edges: &[f64], is_zone: bool) -> Panel {
    let all = rows.len() as f64;
    let tick = |(index, label): (usize, String)| (all - index as f64 - 0.5, label);
    let labels = match is_zone || rows[0].zone == rows[rows.len() - 1].zone {
        true => by_node(rows, height),
        false => by_zone(rows, height),
    };
    Panel {
        label: if is_zone {
            format!("Zone {}", rows[0].zone)
        } else {
            String::new()
        },
        note: String::new(),
        y: Axis {
            from: 0.0,
            to: all,
            scale: Scale::Linear,
            // Axes ascend.
            ticks: labels.into_iter().map(tick).rev().collect(),
        },
        height: i32::try_from(rows.len() * height).expect("rows are few"),
        body: Body::Rows {
            rows: rows.to_vec(),
            edges: edges.to_vec(),
        },
    }
}

/// The names of as many rows as have room for them.
fn by_node(rows: &[HeatRow], height: usize) -> Vec<(usize, String)> {
    let labelled = rows.iter().enumerate().step_by(LABEL_LINE.div_ceil(height));
    let label = |row: &HeatRow| match row.nodes {
        0 | 1 => row.first.clone(),
        _ => format!("{} …", row.first),
    };
    labelled.map(|(index, row)| (index, label(row))).collect()
}

/// The names of as many zones as have room for them, each at its first row.
fn by_zone(rows: &[HeatRow], height: usize) -> Vec<(usize, String)> {
    let mut labels: Vec<(usize, String)> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let is_first = index == 0 || rows[index - 1].zone != row.zone;
        let last = labels.last().map(|&(last, _)| last);
        if is_first && last.is_none_or(|last| (index - last) * height >= LABEL_LINE) {
            labels.push((index, row.zone.clone()));
        }
    }
    labels
}

/// Nodes in the largest row.
fn band(rows: &[HeatRow]) -> u32 {
    rows.iter().map(|row| row.nodes).max().unwrap_or(0)
}

const fn absent(band: u32) -> &'static str {
    match band {
        0 | 1 => "down or absent",
        _ => "half of its nodes, or more, down or absent",
    }
}

fn title(rows: &[HeatRow]) -> String {
    let shares = rows
        .iter()
        .filter_map(|row| HeatRow::together(&row.cells).share());
    let bounds = shares.fold(None, |bounds: Option<(f64, f64)>, share| {
        let (low, high) = bounds.unwrap_or((share, share));
        Some((low.min(share), high.max(share)))
    });
    let all: u64 = rows.iter().map(|row| u64::from(row.nodes)).sum();
    let nodes = count(all, "node");
    let Some((low, high)) = bounds else {
        return format!("{nodes}, none of them ever up");
    };
    let (low, high) = (figure::rough(low), figure::rough(high));
    let both = |one: &str| {
        format!("on average the fullest {one} had {high} of its CPU requested, the emptiest {low}")
    };
    match (band(rows), low == high) {
        (0 | 1, true) if all == 1 => format!("On average the node had {high} of its CPU requested"),
        (0 | 1, true) => format!("{nodes}, with {high} of their CPU requested on average"),
        (0 | 1, false) => format!("{nodes}: {}", both("one")),
        (most, true) => {
            format!(
                "{nodes} in rows of up to {most}, with {high} of their CPU requested on average"
            )
        }
        (most, false) => format!("{nodes} in rows of up to {most}: {}", both("row")),
    }
}

fn subtitle(rows: &[HeatRow], stored: &Stored) -> String {
    let rows_are = match band(rows) {
        0 | 1 => "Each row is a node",
        _ => "Each row is a band of neighbouring nodes",
    };
    format!(
        "{rows_are}; the share is of what nodes that were up could give.{}",
        super::replication(stored)
    )
}
