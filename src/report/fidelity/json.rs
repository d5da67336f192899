//! The comparison as files.

use serde::Serialize;

use super::Fidelity;
use crate::experiment::fidelity::observed::Observed;
use crate::experiment::fidelity::{self, MEASURES, Row, Verdict};
use crate::stats::Estimate;

/// The version of the format.
pub(super) const VERSION: u32 = 1;

#[derive(Serialize)]
struct File<'a> {
    version: u32,
    plimsoll: &'a str,
    scenario: &'a str,
    hash: &'a str,
    seed: u64,
    live_runs: usize,
    simulated_runs: usize,
    delays: &'a str,
    agrees: bool,
    measures: Vec<Measure<'a>>,
    control: Vec<Control>,
    notes: Vec<Note<'a>>,
}

#[derive(Serialize)]
struct Measure<'a> {
    name: &'a str,
    about: &'a str,
    unit: &'a str,
    live: Side,
    simulated: Side,
    difference: Option<Estimated>,
    tolerance: Option<f64>,
    verdict: Option<&'a str>,
}

#[derive(Serialize)]
struct Side {
    runs: usize,
    of_runs: usize,
    mean: Option<Estimated>,
}

#[derive(Serialize)]
struct Estimated {
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
    method: &'static str,
}

#[derive(Serialize)]
struct Control {
    live_decisions: usize,
    simulated_decisions: usize,
    alike: bool,
    parts_at: Option<usize>,
    live: Option<String>,
    simulated: Option<String>,
}

#[derive(Serialize)]
struct Note<'a> {
    note: &'a str,
    runs: usize,
    of_runs: usize,
}

/// The comparison as JSON.
pub fn json(told: &Fidelity<'_>) -> String {
    let file = File {
        version: VERSION,
        plimsoll: env!("CARGO_PKG_VERSION"),
        scenario: &told.scenario.name,
        hash: &told.scenario.hash,
        seed: told.seed,
        live_runs: told.live.len(),
        simulated_runs: told.simulated.len(),
        delays: told.delays,
        agrees: told.agrees(),
        measures: told.rows.iter().map(measure).collect(),
        control: control(told),
        notes: notes(told),
    };
    let mut text = serde_json::to_string_pretty(&file).expect("text and numbers are JSON");
    text.push('\n');
    text
}

fn measure(row: &Row) -> Measure<'_> {
    Measure {
        name: row.measure.name,
        about: row.measure.about,
        unit: row.measure.unit,
        live: side(&row.live),
        simulated: side(&row.simulated),
        difference: row.difference.as_ref().map(estimated),
        tolerance: row.tolerance,
        verdict: row.verdict().map(|verdict| match verdict {
            Verdict::Agrees => "agrees",
            Verdict::Differs => "differs",
            Verdict::Undecided => "undecided",
        }),
    }
}

fn side(side: &fidelity::Side) -> Side {
    Side {
        runs: side.runs,
        of_runs: side.of,
        mean: side.mean.as_ref().map(estimated),
    }
}

fn estimated(estimate: &Estimate) -> Estimated {
    Estimated {
        value: estimate.value,
        low: estimate.interval.map(|interval| interval.low),
        high: estimate.interval.map(|interval| interval.high),
        method: estimate.method.name(),
    }
}

fn control(told: &Fidelity<'_>) -> Vec<Control> {
    let orders = told.orders().into_iter();
    let control = orders.map(|order| {
        let parting = order.parting.as_ref();
        Control {
            live_decisions: order.live,
            simulated_decisions: order.simulated,
            alike: parting.is_none(),
            parts_at: parting.map(|parting| parting.place),
            live: parting.and_then(|parting| parting.live.clone()),
            simulated: parting.and_then(|parting| parting.simulated.clone()),
        }
    });
    control.collect()
}

fn notes<'a>(told: &'a Fidelity<'_>) -> Vec<Note<'a>> {
    let of_runs = told.all_live().count();
    let notes = told.notes().into_iter();
    let notes = notes.map(|note| Note {
        note: note.said,
        runs: note.runs,
        of_runs,
    });
    notes.collect()
}

/// Every value of every run: which runs, replication, measure, unit, value.
///
/// # Errors
/// What the writer says.
pub fn csv(told: &Fidelity<'_>) -> Result<Vec<u8>, csv::Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(["runs", "replication", "measure", "unit", "value"])?;
    for (kind, runs) in [("live", told.live), ("simulated", told.simulated)] {
        for (number, run) in runs.iter().enumerate() {
            write(&mut out, kind, number + 1, run)?;
        }
    }
    for (number, (live, simulated)) in told.control.iter().enumerate() {
        write(&mut out, "control-live", number + 1, live)?;
        write(&mut out, "control-simulated", number + 1, simulated)?;
    }
    out.into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))
}

fn write(
    out: &mut csv::Writer<Vec<u8>>,
    kind: &str,
    number: usize,
    run: &Observed,
) -> Result<(), csv::Error> {
    for measure in MEASURES {
        if let Some(value) = run.values.get(measure.name) {
            let (number, value) = (number.to_string(), value.to_string());
            out.write_record([kind, &number, measure.name, measure.unit, &value])?;
        }
    }
    Ok(())
}
