//! What a panel shows: lines with their outages, or rows of cells.

use super::axis::Axis;
use super::cells;
use super::chart::{Body, Line, Outage, Panel, Style};
use super::draw::{GAP, Label, Pen};
use super::drawing::{Anchor, FINE, Font, Place, fine};
use super::font::width;
use super::ranges;
use super::shares;
use super::theme::{self, Color};

/// Least distance of two labels of lines.
const LABEL_LINE: i32 = 17;
/// Height of a mark.
const MARK: i32 = 7;
/// Radius of a dot, in pixels, and the corners it is drawn with.
const DOT: f64 = 3.25;
const CORNERS: i32 = 16;
/// Length of a sample of a line, and how far on its label begins.
const SAMPLE: i32 = 14;
const SAMPLE_ROOM: i32 = 20;
/// Least distance of two lines that are seen as two, in pixels.
const LEGIBLE: i32 = 3;

/// One panel in its place, in pixels.
pub(super) struct Frame<'a> {
    pub(super) x: &'a Axis,
    pub(super) panel: &'a Panel,
    pub(super) left: i32,
    pub(super) right: i32,
    pub(super) top: i32,
}

impl Frame<'_> {
    pub(super) fn draw(&self, pen: &mut Pen) {
        match &self.panel.body {
            Body::Lines { outages, lines } => {
                self.shade(pen, outages);
                self.grid(pen);
                for line in lines {
                    self.line(pen, line);
                }
                for outage in outages {
                    self.mark(pen, outage);
                }
                self.labels(pen, lines);
            }
            Body::Shares { points, wanted } => {
                self.grid(pen);
                shares::draw(self, pen, points, *wanted);
            }
            Body::Rows { rows, edges } => {
                cells::draw(self, pen, rows, edges);
                self.row_labels(pen);
            }
            Body::Ranges { rows, limit, band } => {
                ranges::shade(self, pen, *band);
                ranges::draw(self, pen, rows, *limit);
                self.row_labels(pen);
            }
        }
    }

    fn row_labels(&self, pen: &mut Pen) {
        for (value, label) in &self.panel.y.ticks {
            pen.tick(label, (self.left - GAP, self.y(*value) / FINE));
        }
    }

    /// Shades outages, as one where the eye sees one.
    fn shade(&self, pen: &mut Pen, outages: &[Outage]) {
        let mut spans: Vec<(i32, i32)> = Vec::new();
        for outage in outages {
            let (from, to) = (self.x(outage.from), self.x(outage.to));
            // A span too short to see is two pixels wide.
            let to = to.max(from + fine(2));
            match spans.last_mut() {
                Some((_, end)) if from <= *end => *end = to.max(*end),
                _ => spans.push((from, to)),
            }
        }
        let (top, bottom) = (fine(self.top), fine(self.bottom()));
        for (from, to) in spans {
            pen.rectangle((from, top), (to, bottom), theme::SHADE);
        }
        // Where one became known, if that is within the span for the eye too.
        for outage in outages {
            let (from, to) = (self.x(outage.from), self.x(outage.to));
            if let Some(at) = outage.known.map(|at| self.x(at))
                && from + fine(LEGIBLE) < at
                && at + fine(LEGIBLE) < to
            {
                pen.line(vec![(at, top), (at, bottom)], theme::VERMILION, 1.0);
            }
        }
    }

    /// Marks above and below the panel, where they hide no data.
    fn mark(&self, pen: &mut Pen, outage: &Outage) {
        if let Some(at) = outage.known {
            known(pen, self.x(at), fine(self.top));
        }
        if let Some(at) = outage.over {
            over(pen, self.x(at), fine(self.bottom()));
        }
    }

    fn grid(&self, pen: &mut Pen) {
        for (value, label) in &self.panel.y.ticks {
            let y = self.y(*value);
            let is_base = y == fine(self.bottom());
            let color = if is_base { theme::BASE } else { theme::GRID };
            pen.line(
                vec![(fine(self.left), y), (fine(self.right), y)],
                color,
                1.0,
            );
            pen.tick(label, (self.left - GAP, y / FINE));
        }
    }

    fn line(&self, pen: &mut Pen, line: &Line) {
        match line.style {
            Style::Steps | Style::Area => self.steps(pen, line),
            Style::Curve | Style::Dots | Style::Band => self.stretches(pen, line),
        }
    }

    fn stretches(&self, pen: &mut Pen, line: &Line) {
        for stretch in line.stretches() {
            let points = stretch.iter().map(|&(x, y)| (self.x(x), self.y(y)));
            let points: Vec<Place> = points.collect();
            match line.style {
                Style::Band => pen.area(points, line.color, 0.15),
                Style::Curve if points.len() > 1 => {
                    pen.line(points.clone(), line.color, 2.0);
                    points.into_iter().for_each(|at| dot(pen, at, line.color));
                }
                Style::Curve | Style::Dots => {
                    points.into_iter().for_each(|at| dot(pen, at, line.color));
                }
                Style::Steps | Style::Area => unreachable!("steps have no stretches"),
            }
        }
    }

    fn steps(&self, pen: &mut Pen, line: &Line) {
        for piece in line.pieces() {
            let points = piece.iter().map(|&(x, y)| (self.x(x), self.y(y)));
            let mut points = visible(points);
            match line.style {
                Style::Steps => pen.line(points, line.color, 2.0),
                Style::Curve | Style::Dots | Style::Band => unreachable!("these are no steps"),
                Style::Area => {
                    let (first, last) = (points[0].0, points[points.len() - 1].0);
                    let floor = fine(self.bottom());
                    points.extend([(last, floor), (first, floor)]);
                    pen.area(points, line.color, 0.22);
                }
            }
        }
    }

    /// Writes each line's label at its end, or as near as the others let it.
    fn labels(&self, pen: &mut Pen, lines: &[Line]) {
        let labelled = lines.iter().filter(|line| !line.label.is_empty());
        let mut labels: Vec<(i32, &Line)> = labelled
            .filter_map(|line| Some((self.y(line.last()?) / FINE, line)))
            .collect();
        // Of two that end alike, the one drawn last is on top and has its label on top.
        labels.reverse();
        labels.sort_by_key(|&(y, _)| y);
        spread(&mut labels, self.top + 6, self.bottom() - 6);
        let has_samples = has_samples(lines);
        for (y, line) in labels {
            let x = self.right + GAP;
            if has_samples {
                let sample = [x, x + SAMPLE].map(|x| (fine(x), fine(y)));
                pen.line(sample.to_vec(), line.color, 2.0);
                let beside = (x + SAMPLE_ROOM, y);
                pen.write(&line.label, beside, Label::muted(Anchor::Start));
            } else {
                pen.write(&line.label, (x, y), Label::of(line.color, Anchor::Start));
            }
        }
    }

    const fn bottom(&self) -> i32 {
        self.top + self.panel.height
    }

    /// In units of the drawing.
    pub(super) fn x(&self, value: f64) -> i32 {
        let width = f64::from(fine(self.right - self.left));
        fine(self.left) + (self.x.place(value).clamp(0.0, 1.0) * width).round() as i32
    }

    pub(super) fn y(&self, value: f64) -> i32 {
        let height = f64::from(fine(self.panel.height));
        fine(self.bottom()) - (self.panel.y.place(value).clamp(0.0, 1.0) * height).round() as i32
    }
}

/// The points that are seen: of those above each other, the first, the outermost and the last; of
/// those beside each other, the ends.
fn visible(points: impl Iterator<Item = Place>) -> Vec<Place> {
    let mut seen: Vec<Place> = Vec::new();
    let mut column: Vec<Place> = Vec::new();
    for point in points {
        if column.first().is_some_and(|first| first.0 != point.0) {
            end_column(&mut seen, &mut column);
        }
        column.push(point);
    }
    end_column(&mut seen, &mut column);
    seen
}

fn end_column(seen: &mut Vec<Place>, column: &mut Vec<Place>) {
    let (Some(&first), Some(&last)) = (column.first(), column.last()) else {
        return;
    };
    let heights = || column.iter().map(|&(_, y)| y);
    let low = heights().min().unwrap_or(first.1);
    let high = heights().max().unwrap_or(first.1);
    let (near, far) = match first.1 <= last.1 {
        true => (low, high),
        false => (high, low),
    };
    for y in [first.1, near, far, last.1] {
        let point = (first.0, y);
        match seen.as_slice() {
            [.., previous] if *previous == point => {}
            // On one line with the two before.
            [.., a, b] if a.1 == b.1 && b.1 == y => {
                seen.pop();
                seen.push(point);
            }
            _ => seen.push(point),
        }
    }
    column.clear();
}

/// Room that the labels of these lines take, in pixels.
pub(super) fn labels_width(lines: &[Line]) -> i32 {
    let labels = lines.iter().filter(|line| !line.label.is_empty());
    let widest = labels.map(|line| width(Font::Label, &line.label)).max();
    let sample = if has_samples(lines) { SAMPLE_ROOM } else { 0 };
    widest.map_or(0, |widest| GAP + sample + widest)
}

/// Whether labels need a sample: the colour of the text alone would be hard to tell.
fn has_samples(lines: &[Line]) -> bool {
    lines.windows(2).any(|pair| pair[0].color != pair[1].color)
}

/// A dot around a place.
fn dot(pen: &mut Pen, (x, y): Place, color: Color) {
    let corner = |n: i32| {
        let (sin, cos) = (f64::from(n) * std::f64::consts::TAU / f64::from(CORNERS)).sin_cos();
        let far = |part: f64| (f64::from(fine(1)) * DOT * part).round() as i32;
        (x + far(cos), y + far(sin))
    };
    pen.area((0..CORNERS).map(corner).collect(), color, 1.0);
}

/// The mark of detection: it points down at this place.
pub(super) fn known(pen: &mut Pen, x: i32, y: i32) {
    triangle(pen, (x, y), -fine(MARK), theme::VERMILION);
}

/// The mark of recovery: it points up at this place.
pub(super) fn over(pen: &mut Pen, x: i32, y: i32) {
    triangle(pen, (x, y), fine(MARK), theme::GREEN);
}

fn triangle(pen: &mut Pen, (x, y): (i32, i32), height: i32, color: Color) {
    let half = height.abs() * 2 / 3;
    let points = vec![(x, y), (x - half, y + height), (x + half, y + height)];
    pen.area(points, color, 1.0);
}

/// Moves labels, sorted from the top, apart and into the panel.
fn spread(labels: &mut [(i32, &Line)], top: i32, bottom: i32) {
    let mut least = top;
    for (y, _) in labels.iter_mut() {
        *y = (*y).max(least);
        least = *y + LABEL_LINE;
    }
    let mut most = bottom;
    for (y, _) in labels.iter_mut().rev() {
        *y = (*y).min(most);
        most = *y - LABEL_LINE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_what_is_seen_of_it() {
        let seen = |points: &[Place]| visible(points.iter().copied());
        // A column of many steps up is one; a spike within it stays.
        let steps: Vec<Place> = (0..100).map(|n| (7, n)).collect();
        assert_eq!(seen(&steps), [(7, 0), (7, 99)]);
        let up: Vec<Place> = steps.into_iter().rev().collect();
        assert_eq!(seen(&up), [(7, 99), (7, 0)]);
        assert_eq!(
            seen(&[(0, 5), (3, 5), (3, 0), (3, 9), (3, 5), (8, 5)]),
            [(0, 5), (3, 5), (3, 0), (3, 9), (3, 5), (8, 5)]
        );
        assert_eq!(seen(&[(0, 5), (3, 5), (6, 5), (9, 5)]), [(0, 5), (9, 5)]);
        assert_eq!(seen(&[]), []);
    }
}
