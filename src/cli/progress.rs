//! How far the replications are, on a terminal, for runs that take a while.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::time::Time;

/// Runs shorter than this are over before anybody reads.
const QUIET_FOR: Duration = Duration::from_secs(2);
/// Time between two lines.
const EVERY: Duration = Duration::from_millis(250);

/// Keeps one line on stderr up to date.
#[derive(Debug)]
pub(super) struct Progress {
    started: Instant,
    end: Time,
    /// `None` where nobody watches.
    line: Option<Mutex<Line>>,
}

#[derive(Debug)]
struct Line {
    /// How far each replication is.
    reached: Vec<Time>,
    next: Duration,
    shown: bool,
}

impl Progress {
    /// Progress of so many replications of a run up to `end`; silent unless stderr is a terminal.
    pub(super) fn new(replications: u32, end: Time, quiet: bool) -> Progress {
        let watched = !quiet && io::stderr().is_terminal();
        Progress {
            started: now(),
            end,
            line: watched.then(|| {
                Mutex::new(Line {
                    reached: vec![Time::ZERO; replications as usize],
                    next: QUIET_FOR,
                    shown: false,
                })
            }),
        }
    }

    /// Replication `replication`, from 1, is at `at`.
    pub(super) fn reached(&self, replication: u32, at: Time) {
        let Some(line) = &self.line else { return };
        // Whoever finds it taken has nothing new to say.
        let Ok(mut line) = line.try_lock() else {
            return;
        };
        line.reached[replication as usize - 1] = at;
        let passed = self.seconds();
        if passed < line.next.as_secs_f64() {
            return;
        }
        line.next = Duration::from_secs_f64(passed) + EVERY;
        line.shown = true;
        let text = self.text(&line.reached, passed);
        drop(write!(io::stderr(), "\r{text}\u{1b}[K"));
    }

    /// Removes the line.
    pub(super) fn finish(&self) {
        let shown = self
            .line
            .as_ref()
            .is_some_and(|line| line.lock().map(|line| line.shown).unwrap_or(false));
        if shown {
            drop(write!(io::stderr(), "\r\u{1b}[K"));
        }
    }

    /// Seconds since the start.
    pub(super) fn seconds(&self) -> f64 {
        now().duration_since(self.started).as_secs_f64()
    }

    fn text(&self, reached: &[Time], passed: f64) -> String {
        let end = self.end.secs_f64();
        let done = reached.iter().map(|at| at.secs_f64() / end).sum::<f64>() / reached.len() as f64;
        let mut text = format!("{:.0} % of simulated time", 100.0 * done);
        if reached.len() > 1 {
            let over = reached.iter().filter(|&&at| at >= self.end).count();
            let _ = write!(text, ", {over} of {} replications", reached.len());
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
}

/// Keeps one line on stderr up to date, of work whose end is not known.
#[derive(Debug)]
pub(super) struct Counter {
    started: Instant,
    /// When the next line is due, and whether there is one; `None` where nobody watches.
    line: Option<Mutex<(Duration, bool)>>,
}

impl Counter {
    /// Silent unless stderr is a terminal.
    pub(super) fn new(quiet: bool) -> Counter {
        let watched = !quiet && io::stderr().is_terminal();
        Counter {
            started: now(),
            line: watched.then(|| Mutex::new((QUIET_FOR, false))),
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
        if passed < line.0 {
            return;
        }
        *line = (passed + EVERY, true);
        let seconds = passed.as_secs();
        drop(write!(io::stderr(), "\r{done} {what}, {seconds} s\u{1b}[K"));
    }

    /// Removes the line.
    pub(super) fn finish(&self) {
        let line = self.line.as_ref();
        if line.is_some_and(|line| line.lock().map(|line| line.1).unwrap_or(false)) {
            drop(write!(io::stderr(), "\r\u{1b}[K"));
        }
    }

    /// Seconds since the start.
    pub(super) fn seconds(&self) -> f64 {
        now().duration_since(self.started).as_secs_f64()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "progress and run.json are about the real clock"
)]
fn now() -> Instant {
    Instant::now()
}
