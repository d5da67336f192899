//! Reading a CSV file with a header: every column is known, every field is checked, and what is
//! wrong is told with its line.

use std::fs;
use std::io;
use std::io::Cursor;
use std::num::IntErrorKind;
use std::path::{Path, PathBuf};

use crate::import::error::{ImportError, Problem};

/// The columns a table may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns {
    /// Those it must have.
    pub(crate) required: &'static [&'static str],
    /// Those it may lack.
    pub(crate) optional: &'static [&'static str],
}

/// A CSV file being read.
pub(crate) struct Table {
    file: PathBuf,
    header: csv::StringRecord,
    reader: csv::Reader<Cursor<Vec<u8>>>,
    record: csv::StringRecord,
    /// A place in the file, and the line it lies on.
    counted: (usize, u64),
}

/// One row of a table.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    file: &'a Path,
    line: u64,
    header: &'a csv::StringRecord,
    record: &'a csv::StringRecord,
}

impl Table {
    /// Opens `file` and checks its header.
    pub(crate) fn open(file: &Path, columns: Columns) -> Result<Table, ImportError> {
        let text = fs::read(file).map_err(|error| read_error(file, error))?;
        Table::new(file, text, columns)
    }

    /// Reads `text`, called `file` in messages, and checks its header.
    pub(crate) fn new(file: &Path, text: Vec<u8>, columns: Columns) -> Result<Table, ImportError> {
        let mut table = Table {
            file: file.to_owned(),
            header: csv::StringRecord::new(),
            reader: csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(Cursor::new(text)),
            record: csv::StringRecord::new(),
            counted: (0, 1),
        };
        let line = table.read()?.unwrap_or(1);
        table.header = std::mem::take(&mut table.record);
        match check_header(&table.header, columns) {
            Ok(()) => Ok(table),
            Err(problem) => Err(at(file, line, problem)),
        }
    }

    /// The next row; `None` at the end.
    pub(crate) fn next_row(&mut self) -> Result<Option<Row<'_>>, ImportError> {
        let line = self.read()?;
        Ok(line.map(|line| Row {
            file: &self.file,
            line,
            header: &self.header,
            record: &self.record,
        }))
    }

    /// Reads the next record; gives the line it begins on, or `None` at the end.
    fn read(&mut self) -> Result<Option<u64>, ImportError> {
        let from = self.reader.position().byte();
        let more = self.reader.read_record(&mut self.record);
        let line = self.line_from(from);
        match more {
            Ok(more) => Ok(more.then_some(line)),
            Err(error) => Err(understood(&self.file, line, error)),
        }
    }

    /// The line of the first record at or after a place. The reader's own count is of the line
    /// where it stopped before, blank lines and half a CR LF still ahead.
    fn line_from(&mut self, place: u64) -> u64 {
        let text = self.reader.get_ref().get_ref();
        let is_break = |byte: &&u8| matches!(**byte, b'\r' | b'\n');
        let place = usize::try_from(place).expect("the text is in memory");
        let begin = place + text[place..].iter().take_while(is_break).count();
        let (counted, line) = self.counted;
        let breaks = text[counted..begin].iter().filter(|&&byte| byte == b'\n');
        self.counted = (begin, line + breaks.count() as u64);
        self.counted.1
    }

    /// The error of a table that must have rows.
    pub(crate) fn no_rows(&self) -> ImportError {
        ImportError::NoRows {
            file: self.file.clone(),
        }
    }
}

impl<'a> Row<'a> {
    /// The line on which the row begins, from 1.
    pub(crate) const fn line(self) -> u64 {
        self.line
    }

    /// The field of a column; empty where the table lacks an optional one.
    pub(crate) fn text(self, column: &str) -> &'a str {
        self.header
            .iter()
            .position(|name| name == column)
            .map_or("", |index| &self.record[index])
    }

    /// The field of a column as a whole number of at most `max`.
    pub(crate) fn number(self, column: &'static str, max: u64) -> Result<u64, ImportError> {
        let text = self.text(column);
        if text.is_empty() {
            return Err(self.wrong(Problem::Empty(column)));
        }
        let too_large = || {
            self.wrong(Problem::TooLarge {
                column,
                text: text.to_owned(),
                max,
            })
        };
        match text.parse::<u64>() {
            Ok(number) if number <= max => Ok(number),
            Ok(_) => Err(too_large()),
            Err(error) if *error.kind() == IntErrorKind::PosOverflow => Err(too_large()),
            Err(_) => Err(self.wrong(Problem::NotANumber {
                column,
                text: text.to_owned(),
            })),
        }
    }

    /// An error about this row.
    pub(crate) fn wrong(self, problem: Problem) -> ImportError {
        at(self.file, self.line, problem)
    }
}

fn check_header(header: &csv::StringRecord, columns: Columns) -> Result<(), Problem> {
    let known = || columns.required.iter().chain(columns.optional);
    for (index, name) in header.iter().enumerate() {
        if !known().any(|&column| column == name) {
            return Err(Problem::UnknownColumn {
                column: name.to_owned(),
                known: known().copied().collect(),
            });
        }
        if header.iter().take(index).any(|earlier| earlier == name) {
            return Err(Problem::RepeatedColumn(name.to_owned()));
        }
    }
    let missing = |column: &&&str| !header.iter().any(|name| name == **column);
    match columns.required.iter().find(missing) {
        Some(column) => Err(Problem::MissingColumn(column)),
        None => Ok(()),
    }
}

fn at(file: &Path, line: u64, problem: Problem) -> ImportError {
    ImportError::Row {
        file: file.to_owned(),
        line,
        problem,
    }
}

fn read_error(file: &Path, error: io::Error) -> ImportError {
    ImportError::Read {
        file: file.to_owned(),
        error,
    }
}

/// What the CSV reader says, in our words.
fn understood(file: &Path, line: u64, error: csv::Error) -> ImportError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => read_error(file, error),
        csv::ErrorKind::UnequalLengths {
            expected_len: header,
            len: row,
            ..
        } => at(file, line, Problem::FieldCount { header, row }),
        csv::ErrorKind::Utf8 { .. } => at(file, line, Problem::NotText),
        other => unreachable!("reading records as text fails in no other way: {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: Columns = Columns {
        required: &["name", "size"],
        optional: &["note"],
    };

    fn read(text: &[u8]) -> Result<Vec<(u64, u64)>, String> {
        let read = || {
            let mut table = Table::new(Path::new("t.csv"), text.to_vec(), COLUMNS)?;
            let mut rows = Vec::new();
            while let Some(row) = table.next_row()? {
                rows.push((row.line(), row.number("size", 99)?));
            }
            Ok(rows)
        };
        read().map_err(|error: ImportError| error.to_string())
    }

    #[track_caller]
    fn refused(text: &str, message: &str) {
        assert_eq!(read(text.as_bytes()), Err(message.to_owned()));
    }

    #[test]
    fn columns_are_found_by_name() {
        let rows = read(b"size,note,name\n7,,a\n8,x,b\n");
        assert_eq!(rows, Ok(vec![(2, 7), (3, 8)]));
    }

    #[test]
    fn a_row_is_named_by_the_line_it_begins_on() {
        let unix = read(b"name,size\na,1\n\n\"b\nb\",2\nc,3\n");
        assert_eq!(unix, Ok(vec![(2, 1), (4, 2), (6, 3)]));
        let dos = read(b"name,size\r\na,1\r\n\r\n\"b\r\nb\",2\r\nc,3\r\n");
        assert_eq!(dos, unix);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_column() {
        assert_eq!(read(b"\xef\xbb\xbfname,size\na,1\n"), Ok(vec![(2, 1)]));
    }

    #[test]
    fn headers_are_checked() {
        refused("name\na\n", "t.csv:1: column `size` is missing");
        refused("", "t.csv:1: column `name` is missing");
        refused(
            "name,size,sise\n",
            "t.csv:1: unknown column `sise` (known: name, size, note)",
        );
        refused("name,size,name\n", "t.csv:1: column `name` is there twice");
    }

    #[test]
    fn fields_are_checked() {
        let number = "is not a number (whole, at least 0)";
        refused(
            "name,size\na,1\nb,abc\n",
            &format!("t.csv:3: size `abc` {number}"),
        );
        refused("name,size\na,-1\n", &format!("t.csv:2: size `-1` {number}"));
        refused(
            "name,size\na,1.5\n",
            &format!("t.csv:2: size `1.5` {number}"),
        );
        refused("name,size\na,\n", "t.csv:2: size is empty");
        refused("name,size\na,100\n", "t.csv:2: size `100` is more than 99");
        refused(
            "name,size\na,99999999999999999999\n",
            "t.csv:2: size `99999999999999999999` is more than 99",
        );
        refused("name,size\na\n", "t.csv:2: 1 fields where the header has 2");
        let not_text = read(b"name,size\na,1\n\xff,2\n");
        assert_eq!(not_text, Err("t.csv:3: not UTF-8 text".to_owned()));
    }
}
