//! A plot as shapes in their places: what is written as SVG and as PNG alike.

use super::theme::Color;

/// Units of the drawing in one pixel: fine enough for slopes that look straight.
pub(super) const FINE: i32 = 4;

/// A place in units of the drawing, from the top left.
pub(super) type Place = (i32, i32);

/// Shapes, the lowest first.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Drawing {
    /// In pixels.
    pub(super) width: i32,
    /// In pixels.
    pub(super) height: i32,
    pub(super) shapes: Vec<Shape>,
}

/// One shape.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// A filled rectangle.
    Box {
        from: Place,
        to: Place,
        color: Color,
    },
    /// A filled polygon.
    Area {
        points: Vec<Place>,
        color: Color,
        opacity: f64,
    },
    /// A line through all points.
    Line {
        points: Vec<Place>,
        color: Color,
        /// In units of the drawing.
        width: i32,
    },
    /// One line of text, its middle at this height.
    Text {
        text: String,
        at: Place,
        font: Font,
        color: Color,
        anchor: Anchor,
    },
}

/// What of a text is at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A kind of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Font {
    Title,
    Label,
}

impl Font {
    /// In pixels per em.
    pub(super) const fn size(self) -> i32 {
        match self {
            Font::Title => 17,
            Font::Label => 13,
        }
    }

    pub(super) const fn is_bold(self) -> bool {
        match self {
            Font::Title => true,
            Font::Label => false,
        }
    }
}

/// Pixels in units of the drawing.
pub(super) const fn fine(pixels: i32) -> i32 {
    FINE * pixels
}
