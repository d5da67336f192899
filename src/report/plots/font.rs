//! The bundled font: how wide words are, and where lines break.

use std::sync::OnceLock;

use plotters::style::{FontDesc, FontStyle, IntoFont, register_font};

use super::drawing::{FINE, Font, fine};
use super::theme::FAMILY;

/// Makes the bundled font known to the drawing library, once.
pub(super) fn register() {
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

/// The font as the drawing library names it: it divides sizes by 1.24 to get ems.
pub(super) fn desc(font: Font) -> FontDesc<'static> {
    let style = if font.is_bold() {
        FontStyle::Bold
    } else {
        FontStyle::Normal
    };
    (FAMILY, 1.24 * f64::from(fine(font.size())), style).into_font()
}

/// Pixels that a text takes, rounded up.
pub(super) fn width(font: Font, text: &str) -> i32 {
    register();
    let (width, _) = desc(font)
        .box_size(text)
        .expect("the bundled font has every size");
    i32::try_from(width).expect("a label is short") / FINE + 1
}

/// Lines no wider than so many pixels, where words allow.
pub(super) fn wrap(font: Font, text: &str, most: i32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if width(font, &format!("{line} {word}")) <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The text, cut where it is wider than so many pixels; its end, which tells names apart, is kept.
pub(super) fn cut(font: Font, text: &str, most: i32) -> String {
    if width(font, text) <= most {
        return text.to_owned();
    }
    let ends = text
        .char_indices()
        .skip(1)
        .map(|(at, _)| format!("…{}", &text[at..]));
    let mut fitting = ends.filter(|end| width(font, end) <= most);
    fitting.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_no_earlier_than_they_must() {
        let text = "Line: replicas ready. Filled: what the load needs.";
        let lines = wrap(Font::Label, text, 160);
        assert!(lines.len() > 1 && lines.join(" ") == text, "{lines:?}");
        assert!(lines.iter().all(|line| width(Font::Label, line) <= 160));
        for pair in lines.windows(2) {
            let next = pair[1].split(' ').next().unwrap();
            assert!(width(Font::Label, &format!("{} {next}", pair[0])) > 160);
        }
        assert_eq!(
            wrap(Font::Label, "unbreakable-name", 10),
            ["unbreakable-name"]
        );
        assert_eq!(wrap(Font::Label, "", 10), [""; 0]);
    }

    #[test]
    fn what_is_too_wide_is_cut_and_says_so() {
        let name = "gke-production-default-pool-0a1b2c3d-xyz";
        let shown = cut(Font::Label, name, 120);
        assert!(shown.starts_with('…') && name.ends_with(shown.trim_start_matches('…')));
        assert!(width(Font::Label, &shown) <= 120);
        assert_eq!(cut(Font::Label, "worker-0", 120), "worker-0");
    }
}
