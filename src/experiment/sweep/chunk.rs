//! The text of a chunk: a line that says what is in it, and a table.
//!
//! The line holds the number of rows and the SHA-256 of all that follows, so that a chunk that was
//! cut off or changed is known as such.

use std::fmt;

use sha2::{Digest, Sha256};

use super::plan::{Sweep, hex};
use crate::stats::{Estimate, Interval, Method};

/// What was measured in one cell: one entry for each metric of the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// In the order of the plan.
    pub metrics: Vec<Kept>,
}

/// One metric of one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// The value of each replication; absent where there is none.
    pub values: Vec<Option<f64>>,
    /// What they say together, as `plimsoll run` says it; absent without any value.
    pub estimate: Option<Estimate>,
}

/// Why a chunk cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bad {
    /// The first line is not that of a chunk.
    Header,
    /// It is of another sweep, or another chunk.
    Other,
    /// It has fewer or more rows than it says.
    Rows {
        /// As the first line says.
        said: u64,
        /// As there are.
        found: u64,
    },
    /// What follows the first line has another checksum.
    Checksum,
    /// The checksum is right and the rows are not those of the plan.
    Content,
}

const MAGIC: &str = "# plimsoll-sweep format=1";
const COLUMNS: &str = "cell,metric,entity,replication,value,low,high,method\n";

/// The text of a chunk, whose cells these are.
pub fn text(sweep: &Sweep, chunk: u32, cells: &[Cell]) -> String {
    let range = sweep.plan.cells_of(chunk);
    assert_eq!(range.len(), cells.len(), "a chunk has all its cells");
    let mut body = COLUMNS.to_owned();
    for (cell, kept) in range.zip(cells) {
        body += &rows(sweep, cell, kept);
    }
    let count = body.lines().count() - 1;
    let header = header(sweep, chunk);
    format!("{header} rows={count} sha256={}\n{body}", checksum(&body))
}

/// Reads the text of a chunk.
///
/// # Errors
/// When it is not whole, or not of this sweep.
pub fn read(sweep: &Sweep, chunk: u32, text: &str) -> Result<Vec<Cell>, Bad> {
    let (first, body) = text.split_once('\n').ok_or(Bad::Header)?;
    let (head, rest) = first.split_once(" rows=").ok_or(Bad::Header)?;
    if !head.starts_with(MAGIC) {
        return Err(Bad::Header);
    }
    if head != header(sweep, chunk) {
        return Err(Bad::Other);
    }
    let (said, sum) = rest.split_once(" sha256=").ok_or(Bad::Header)?;
    let said: u64 = said.parse().map_err(|_| Bad::Header)?;
    let found = (body.matches('\n').count() as u64).saturating_sub(1);
    if said != found {
        return Err(Bad::Rows { said, found });
    }
    if sum != checksum(body) {
        return Err(Bad::Checksum);
    }
    cells(sweep, chunk, body).ok_or(Bad::Content)
}

/// The version that made a chunk, by its first line.
pub fn version(text: &str) -> Option<&str> {
    let first = text.lines().next()?.strip_prefix(MAGIC)?;
    let mut words = first.split(' ');
    words.find_map(|word| word.strip_prefix("version="))
}

fn header(sweep: &Sweep, chunk: u32) -> String {
    let range = sweep.plan.cells_of(chunk);
    format!(
        "{MAGIC} version={} hash={} chunk={chunk} cells={}-{}",
        env!("CARGO_PKG_VERSION"),
        sweep.hash,
        range.start,
        range.end - 1
    )
}

fn checksum(body: &str) -> String {
    hex(&Sha256::digest(body))
}

/// The rows of a cell: for each metric one for each replication, and one without a replication for
/// all of them together.
fn rows(sweep: &Sweep, cell: u32, kept: &Cell) -> String {
    let mut out = csv::WriterBuilder::new().from_writer(Vec::new());
    let number = |number: Option<f64>| number.map(|n| n.to_string()).unwrap_or_default();
    let mut row = |fields: [&str; 8]| {
        let written = out.write_record(fields);
        written.expect("memory can be written");
    };
    let cell = cell.to_string();
    for (quantity, kept) in sweep.plan.metrics.iter().zip(&kept.metrics) {
        let (metric, entity) = (quantity.metric.name, quantity.entity.to_string());
        for (replication, value) in (1..).zip(&kept.values) {
            let (replication, value): (u32, _) = (replication, number(*value));
            let replication = replication.to_string();
            row([&cell, metric, &entity, &replication, &value, "", "", ""]);
        }
        let estimate = kept.estimate;
        let interval = estimate.and_then(|estimate| estimate.interval);
        row([
            &cell,
            metric,
            &entity,
            "",
            &number(estimate.map(|estimate| estimate.value)),
            &number(interval.map(|interval| interval.low)),
            &number(interval.map(|interval| interval.high)),
            estimate.map_or("", |estimate| estimate.method.name()),
        ]);
    }
    let bytes = out.into_inner().expect("memory can be written");
    String::from_utf8(bytes).expect("texts were written")
}

fn cells(sweep: &Sweep, chunk: u32, body: &str) -> Option<Vec<Cell>> {
    let table = body.strip_prefix(COLUMNS)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(table.as_bytes());
    let mut records = reader.records();
    let mut next = || records.next()?.ok();
    let range = sweep.plan.cells_of(chunk);
    let cells: Option<Vec<Cell>> = range
        .map(|cell| {
            let metrics = sweep.plan.metrics.iter().map(|quantity| {
                let name = [
                    cell.to_string(),
                    quantity.metric.name.to_owned(),
                    quantity.entity.to_string(),
                ];
                let values = (1..=sweep.plan.replications).map(|replication| {
                    let record = next()?;
                    is_row(&record, &name, &replication.to_string()).then_some(())?;
                    number(&record[4])
                });
                let values: Option<Vec<Option<f64>>> = values.collect();
                let values = values?;
                let record = next()?;
                is_row(&record, &name, "").then_some(())?;
                let estimate = estimate(&record)?;
                Some(Kept { values, estimate })
            });
            let metrics: Option<Vec<Kept>> = metrics.collect();
            Some(Cell { metrics: metrics? })
        })
        .collect();
    let cells = cells?;
    next().is_none().then_some(cells)
}

fn is_row(
    record: &csv::StringRecord,
    [cell, metric, entity]: &[String; 3],
    replication: &str,
) -> bool {
    record.len() == 8
        && record[0] == **cell
        && record[1] == **metric
        && record[2] == **entity
        && record[3] == *replication
}

/// A number, or none where nothing stands; nothing at all where it is neither.
fn number(text: &str) -> Option<Option<f64>> {
    match text {
        "" => Some(None),
        text => text.parse().ok().map(Some),
    }
}

fn estimate(record: &csv::StringRecord) -> Option<Option<Estimate>> {
    let Some(value) = number(&record[4])? else {
        return Some(None);
    };
    let interval = match (number(&record[5])?, number(&record[6])?) {
        (Some(low), Some(high)) => Some(Interval { low, high }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => return None,
    };
    let method = Method::ALL
        .into_iter()
        .find(|method| method.name() == &record[7])?;
    Some(Some(Estimate {
        value,
        interval,
        method,
    }))
}

/// In a few words, for the place where its file is named.
impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bad::Header => f.write_str("its first line is not that of a chunk"),
            Bad::Other => f.write_str("it belongs to another sweep or another place in it"),
            Bad::Rows { said, found } => {
                write!(
                    f,
                    "it says {said} rows and has {found}: it was cut off or changed"
                )
            }
            Bad::Checksum => f.write_str("its checksum is wrong: it was changed"),
            Bad::Content => f.write_str("its rows are not those of the plan"),
        }
    }
}
