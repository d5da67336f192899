//! Rows of cells under the names of variants: side by side where the page has room for it, else one
//! variant after the other.

use crate::report::text::Look;
use crate::report::text::layout::{Page, width};

/// Between two columns.
const GAP: usize = 3;

/// A row: one cell for each variant. One without anything is a gap.
pub(super) struct Row {
    pub(super) label: String,
    /// The parts of each cell, which may stand below each other.
    pub(super) cells: Vec<Vec<String>>,
}

/// Writes rows under the names of variants.
pub(super) fn write(page: &mut Page, names: &[&str], rows: &[Row], look: Look) {
    let head = Row {
        label: String::new(),
        cells: names.iter().map(|name| name_parts(name)).collect(),
    };
    let label = rows.iter().map(|row| width(&row.label)).max().unwrap_or(0);
    for shape in [Shape::Joined, Shape::Stacked] {
        let columns = columns(shape, &head, rows);
        let total = label + columns.iter().map(|column| GAP + column).sum::<usize>();
        if total <= look.columns {
            line(page, shape, &head, label, &columns);
            rows.iter()
                .for_each(|row| line(page, shape, row, label, &columns));
            return;
        }
    }
    for (variant, name) in names.iter().enumerate() {
        page.gap();
        page.line(name);
        for row in rows.iter().filter(|row| !row.cells[variant].is_empty()) {
            let cell = row.cells[variant].join(" ");
            let label = format!("  {}{}", row.label, blanks(label - width(&row.label) + GAP));
            page.hanging(&label, &cell);
        }
    }
}

/// How the parts of a cell stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// In one line.
    Joined,
    /// Each in a line of its own.
    Stacked,
}

impl Shape {
    fn lines(self, parts: &[String]) -> Vec<String> {
        match self {
            Shape::Joined => vec![parts.join(" ")],
            Shape::Stacked => parts.to_vec(),
        }
    }
}

/// A name, which may be broken where its parts are joined.
fn name_parts(name: &str) -> Vec<String> {
    let mut parts: Vec<String> = name.split(" + ").map(str::to_owned).collect();
    for part in &mut parts[1..] {
        part.insert_str(0, "+ ");
    }
    parts
}

/// The width of each column.
fn columns(shape: Shape, head: &Row, rows: &[Row]) -> Vec<usize> {
    let widest = |variant: usize| {
        let cells = rows.iter().chain([head]).map(|row| &row.cells[variant]);
        let lines = cells.flat_map(|parts| shape.lines(parts));
        lines.map(|line| width(&line)).max().unwrap_or(0)
    };
    (0..head.cells.len()).map(widest).collect()
}

fn line(page: &mut Page, shape: Shape, row: &Row, label: usize, columns: &[usize]) {
    if row.cells.iter().all(Vec::is_empty) {
        return page.gap();
    }
    let cells: Vec<Vec<String>> = row.cells.iter().map(|parts| shape.lines(parts)).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    for part in 0..height {
        let name = if part == 0 { row.label.as_str() } else { "" };
        let mut text = format!("{name}{}", blanks(label - width(name)));
        for (cell, column) in cells.iter().zip(columns) {
            let cell = cell.get(part).map_or("", String::as_str);
            text += &blanks(GAP);
            text += cell;
            text += &blanks(column - width(cell));
        }
        page.line(text.trim_end());
    }
}

fn blanks(count: usize) -> String {
    " ".repeat(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::text::Colors;
    use expect_test::{Expect, expect};

    fn check(columns: usize, expected: Expect) {
        let look = Look {
            colors: Colors::None,
            columns,
        };
        let cell = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect();
        let rows = [
            Row {
                label: "cost".to_owned(),
                cells: vec![cell(&["5 USD"]), cell(&["4 USD"]), cell(&["7 USD"])],
            },
            Row {
                label: "  against a".to_owned(),
                cells: vec![
                    cell(&[]),
                    cell(&["−1 ± 0.2", "better"]),
                    cell(&["+2 ± 0.1", "worse"]),
                ],
            },
        ];
        let mut page = Page::new(look);
        write(&mut page, &["a", "b + c", "d"], &rows, look);
        expected.assert_eq(&page.finish());
    }

    #[test]
    fn cells_stand_side_by_side_then_their_parts_below_each_other_then_variants() {
        check(
            60,
            expect![[r#"
                              a       b + c             d
                cost          5 USD   4 USD             7 USD
                  against a           −1 ± 0.2 better   +2 ± 0.1 worse
            "#]],
        );
        check(
            45,
            expect![[r#"
                              a       b          d
                                      + c
                cost          5 USD   4 USD      7 USD
                  against a           −1 ± 0.2   +2 ± 0.1
                                      better     worse
            "#]],
        );
        check(
            38,
            expect![[r#"
                a
                  cost          5 USD

                b + c
                  cost          4 USD
                    against a   −1 ± 0.2 better

                d
                  cost          7 USD
                    against a   +2 ± 0.1 worse
            "#]],
        );
    }
}
