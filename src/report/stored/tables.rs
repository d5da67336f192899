//! The tables of a result folder, read back.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use csv::StringRecord;

use super::summary::{Files, MOST_SECONDS};
use super::{Incident, Stored, Unreadable};
use crate::metrics::measured::{Entity, HeatCell, HeatRow};
use crate::report::output::{INCIDENTS, PLOTS, TIMESERIES};
use crate::report::plots::{heat, pending};
use crate::report::tables;
use crate::rng::Fnv1a;
use crate::time::Time;

/// The rows of one series: entity, metric, and the value of each cell.
type Rows = (String, String, Vec<(f64, f64)>);

/// Series of replication 1, nodes left out.
pub(super) fn timeseries(stored: &mut Stored, files: &Files) -> Result<(), Unreadable> {
    let mut series: BTreeMap<(Entity, String), Vec<(f64, f64)>> = BTreeMap::new();
    // Rows of one series follow each other.
    let mut last: Option<Rows> = None;
    let mut end = |one: Option<Rows>| -> Result<(), String> {
        let Some((entity, metric, points)) = one else {
            return Ok(());
        };
        let known: Entity = entity.parse().map_err(|()| not("entity", &entity))?;
        series.insert((known, metric), points);
        Ok(())
    };
    let name = Name::new(&stored.dir, TIMESERIES);
    name.rows(files, &tables::TIMESERIES_COLUMNS, |row| {
        let (entity, metric) = (&row[2], &row[3]);
        if &row[0] != "1" || entity.starts_with("node:") {
            return Ok(());
        }
        let point = (number(&row[1])?, number(&row[5])?);
        match &mut last {
            Some((e, m, points)) if e == entity && m == metric => points.push(point),
            last => {
                let next = (entity.to_owned(), metric.to_owned(), vec![point]);
                end(last.replace(next))?;
            }
        }
        Ok(())
    })?;
    end(last).map_err(|what| name.wrong(what))?;
    let times = series.values().flatten().map(|&(time, _)| time);
    let mut cells: Vec<f64> = times.collect();
    cells.sort_by(f64::total_cmp);
    cells.dedup();
    let aligned = |points: Vec<(f64, f64)>| {
        let mut values = vec![None; cells.len()];
        for (time, value) in points {
            let place = cells.binary_search_by(|cell| cell.total_cmp(&time));
            values[place.expect("all times are cells")] = Some(value);
        }
        values
    };
    let series = series.into_iter();
    stored.series = series.map(|(key, points)| (key, aligned(points))).collect();
    stored.cells = cells;
    Ok(())
}

/// Outages of replication 1.
pub(super) fn incidents(stored: &mut Stored, files: &Files) -> Result<(), Unreadable> {
    let mut incidents = Vec::new();
    let name = Name::new(&stored.dir, INCIDENTS);
    name.rows(files, &tables::INCIDENT_COLUMNS, |row| {
        if &row[0] != "1" {
            return Ok(());
        }
        let causes = row[7].split("; ").filter(|cause| !cause.is_empty());
        incidents.push(Incident {
            service: row[1].to_owned(),
            start: time(&row[2])?,
            detected: some(&row[3], time)?,
            recovered: some(&row[4], time)?,
            causes: causes.map(str::to_owned).collect(),
            lost: number(&row[6])?,
        });
        Ok(())
    })?;
    stored.incidents = incidents;
    Ok(())
}

/// The heat map.
pub(super) fn heat(stored: &mut Stored, files: &Files) -> Result<(), Unreadable> {
    let mut rows: Vec<HeatRow> = Vec::new();
    let mut times: Vec<f64> = Vec::new();
    let name = Name::new(&stored.dir, &format!("{PLOTS}/{}", heat::TABLE));
    name.rows(files, &heat::COLUMNS, |row| {
        let cell = HeatCell {
            fewest_up: whole(&row[5])?,
            bound: number(&row[6])?,
            capacity: number(&row[7])?,
        };
        match rows.last_mut() {
            Some(last) if last.first == row[2] && last.zone == row[1] => last.cells.push(cell),
            _ => rows.push(HeatRow {
                zone: row[1].to_owned(),
                first: row[2].to_owned(),
                last: row[3].to_owned(),
                nodes: whole(&row[4])?,
                cells: vec![cell],
            }),
        }
        if rows.len() == 1 {
            times.push(number(&row[0])?);
        }
        Ok(())
    })?;
    if rows.iter().any(|row| row.cells.len() != times.len()) {
        return Err(name.wrong("damaged: rows of the heat map differ in length"));
    }
    stored.heat = rows;
    stored.heat_cells = times;
    Ok(())
}

/// How long pods waited.
pub(super) fn waits(stored: &mut Stored, files: &Files) -> Result<(), Unreadable> {
    let waits = &mut stored.waits;
    let name = Name::new(&stored.dir, &format!("{PLOTS}/{}", pending::TABLE));
    name.rows(files, &pending::COLUMNS, |row| {
        let entity: Entity = row[0].parse().map_err(|()| not("entity", &row[0]))?;
        let own = waits.entry(entity).or_default();
        let pods = row[2].parse().map_err(|_| not("whole number", &row[2]))?;
        own.add(number(&row[1])?, pods);
        Ok(())
    })
}

/// A table, by its name in the folder.
struct Name {
    name: String,
    path: PathBuf,
}

impl Name {
    fn new(dir: &Path, name: &str) -> Name {
        Name {
            name: name.to_owned(),
            path: dir.join(name),
        }
    }

    fn wrong(&self, what: impl Into<String>) -> Unreadable {
        Unreadable::new(&self.path, what)
    }

    /// Hands over each row, and sees that the file is as it was written.
    fn rows(
        &self,
        files: &Files,
        columns: &[&str],
        mut take: impl FnMut(&StringRecord) -> Result<(), String>,
    ) -> Result<(), Unreadable> {
        let Some(written) = files.get(&self.name) else {
            return Err(self.wrong("summary.json does not know it"));
        };
        let file = File::open(&self.path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => self.wrong("missing: summary.json says that it was written"),
            _ => self.wrong(error.to_string()),
        })?;
        let mut hashed = Hashed {
            inner: BufReader::new(file),
            hash: Fnv1a::EMPTY,
            bytes: 0,
        };
        let taken = self.taken(&mut hashed, columns, &mut take);
        // What is damaged may well be unreadable, but that is not what is wrong with it.
        let rest = io::copy(&mut hashed, &mut io::sink());
        rest.map_err(|error| self.wrong(error.to_string()))?;
        let is_cut = hashed.bytes < written.bytes;
        if hashed.bytes != written.bytes || format!("{:032x}", hashed.hash.number()) != written.hash
        {
            return Err(self.wrong(match is_cut {
                true => format!(
                    "cut short: {} of the {} bytes that were written",
                    hashed.bytes, written.bytes
                ),
                false => "not what was written with summary.json: changed since, or of another run"
                    .to_owned(),
            }));
        }
        taken
    }

    fn taken(
        &self,
        file: impl Read,
        columns: &[&str],
        take: &mut impl FnMut(&StringRecord) -> Result<(), String>,
    ) -> Result<(), Unreadable> {
        let mut reader = csv::Reader::from_reader(file);
        let header = reader.headers();
        let header = header.map_err(|error| self.wrong(error.to_string()))?;
        if header != columns {
            let columns = columns.join(", ");
            return Err(self.wrong(format!("its columns are not {columns}")));
        }
        let mut row = StringRecord::new();
        loop {
            match reader.read_record(&mut row) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) => return Err(self.wrong(error.to_string())),
            }
            take(&row).map_err(|what| {
                let line = row.position().map_or(0, csv::Position::line);
                self.wrong(format!("line {line}: {what}"))
            })?;
        }
    }
}

/// Hashes and counts what is read.
struct Hashed<R> {
    inner: R,
    hash: Fnv1a,
    bytes: u64,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hash = self.hash.and(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

fn some<T>(text: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    match text {
        "" => Ok(None),
        text => read(text).map(Some),
    }
}

fn number(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| not("number", text))
}

fn whole(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| not("whole number", text))
}

/// An instant, exact to the nanosecond where a float is.
fn time(text: &str) -> Result<Time, String> {
    match number(text)? {
        seconds if (0.0..=MOST_SECONDS).contains(&seconds) => Ok(Time::from_secs_f64(seconds)),
        _ => Err(not("time", text)),
    }
}

fn not(what: &str, text: &str) -> String {
    format!("`{text}` is no {what}")
}
