//! All chunks of a sweep together.

use std::io;

use super::chunk::Cell;
use super::front::front;
use super::plan::Sweep;
use super::store::{Store, Unusable};
use crate::stats::Estimate;

/// What all cells say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Merged {
    /// By cell, for each metric of the plan; absent where nothing was measured.
    pub cells: Vec<Vec<Option<Estimate>>>,
}

/// Why chunks could not be put together.
#[derive(Debug)]
pub enum Gap {
    /// These are missing or wrong.
    Chunks(Vec<(u32, Unusable)>),
    /// What `each` said.
    Write(io::Error),
}

/// Reads all chunks in order and gives each cell to `each`, up to the first chunk that is missing.
///
/// # Errors
/// All chunks that are missing or wrong, or the first error of `each`.
pub fn merge(
    sweep: &Sweep,
    store: &Store,
    mut each: impl FnMut(u32, &Cell) -> io::Result<()>,
) -> Result<Merged, Gap> {
    let mut gaps = Vec::new();
    let mut merged = Merged::default();
    for chunk in 0..sweep.plan.chunks() {
        let cells = match store.read(sweep, chunk) {
            Ok(cells) => cells,
            Err(why) => {
                gaps.push((chunk, why));
                continue;
            }
        };
        if !gaps.is_empty() {
            continue;
        }
        for (number, cell) in sweep.plan.cells_of(chunk).zip(&cells) {
            each(number, cell).map_err(Gap::Write)?;
            let estimates = cell.metrics.iter().map(|kept| kept.estimate);
            merged.cells.push(estimates.collect());
        }
    }
    match gaps.is_empty() {
        true => Ok(merged),
        false => Err(Gap::Chunks(gaps)),
    }
}

impl Merged {
    /// The value of a metric, by its place in the plan, in each cell.
    pub fn values(&self, metric: usize) -> impl Iterator<Item = Option<f64>> {
        let estimates = self.cells.iter().map(move |cell| cell[metric]);
        estimates.map(|estimate| estimate.map(|estimate| estimate.value))
    }

    /// The cells on the Pareto front, in order of rising cost; absent where nothing is traded.
    pub fn front(&self, sweep: &Sweep) -> Option<Vec<u32>> {
        let pareto = sweep.plan.pareto.as_ref()?;
        let [cost, value] = [&pareto.cost, &pareto.value].map(|metric| sweep.plan.place(metric));
        let points: Vec<_> = self.values(cost).zip(self.values(value)).collect();
        Some(front(&points, pareto.cost.metric, pareto.value.metric))
    }
}
