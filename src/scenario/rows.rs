//! Rows of a CSV table: any order of columns, unknown ones refused, every problem with its row.

use std::ops::Range;

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::files::Text;
use super::problem::{Problem, Problems};
use super::quantity;
use super::suggest;

/// Most mistakes of one table that are shown; of the others their number is told.
const SHOWN: u64 = 10;

/// A column that a table may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) required: bool,
}

/// Declares the columns of a table once: from it come their list, and by name each one's index there.
macro_rules! columns {
    (
        $(#[doc = $about:literal])+
        $table:ident {
            $($index:ident: $presence:ident $name:literal,)+
        }
    ) => {
        $(#[doc = $about])+
        mod $table {
            use crate::scenario::rows::{Column, columns};

            pub(super) const COLUMNS: &[Column] = &[$(Column::$presence($name)),+];
            columns!(from 0; $($index)+);
        }
    };
    (from $at:expr; $index:ident $($rest:ident)*) => {
        pub(super) const $index: usize = $at;
        columns!(from $at + 1; $($rest)*);
    };
    (from $at:expr;) => {};
}

pub(super) use columns;

/// What is wrong with one cell.
#[derive(Clone, Debug)]
pub(super) struct BadCell {
    /// Index of the column in the table's list.
    column: usize,
    /// What is wrong, to follow the column's name and the cell's text.
    what: String,
    /// What was probably meant, as a question.
    meant: String,
    /// What would have been possible.
    known: Option<String>,
}

/// What is wrong with the cells of one row.
#[derive(Clone, Debug, Default)]
pub(super) struct Mistakes(Vec<BadCell>);

/// The rows of one table.
pub(super) struct Rows<'a> {
    text: &'a Text,
    columns: &'static [Column],
    /// Where in a row each column stands.
    places: Vec<Option<usize>>,
    reader: Reader<&'a [u8]>,
    record: ByteRecord,
    /// Columns of the file.
    width: usize,
    /// Mistakes so far, shown or not.
    mistakes: u64,
}

impl Column {
    pub(super) const fn required(name: &'static str) -> Column {
        Column {
            name,
            required: true,
        }
    }

    pub(super) const fn optional(name: &'static str) -> Column {
        Column {
            name,
            required: false,
        }
    }
}

impl BadCell {
    pub(super) fn new(column: usize, what: impl Into<String>) -> BadCell {
        BadCell {
            column,
            what: what.into(),
            meant: String::new(),
            known: None,
        }
    }

    /// With the nearest of the words that would have been possible, and what they are.
    pub(super) fn instead<'a>(
        self,
        cell: &str,
        words: impl Iterator<Item = &'a str> + Clone,
    ) -> BadCell {
        BadCell {
            meant: suggest::did_you_mean(cell, words.clone()),
            known: Some(suggest::known(words)),
            ..self
        }
    }
}

impl Mistakes {
    /// What was read; `None` once the mistake has been noted.
    pub(super) fn note<T>(&mut self, read: Result<T, BadCell>) -> Option<T> {
        read.map_err(|bad| self.0.push(bad)).ok()
    }
}

impl From<BadCell> for Mistakes {
    fn from(bad: BadCell) -> Mistakes {
        Mistakes(vec![bad])
    }
}

impl<'a> Rows<'a> {
    /// Reads the header; `None` once its problems have been reported.
    pub(super) fn open(
        text: &'a Text,
        columns: &'static [Column],
        problems: &mut Problems,
    ) -> Option<Rows<'a>> {
        let mut rows = Rows {
            text,
            columns,
            places: vec![None; columns.len()],
            reader: reader(text.bytes()),
            record: ByteRecord::new(),
            width: 0,
            mistakes: 0,
        };
        if !rows.read(problems) {
            problems.push(Problem::error(format!("{} is empty", text.shown)).note(rows.expected()));
            return None;
        }
        rows.width = rows.record.len();
        let before = problems.iter().count();
        for place in 0..rows.width {
            rows.head(place, problems);
        }
        let missing = rows.places.iter().zip(columns);
        let missing: Vec<&str> = missing
            .filter(|(place, column)| place.is_none() && column.required)
            .map(|(_, column)| column.name)
            .collect();
        if !missing.is_empty() {
            let message = format!("{} lacks the column `{}`", text.shown, missing.join("`, `"));
            rows.report(0..rows.width, &message, "", problems);
        }
        (problems.iter().count() == before).then_some(rows)
    }

    /// Takes up the column at one place of the header.
    fn head(&mut self, place: usize, problems: &mut Problems) {
        let name = String::from_utf8_lossy(&self.record[place]).into_owned();
        let known = || self.columns.iter().map(|column| column.name);
        let Some(column) = known().position(|known| known == name) else {
            let label = suggest::did_you_mean(&name, known());
            let message = format!("unknown column `{name}`");
            return self.report(place..place + 1, &message, &label, problems);
        };
        if self.places[column].is_some() {
            let message = format!("the column `{name}` is there twice");
            return self.report(place..place + 1, &message, "", problems);
        }
        self.places[column] = Some(place);
    }

    /// Goes to the next row; `false` at the end.
    pub(super) fn advance(&mut self, problems: &mut Problems) -> bool {
        while self.read(problems) {
            if self.record.len() == self.width {
                return true;
            }
            let (cells, width) = (self.record.len(), self.width);
            let message = format!("a row of {cells} cells in a table of {width} columns");
            self.report(0..cells, &message, "", problems);
        }
        false
    }

    fn read(&mut self, problems: &mut Problems) -> bool {
        match self.reader.read_byte_record(&mut self.record) {
            Ok(more) => more,
            Err(error) => {
                problems.push(Problem::error(format!("{}: {error}", self.text.shown)));
                false
            }
        }
    }

    /// Whether a row has been refused.
    pub(super) fn refused(&self) -> bool {
        self.mistakes > 0
    }

    /// Whether further mistakes would be shown.
    pub(super) fn shows(&self) -> bool {
        self.mistakes < SHOWN
    }

    /// Whether no row has been refused; otherwise tells how many mistakes were not shown.
    pub(super) fn finish(self, problems: &mut Problems) -> bool {
        let hidden = self.mistakes.saturating_sub(SHOWN);
        if hidden > 0 {
            let mistakes = if hidden == 1 { "mistake" } else { "mistakes" };
            let message = format!("{}: and {hidden} more {mistakes}", self.text.shown);
            problems.push(Problem::error(message));
        }
        !self.refused()
    }

    /// Number of rows that follow, at most: counts the lines.
    pub(super) fn remaining(&self) -> usize {
        let from = self.reader.position().byte() as usize;
        self.text.bytes()[from..]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count()
            + 1
    }

    /// The cell of a column in this row; empty when the file has no such column.
    pub(super) fn cell(&self, column: usize) -> &[u8] {
        self.places[column].map_or(&[], |place| &self.record[place])
    }

    /// Whether the file has the column.
    pub(super) fn has(&self, column: usize) -> bool {
        self.places[column].is_some()
    }

    /// The text of a cell.
    pub(super) fn text(&self, column: usize) -> Result<&str, BadCell> {
        std::str::from_utf8(self.cell(column)).map_err(|_| BadCell::new(column, "is not UTF-8"))
    }

    /// The text of a cell that may not be empty.
    pub(super) fn name(&self, column: usize) -> Result<&str, BadCell> {
        match self.text(column)? {
            "" => Err(BadCell::new(column, "is empty")),
            name => Ok(name),
        }
    }

    /// A whole number from 0 to `most`.
    pub(super) fn whole(&self, column: usize, most: u64) -> Result<u64, BadCell> {
        let cell = self.cell(column);
        let is_number = !cell.is_empty() && cell.iter().all(u8::is_ascii_digit);
        match quantity::whole(cell).filter(|&number| number <= most) {
            Some(number) => Ok(number),
            None if is_number => Err(BadCell::new(column, format!("is larger than {most}"))),
            None => Err(BadCell::new(column, not_a_number(cell, "a whole number"))),
        }
    }

    /// The same, or `default` when the cell is empty.
    pub(super) fn whole_or(&self, column: usize, most: u64, default: u64) -> Result<u64, BadCell> {
        match self.cell(column) {
            [] => Ok(default),
            _ => self.whole(column, most),
        }
    }

    /// Seconds, in nanoseconds.
    pub(super) fn seconds(&self, column: usize) -> Result<u64, BadCell> {
        let cell = self.cell(column);
        let wanted = "a number of seconds, such as 12.5";
        quantity::seconds(cell).ok_or_else(|| BadCell::new(column, not_a_number(cell, wanted)))
    }

    /// A number from zero to `most`.
    pub(super) fn number(&self, column: usize, most: f64) -> Result<f64, BadCell> {
        let number = self.text(column)?.parse::<f64>();
        match number {
            Ok(number) if (0.0..=most).contains(&number) => Ok(number),
            Ok(number) if number > most && number.is_finite() => {
                Err(BadCell::new(column, format!("is larger than {most:e}")))
            }
            _ => {
                let what = not_a_number(self.cell(column), "a number");
                Err(BadCell::new(column, what))
            }
        }
    }

    /// Reports what is wrong with the cells of this row, from left to right; nothing if nothing is.
    pub(super) fn refuse(&mut self, mistakes: impl Into<Mistakes>, problems: &mut Problems) {
        let mut mistakes = mistakes.into().0;
        mistakes.sort_by_key(|bad| self.places[bad.column]);
        for bad in mistakes {
            self.refuse_cell(&bad, problems);
        }
    }

    fn refuse_cell(&mut self, bad: &BadCell, problems: &mut Problems) {
        let name = self.columns[bad.column].name;
        let cell = String::from_utf8_lossy(self.cell(bad.column)).into_owned();
        let message = match cell.is_empty() {
            true => format!("`{name}` {}", bad.what),
            false => format!("`{name}` `{cell}` {}", bad.what),
        };
        let place = self.places[bad.column];
        let cells = place.map_or(0..self.width, |place| place..place + 1);
        if let Some(mut problem) = self.problem(cells, &message, &bad.meant, problems) {
            problem = match &bad.known {
                Some(known) => problem.note(known.clone()),
                None => problem,
            };
            problems.push(problem);
        }
    }

    /// Reports what is wrong with a cell of some rows, in order and from 0, of a table that was read
    /// to its end without problems.
    pub(super) fn refuse_rows(&mut self, rows: &[u32], bad: &BadCell, problems: &mut Problems) {
        let shown = SHOWN.saturating_sub(self.mistakes) as usize;
        let (shown, hidden) = rows.split_at(shown.min(rows.len()));
        if !shown.is_empty() {
            self.reader = reader(self.text.bytes());
        }
        let mut next = 0;
        for &row in shown {
            // The header comes before row 0.
            for _ in next..row + 2 {
                let more = self.read(problems);
                assert!(more, "the row was read before");
            }
            next = row + 2;
            self.refuse_cell(bad, problems);
        }
        self.mistakes += hidden.len() as u64;
    }

    /// Reports a problem with some cells of the row that was read last.
    fn report(&mut self, cells: Range<usize>, message: &str, label: &str, problems: &mut Problems) {
        if let Some(problem) = self.problem(cells, message, label, problems) {
            problems.push(problem);
        }
    }

    /// A problem with some cells of the row that was read last, if it is to be shown.
    fn problem(
        &mut self,
        cells: Range<usize>,
        message: &str,
        label: &str,
        problems: &mut Problems,
    ) -> Option<Problem> {
        let is_shown = self.shows();
        self.mistakes += 1;
        if !is_shown {
            return None;
        }
        let position = self.record.position().expect("a record that was read");
        let bytes = &self.text.bytes()[position.byte() as usize..];
        let skipped = bytes.iter().take_while(|byte| b"\r\n".contains(byte));
        let blank = skipped.clone().filter(|&&byte| byte == b'\n').count();
        let bytes = &bytes[skipped.count()..];
        let end = bytes.iter().position(|&byte| byte == b'\n');
        let line = &bytes[..end.unwrap_or(bytes.len())];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let shown = String::from_utf8_lossy(line);
        let lines_before = position.line() as usize - 1 + blank;
        let whole = problems.source(&self.text.shown, lines_before, &shown);
        let (first, last) = (cell(line, cells.start), cell(line, cells.end - 1));
        let at = |byte: usize| String::from_utf8_lossy(&line[..byte]).len() as u32;
        let span = whole.with(at(first.start), at(last.end));
        let mut problem = Problem::error(message).at(span, label);
        if lines_before == 0 {
            problem = problem.note(self.expected());
        }
        Some(problem)
    }

    /// What columns the table may have.
    fn expected(&self) -> String {
        let (required, optional): (Vec<&Column>, Vec<&Column>) =
            self.columns.iter().partition(|column| column.required);
        let names = |columns: Vec<&Column>| {
            let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
            names.join(",")
        };
        match optional.is_empty() {
            true => format!("columns: {}", names(required)),
            false => format!("columns: {}[,{}]", names(required), names(optional)),
        }
    }
}

fn reader(bytes: &[u8]) -> Reader<&[u8]> {
    ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes)
}

fn not_a_number(cell: &[u8], wanted: &str) -> String {
    match cell {
        [] => "is empty".to_owned(),
        [b'-', ..] => "is negative".to_owned(),
        _ => format!("is not {wanted}"),
    }
}

/// Where the n-th cell of a line stands.
fn cell(line: &[u8], n: usize) -> Range<usize> {
    let mut quoted = false;
    let mut start = 0;
    let mut index = 0;
    for (at, &byte) in line.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted && index == n => return start..at,
            b',' if !quoted => {
                index += 1;
                start = at + 1;
            }
            _ => {}
        }
    }
    start.min(line.len())..line.len()
}
