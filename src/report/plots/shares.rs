//! Shares with their intervals, and the share that is asked for.

use super::chart::Share;
use super::draw::Pen;
use super::drawing::fine;
use super::panel::Frame;
use super::theme;

/// Half the width of the mark of a share, and of the ends of its interval.
const MARK: i32 = 4;
const END: i32 = 4;

/// Draws shares over a grid that is there.
pub(super) fn draw(frame: &Frame<'_>, pen: &mut Pen, points: &[Share], wanted: f64) {
    let y = frame.y(wanted);
    let ends = vec![(fine(frame.left), y), (fine(frame.right), y)];
    pen.line(ends, theme::VERMILION, 1.0);
    for point in points {
        let x = frame.x(point.x);
        let (low, high) = (frame.y(point.low), frame.y(point.high));
        pen.line(vec![(x, low), (x, high)], point.color, 2.0);
        for y in [low, high] {
            pen.line(
                vec![(x - fine(END), y), (x + fine(END), y)],
                point.color,
                2.0,
            );
        }
        let y = frame.y(point.value);
        let mark = fine(MARK);
        let corners = [(x, y - mark), (x + mark, y), (x, y + mark), (x - mark, y)];
        pen.area(corners.to_vec(), point.color, 1.0);
    }
}
