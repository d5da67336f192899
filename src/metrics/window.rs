//! The part of a run that is measured, and the moments at which measuring itself has to act.

use crate::time::{Duration, Time};

/// Cells of a time series, and samples of what is dear to compute.
pub(super) const CELLS: u64 = 500;

/// The measured part of a run: [from, to).
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) from: Time,
    pub(super) to: Time,
}

/// A moment at which measuring has to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tick {
    /// The window opens.
    Open,
    /// The middle of a cell: what is sampled is sampled.
    Sample,
    /// A cell ends.
    CellEnd,
    /// A step of the autoscaler's grid.
    Sync,
}

/// Tells the ticks in order of time.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    window: Window,
    /// Cell edges told so far.
    edges: u64,
    /// Samples told so far.
    samples: u64,
    every: Option<Duration>,
    sync: Time,
    /// Time of the next tick.
    next: Time,
}

impl Window {
    /// Whether something that begins at `at` counts.
    pub(super) fn contains(self, at: Time) -> bool {
        self.from <= at && at < self.to
    }

    /// The part of [begin, end) in the window, in seconds.
    pub(super) fn overlap(self, begin: Time, end: Time) -> f64 {
        end.min(self.to).since(begin.max(self.from)).secs_f64()
    }

    /// Its length.
    pub(super) fn length(self) -> Duration {
        self.to - self.from
    }

    /// The `n`-th of the edges of all cells, from 0 to [`CELLS`].
    pub(super) fn edge(self, n: u64) -> Time {
        self.at(2 * n)
    }

    /// The instant after so many half cells.
    fn at(self, halves: u64) -> Time {
        let length = u128::from(self.length().nanos());
        let passed = length * u128::from(halves) / u128::from(2 * CELLS);
        self.from + Duration::from_nanos(u64::try_from(passed).expect("within the window"))
    }
}

impl Clock {
    /// The ticks of a window, with an autoscaler's grid if there is one.
    pub(super) fn new(window: Window, every: Option<Duration>) -> Clock {
        let every = every.filter(|every| !every.is_zero());
        let first =
            |every: Duration| Time::from_nanos(window.from.nanos().next_multiple_of(every.nanos()));
        let mut clock = Clock {
            window,
            edges: 0,
            samples: 0,
            every,
            sync: every.map_or(Time::MAX, first),
            next: Time::ZERO,
        };
        clock.next = clock.peek().0;
        clock
    }

    /// The next tick, if it comes before `at`.
    pub(super) fn pop(&mut self, at: Time) -> Option<(Time, Tick)> {
        if self.next >= at {
            return None;
        }
        let (now, tick) = self.peek();
        match tick {
            Tick::Open | Tick::CellEnd => self.edges += 1,
            Tick::Sample => self.samples += 1,
            Tick::Sync => self.sync += self.every.expect("only a grid has steps"),
        }
        self.next = self.peek().0;
        Some((now, tick))
    }

    fn peek(&self) -> (Time, Tick) {
        let edge = match self.edges {
            0 => (self.window.from, Tick::Open),
            n if n <= CELLS => (self.window.edge(n), Tick::CellEnd),
            _ => (Time::MAX, Tick::CellEnd),
        };
        let sample = match self.samples < self.edges && self.samples < CELLS {
            true => self.window.at(2 * self.samples + 1),
            false => Time::MAX,
        };
        let sync = if self.sync < self.window.to {
            self.sync
        } else {
            Time::MAX
        };
        // What is sampled belongs to the cell that its middle lies in, however short the cell.
        if sample <= edge.0 && sample <= sync && sample < Time::MAX {
            return (sample, Tick::Sample);
        }
        if edge.0 <= sync {
            edge
        } else {
            (sync, Tick::Sync)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: u64, to: u64) -> Window {
        Window {
            from: Time::from_secs(from),
            to: Time::from_secs(to),
        }
    }

    #[test]
    fn cells_tile_the_window() {
        let window = window(100, 1100);
        assert_eq!(window.edge(0), Time::from_secs(100));
        assert_eq!(window.edge(250), Time::from_secs(600));
        assert_eq!(window.edge(CELLS), Time::from_secs(1100));
    }

    #[test]
    fn only_the_part_in_the_window_counts() {
        let secs = Time::from_secs;
        assert_eq!(window(10, 20).overlap(secs(5), secs(12)), 2.0);
        assert_eq!(window(10, 20).overlap(secs(15), secs(30)), 5.0);
        assert_eq!(window(10, 20).overlap(secs(1), secs(5)), 0.0);
        assert!(window(10, 20).contains(secs(10)) && !window(10, 20).contains(secs(20)));
    }

    #[test]
    fn ticks_come_in_order_each_sample_inside_its_cell() {
        // 1,000 s in 500 cells of 2 s: open at 100, sample at 101, end at 102, sample at 103, …;
        // the grid of 15 s begins at 105.
        let mut clock = Clock::new(window(100, 1100), Some(Duration::from_secs(15)));
        let all: Vec<_> = std::iter::from_fn(|| clock.pop(Time::MAX)).collect();
        let first: Vec<_> = all[..6]
            .iter()
            .map(|&(at, tick)| (at.secs_f64(), tick))
            .collect();
        let expected = [
            (100.0, Tick::Open),
            (101.0, Tick::Sample),
            (102.0, Tick::CellEnd),
            (103.0, Tick::Sample),
            (104.0, Tick::CellEnd),
            (105.0, Tick::Sample),
        ];
        assert_eq!(first, expected);
        assert!(all.windows(2).all(|pair| pair[0].0 <= pair[1].0));
        let count = |tick| all.iter().filter(|&&(_, other)| other == tick).count();
        // Steps of the grid in [105, 1100): 105, 120, …, 1095.
        assert_eq!(
            [count(Tick::Sample), count(Tick::CellEnd), count(Tick::Sync)],
            [500, 500, 67]
        );
        assert_eq!(all.last(), Some(&(Time::from_secs(1100), Tick::CellEnd)));
    }

    #[test]
    fn a_window_of_a_few_nanoseconds_still_has_all_its_samples() {
        let window = Window {
            from: Time::ZERO,
            to: Time::from_nanos(3),
        };
        let mut clock = Clock::new(window, None);
        let all: Vec<_> = std::iter::from_fn(|| clock.pop(Time::MAX))
            .map(|(_, tick)| tick)
            .collect();
        assert_eq!(all.len(), 1001);
        assert_eq!(all[..3], [Tick::Open, Tick::Sample, Tick::CellEnd]);
    }
}
