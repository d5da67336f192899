//! Draws a chart on whatever the drawing library offers.

use plotters::coord::Shift;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::{
    DrawingArea, DrawingBackend, IntoDrawingArea, PathElement, Polygon, Rectangle, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontStyle, IntoFont, TextStyle};

use super::chart::{Chart, Line, Panel, Style};
use super::theme::{self, Color};

/// Units of the drawing in one pixel: fine enough for slopes that look straight.
pub(crate) const FINE: i32 = 4;

/// Width of every plot, in pixels.
pub(crate) const WIDTH: i32 = 920;

/// Left and right of everything.
const MARGIN: i32 = 24;
const MARGIN_TOP: i32 = 100;
const MARGIN_BOTTOM: i32 = 50;
/// Room above each panel for its label.
const PANEL_HEAD: i32 = 46;
/// Between an axis, or the end of a line, and its label.
const LABEL_GAP: i32 = 8;
/// Least distance of two labels.
const LABEL_LINE: i32 = 17;

/// What went wrong while drawing on `B`.
pub(crate) type Failure<B> = DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>;

/// Height of a plot, in pixels.
pub(crate) fn height(chart: &Chart) -> i32 {
    let panels: i32 = chart
        .panels
        .iter()
        .map(|panel| PANEL_HEAD + panel.height)
        .sum();
    MARGIN_TOP - PANEL_HEAD + panels + MARGIN_BOTTOM
}

/// Draws `chart`. `lower` is how much lower than it says, in ems, this backend must be told to
/// write so that text stands where it should.
pub(crate) fn draw<B: DrawingBackend>(
    chart: &Chart,
    backend: B,
    lower: f64,
) -> Result<(), Failure<B>> {
    let pen = Pen {
        area: backend.into_drawing_area(),
        lower,
    };
    pen.area.fill(&theme::GROUND)?;
    pen.text(
        &chart.title,
        (MARGIN, 26),
        &Font {
            size: 17,
            bold: true,
            color: theme::INK,
            anchor: HPos::Left,
        },
    )?;
    pen.text(&chart.subtitle, (MARGIN, 48), &Font::label(HPos::Left))?;
    let left = MARGIN + tick_width(chart) + LABEL_GAP;
    let right = WIDTH - MARGIN - label_width(chart);
    let mut top = MARGIN_TOP;
    for panel in &chart.panels {
        let frame = Frame {
            chart,
            panel,
            left,
            right,
            top,
            bottom: top + panel.height,
        };
        frame.draw(&pen)?;
        top += panel.height + PANEL_HEAD;
    }
    let bottom = top - PANEL_HEAD;
    for (value, label) in &chart.x.ticks {
        let x = left + (chart.x.place(*value) * f64::from(right - left)).round() as i32;
        pen.line(
            &[(fine(x), fine(bottom)), (fine(x), fine(bottom + 5))],
            theme::BASE,
            1.0,
        )?;
        pen.text(label, (x, bottom + 16), &Font::label(HPos::Center))?;
    }
    let middle = (left + right) / 2;
    pen.text(
        &chart.x_label,
        (middle, bottom + 36),
        &Font::label(HPos::Center),
    )?;
    pen.area.present()
}

/// Room at the left for the labels of the vertical axes.
fn tick_width(chart: &Chart) -> i32 {
    let ticks = chart.panels.iter().flat_map(|panel| &panel.y.ticks);
    let widths = ticks.map(|(_, label)| Font::label(HPos::Right).width(label));
    widths.max().unwrap_or(0)
}

/// Room at the right for the labels of the lines.
fn label_width(chart: &Chart) -> i32 {
    let lines = chart.panels.iter().flat_map(|panel| &panel.lines);
    let widths = lines.map(|line| Font::label(HPos::Left).width(&line.label));
    widths.max().map_or(0, |width| width + LABEL_GAP)
}

/// A kind of text.
struct Font {
    /// In pixels per em.
    size: i32,
    bold: bool,
    color: Color,
    anchor: HPos,
}

impl Font {
    fn label(anchor: HPos) -> Font {
        Font {
            size: 13,
            bold: false,
            color: theme::MUTED,
            anchor,
        }
    }

    /// The drawing library's size: it divides by 1.24 to get ems.
    fn style(&self) -> TextStyle<'_> {
        let style = if self.bold {
            FontStyle::Bold
        } else {
            FontStyle::Normal
        };
        let size = 1.24 * f64::from(fine(self.size));
        TextStyle::from((theme::FAMILY, size, style).into_font())
            .color(&self.color)
            .pos(Pos::new(self.anchor, VPos::Center))
    }

    /// In pixels.
    fn width(&self, text: &str) -> i32 {
        let size = 1.24 * f64::from(fine(self.size));
        let font = (theme::FAMILY, size).into_font();
        let (width, _) = font
            .box_size(text)
            .expect("the bundled font has every size");
        i32::try_from(width).expect("a label is short") / FINE + 1
    }
}

/// Draws in pixels where it can, in fine units where it must.
struct Pen<B: DrawingBackend> {
    area: DrawingArea<B, Shift>,
    lower: f64,
}

impl<B: DrawingBackend> Pen<B> {
    fn text(&self, text: &str, (x, y): (i32, i32), font: &Font) -> Result<(), Failure<B>> {
        if text.is_empty() {
            return Ok(());
        }
        let lower = (self.lower * f64::from(fine(font.size))).round() as i32;
        let place = (fine(x), fine(y) + lower);
        self.area
            .draw(&Text::new(text.to_owned(), place, font.style()))
    }

    fn line(&self, points: &[(i32, i32)], color: Color, width: f64) -> Result<(), Failure<B>> {
        let width = (width * f64::from(FINE)).round() as u32;
        let style = color.stroke_width(width);
        self.area.draw(&PathElement::new(points.to_vec(), style))
    }

    fn rectangle(&self, from: (i32, i32), to: (i32, i32), color: Color) -> Result<(), Failure<B>> {
        self.area.draw(&Rectangle::new([from, to], color.filled()))
    }
}

const fn fine(pixels: i32) -> i32 {
    FINE * pixels
}

/// One panel in its place, in pixels.
struct Frame<'a> {
    chart: &'a Chart,
    panel: &'a Panel,
    left: i32,
    right: i32,
    top: i32,
    bottom: i32,
}

impl Frame<'_> {
    fn draw<B: DrawingBackend>(&self, pen: &Pen<B>) -> Result<(), Failure<B>> {
        for &(from, to) in &self.panel.bands {
            let (from, to) = (self.x(from), self.x(to));
            // A span too short to see is one pixel wide.
            let to = to.max(from + FINE);
            pen.rectangle(
                (from, fine(self.top)),
                (to, fine(self.bottom)),
                theme::SHADE,
            )?;
        }
        for (value, label) in &self.panel.y.ticks {
            let y = self.y(*value);
            let base = y == fine(self.bottom);
            let color = if base { theme::BASE } else { theme::GRID };
            pen.line(&[(fine(self.left), y), (fine(self.right), y)], color, 1.0)?;
            pen.text(
                label,
                (self.left - LABEL_GAP, y / FINE),
                &Font::label(HPos::Right),
            )?;
        }
        let label = Font {
            color: theme::INK,
            ..Font::label(HPos::Left)
        };
        pen.text(&self.panel.label, (MARGIN, self.top - 18), &label)?;
        for line in &self.panel.lines {
            self.draw_line(pen, line)?;
        }
        self.draw_labels(pen)
    }

    fn draw_line<B: DrawingBackend>(&self, pen: &Pen<B>, line: &Line) -> Result<(), Failure<B>> {
        for piece in line.pieces() {
            let points: Vec<(i32, i32)> =
                piece.iter().map(|&(x, y)| (self.x(x), self.y(y))).collect();
            if line.style == Style::Area {
                let (first, last) = (points[0].0, points[points.len() - 1].0);
                let floor = fine(self.bottom);
                let mut area = points.clone();
                area.extend([(last, floor), (first, floor)]);
                pen.area.draw(&Polygon::new(area, line.color.mix(0.22)))?;
                continue;
            }
            pen.line(&points, line.color, 2.0)?;
        }
        Ok(())
    }

    /// Writes each line's label at its end, or as near as the others let it.
    fn draw_labels<B: DrawingBackend>(&self, pen: &Pen<B>) -> Result<(), Failure<B>> {
        let lines = self
            .panel
            .lines
            .iter()
            .filter(|line| !line.label.is_empty());
        let mut labels: Vec<(i32, &Line)> = lines
            .filter_map(|line| Some((self.y(line.last()?) / FINE, line)))
            .collect();
        // Of two that end alike, the one drawn last is on top and has its label on top.
        labels.reverse();
        labels.sort_by_key(|&(y, _)| y);
        spread(&mut labels, self.top + 6, self.bottom - 6);
        for (y, line) in labels {
            let font = Font {
                color: line.color,
                ..Font::label(HPos::Left)
            };
            pen.text(&line.label, (self.right + LABEL_GAP, y), &font)?;
        }
        Ok(())
    }

    fn x(&self, value: f64) -> i32 {
        let width = f64::from(fine(self.right - self.left));
        fine(self.left) + (self.chart.x.place(value).clamp(0.0, 1.0) * width).round() as i32
    }

    fn y(&self, value: f64) -> i32 {
        let height = f64::from(fine(self.bottom - self.top));
        fine(self.bottom) - (self.panel.y.place(value).clamp(0.0, 1.0) * height).round() as i32
    }
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
