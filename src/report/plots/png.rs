//! A drawing as PNG.

use std::path::Path;

use plotters::backend::BitMapBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::prelude::{DrawingBackend, PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, TextStyle};

use super::drawing::{Anchor, Drawing, FINE, Shape, fine};
use super::font;

/// Pixels of a PNG in one pixel of the plot: sharp on fine screens.
const SHARP: i32 = 2;
/// Drawn units that become one pixel of a PNG, in either direction: their mean is a smooth edge.
const SMOOTH: usize = (FINE / SHARP) as usize;

/// The drawing library writes text on bitmaps this much too high, in ems.
const LOWER: f64 = 0.15;

type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

/// Writes the drawing into a file.
pub(super) fn write(drawing: &Drawing, path: &Path) -> std::io::Result<()> {
    font::register();
    let width = fine(drawing.width) as usize;
    let height = fine(drawing.height) as usize;
    let mut sharp = vec![0; 3 * width * height];
    let area = BitMapBackend::with_buffer(&mut sharp, (width as u32, height as u32));
    let area = area.into_drawing_area();
    for shape in &drawing.shapes {
        draw(&area, shape);
    }
    area.present().expect("a picture in memory can be drawn");
    drop(area);
    let smooth = shrink(&sharp, width, height);
    let size = ((width / SMOOTH) as u32, (height / SMOOTH) as u32);
    let mut file = BitMapBackend::new(path, size);
    let drawn = file
        .blit_bitmap((0, 0), size, &smooth)
        .and_then(|()| file.present());
    drawn.map_err(std::io::Error::other)
}

fn draw(area: &Area<'_>, shape: &Shape) {
    let drawn = match shape {
        Shape::Box { from, to, color } => area.draw(&Rectangle::new([*from, *to], color.filled())),
        Shape::Area {
            points,
            color,
            opacity,
        } => area.draw(&Polygon::new(points.clone(), color.mix(*opacity))),
        Shape::Line {
            points,
            color,
            width,
        } => {
            let style = color.stroke_width(width.unsigned_abs());
            area.draw(&PathElement::new(points.clone(), style))
        }
        Shape::Text {
            text,
            at,
            font,
            color,
            anchor,
        } => {
            let anchor = match anchor {
                Anchor::Start => HPos::Left,
                Anchor::Middle => HPos::Center,
                Anchor::End => HPos::Right,
            };
            let style = TextStyle::from(font::desc(*font))
                .color(color)
                .pos(Pos::new(anchor, VPos::Center));
            let lower = (LOWER * f64::from(fine(font.size()))).round() as i32;
            area.draw(&Text::new(text.clone(), (at.0, at.1 + lower), style))
        }
    };
    drawn.expect("a picture in memory can be drawn");
}
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
