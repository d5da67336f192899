//! Lays out a chart: what stands where, from the title to the horizontal axis.

use super::chart::{Body, Chart, Panel};
use super::drawing::{Anchor, Drawing, Font, Place, Shape, fine};
use super::font::{cut, width, wrap};
use super::key;
use super::panel::{Frame, labels_width};
use super::theme::{self, Color};

/// Where a plot is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// By itself: in a file.
    File,
    /// On a page, which writes its title.
    Page,
    /// On a narrow page.
    Phone,
}

/// Above the label of a panel.
const PANEL_GAP: i32 = 17;
/// Between the label of a panel and its data.
const LABEL_GAP: i32 = 9;
/// From line to line of labels.
const LINE: i32 = 18;
/// From line to line of titles.
const TITLE_LINE: i32 = 22;
/// Between an axis, or the end of a line, and its label.
pub(super) const GAP: i32 = 8;
/// Least room between two labels of an axis.
const ROOM: i32 = 12;

impl Form {
    /// In pixels. A page is at most 66 rem wide within its margins, a phone 22.
    const fn width(self) -> i32 {
        match self {
            Form::File => 920,
            Form::Page => 872,
            Form::Phone => 360,
        }
    }

    /// Left and right of everything, in pixels; a page has its own.
    const fn margin(self) -> i32 {
        match self {
            Form::File => 24,
            Form::Page | Form::Phone => 0,
        }
    }

    /// Columns of a row of cells: each a few pixels wide.
    pub(super) const fn columns(self) -> usize {
        match self {
            Form::File | Form::Page => 250,
            Form::Phone => 125,
        }
    }

    /// Most pixels for a label of the vertical axis.
    const fn tick_width(self) -> i32 {
        match self {
            Form::File | Form::Page => 170,
            Form::Phone => 90,
        }
    }
}

/// Draws a chart.
pub(super) fn draw(chart: &Chart, form: Form) -> Drawing {
    let mut pen = Pen {
        form,
        shapes: Vec::new(),
    };
    let mut y = head(&mut pen, chart);
    let (left, right) = sides(chart, form);
    for panel in &chart.panels {
        y = panel_head(&mut pen, panel, right, y);
        let frame = Frame {
            x: &chart.x,
            panel,
            left,
            right,
            top: y,
        };
        frame.draw(&mut pen);
        y += panel.height;
    }
    axis(&mut pen, chart, (left, right), y);
    pen.finish(y + 50)
}

/// Title, subtitle and keys; returns where they end.
fn head(pen: &mut Pen, chart: &Chart) -> i32 {
    let (margin, most) = (pen.form.margin(), pen.form.width() - 2 * pen.form.margin());
    let mut y = 0;
    if pen.form == Form::File {
        y = 15;
        for line in wrap(Font::Title, &chart.title, most) {
            pen.write(&line, (margin, y + TITLE_LINE / 2), Label::title());
            y += TITLE_LINE;
        }
        y += 2;
        for line in wrap(Font::Label, &chart.subtitle, most) {
            pen.write(&line, (margin, y + LINE / 2), Label::muted(Anchor::Start));
            y += LINE;
        }
    }
    key::draw(pen, &chart.keys, (margin, y), most)
}

/// Where the data of all panels begin and end.
fn sides(chart: &Chart, form: Form) -> (i32, i32) {
    let ticks = chart.panels.iter().flat_map(|panel| &panel.y.ticks);
    let ticks = ticks.map(|(_, label)| width(Font::Label, label)).max();
    let ticks = ticks.unwrap_or(0).min(form.tick_width());
    // A page without margins is shown in the reader's font, which may be wider than the one measured here.
    let wider = if form.margin() == 0 { ticks / 8 } else { 0 };
    let left = form.margin() + ticks + wider + GAP;
    // The first label of the horizontal axis may stand half beyond it.
    let first = chart.x.ticks.first();
    let before = first.map_or(0, |(_, label)| width(Font::Label, label) / 2 + 1);
    let left = left.max(before);
    let labels = chart.panels.iter().map(|panel| match &panel.body {
        Body::Lines { lines, .. } => labels_width(lines),
        Body::Shares { .. } | Body::Rows { .. } | Body::Ranges { .. } => 0,
    });
    let labels = labels.max().unwrap_or(0);
    // The last label of the horizontal axis may stand half beyond it.
    let beyond = chart
        .x
        .ticks
        .last()
        .map_or(0, |(_, label)| width(Font::Label, label) / 2 + 1);
    let margin = form.margin();
    let right = form.width() - (margin + labels).max(beyond);
    (left, right)
}

/// The label of a panel and its note, beside each other where they fit; returns where the data
/// begin.
fn panel_head(pen: &mut Pen, panel: &Panel, right: i32, top: i32) -> i32 {
    let (margin, most) = (pen.form.margin(), pen.form.width() - 2 * pen.form.margin());
    let mut y = top + PANEL_GAP;
    let mut end = margin;
    for line in wrap(Font::Label, &panel.label, most) {
        pen.write(&line, (margin, y + LINE / 2), Label::ink());
        end = margin + width(Font::Label, &line);
        y += LINE;
    }
    let is_beside = end + 2 * ROOM + width(Font::Label, &panel.note) <= right;
    if is_beside && y > top + PANEL_GAP {
        pen.write(
            &panel.note,
            (right, y - LINE / 2),
            Label::muted(Anchor::End),
        );
    } else {
        for line in wrap(Font::Label, &panel.note, most) {
            pen.write(&line, (margin, y + LINE / 2), Label::muted(Anchor::Start));
            y += LINE;
        }
    }
    y + LABEL_GAP
}

/// The horizontal axis: as many labels as there is room for.
fn axis(pen: &mut Pen, chart: &Chart, (left, right): (i32, i32), bottom: i32) {
    let place = |value: f64| left + (chart.x.place(value) * f64::from(right - left)).round() as i32;
    let ticks = chart.x.ticks.iter();
    let ticks: Vec<(i32, &str)> = ticks
        .map(|(value, label)| (place(*value), label.as_str()))
        .collect();
    for (x, label) in thin(&ticks) {
        let mark = vec![(fine(x), fine(bottom)), (fine(x), fine(bottom + 5))];
        pen.line(mark, theme::BASE, 1.0);
        pen.write(label, (x, bottom + 16), Label::muted(Anchor::Middle));
    }
    let half = width(Font::Label, &chart.x_label) / 2;
    let (first, last) = (
        pen.form.margin() + half,
        pen.form.width() - pen.form.margin() - half,
    );
    let middle = i32::midpoint(left, right).min(last).max(first);
    pen.write(
        &chart.x_label,
        (middle, bottom + 36),
        Label::muted(Anchor::Middle),
    );
}

/// Every label, or every second, third, …, so that none is too near the next.
fn thin<'a>(ticks: &[(i32, &'a str)]) -> Vec<(i32, &'a str)> {
    let every = |step: usize| ticks.iter().copied().step_by(step).collect::<Vec<_>>();
    let is_free = |pair: &[(i32, &str)]| {
        let half = |(_, label): (i32, &str)| width(Font::Label, label) / 2;
        pair[1].0 - half(pair[1]) - pair[0].0 - half(pair[0]) >= ROOM
    };
    let steps = 1..ticks.len();
    let mut thinned = steps.map(every).filter(|kept| kept.windows(2).all(is_free));
    thinned.next().unwrap_or_else(|| ticks.to_vec())
}

/// How a text is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Label {
    font: Font,
    color: Color,
    anchor: Anchor,
}

impl Label {
    const fn title() -> Label {
        Label {
            font: Font::Title,
            color: theme::INK,
            anchor: Anchor::Start,
        }
    }

    const fn ink() -> Label {
        Label {
            font: Font::Label,
            ..Label::title()
        }
    }

    pub(super) const fn muted(anchor: Anchor) -> Label {
        Label::of(theme::MUTED, anchor)
    }

    pub(super) const fn of(color: Color, anchor: Anchor) -> Label {
        Label {
            font: Font::Label,
            color,
            anchor,
        }
    }
}

/// Takes down shapes.
pub(super) struct Pen {
    pub(super) form: Form,
    shapes: Vec<Shape>,
}

impl Pen {
    /// Writes at a place in pixels.
    pub(super) fn write(&mut self, text: &str, (x, y): (i32, i32), label: Label) {
        if !text.is_empty() {
            self.shapes.push(Shape::Text {
                text: text.to_owned(),
                at: (fine(x), fine(y)),
                font: label.font,
                color: label.color,
                anchor: label.anchor,
            });
        }
    }

    /// Writes a label of a vertical axis, which ends at a place in pixels.
    pub(super) fn tick(&mut self, text: &str, at: (i32, i32)) {
        let text = cut(Font::Label, text, self.form.tick_width());
        self.write(&text, at, Label::muted(Anchor::End));
    }

    /// A line so many pixels wide.
    pub(super) fn line(&mut self, points: Vec<Place>, color: Color, width: f64) {
        let width = (width * f64::from(fine(1))).round() as i32;
        self.shapes.push(Shape::Line {
            points,
            color,
            width,
        });
    }

    pub(super) fn rectangle(&mut self, from: Place, to: Place, color: Color) {
        self.shapes.push(Shape::Box { from, to, color });
    }

    pub(super) fn area(&mut self, points: Vec<Place>, color: Color, opacity: f64) {
        self.shapes.push(Shape::Area {
            points,
            color,
            opacity,
        });
    }

    /// All shapes; a file has a ground of its own.
    fn finish(mut self, height: i32) -> Drawing {
        let width = self.form.width();
        if self.form == Form::File {
            let ground = Shape::Box {
                from: (0, 0),
                to: (fine(width), fine(height)),
                color: theme::GROUND,
            };
            self.shapes.insert(0, ground);
        }
        Drawing {
            width,
            height,
            shapes: self.shapes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_an_axis_are_thinned_evenly_until_none_is_too_near_the_next() {
        let names: Vec<String> = (0..13).map(|n| format!("{}", 2 * n)).collect();
        let spaced = |pixels: i32| {
            let ticks = (0..)
                .zip(&names)
                .map(|(n, name)| (pixels * n, name.as_str()));
            let kept = thin(&ticks.collect::<Vec<_>>());
            kept.iter()
                .map(|&(_, name)| name)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(spaced(60), "0 2 4 6 8 10 12 14 16 18 20 22 24");
        assert_eq!(spaced(20), "0 4 8 12 16 20 24");
        assert_eq!(spaced(10), "0 6 12 18 24");
        assert_eq!(thin(&[(5, "alone")]), [(5, "alone")]);
    }
}
