//! A drawing as SVG.

use std::fmt::Write as _;

use super::drawing::{Anchor, Drawing, Font, Place, Shape, fine};
use super::theme::{Color, FAMILY};

/// An element with these further attributes, each after a blank.
pub(super) fn write(drawing: &Drawing, attributes: &str) -> String {
    let (width, height) = (fine(drawing.width), fine(drawing.height));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\"{attributes} viewBox=\"0 0 {width} {height}\" \
         font-family=\"{FAMILY}\" stroke-linejoin=\"round\" stroke-linecap=\"round\">\n"
    );
    let mut shapes = drawing.shapes.as_slice();
    while let Some((first, rest)) = shapes.split_first() {
        shapes = rest;
        match first {
            Shape::Box { color, .. } => {
                // Boxes of one colour, one upon the other, are one path.
                let alike = |shape: &&Shape| matches!(shape, Shape::Box { color: other, .. } if other == color);
                let more = rest.iter().take_while(alike).count();
                boxes(
                    &mut out,
                    std::iter::once(first).chain(&rest[..more]),
                    *color,
                );
                shapes = &rest[more..];
            }
            Shape::Area {
                points,
                color,
                opacity,
            } => {
                let (color, path) = (hex(*color), path(points));
                let _ = writeln!(
                    out,
                    "<path fill=\"{color}\" fill-opacity=\"{opacity}\" d=\"{path}z\"/>"
                );
            }
            Shape::Line {
                points,
                color,
                width,
            } => {
                let (color, path) = (hex(*color), path(points));
                let _ = writeln!(
                    out,
                    "<path fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\" d=\"{path}\"/>"
                );
            }
            Shape::Text {
                text: words,
                at,
                font,
                color,
                anchor,
            } => text(&mut out, words, *at, *font, *color, *anchor),
        }
    }
    out.push_str("</svg>\n");
    out
}

fn boxes<'a>(out: &mut String, boxes: impl Iterator<Item = &'a Shape>, color: Color) {
    let _ = write!(
        out,
        "<path fill=\"{}\" shape-rendering=\"crispEdges\" d=\"",
        hex(color)
    );
    for shape in boxes {
        let Shape::Box { from, to, .. } = shape else {
            continue;
        };
        let (width, height) = (to.0 - from.0, to.1 - from.1);
        let _ = write!(out, "M{} {}h{width}v{height}h{}", from.0, from.1, -width);
    }
    out.push_str("\"/>\n");
}

/// From point to point, as briefly as can be.
fn path(points: &[Place]) -> String {
    let mut path = String::new();
    let mut last: Option<Place> = None;
    for &(x, y) in points {
        let _ = match last {
            None => write!(path, "M{x} {y}"),
            Some((_, before)) if before == y => write!(path, "H{x}"),
            Some((before, _)) if before == x => write!(path, "V{y}"),
            Some(_) => write!(path, "L{x} {y}"),
        };
        last = Some((x, y));
    }
    path
}

fn text(out: &mut String, text: &str, (x, y): Place, font: Font, color: Color, anchor: Anchor) {
    let anchor = match anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let weight = if font.is_bold() {
        " font-weight=\"600\""
    } else {
        ""
    };
    // Figures and capitals are about 0.7 em high.
    let _ = writeln!(
        out,
        "<text x=\"{x}\" y=\"{y}\" dy=\"0.35em\" font-size=\"{}\"{weight}{anchor} fill=\"{}\">{}</text>",
        fine(font.size()),
        hex(color),
        escape(text)
    );
}

fn hex(color: Color) -> String {
    format!("#{:02X}{:02X}{:02X}", color.0, color.1, color.2)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::report::plots::theme;

    #[test]
    fn shapes_are_written_in_order_and_boxes_of_one_colour_together() {
        let place = |n: i32| (n, 2 * n);
        let filled = |n, color| Shape::Box {
            from: place(n),
            to: place(n + 8),
            color,
        };
        let drawing = Drawing {
            width: 100,
            height: 50,
            shapes: vec![
                filled(0, theme::GROUND),
                filled(10, theme::SHADE),
                filled(20, theme::SHADE),
                Shape::Area {
                    points: vec![(0, 0), (4, 0), (4, 8)],
                    color: theme::BLUE,
                    opacity: 0.22,
                },
                Shape::Line {
                    points: vec![(0, 0), (4, 0), (4, 8), (9, 9)],
                    color: theme::BLUE,
                    width: 8,
                },
                Shape::Text {
                    text: "a < b & c".to_owned(),
                    at: (8, 9),
                    font: Font::Title,
                    color: theme::INK,
                    anchor: Anchor::End,
                },
            ],
        };
        expect![[r##"
            <svg xmlns="http://www.w3.org/2000/svg" class="wide" viewBox="0 0 400 200" font-family="Inter, Helvetica Neue, Helvetica, Arial, sans-serif" stroke-linejoin="round" stroke-linecap="round">
            <path fill="#FFFFFF" shape-rendering="crispEdges" d="M0 0h8v16h-8"/>
            <path fill="#FCE4D6" shape-rendering="crispEdges" d="M10 20h8v16h-8M20 40h8v16h-8"/>
            <path fill="#0072B2" fill-opacity="0.22" d="M0 0H4V8z"/>
            <path fill="none" stroke="#0072B2" stroke-width="8" d="M0 0H4V8L9 9"/>
            <text x="8" y="9" dy="0.35em" font-size="68" font-weight="600" text-anchor="end" fill="#1A202C">a &lt; b &amp; c</text>
            </svg>
        "##]].assert_eq(&write(&drawing, " class=\"wide\""));
    }
}
