//! What a plot shows, whatever draws it.

use super::axis::Axis;
use super::theme::Color;
use crate::metrics::measured::{Entity, HeatRow};
use crate::report::stored::Stored;

/// One plot: panels above each other with one horizontal axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chart {
    /// The name of its files.
    pub(crate) name: &'static str,
    /// Where its data are; empty where the page that shows it has them all.
    pub(crate) data: String,
    /// What is seen, in one sentence.
    pub(crate) title: String,
    /// What is needed to read it.
    pub(crate) subtitle: String,
    /// What colours and marks mean, where the title does not say.
    pub(crate) keys: Vec<Key>,
    /// The horizontal axis of all panels.
    pub(crate) x: Axis,
    /// What to call the horizontal axis, with its unit.
    pub(crate) x_label: String,
    /// At least one.
    pub(crate) panels: Vec<Panel>,
}

/// A colour or a mark, and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// How it looks.
    pub(crate) sample: Sample,
    /// What it means.
    pub(crate) label: &'static str,
}

/// What a key explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sample {
    /// A shaded span.
    Outage,
    /// The mark where it became known.
    Known,
    /// The mark where it was over.
    Over,
    /// The colours of shares.
    Shares,
    /// The colour of what is not there.
    Absent,
    /// The mark of an answer.
    Answer,
    /// The bar of a range.
    Span,
    /// The line of a limit.
    Limit,
}

/// One panel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Panel {
    /// The quantity with its unit, written above the vertical axis.
    pub(crate) label: String,
    /// What deserves to be said, written opposite.
    pub(crate) note: String,
    /// The vertical axis.
    pub(crate) y: Axis,
    /// Height of the data area, in pixels.
    pub(crate) height: i32,
    /// The data.
    pub(crate) body: Body,
}

/// What a panel shows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    /// Quantities over the horizontal axis.
    Lines {
        /// Drawn below the lines.
        outages: Vec<Outage>,
        /// Drawn in this order.
        lines: Vec<Line>,
    },
    /// Shares with their intervals, each at a place of the horizontal axis.
    Shares {
        /// From left to right.
        points: Vec<Share>,
        /// The share that is asked for.
        wanted: f64,
    },
    /// Rows of cells, from the top.
    Rows {
        /// The rows.
        rows: Vec<HeatRow>,
        /// The edges of their cells, one more than there are cells.
        edges: Vec<f64>,
    },
    /// Rows of ranges on the horizontal axis, from the top.
    Ranges {
        /// The rows.
        rows: Vec<Range>,
        /// A value that all rows are seen against.
        limit: f64,
        /// Values that are shaded, as far as the axis goes.
        band: Option<(f64, f64)>,
    },
}

/// A range with a value in it that counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Range {
    /// Its start.
    pub(crate) from: f64,
    /// What counts.
    pub(crate) mark: f64,
    /// Its end.
    pub(crate) to: f64,
    /// Written beside it.
    pub(crate) text: String,
    /// Whether it is only for comparison.
    pub(crate) is_faint: bool,
}

/// A share with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Share {
    /// Its place.
    pub(crate) x: f64,
    /// The lower end.
    pub(crate) low: f64,
    /// The best single number.
    pub(crate) value: f64,
    /// The upper end.
    pub(crate) high: f64,
    /// Its colour.
    pub(crate) color: Color,
}

/// A span of the horizontal axis that is shaded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Outage {
    /// Its start.
    pub(crate) from: f64,
    /// Its end, or that of the axis.
    pub(crate) to: f64,
    /// Where it became known.
    pub(crate) known: Option<f64>,
    /// Where it was over.
    pub(crate) over: Option<f64>,
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
    pub(crate) points: Vec<Point>,
}

/// A place on the horizontal axis, and the value from there on.
pub(crate) type Point = (f64, Option<f64>);

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Each value held until the next point.
    Steps,
    /// Steps, and the area below them.
    Area,
    /// Dots with straight lines from one to the next.
    Curve,
    /// Dots alone.
    Dots,
    /// The area within an outline.
    Band,
}

impl Line {
    /// The runs of points without a gap, with a point at either end of each step.
    pub(crate) fn pieces(&self) -> Vec<Vec<(f64, f64)>> {
        let mut pieces: Vec<Vec<(f64, f64)>> = Vec::new();
        let mut held: Option<f64> = None;
        for &(x, y) in &self.points {
            if let (Some(last), Some(piece)) = (held, pieces.last_mut())
                && held != y
            {
                piece.push((x, last));
            }
            match (held, y) {
                (None, Some(y)) => pieces.push(vec![(x, y)]),
                (Some(last), Some(y)) if last != y => {
                    pieces.last_mut().expect("a value is held").push((x, y));
                }
                (Some(_), Some(_)) | (_, None) => {}
            }
            held = y;
        }
        if let (Some(last), Some(piece), Some(&(x, _))) =
            (held, pieces.last_mut(), self.points.last())
            && piece.last() != Some(&(x, last))
        {
            piece.push((x, last));
        }
        pieces.retain(|piece| piece.len() > 1);
        pieces
    }

    /// The stretches of points between gaps.
    pub(crate) fn stretches(&self) -> Vec<Vec<(f64, f64)>> {
        let split = self.points.split(|(_, y)| y.is_none());
        let known = |stretch: &[Point]| -> Vec<(f64, f64)> {
            let points = stretch.iter();
            points.filter_map(|&(x, y)| Some((x, y?))).collect()
        };
        split
            .map(known)
            .filter(|points| !points.is_empty())
            .collect()
    }

    /// The last value there is.
    pub(crate) fn last(&self) -> Option<f64> {
        self.points.iter().rev().find_map(|&(_, y)| y)
    }
}

/// The cells of one quantity in replication 1, each value at the start of its cell and the last one
/// once more at the end of the run.
pub(crate) fn series_points(stored: &Stored, entity: &Entity, metric: &str) -> Option<Vec<Point>> {
    let values = stored.series(entity, metric)?;
    let cells = stored.cells.iter().copied();
    let mut points: Vec<Point> = cells.zip(values.iter().copied()).collect();
    let last = points.last()?.1;
    points.push((stored.end.secs_f64(), last));
    Some(points)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plots::theme;

    #[test]
    fn steps_have_a_point_at_either_end_and_none_between() {
        let pieces = |points: &[Point]| {
            let line = Line {
                label: String::new(),
                color: theme::BLUE,
                style: Style::Steps,
                points: points.to_vec(),
            };
            line.pieces()
        };
        let steps = [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (3.0, 2.0), (4.0, 2.0)];
        assert_eq!(
            pieces(&steps.map(|(x, y)| (x, Some(y)))),
            [[(0.0, 1.0), (3.0, 1.0), (3.0, 2.0), (4.0, 2.0)]]
        );
        // A held value lasts until the gap begins; one at the very end has no length.
        assert_eq!(
            pieces(&[
                (0.0, Some(1.0)),
                (1.0, None),
                (2.0, Some(2.0)),
                (3.0, Some(2.0))
            ]),
            [[(0.0, 1.0), (1.0, 1.0)], [(2.0, 2.0), (3.0, 2.0)]]
        );
        assert_eq!(pieces(&[(0.0, None), (1.0, Some(2.0))]), [[]; 0]);
        let step_at_the_end = [(0.0, Some(1.0)), (1.0, Some(2.0))];
        assert_eq!(
            pieces(&step_at_the_end),
            [[(0.0, 1.0), (1.0, 1.0), (1.0, 2.0)]]
        );
    }
}
