//! Plots: SVG for the page, PNG for everything else, drawn by one piece of code.

mod availability;
mod axis;
mod chart;
mod draw;
mod pending;
mod replicas;
mod theme;
mod utilization;

use std::path::Path;

use plotters::prelude::{BitMapBackend, DrawingBackend, SVGBackend};

use self::axis::Axis;
pub(crate) use self::chart::Chart;
use self::draw::FINE;
use crate::report::results::Results;

/// Pixels of a PNG in one pixel of the plot: sharp on fine screens.
const SHARP: i32 = 2;
/// Drawn units that become one pixel of a PNG, in either direction: their mean is a smooth edge.
const SMOOTH: usize = (FINE / SHARP) as usize;

/// All plots that have something to show.
pub(crate) fn charts(results: &Results<'_>) -> Vec<Chart> {
    let charts = [
        availability::chart(results),
        replicas::chart(results),
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

/// The plot as SVG.
pub(crate) fn svg(chart: &Chart) -> String {
    theme::register_fonts();
    let (width, height) = (draw::WIDTH, draw::height(chart));
    let (fine_width, fine_height) = (FINE * width, FINE * height);
    let mut text = String::new();
    let size = (fine_width as u32, fine_height as u32);
    draw::draw(chart, SVGBackend::with_string(&mut text, size), 0.0).expect("text can be written");
    let fine = format!("width=\"{fine_width}\" height=\"{fine_height}\" ");
    assert!(text.contains(&fine), "the drawing library states its size");
    let round = "stroke-linejoin=\"round\" stroke-linecap=\"round\"";
    text.replacen(
        &fine,
        &format!("width=\"{width}\" height=\"{height}\" {round} "),
        1,
    )
}

/// Writes the plot as PNG.
pub(crate) fn write_png(chart: &Chart, path: &Path) -> std::io::Result<()> {
    theme::register_fonts();
    let (width, height) = (
        (FINE * draw::WIDTH) as usize,
        (FINE * draw::height(chart)) as usize,
    );
    let mut fine = vec![0; 3 * width * height];
    let backend = BitMapBackend::with_buffer(&mut fine, (width as u32, height as u32));
    draw::draw(chart, backend, LOWER).expect("a picture in memory can be drawn");
    let smooth = shrink(&fine, width, height);
    let size = ((width / SMOOTH) as u32, (height / SMOOTH) as u32);
    let mut file = BitMapBackend::new(path, size);
    let drawn = file
        .blit_bitmap((0, 0), size, &smooth)
        .and_then(|()| file.present());
    drawn.map_err(std::io::Error::other)
}

/// The bitmap backend writes text this much too high, in ems.
const LOWER: f64 = 0.15;

/// Each pixel the mean of [`SMOOTH`]² of the drawing.
fn shrink(fine: &[u8], width: usize, height: usize) -> Vec<u8> {
    let (columns, rows) = (width / SMOOTH, height / SMOOTH);
    let mut smooth = Vec::with_capacity(3 * columns * rows);
    for row in 0..rows {
        for column in 0..columns {
            for channel in 0..3 {
                let of = |dx: usize, dy: usize| {
                    let (x, y) = (SMOOTH * column + dx, SMOOTH * row + dy);
                    u32::from(fine[3 * (y * width + x) + channel])
                };
                let sum: u32 = (0..SMOOTH * SMOOTH)
                    .map(|n| of(n % SMOOTH, n / SMOOTH))
                    .sum();
                smooth.push((sum / (SMOOTH * SMOOTH) as u32) as u8);
            }
        }
    }
    smooth
}
