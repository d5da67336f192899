//! How many cells are done, on a terminal, for sweeps that take a while.

use std::io::{self, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::cli::status::{Status, now};

/// Keeps one line on stderr up to date.
#[derive(Debug)]
pub(super) struct Tally {
    what: &'static str,
    all: u32,
    started: Instant,
    is_watched: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Done by now, and of these before the start.
    done: u32,
    kept: u32,
    status: Status,
}

impl Tally {
    /// A tally up to `all`; silent unless stderr is a terminal.
    pub(super) fn new(what: &'static str, all: u32, quiet: bool) -> Tally {
        Tally {
            what,
            all,
            started: now(),
            is_watched: Status::is_watched(quiet),
            state: Mutex::new(State {
                done: 0,
                kept: 0,
                status: Status::new(),
            }),
        }
    }

    /// One more is done.
    pub(super) fn one(&self) {
        self.add(1, 0);
    }

    /// So many were done before.
    pub(super) fn kept(&self, cells: u32) {
        self.add(cells, cells);
    }

    /// A line that stays.
    pub(super) fn aside(&self, line: &str) {
        let mut state = self.state.lock().expect("nobody panics with it");
        state.status.clear();
        drop(writeln!(io::stderr(), "{line}"));
    }

    /// Removes the line.
    pub(super) fn finish(&self) {
        let mut state = self.state.lock().expect("nobody panicked with it");
        state.status.clear();
    }

    fn add(&self, done: u32, kept: u32) {
        let mut state = self.state.lock().expect("nobody panics with it");
        state.done += done;
        state.kept += kept;
        let passed = now().duration_since(self.started);
        if self.is_watched && state.status.is_due(passed) {
            let text = text(self.what, self.all, &state, passed);
            state.status.show(passed, &text);
        }
    }
}

fn text(what: &str, all: u32, state: &State, passed: Duration) -> String {
    let (made, left) = (state.done - state.kept, all - state.done);
    let head = format!("{} of {all} {what}", state.done);
    if made == 0 {
        return head;
    }
    let seconds = passed.as_secs_f64() * f64::from(left) / f64::from(made);
    match seconds.ceil() as u64 {
        seconds @ 0..120 => format!("{head}, {seconds} s left"),
        seconds @ 120..7200 => format!("{head}, {} m left", seconds.div_ceil(60)),
        seconds => format!("{head}, {} h left", seconds.div_ceil(3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_before_says_nothing_of_the_speed() {
        let state = |done, kept| State {
            done,
            kept,
            status: Status::new(),
        };
        let after = Duration::from_secs(10);
        // 20 made in 10 s, 30 left: 15 s.
        let text = |done, kept| text("cells done", 100, &state(done, kept), after);
        assert_eq!(text(70, 50), "70 of 100 cells done, 15 s left");
        assert_eq!(text(50, 50), "50 of 100 cells done");
    }
}
