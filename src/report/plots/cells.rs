//! Rows of cells, coloured by the share that is requested.

use super::draw::Pen;
use super::drawing::{Place, fine};
use super::panel::Frame;
use super::theme;
use crate::metrics::measured::{HeatCell, HeatRow};

/// Rows at least so high have a gap of one pixel between them.
const ROOMY: i32 = 8;

/// Draws rows from the top of a panel on.
pub(super) fn draw(frame: &Frame<'_>, pen: &mut Pen, rows: &[HeatRow], edges: &[f64]) {
    let count = i32::try_from(rows.len()).expect("rows are few");
    let height = frame.panel.height / count;
    let gap = if height >= ROOMY { 1 } else { 0 };
    let per = (edges.len() - 1).div_ceil(pen.form.columns());
    let mut boxes: Vec<Vec<Box>> = vec![Vec::new(); theme::SHARES.len() + 1];
    let mut struck = Vec::new();
    for (row, top) in rows.iter().zip((frame.top..).step_by(height as usize)) {
        let (from, to) = (fine(top), fine(top + height - gap));
        for (tone, first, last) in runs(row, per) {
            let (left, right) = (frame.x(edges[first]), frame.x(edges[last]));
            if tone == Tone::Absent {
                struck.push(((left, right), i32::midpoint(from, to)));
            }
            boxes[tone.index()].push(((left, from), (right, to)));
        }
    }
    // Colour by colour, so that boxes of one colour are written together.
    let colors = theme::SHARES.into_iter().chain([theme::ABSENT]);
    for (color, boxes) in colors.zip(boxes) {
        for (from, to) in boxes {
            pen.rectangle(from, to, color);
        }
    }
    for (span, y) in struck {
        strike(pen, span, y);
    }
}

/// Two corners.
type Box = (Place, Place);

/// The colour of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tone {
    /// Nothing, or up to so many tenths.
    Tenths(usize),
    Absent,
}

impl Tone {
    fn of(row: &HeatRow, cell: HeatCell) -> Tone {
        match cell.share() {
            Some(share) if !row.is_down(cell) => {
                // Rounding of sums must not lift a share over the edge of its tenth.
                Tone::Tenths(((10.0 * share - 1e-9).ceil().max(0.0) as usize).min(10))
            }
            // A node without any CPU has nothing requested.
            None if !row.is_down(cell) => Tone::Tenths(0),
            Some(_) | None => Tone::Absent,
        }
    }

    const fn index(self) -> usize {
        match self {
            Tone::Tenths(tenths) => tenths,
            Tone::Absent => theme::SHARES.len(),
        }
    }
}

/// Runs of equal colour: from which cell to before which, where so many cells are one column.
fn runs(row: &HeatRow, per: usize) -> Vec<(Tone, usize, usize)> {
    let mut runs: Vec<(Tone, usize, usize)> = Vec::new();
    for (column, cells) in row.cells.chunks(per).enumerate() {
        let tone = Tone::of(row, HeatRow::together(cells));
        let first = column * per;
        let end = first + cells.len();
        match runs.last_mut() {
            Some((last, _, to)) if *last == tone => *to = end,
            _ => runs.push((tone, first, end)),
        }
    }
    runs
}

/// Strikes out what is absent, for readers who see no colours.
pub(super) fn strike(pen: &mut Pen, (from, to): (i32, i32), y: i32) {
    pen.line(vec![(from, y), (to, y)], theme::BASE, 1.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(nodes: u32, cells: &[(f64, u32)]) -> HeatRow {
        let cell = |&(share, fewest_up): &(f64, u32)| HeatCell {
            bound: 4000.0 * share,
            capacity: if fewest_up > 0 || share > 0.0 {
                4000.0
            } else {
                0.0
            },
            fewest_up,
        };
        HeatRow {
            zone: String::new(),
            first: "x".to_owned(),
            last: "y".to_owned(),
            nodes,
            cells: cells.iter().map(cell).collect(),
        }
    }

    #[test]
    fn a_colour_holds_a_tenth_with_its_upper_edge() {
        let shares = [0.0, 1e-6, 0.1, 0.1 + 1e-6, 0.55, 0.1 + 0.2, 1.0];
        let cells = shares.map(|share| (share, 1));
        let row = row(1, &cells);
        let tones = row.cells.iter().map(|&cell| Tone::of(&row, cell).index());
        assert_eq!(tones.collect::<Vec<_>>(), [0, 1, 1, 2, 6, 3, 10]);
    }

    #[test]
    fn a_row_is_absent_when_half_of_its_nodes_are() {
        let tone = |nodes, up| {
            let row = row(nodes, &[(0.5, up)]);
            Tone::of(&row, row.cells[0])
        };
        assert_eq!([tone(1, 0), tone(1, 1)], [Tone::Absent, Tone::Tenths(5)]);
        assert_eq!(
            [tone(200, 100), tone(200, 101)],
            [Tone::Absent, Tone::Tenths(5)]
        );
    }

    #[test]
    fn cells_of_one_column_are_one_and_equal_columns_one_run() {
        let row = row(
            1,
            &[
                (0.2, 1),
                (0.4, 1),
                (0.3, 1),
                (0.3, 1),
                (0.3, 0),
                (0.3, 1),
                (0.0, 1),
            ],
        );
        let tenths = Tone::Tenths;
        assert_eq!(
            runs(&row, 2),
            [(tenths(3), 0, 4), (Tone::Absent, 4, 6), (tenths(0), 6, 7)]
        );
        assert_eq!(runs(&row, 7), [(Tone::Absent, 0, 7)]);
    }
}
