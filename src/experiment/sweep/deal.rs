//! Which run comes next, and which results belong together.
//!
//! Runs are dealt in the order of chunks, cells and replications, so that at any time only as many
//! cells are under way as there are threads, whatever the size of the sweep.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use super::chunk::Cell;
use super::plan::Sweep;
use crate::metrics::measured::Measured;
use crate::scenario::Scenario;

/// Deals runs, chunk by chunk.
pub(super) struct Dealer<I> {
    chunks: I,
    current: Option<(Arc<Chunk>, u64)>,
}

/// A chunk under way.
pub(super) struct Chunk {
    /// Which one.
    pub(super) number: u32,
    cells: Vec<Open>,
    /// The cells that are done.
    done: Mutex<Vec<Option<Cell>>>,
}

/// A cell under way.
struct Open {
    cell: u32,
    scenario: Mutex<Option<Arc<Scenario>>>,
    runs: Mutex<Vec<Option<Measured>>>,
    left: AtomicU32,
}

/// One run.
pub(super) struct Run {
    chunk: Arc<Chunk>,
    place: usize,
    /// Which replication, from 1.
    pub(super) replication: u32,
}

impl<I: Iterator<Item = u32>> Dealer<I> {
    pub(super) fn new(chunks: I) -> Dealer<I> {
        Dealer {
            chunks,
            current: None,
        }
    }

    /// The next run; chunks that `is_there` are left out.
    pub(super) fn next(
        &mut self,
        sweep: &Sweep,
        mut is_there: impl FnMut(u32) -> bool,
    ) -> Option<Run> {
        let replications = u64::from(sweep.plan.replications);
        loop {
            if let Some((chunk, dealt)) = &mut self.current
                && *dealt < replications * chunk.cells.len() as u64
            {
                let run = Run {
                    chunk: Arc::clone(chunk),
                    place: (*dealt / replications) as usize,
                    replication: (*dealt % replications) as u32 + 1,
                };
                *dealt += 1;
                return Some(run);
            }
            let number = self.chunks.next()?;
            self.current = (!is_there(number)).then(|| (Arc::new(Chunk::new(sweep, number)), 0));
        }
    }
}

impl Chunk {
    fn new(sweep: &Sweep, number: u32) -> Chunk {
        let replications = sweep.plan.replications;
        let open = |cell| Open {
            cell,
            scenario: Mutex::new(None),
            runs: Mutex::new(Vec::new()),
            left: AtomicU32::new(replications),
        };
        let cells: Vec<Open> = sweep.plan.cells_of(number).map(open).collect();
        Chunk {
            number,
            done: Mutex::new(vec![None; cells.len()]),
            cells,
        }
    }
}

impl Run {
    /// The chunk it belongs to.
    pub(super) fn chunk(&self) -> u32 {
        self.chunk.number
    }

    /// Which cell.
    pub(super) fn cell(&self) -> u32 {
        self.open().cell
    }

    fn open(&self) -> &Open {
        &self.chunk.cells[self.place]
    }

    /// The scenario of the cell, loaded once for all its runs.
    pub(super) fn scenario(&self, load: impl FnOnce() -> Scenario) -> Arc<Scenario> {
        let mut scenario = self.open().scenario.lock().expect("nobody panics with it");
        let scenario = scenario.get_or_insert_with(|| Arc::new(load()));
        Arc::clone(scenario)
    }

    /// Hands in what was measured. The last run of a cell gets those of all.
    pub(super) fn hand_in(&self, measured: Measured) -> Option<Vec<Measured>> {
        let open = self.open();
        let mut runs = open.runs.lock().expect("nobody panics with it");
        let place = self.replication as usize - 1;
        if runs.len() <= place {
            runs.resize(place + 1, None);
        }
        runs[place] = Some(measured);
        if open.left.fetch_sub(1, Ordering::AcqRel) > 1 {
            return None;
        }
        *open.scenario.lock().expect("nobody panics with it") = None;
        let runs = std::mem::take(&mut *runs).into_iter();
        Some(runs.map(|run| run.expect("all are handed in")).collect())
    }

    /// Hands in what a cell's runs say. The last cell of a chunk gets those of all.
    pub(super) fn finish(&self, cell: Cell) -> Option<Vec<Cell>> {
        let mut done = self.chunk.done.lock().expect("nobody panics with it");
        done[self.place] = Some(cell);
        if done.iter().any(Option::is_none) {
            return None;
        }
        Some(std::mem::take(&mut *done).into_iter().flatten().collect())
    }
}
