//! What a plot shows, whatever draws it.

use super::axis::Axis;
use super::theme::Color;
use crate::metrics::measured::Entity;
use crate::report::results::Results;

/// One plot: panels above each other with one horizontal axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chart {
    /// The name of its files.
    pub(crate) name: &'static str,
    /// Where its data are.
    pub(crate) data: &'static str,
    /// What is seen, in one sentence.
    pub(crate) title: String,
    /// What is needed to read it.
    pub(crate) subtitle: String,
    /// The horizontal axis of all panels.
    pub(crate) x: Axis,
    /// What to call the horizontal axis, with its unit.
    pub(crate) x_label: String,
    /// At least one.
    pub(crate) panels: Vec<Panel>,
}

/// One panel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Panel {
    /// The quantity with its unit, written above the vertical axis.
    pub(crate) label: String,
    /// The vertical axis.
    pub(crate) y: Axis,
    /// Height of the data area, in pixels.
    pub(crate) height: i32,
    /// Spans of the horizontal axis that are shaded.
    pub(crate) bands: Vec<(f64, f64)>,
    /// The data, drawn in this order.
    pub(crate) lines: Vec<Line>,
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    /// Written at its end; empty for none.
    pub(crate) label: String,
    /// Its colour.
    pub(crate) color: Color,
    /// How it is drawn.
    pub(crate) style: Style,
    /// Its points, each held until the next where [`Style`] says so; `None` is a gap.
    pub(crate) points: Vec<(f64, Option<f64>)>,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Straight from point to point.
    Straight,
    /// Each value held until the next point.
    Steps,
    /// Steps, and the area below them.
    Area,
}

impl Line {
    /// The runs of points without a gap.
    pub(crate) fn pieces(&self) -> Vec<Vec<(f64, f64)>> {
        let mut pieces = vec![Vec::new()];
        for &(x, y) in &self.points {
            match y {
                Some(y) => {
                    let piece: &mut Vec<(f64, f64)> = pieces.last_mut().expect("never empty");
                    match piece.last() {
                        Some(&(_, last)) if self.style != Style::Straight && last != y => {
                            piece.extend([(x, last), (x, y)]);
                        }
                        _ => piece.push((x, y)),
                    }
                }
                None => {
                    // A held value lasts until the gap begins.
                    let piece = pieces.last_mut().expect("never empty");
                    if let (Some(&(_, last)), true) = (piece.last(), self.style != Style::Straight)
                    {
                        piece.push((x, last));
                    }
                    pieces.push(Vec::new());
                }
            }
        }
        pieces.retain(|piece| piece.len() > 1);
        pieces
    }

    /// The last value there is.
    pub(crate) fn last(&self) -> Option<f64> {
        self.points.iter().rev().find_map(|&(_, y)| y)
    }
}

/// The cells of one quantity in replication 1, each value at the start of its cell and the last one
/// once more at the end of the run.
pub(crate) fn series_points(
    results: &Results<'_>,
    entity: &Entity,
    metric: &str,
) -> Option<Vec<(f64, Option<f64>)>> {
    let run = results.runs.first()?;
    let mut series = run.series.iter();
    let series = series.find(|series| series.entity == *entity && series.metric == metric)?;
    let mut points: Vec<(f64, Option<f64>)> = run
        .cells
        .iter()
        .copied()
        .zip(series.values.iter().copied())
        .collect();
    let last = points.last()?.1;
    points.push((results.scenario.end.secs_f64(), last));
    Some(points)
}
