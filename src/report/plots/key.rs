//! The legend: samples of colours and marks, each with its meaning.

use super::cells;
use super::chart::{Key, Sample};
use super::draw::{GAP, Label, Pen};
use super::drawing::{Anchor, Font, fine};
use super::font::width;
use super::panel;
use super::ranges;
use super::theme;

/// Between two keys, and from line to line.
const BETWEEN: i32 = 22;
/// Side of a sample.
const SIDE: i32 = 12;

/// Draws keys from a place in pixels on, in lines of at most so many; returns where they end.
pub(super) fn draw(pen: &mut Pen, keys: &[Key], (left, top): (i32, i32), most: i32) -> i32 {
    if keys.is_empty() {
        return top;
    }
    let (mut x, mut y) = (left, top + 4);
    for key in keys {
        let taken = sample_width(key.sample) + GAP + width(Font::Label, key.label);
        if x > left && x + taken > left + most {
            (x, y) = (left, y + BETWEEN);
        }
        let middle = y + BETWEEN / 2;
        sample(pen, key.sample, (x, middle));
        let beside = (x + sample_width(key.sample) + GAP, middle);
        pen.write(key.label, beside, Label::muted(Anchor::Start));
        x += taken + BETWEEN;
    }
    y + BETWEEN
}

const fn sample_width(sample: Sample) -> i32 {
    match sample {
        Sample::Shares => SIDE * theme::SHARES.len() as i32,
        Sample::Outage
        | Sample::Known
        | Sample::Over
        | Sample::Absent
        | Sample::Answer
        | Sample::Span
        | Sample::Limit => SIDE,
    }
}

/// Draws a sample, its middle at this height.
fn sample(pen: &mut Pen, sample: Sample, (x, middle): (i32, i32)) {
    let (top, bottom) = (middle - SIDE / 2, middle + SIDE / 2);
    let mut patch = |n: i32, color| {
        let from = (fine(x + n * SIDE), fine(top));
        pen.rectangle(from, (from.0 + fine(SIDE), fine(bottom)), color);
    };
    match sample {
        Sample::Outage => patch(0, theme::SHADE),
        Sample::Shares => {
            for (n, color) in (0..).zip(theme::SHARES) {
                patch(n, color);
            }
        }
        Sample::Absent => {
            patch(0, theme::ABSENT);
            cells::strike(pen, (fine(x), fine(x + SIDE)), fine(middle));
        }
        Sample::Known => panel::known(pen, fine(x + SIDE / 2), fine(middle + 4)),
        Sample::Over => panel::over(pen, fine(x + SIDE / 2), fine(middle - 4)),
        Sample::Answer => ranges::answer(pen, fine(x + SIDE / 2), middle, theme::BLUE),
        Sample::Span => ranges::span(pen, (fine(x), fine(x + SIDE)), middle, theme::BLUE),
        Sample::Limit => {
            let x = fine(x + SIDE / 2);
            pen.line(
                vec![(x, fine(top)), (x, fine(bottom))],
                theme::VERMILION,
                1.0,
            );
        }
    }
}
