//! Plots: SVG for the page, PNG for everything else, drawn by one piece of code.

mod availability;
pub(crate) mod axis;
mod cells;
pub(crate) mod chart;
pub(crate) mod differences;
mod draw;
mod drawing;
mod filling;
mod font;
pub(crate) mod heat;
mod key;
mod outages;
mod panel;
pub(crate) mod pending;
mod png;
pub(crate) mod ranges;
mod replicas;
mod shares;
mod svg;
pub(crate) mod theme;
pub(crate) mod together;
mod utilization;

#[cfg(test)]
mod tests;

use std::path::Path;

pub(crate) use self::axis::{Axis, Scale};
pub(crate) use self::chart::{Body, Chart, Panel, Share};
pub(crate) use self::draw::Form;
use crate::report::stored::Stored;

/// All plots that have something to show; none where none were asked for.
pub(crate) fn charts(stored: &Stored) -> Vec<Chart> {
    if !stored.plots {
        return Vec::new();
    }
    let charts = [
        availability::chart(stored),
        replicas::chart(stored),
        filling::chart(stored),
        heat::chart(stored),
        utilization::chart(stored),
        pending::chart(stored),
    ];
    charts.into_iter().flatten().collect()
}

/// The axis of time over the measured window, and what it says.
fn time_axis(stored: &Stored) -> (Axis, String) {
    let (axis, unit) = Axis::time(stored.warm_up.secs_f64(), stored.end.secs_f64(), 9);
    (axis, time_label(unit, stored.lived))
}

/// What an axis of time in this unit says; `lived` where that of a live run is on it.
fn time_label(unit: &str, lived: bool) -> String {
    match lived {
        true => format!("time, {unit}"),
        false => format!("simulated time, {unit}"),
    }
}

/// Which of several replications is drawn, as the last sentence of a subtitle.
fn replication(stored: &Stored) -> String {
    match stored.replications {
        1 => String::new(),
        runs => format!(" Replication 1 of {runs}."),
    }
}

/// The plot as SVG for a file.
pub(crate) fn file(chart: &Chart) -> String {
    let drawing = draw::draw(chart, Form::File);
    let size = format!(" width=\"{}\" height=\"{}\"", drawing.width, drawing.height);
    svg::write(&drawing, &size)
}

/// The plot as SVG within a page, of this class.
pub(crate) fn inline(chart: &Chart, form: Form, class: &str) -> String {
    svg::write(&draw::draw(chart, form), &format!(" class=\"{class}\""))
}

/// Writes the plot as PNG.
pub(crate) fn write_png(chart: &Chart, path: &Path) -> std::io::Result<()> {
    png::write(&draw::draw(chart, Form::File), path)
}
