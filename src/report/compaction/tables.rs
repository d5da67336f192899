//! `compaction.csv`: one row for each trial of each scheduler.

use std::io::{self, Write};

use super::Told;
use crate::experiment::compaction::Size;
use crate::report::csv::Csv;
use crate::units::Resource;

const COLUMNS: [&str; 10] = [
    "scheduler",
    "trial",
    "nodes",
    "share_of_nodes",
    "cpu_milli",
    "memory_bytes",
    "gpu_milli",
    "pods_waiting",
    "relapses",
    "packings",
];

/// What no scheduler can do without has the name of none.
const FLOOR: &str = "requests alone";

/// Writes the table. A trial for which all copies were too few has no number of nodes.
pub(super) fn trials(told: &Told<'_>, out: impl Write) -> io::Result<()> {
    let compaction = told.compaction;
    let mut csv = Csv::new(out, &COLUMNS)?;
    for packed in &compaction.schedulers {
        for (trial, number) in packed.trials.iter().zip(1..) {
            size(&mut csv, told, (packed.scheduler.name, number), trial.size);
            csv.whole(u64::from(trial.waiting));
            csv.whole(u64::from(trial.relapses));
            csv.whole(u64::from(trial.packings));
            csv.end_row()?;
        }
    }
    for (&floor, number) in compaction.floor.iter().zip(1..) {
        size(&mut csv, told, (FLOOR, number), floor);
        (0..3).for_each(|_| csv.number(None));
        csv.end_row()?;
    }
    csv.finish()
}

fn size<W: Write>(csv: &mut Csv<W>, told: &Told<'_>, (name, number): (&str, u64), size: Size) {
    csv.text(name);
    csv.whole(number);
    let nodes = size.nodes.map(f64::from);
    csv.number(nodes);
    csv.number(nodes.map(|nodes| nodes / f64::from(told.compaction.workload.nodes)));
    for resource in Resource::ALL {
        match size.nodes {
            Some(_) => csv.whole(size.room.get(resource)),
            None => csv.number(None),
        }
    }
}
