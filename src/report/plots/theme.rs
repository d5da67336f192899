//! Colours, and the names of fonts. `assets/report.css` gives each colour its like for dark pages.

use plotters::style::RGBColor;

/// A colour.
pub(crate) type Color = RGBColor;

// Lines have Okabe and Ito's colours, which colour-blind readers can tell apart ("Color Universal
// Design", 2008).

/// Okabe and Ito's blue.
pub(crate) const BLUE: Color = RGBColor(0, 114, 178);
/// Okabe and Ito's vermilion.
pub(crate) const VERMILION: Color = RGBColor(213, 94, 0);
/// Okabe and Ito's bluish green.
pub(crate) const GREEN: Color = RGBColor(0, 158, 115);
/// Okabe and Ito's reddish purple.
pub(crate) const PURPLE: Color = RGBColor(204, 121, 167);
/// Titles.
pub(crate) const INK: Color = RGBColor(26, 32, 44);
/// Labels.
pub(crate) const MUTED: Color = RGBColor(92, 102, 117);
/// Lines of the grid.
pub(crate) const GRID: Color = RGBColor(229, 232, 237);
/// The base line of a panel.
pub(crate) const BASE: Color = RGBColor(148, 157, 170);
/// Shaded spans.
pub(crate) const SHADE: Color = RGBColor(252, 228, 214);
/// Where there is nothing to show: a node that is down.
pub(crate) const ABSENT: Color = RGBColor(190, 194, 200);
/// Shares from nothing to all: none, and then by tenths. Lightness alone tells them apart.
pub(crate) const SHARES: [Color; 11] = [
    RGBColor(242, 244, 246),
    RGBColor(221, 235, 246),
    RGBColor(186, 212, 234),
    RGBColor(151, 190, 222),
    RGBColor(116, 168, 209),
    RGBColor(79, 145, 197),
    RGBColor(35, 123, 183),
    RGBColor(0, 102, 161),
    RGBColor(0, 83, 132),
    RGBColor(0, 65, 105),
    RGBColor(0, 47, 79),
];
/// The ground.
pub(crate) const GROUND: Color = RGBColor(255, 255, 255);

/// The bundled font first; a viewer that lacks it has one of the others, none of them wider.
pub(crate) const FAMILY: &str = "Inter, Helvetica Neue, Helvetica, Arial, sans-serif";
