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
mod pending;
mod png;
pub(crate) mod ranges;
mod replicas;
mod shares;
mod svg;
pub(crate) mod theme;
mod utilization;

#[cfg(test)]
mod tests;

use std::path::Path;

pub(crate) use self::axis::{Axis, Scale};
pub(crate) use self::chart::{Body, Chart, Panel, Share};
pub(crate) use self::draw::Form;
use crate::report::results::Results;

/// All plots that have something to show.
pub(crate) fn charts(results: &Results<'_>) -> Vec<Chart> {
    let charts = [
        availability::chart(results),
        replicas::chart(results),
        filling::chart(results),
        heat::chart(results),
        utilization::chart(results),
        pending::chart(results),
    ];
    charts.into_iter().flatten().collect()
}

/// The axis of simulated time over the measured window.
fn time_axis(results: &Results<'_>) -> (Axis, &'static str) {
    let scenario = results.scenario;
    Axis::time(scenario.warm_up.secs_f64(), scenario.end.secs_f64(), 9)
}

/// Which of several replications is drawn, as the last sentence of a subtitle.
fn replication(results: &Results<'_>) -> String {
    match results.runs.len() {
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
