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
    /// count with their expected number. Of equal ones the middle of the first stretch of them that
    /// lies at or after `rather`, or else of the first one. `None` where nothing is ever asked for.
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
        let is_most = |&cell: &usize| cores[cell] >= most * (1.0 - EQUAL);
        let is_late = |&cell: &usize| start(cell) >= rather;
        let first = (0..cells).find(|cell| is_most(cell) && is_late(cell));
        let first = first.or_else(|| (0..cells).find(is_most))?;
        let stretch = (first..cells).take_while(is_most).count();
        let cell = first + stretch / 2;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::Distribution;
    use crate::script::load::Load;
    use crate::script::service::Behaviour;

    fn service(load: Load, work: u64) -> Behaviour {
        Behaviour {
            image: None,
            startup: None,
            probe_period: None,
            shutdown: Duration::ZERO,
            work: Some(Duration::from_millis(work)),
            memory: None,
            load,
        }
    }

    fn peak(services: Vec<Behaviour>, rather: u64) -> Option<Peak> {
        let outline = Outline {
            services: services.into_iter().collect(),
            ..Outline::default()
        };
        let catalog = Catalog::default();
        let (from, end) = (Time::ZERO, Time::from_secs(86_400));
        outline.peak(&catalog, from, end, Time::from_secs(rather))
    }

    fn step(before: f64, after: f64) -> Load {
        Load::Step {
            before,
            after,
            at: Time::from_secs(7200),
        }
    }

    #[test]
    fn requests_count_by_their_work() {
        // Before 2 h: 900 · 1 ms + 100 · 10 ms = 1.9 cores; after: 100 · 1 ms + 200 · 10 ms = 2.1.
        let found = peak(
            vec![
                service(step(900.0, 100.0), 1),
                service(step(100.0, 200.0), 10),
            ],
            0,
        );
        let found = found.unwrap();
        assert!((found.cores - 2.1).abs() < 1e-9);
        // The middle of 1,320 equal minutes from minute 120 on.
        assert_eq!(found.at, Time::from_secs(60 * (120 + 660)));
    }

    #[test]
    fn a_day_is_busiest_at_the_top_of_its_curve() {
        let load = Load::Diurnal {
            mean: 100.0,
            amplitude: 0.5,
            peak_at: Duration::from_secs(72_000),
            period: Duration::from_secs(86_400),
        };
        let found = peak(vec![service(load, 10)], 0).unwrap();
        assert_eq!(found.at, Time::from_secs(72_000));
        assert!((found.cores - 1.5).abs() < 1e-4);
    }

    #[test]
    fn of_equal_times_one_is_taken_that_is_late_enough() {
        let found = peak(vec![service(step(200.0, 100.0), 10)], 6000).unwrap();
        // Minutes 100 to 119.
        assert_eq!(found.at, Time::from_secs(60 * 110));
        let found = peak(vec![service(step(200.0, 100.0), 10)], 8000).unwrap();
        assert_eq!(
            found.at,
            Time::from_secs(60 * 60),
            "none is: the middle of all"
        );
        assert_eq!(peak(vec![service(Load::Zero, 10)], 0), None);
    }

    #[test]
    fn jobs_by_distribution_count_with_their_expected_number() {
        let mut catalog = Catalog::default();
        let mut shape = crate::cluster::catalog::Shape::default();
        shape.requests.cpu = crate::units::MilliCpu(2000);
        let shape = catalog.shapes.push(shape);
        let source = JobSource {
            name: "job".to_owned(),
            interarrival: Distribution::constant(10.0).unwrap(),
            shapes: vec![(1.0, shape)],
            duration: Distribution::constant(600.0).unwrap(),
            replace: true,
            from: Time::from_secs(3600),
            until: Some(Time::from_secs(7200)),
            count: None,
        };
        let at = |seconds| expected(&source, &catalog, Time::from_secs(seconds));
        // 600 s of one every 10 s: 60 jobs of 2 cores; half of that after 300 s, and 300 s after the end.
        assert_eq!([3600, 3900, 4200, 7200].map(at), [0.0, 60.0, 120.0, 120.0]);
        assert_eq!([7500, 7800, 9000].map(at), [60.0, 0.0, 0.0]);
    }
}
