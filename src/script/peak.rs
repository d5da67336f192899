//! When most is asked for, as far as that can be said before a run.

use super::Outline;
use super::jobs::JobSource;
use crate::cluster::catalog::Catalog;
use crate::ids::ShapeId;
use crate::time::{Duration, Time};

/// Length of the cells that are compared: with loads in steps of 15 s it holds whole steps.
const CELL: Duration = Duration::from_secs(60);

/// Half of one.
const HALF: Duration = Duration::from_secs(30);

/// Cells that differ by less, as a share, are equal: sums of floats are rounded.
const EQUAL: f64 = 1e-9;

/// When most is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// The start of the minute.
    pub at: Time,
    /// Cores asked for in it: work of the requests, and requests of the jobs that would run.
    pub cores: f64,
}

impl Outline {
    /// The minute of [from, end) in which most cores are asked for: by the requests of all services,
    /// each with its work, and by the jobs, as if each ran from its arrival on. Jobs by distribution
    /// count with their expected number. Of equal ones the first at or after `rather`, else the first.
    /// `None` where nothing is ever asked for.
    pub fn peak(&self, catalog: &Catalog, from: Time, end: Time, rather: Time) -> Option<Peak> {
        let cells = end.since(from).nanos().div_ceil(CELL.nanos()) as usize;
        let start = |cell: usize| from + CELL * cell as u64;
        let mut cores = vec![0.0; cells];
        for service in self.services.as_slice() {
            let Some(work) = service.work else { continue };
            for (cell, cores) in cores.iter_mut().enumerate() {
                let (from, to) = (start(cell), start(cell + 1).min(end));
                *cores += service.load.mean(from, to) * work.secs_f64();
            }
        }
        let of_trace = self.traced(catalog, from, cells);
        for (cell, cores) in cores.iter_mut().enumerate() {
            let middle = start(cell) + HALF;
            let expected = |source: &JobSource| expected(source, catalog, middle);
            *cores += of_trace[cell] + self.sources.iter().map(expected).sum::<f64>();
        }
        let most = cores.iter().copied().fold(0.0, f64::max);
        let is_most = |cell: &usize| cores[*cell] >= most * (1.0 - EQUAL);
        let all = || (0..cells).filter(is_most);
        let cell = all().find(|&cell| start(cell) >= rather).or(all().next())?;
        (most > 0.0).then(|| Peak {
            at: start(cell),
            cores: most,
        })
    }

    /// Cores that the jobs of the trace ask for at the start of each cell, as if each ran from its
    /// arrival on.
    fn traced(&self, catalog: &Catalog, from: Time, cells: usize) -> Vec<f64> {
        let mut changes = vec![0.0; cells + 1];
        // The first cell that begins at or after a time.
        let cell = |at: Time| {
            let cell = at.since(from).nanos().div_ceil(CELL.nanos());
            usize::try_from(cell).map_or(cells, |cell| cell.min(cells))
        };
        let jobs = &self.trace;
        for (job, &shape) in jobs.shapes.iter().enumerate() {
            let cores = cores_of(catalog, shape);
            let arrival = jobs.arrivals[job];
            changes[cell(arrival)] += cores;
            changes[cell(arrival + jobs.durations[job])] -= cores;
        }
        let running = changes.iter().scan(0.0, |running, change| {
            *running += change;
            Some(*running)
        });
        running.take(cells).collect()
    }
}

/// Cores that the jobs of a source are expected to ask for: by Little's law their rate times the time
/// each runs, as far as that has passed since the first could arrive.
fn expected(source: &JobSource, catalog: &Catalog, at: Time) -> f64 {
    let (Some(apart), Some(runs)) = (source.interarrival.mean(), source.duration.mean()) else {
        return 0.0;
    };
    let until = source.until.unwrap_or(at).min(at);
    if apart <= 0.0 || at < source.from {
        return 0.0;
    }
    // Those that arrived within the last `runs` seconds.
    let gone = at.since(until).secs_f64();
    let begun = at.since(source.from).secs_f64();
    let arriving = (begun.min(runs) - gone).max(0.0);
    let total: f64 = source.shapes.iter().map(|&(weight, _)| weight).sum();
    let each = source.shapes.iter();
    let each: f64 = each
        .map(|&(weight, shape)| weight / total * cores_of(catalog, shape))
        .sum();
    arriving / apart * each
}

fn cores_of(catalog: &Catalog, shape: ShapeId) -> f64 {
    catalog.shapes[shape].requests.cpu.0 as f64 / 1000.0
}
