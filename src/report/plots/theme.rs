//! Colours, sizes and fonts.

use std::sync::OnceLock;

use plotters::style::{FontStyle, RGBColor, register_font};

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
/// The ground.
pub(crate) const GROUND: Color = RGBColor(255, 255, 255);

/// The bundled font first; a viewer that lacks it has one of the others, none of them wider.
pub(crate) const FAMILY: &str = "Inter, Helvetica Neue, Helvetica, Arial, sans-serif";

/// Makes the bundled font known to the drawing library, once.
pub(crate) fn register_fonts() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        let regular = include_bytes!("../../../assets/fonts/Inter-Regular.subset.otf");
        let bold = include_bytes!("../../../assets/fonts/Inter-SemiBold.subset.otf");
        for (style, bytes) in [(FontStyle::Normal, &regular[..]), (FontStyle::Bold, bold)] {
            assert!(
                register_font(FAMILY, style, bytes).is_ok(),
                "the bundled font is valid"
            );
        }
    });
}
