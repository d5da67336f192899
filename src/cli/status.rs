//! A line on stderr that is written over, for work that takes a while.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// What is over sooner is over before anybody reads.
const QUIET_FOR: Duration = Duration::from_secs(2);
/// Time between two lines.
const EVERY: Duration = Duration::from_millis(250);

/// The line as it stands.
///
/// What stood there is written over with blanks, not removed by an escape code: every terminal takes
/// that, with colours or without.
#[derive(Debug)]
pub(super) struct Status {
    next: Duration,
    /// Characters that it has now.
    width: usize,
}

impl Status {
    pub(super) const fn new() -> Status {
        Status {
            next: QUIET_FOR,
            width: 0,
        }
    }

    /// Whether anybody is there to watch it.
    pub(super) fn is_watched(quiet: bool) -> bool {
        !quiet && io::stderr().is_terminal()
    }

    /// Whether it is time for a new one, so long after the start.
    pub(super) fn is_due(&self, passed: Duration) -> bool {
        passed >= self.next
    }

    /// Shows a new one.
    pub(super) fn show(&mut self, passed: Duration, text: &str) {
        self.next = passed + EVERY;
        let line = self.over(text);
        // Without a stderr there is nobody to tell.
        drop(write!(io::stderr(), "{line}"));
    }

    /// Removes it.
    pub(super) fn clear(&mut self) {
        if self.width > 0 {
            let line = self.over("");
            drop(write!(io::stderr(), "{line}\r"));
        }
    }

    /// The text in the place of what stands there.
    fn over(&mut self, text: &str) -> String {
        let old = self.width;
        self.width = text.chars().count();
        format!("\r{text:old$}")
    }
}

/// What the real clock says.
#[expect(
    clippy::disallowed_methods,
    reason = "progress and run.json are about the real clock"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shorter_line_leaves_nothing_of_a_longer_one() {
        let mut status = Status::new();
        assert_eq!(status.over("10 of 12"), "\r10 of 12");
        assert_eq!(status.over("all"), "\rall     ");
        assert_eq!(status.over(""), "\r   ");
    }
}
