//! All chunks of a sweep together.

use std::io;

use super::chunk::Cell;
use super::front::front;
use super::plan::Sweep;
use super::store::{Store, Unusable};
use crate::metrics::dictionary::Better;
use crate::stats::{self, Estimate, PairedEvents};

/// What all cells say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Merged {
    /// By cell, for each metric of the plan; absent where nothing was measured.
    pub cells: Vec<Vec<Option<Estimate>>>,
    /// By cell, the value of each replication in what the cost buys; empty where nothing is traded.
    pub bought: Vec<Vec<Option<f64>>>,
}

/// Why chunks could not be put together.
#[derive(Debug)]
pub enum Gap {
    /// These are missing or wrong.
    Chunks(Vec<(u32, Unusable)>),
    /// What `each` said.
    Write(io::Error),
}

/// The error of one comparison of two cells.
const SURE: f64 = 0.05;

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
    let traded = sweep.plan.pareto.as_ref();
    let bought = traded.map(|pareto| sweep.plan.place(&pareto.value));
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
            let bought = bought.map(|place| cell.metrics[place].values.clone());
            merged.bought.extend(bought);
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

    /// Whether one cell gives more of what the cost buys than another, and not by chance: replications
    /// of one number met the same arrivals, loads and failures, so their differences decide, with 95 %
    /// confidence. Where they have no spread, or are infinite, the exact test of signs does.
    pub fn is_gain(&self, one: u32, other: u32, better: Better) -> bool {
        let [ours, theirs] = [one, other].map(|cell| &self.bought[cell as usize]);
        let pairs = ours.iter().zip(theirs);
        let pairs: Vec<(f64, f64)> = pairs.filter_map(|(a, b)| Some(((*a)?, (*b)?))).collect();
        let (ours, theirs): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        let is_better = |difference: f64| match better {
            Better::Up => difference > 0.0,
            Better::Down | Better::Neither => difference < 0.0,
        };
        let finite = pairs.iter().all(|(a, b)| a.is_finite() && b.is_finite());
        match stats::paired_mean(&ours, &theirs).filter(|_| finite) {
            Some(Ok(mean)) => is_better(mean.value) && mean.p_value(0.0) <= SURE,
            Some(Err(_)) | None => {
                let signs = |sign: f64| -> Vec<bool> {
                    let rises = pairs.iter().map(|(a, b)| sign * (a - b) > 0.0);
                    rises.collect()
                };
                let signs = PairedEvents::count(&signs(1.0), &signs(-1.0));
                let more = signs.only_here as f64 - signs.only_baseline as f64;
                is_better(more) && signs.p_value() <= SURE
            }
        }
    }

    /// The cells on the Pareto front, in order of rising cost; absent where nothing is traded.
    pub fn front(&self, sweep: &Sweep) -> Option<Vec<u32>> {
        let pareto = sweep.plan.pareto.as_ref()?;
        let [cost, value] = [&pareto.cost, &pareto.value].map(|metric| sweep.plan.place(metric));
        let points: Vec<_> = self.values(cost).zip(self.values(value)).collect();
        Some(front(&points, pareto.cost.metric, pareto.value.metric))
    }
}
