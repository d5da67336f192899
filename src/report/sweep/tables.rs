//! The CSV files of a sweep, each one tidy table.

use std::io::{self, Write};

use crate::experiment::sweep::chunk::Cell;
use crate::experiment::sweep::merge::Merged;
use crate::experiment::sweep::plan::Sweep;
use crate::report::csv::Csv;

/// `sweep.csv` being written: one row per cell, replication and metric that has a value.
pub(super) struct Runs<'a, W: Write> {
    sweep: &'a Sweep,
    csv: Csv<W>,
}

impl<'a, W: Write> Runs<'a, W> {
    pub(super) fn new(sweep: &'a Sweep, out: W) -> io::Result<Runs<'a, W>> {
        let rest = ["replication", "metric", "entity", "unit", "value"];
        Ok(Runs {
            csv: Csv::new(out, &columns(sweep, &rest))?,
            sweep,
        })
    }

    /// The rows of one cell.
    pub(super) fn cell(&mut self, number: u32, cell: &Cell) -> io::Result<()> {
        for (quantity, kept) in self.sweep.plan.metrics.iter().zip(&cell.metrics) {
            let entity = quantity.entity.to_string();
            for (replication, value) in (1..).zip(&kept.values) {
                let Some(value) = *value else { continue };
                point(self.sweep, number, &mut self.csv);
                self.csv.whole(replication);
                self.csv.text(quantity.metric.name);
                self.csv.text(&entity);
                self.csv.text(quantity.metric.unit);
                self.csv.number(value);
                self.csv.end_row()?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> io::Result<()> {
        self.csv.finish()
    }
}

/// `response.csv`: one row per cell and metric that has a value.
pub(super) fn response(sweep: &Sweep, merged: &Merged, out: impl Write) -> io::Result<()> {
    let rest = ["metric", "entity", "unit", "value", "low", "high", "method"];
    let mut csv = Csv::new(out, &columns(sweep, &rest))?;
    for (number, cell) in (0..).zip(&merged.cells) {
        for (quantity, estimate) in sweep.plan.metrics.iter().zip(cell) {
            let Some(estimate) = estimate else { continue };
            point(sweep, number, &mut csv);
            csv.text(quantity.metric.name);
            csv.text(&quantity.entity.to_string());
            csv.text(quantity.metric.unit);
            csv.number(estimate.value);
            csv.number(estimate.interval.map(|interval| interval.low));
            csv.number(estimate.interval.map(|interval| interval.high));
            csv.text(estimate.method.name());
            csv.end_row()?;
        }
    }
    csv.finish()
}

/// `plots/pareto.csv`: one row per cell, with whether it is on the front.
pub(super) fn pareto(
    sweep: &Sweep,
    merged: &Merged,
    front: &[u32],
    out: impl Write,
) -> io::Result<()> {
    let Some(pareto) = &sweep.plan.pareto else {
        return Ok(());
    };
    let [cost, value] = [&pareto.cost, &pareto.value];
    let names = [cost, value].map(|quantity| quantity.to_string());
    let mut csv = Csv::new(out, &columns(sweep, &[&names[0], &names[1], "on_front"]))?;
    let places = [cost, value].map(|quantity| sweep.plan.place(quantity));
    for (number, cell) in (0..).zip(&merged.cells) {
        point(sweep, number, &mut csv);
        for place in places {
            csv.number(cell[place].map(|estimate| estimate.value));
        }
        csv.text(if front.contains(&number) {
            "true"
        } else {
            "false"
        });
        csv.end_row()?;
    }
    csv.finish()
}

fn columns<'a>(sweep: &'a Sweep, rest: &[&'a str]) -> Vec<&'a str> {
    let keys = sweep.plan.keys.iter().map(|key| key.name.as_str());
    let columns = std::iter::once("cell").chain(keys);
    columns.chain(rest.iter().copied()).collect()
}

/// The number of a cell, and its value of each key.
fn point<W: Write>(sweep: &Sweep, cell: u32, csv: &mut Csv<W>) {
    csv.whole(u64::from(cell));
    for value in sweep.plan.point(cell) {
        csv.text(&value.to_string());
    }
}
