//! The file of baselines: JSON that is reviewed like a snapshot, written whole or not at all.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::input::{Asked, Gated};
use super::json;
use super::record::{Kept, Record, Told};
use super::{Side, Standards};
use crate::folder::file;
use crate::metrics::measured::Amount;
use crate::scenario::objective::Tolerance;

/// The number of the format: raised when a program that reads the last one would go wrong.
pub const FORMAT: u32 = 1;

/// All baselines of one file, in the order in which scenarios were added.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Baselines {
    /// One per scenario.
    pub scenarios: Vec<Entry>,
}

/// What one scenario is held against.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The name of the scenario.
    pub name: String,
    /// The name of its file, for readers.
    pub file: String,
    /// What was last accepted.
    pub baseline: Record,
    /// What was accepted longer ago.
    pub anchor: Option<Record>,
}

/// Why a file holds no baselines.
#[derive(Debug)]
pub enum NotRead {
    /// There is none.
    Missing,
    /// The system refused.
    System(io::Error),
    /// It is of another format.
    Format {
        /// Which.
        found: u64,
    },
    /// It is damaged, or not such a file at all.
    Damaged {
        /// What is wrong, with its place.
        what: String,
    },
}

impl Baselines {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read whole.
    pub fn read(path: &Path) -> Result<Baselines, NotRead> {
        let text = fs::read(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => NotRead::Missing,
            _ => NotRead::System(error),
        })?;
        Baselines::parse(&text)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// As [`Baselines::read`].
    pub fn parse(text: &[u8]) -> Result<Baselines, NotRead> {
        let damaged = |error: serde_json::Error| NotRead::Damaged {
            what: error.to_string(),
        };
        // The format first: in another one, other keys are no damage.
        let format: FormatOnly = serde_json::from_slice(text).map_err(damaged)?;
        if format.format != u64::from(FORMAT) {
            let found = format.format;
            return Err(NotRead::Format { found });
        }
        let raw: RawFile = serde_json::from_slice(text).map_err(damaged)?;
        let entries = raw.scenarios.into_iter().map(RawEntry::meant);
        let scenarios: Vec<Entry> = entries
            .collect::<Result<_, _>>()
            .map_err(|what| NotRead::Damaged { what })?;
        let mut names: Vec<&str> = scenarios.iter().map(|entry| entry.name.as_str()).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            let what = format!("there are two scenarios `{}`", twice[0]);
            return Err(NotRead::Damaged { what });
        }
        Ok(Baselines { scenarios })
    }

    /// The text of the file.
    pub fn text(&self) -> Vec<u8> {
        json::write(&RawFile {
            format: u64::from(FORMAT),
            scenarios: self.scenarios.iter().map(RawEntry::of).collect(),
        })
    }

    /// Writes the file whole or not at all, and makes its folder if there is none. A link is followed.
    ///
    /// # Errors
    /// When the system refuses; what was there is there still.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        file::write(path, &self.text())
    }

    /// What a scenario is held against.
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.scenarios.iter().find(|entry| entry.name == name)
    }

    /// Puts an entry in the place of the one of its name, or at the end.
    pub fn put(&mut self, entry: Entry) {
        let old = self.scenarios.iter_mut().find(|old| old.name == entry.name);
        match old {
            Some(old) => *old = entry,
            None => self.scenarios.push(entry),
        }
    }
}

impl Entry {
    /// Both records.
    pub fn standards(&self) -> Standards<'_> {
        Standards {
            baseline: &self.baseline,
            anchor: self.anchor.as_ref(),
        }
    }
}

#[derive(Deserialize)]
struct FormatOnly {
    format: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    format: u64,
    scenarios: Vec<RawEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    name: String,
    file: String,
    baseline: RawRecord,
    #[serde(skip_serializing_if = "Option::is_none")]
    anchor: Option<RawRecord>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRecord {
    hash: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    changes: Vec<String>,
    plimsoll: String,
    seed: u64,
    replications: u32,
    exact: bool,
    scheduler: String,
    autoscaler: String,
    healer: String,
    metrics: Vec<RawMetric>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMetric {
    metric: String,
    better: RawSide,
    tolerance: RawTolerance,
    asked_by: RawAsked,
    /// Over all replications, for readers; it must be what the values give.
    value: f64,
    /// Which percentile `values` are of: each then begins with the fingerprint of all it was made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    percentile: Option<f64>,
    values: Vec<Value>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RawSide {
    Up,
    Down,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RawTolerance {
    Absolute(f64),
    Relative(f64),
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RawAsked {
    Scenario,
    Options,
}

impl RawEntry {
    fn of(entry: &Entry) -> RawEntry {
        RawEntry {
            name: entry.name.clone(),
            file: entry.file.clone(),
            baseline: RawRecord::of(&entry.baseline),
            anchor: entry.anchor.as_ref().map(RawRecord::of),
        }
    }

    fn meant(self) -> Result<Entry, String> {
        let RawEntry {
            name,
            file,
            baseline,
            anchor,
        } = self;
        let place = |what: &str| format!("{what} of scenario `{name}`");
        let baseline = baseline.meant(&place("baseline"))?;
        let anchor = anchor.map(|anchor| anchor.meant(&place("anchor")));
        Ok(Entry {
            anchor: anchor.transpose()?,
            name,
            file,
            baseline,
        })
    }
}

impl RawRecord {
    fn of(record: &Record) -> RawRecord {
        let [scheduler, autoscaler, healer] = record.policies.clone();
        RawRecord {
            hash: record.hash.clone(),
            changes: record.changes.clone(),
            plimsoll: record.plimsoll.clone(),
            seed: record.seed,
            replications: record.replications(),
            exact: record.exact,
            scheduler,
            autoscaler,
            healer,
            metrics: record.metrics.iter().map(RawMetric::of).collect(),
        }
    }

    fn meant(self, place: &str) -> Result<Record, String> {
        let runs = self.replications as usize;
        if runs == 0 || self.metrics.is_empty() {
            return Err(format!("the {place} holds nothing"));
        }
        if self.exact && runs != 1 {
            return Err(format!("the {place} is exact and yet of {runs} runs"));
        }
        let metrics = self.metrics.into_iter();
        let metrics = metrics.map(|metric| {
            metric
                .meant(runs)
                .map_err(|what| format!("{what}, in the {place}"))
        });
        Ok(Record {
            hash: self.hash,
            changes: self.changes,
            plimsoll: self.plimsoll,
            seed: self.seed,
            exact: self.exact,
            policies: [self.scheduler, self.autoscaler, self.healer],
            metrics: metrics.collect::<Result<_, _>>()?,
        })
    }
}

impl RawMetric {
    fn of(kept: &Kept) -> RawMetric {
        let gated = &kept.gated;
        let percentile = kept
            .values
            .iter()
            .flatten()
            .find_map(|told| match told.amount {
                Amount::Percentile { p, .. } => Some(p),
                Amount::Number(_) | Amount::Ratio { .. } => None,
            });
        RawMetric {
            metric: gated.quantity.to_string(),
            better: match gated.better {
                Side::Up => RawSide::Up,
                Side::Down => RawSide::Down,
            },
            tolerance: match gated.tolerance {
                Tolerance::Absolute(amount) => RawTolerance::Absolute(amount),
                Tolerance::Relative(share) => RawTolerance::Relative(share),
            },
            asked_by: match gated.asked {
                Asked::Scenario => RawAsked::Scenario,
                Asked::Options => RawAsked::Options,
            },
            value: kept.pooled().expect("a record holds values"),
            percentile,
            values: kept.values.iter().map(written).collect(),
        }
    }

    fn meant(self, runs: usize) -> Result<Kept, String> {
        let name = &self.metric;
        let wrong = |what: &str| format!("`{name}`: {what}");
        let quantity = name.parse().map_err(|no| wrong(&format!("{no}")))?;
        if self.values.len() != runs {
            let found = self.values.len();
            return Err(wrong(&format!("{found} values of {runs} replications")));
        }
        let told = self.values.iter().map(|value| told(value, self.percentile));
        let values: Option<Vec<Option<Told>>> = told.collect();
        let values = values.ok_or_else(|| wrong("a value that is none"))?;
        if !one_form(&values) {
            return Err(wrong("values of several forms"));
        }
        let tolerance = match self.tolerance {
            RawTolerance::Absolute(amount) => Tolerance::Absolute(amount),
            RawTolerance::Relative(share) => Tolerance::Relative(share),
        };
        let (Tolerance::Absolute(size) | Tolerance::Relative(size)) = tolerance;
        if !(size > 0.0 && size.is_finite()) {
            return Err(wrong("a tolerance that is not above zero"));
        }
        let kept = Kept {
            gated: Gated {
                quantity,
                better: match self.better {
                    RawSide::Up => Side::Up,
                    RawSide::Down => Side::Down,
                },
                tolerance,
                asked: match self.asked_by {
                    RawAsked::Scenario => Asked::Scenario,
                    RawAsked::Options => Asked::Options,
                },
            },
            values,
        };
        if kept.refused().is_some() || kept.pooled() != Some(self.value) {
            return Err(wrong("the values do not give the value"));
        }
        Ok(kept)
    }
}

/// A value in JSON: a number, `[over, under]`, or the fingerprint and counted values of a percentile.
fn written(told: &Option<Told>) -> Value {
    let Some(told) = told else {
        return Value::Null;
    };
    match &told.amount {
        Amount::Number(value) => number(*value),
        Amount::Ratio { over, under } => Value::Array(vec![number(*over), number(*under)]),
        Amount::Percentile { counts, .. } => {
            let digest = told.digest.clone().expect("a percentile has a fingerprint");
            let counted = |&(value, count): &(f64, u64)| {
                Value::Array(vec![number(value), Value::from(count)])
            };
            let first = std::iter::once(Value::String(digest));
            Value::Array(first.chain(counts.iter().map(counted)).collect())
        }
    }
}

/// A number; `"inf"`, which JSON has no number for.
fn number(value: f64) -> Value {
    match value {
        f64::INFINITY => Value::String("inf".to_owned()),
        value => Value::from(value),
    }
}

/// What is written so; absent for what nobody wrote.
fn told(value: &Value, percentile: Option<f64>) -> Option<Option<Told>> {
    let read = |value: &Value| match value {
        Value::String(text) if text == "inf" => Some(f64::INFINITY),
        value => value.as_f64(),
    };
    let (amount, digest) = match (value, percentile) {
        (Value::Null, _) => return Some(None),
        (Value::Array(parts), Some(p)) => {
            let (digest, counts) = parts.split_first()?;
            let pair = |pair: &Value| match pair.as_array()?.as_slice() {
                [value, count] => Some((read(value)?, count.as_u64()?)),
                _ => None,
            };
            let counts: Vec<(f64, u64)> = counts.iter().map(pair).collect::<Option<_>>()?;
            let ascends = counts.windows(2).all(|pair| pair[0].0 < pair[1].0);
            let counted = counts.iter().all(|&(_, count)| count > 0);
            let possible = p > 0.0 && p <= 1.0;
            if counts.is_empty() || !(ascends && counted && possible) {
                return None;
            }
            let counts: Arc<[(f64, u64)]> = counts.into();
            let digest = digest.as_str()?.to_owned();
            (Amount::Percentile { p, counts }, Some(digest))
        }
        (Value::Array(parts), None) => match parts.as_slice() {
            [over, under] => {
                let (over, under) = (over.as_f64()?, under.as_f64()?);
                if under <= 0.0 {
                    return None;
                }
                (Amount::Ratio { over, under }, None)
            }
            _ => return None,
        },
        (value, None) => (Amount::Number(read(value)?), None),
        (_, Some(_)) => return None,
    };
    Some(Some(Told { amount, digest }))
}

/// Whether all values combine with each other.
fn one_form(values: &[Option<Told>]) -> bool {
    let forms: Vec<_> = values
        .iter()
        .flatten()
        .map(|told| std::mem::discriminant(&told.amount))
        .collect();
    forms.windows(2).all(|pair| pair[0] == pair[1])
}
