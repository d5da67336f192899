//! How far the replications are, on a terminal, for runs that take a while.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::cli::status::{Status, now};
use crate::time::Time;

/// Keeps one line on stderr up to date.
#[derive(Debug)]
pub(super) struct Progress {
    started: Instant,
    /// The end of the runs of each variant.
    ends: Vec<Time>,
    /// `None` where nobody watches.
    line: Option<Mutex<Line>>,
}

#[derive(Debug)]
struct Line {
    /// How far each run is, as a share of it: replication by replication, of each that of all variants.
    reached: Vec<f64>,
    status: Status,
}

impl Progress {
    /// Progress of so many replications of a run up to `end`; silent unless stderr is a terminal.
    pub(super) fn new(replications: u32, end: Time, quiet: bool) -> Progress {
        let progress = Progress::of_variants(vec![end], quiet);
        progress.expect(replications);
        progress
    }

    /// Progress of runs of several variants, up to the end of each; how many replications there will
    /// be is yet to be said.
    pub(super) fn of_variants(ends: Vec<Time>, quiet: bool) -> Progress {
        let line = || {
            Mutex::new(Line {
                reached: Vec::new(),
                status: Status::new(),
            })
        };
        Progress {
            started: now(),
            ends,
            line: Status::is_watched(quiet).then(line),
        }
    }

    /// There will be so many replications, those before included.
    pub(super) fn expect(&self, replications: u32) {
        if let Some(line) = &self.line {
            let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
            line.reached
                .resize(replications as usize * self.ends.len(), 0.0);
        }
    }

    /// Replication `replication`, from 1, is at `at`.
    pub(super) fn reached(&self, replication: u32, at: Time) {
        self.variant_reached(0, replication, at);
    }

    /// Replication `replication`, from 1, of a variant is at `at`.
    pub(super) fn variant_reached(&self, variant: usize, replication: u32, at: Time) {
        let Some(line) = &self.line else { return };
        // Whoever finds it taken has nothing new to say.
        let Ok(mut line) = line.try_lock() else {
            return;
        };
        let place = (replication as usize - 1) * self.ends.len() + variant;
        line.reached[place] = at.secs_f64() / self.ends[variant].secs_f64();
        let passed = now().duration_since(self.started);
        if line.status.is_due(passed) {
            let text = text(&line.reached, self.ends.len(), passed.as_secs_f64());
            line.status.show(passed, &text);
        }
    }

    /// Removes the line.
    pub(super) fn finish(&self) {
        if let Some(line) = &self.line {
            let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
            line.status.clear();
        }
    }

    /// Seconds since the start.
    pub(super) fn seconds(&self) -> f64 {
        now().duration_since(self.started).as_secs_f64()
    }
}

fn text(reached: &[f64], variants: usize, passed: f64) -> String {
    let done = reached.iter().sum::<f64>() / reached.len() as f64;
    let mut text = format!("{:.0} % of simulated time", 100.0 * done);
    if reached.len() > 1 {
        let over = reached.iter().filter(|&&share| share >= 1.0).count();
        let what = match variants {
            1 => "replications".to_owned(),
            _ => format!("runs of {variants} variants"),
        };
        let _ = write!(text, ", {over} of {} {what}", reached.len());
    }
    if done > 0.01 {
        let left = (passed * (1.0 - done) / done).ceil() as u64;
        match left {
            0..120 => drop(write!(text, ", {left} s left")),
            _ => drop(write!(text, ", {} m left", left.div_ceil(60))),
        }
    }
    text
}

/// Keeps one line on stderr up to date, of work whose end is not known.
#[derive(Debug)]
pub(super) struct Counter {
    started: Instant,
    /// `None` where nobody watches.
    line: Option<Mutex<Status>>,
}

impl Counter {
    /// Silent unless stderr is a terminal.
    pub(super) fn new(quiet: bool) -> Counter {
        Counter {
            started: now(),
            line: Status::is_watched(quiet).then(|| Mutex::new(Status::new())),
        }
    }

    /// So many of these are done.
    pub(super) fn reached(&self, done: u64, what: &str) {
        let Some(line) = &self.line else { return };
        // Whoever finds it taken has nothing new to say.
        let Ok(mut line) = line.try_lock() else {
            return;
        };
        let passed = now().duration_since(self.started);
        if line.is_due(passed) {
            let seconds = passed.as_secs();
            line.show(passed, &format!("{done} {what}, {seconds} s"));
        }
    }

    /// Removes the line.
    pub(super) fn finish(&self) {
        if let Some(line) = &self.line {
            line.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    /// Seconds since the start.
    pub(super) fn seconds(&self) -> f64 {
        now().duration_since(self.started).as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_follows_from_what_is_done_by_all_variants() {
        // Two of four runs and half a third: 2.5/4 in 50 s leave 30 s.
        assert_eq!(
            text(&[1.0, 1.0, 0.5, 0.0], 2, 50.0),
            "62 % of simulated time, 2 of 4 runs of 2 variants, 30 s left"
        );
        assert_eq!(text(&[0.1], 1, 60.0), "10 % of simulated time, 9 m left");
        assert_eq!(text(&[0.0], 1, 60.0), "0 % of simulated time");
    }
}
