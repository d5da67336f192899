//! Several quantities that change in steps, integrated together over the cells of the window.

use crate::time::Time;

/// Nanoseconds in one second.
const NANOS: f64 = 1e9;

/// `N` levels, their integrals over each cell so far, and over the whole window so far.
///
/// Sums are made in level × nanoseconds, which whole levels keep exact, and cell by cell, so that a
/// year of small steps loses no digits that matter.
#[derive(Clone, Debug)]
pub(super) struct Track<const N: usize> {
    since: Time,
    level: [f64; N],
    /// ∫ level dt over the present cell, in level × nanoseconds.
    cell: [f64; N],
    /// The same over all cells before it.
    before: [f64; N],
    /// The same over each cell that has ended, in level × seconds.
    cells: Vec<[f64; N]>,
}

impl<const N: usize> Track<N> {
    /// All levels zero from the start of the run.
    pub(super) const fn new() -> Track<N> {
        Track {
            since: Time::ZERO,
            level: [0.0; N],
            cell: [0.0; N],
            before: [0.0; N],
            cells: Vec::new(),
        }
    }

    /// Integrates up to `now`.
    pub(super) fn advance(&mut self, now: Time) {
        if now == self.since {
            return;
        }
        let passed = (now - self.since).nanos() as f64;
        for (sum, level) in self.cell.iter_mut().zip(&self.level) {
            *sum += level * passed;
        }
        self.since = now;
    }

    /// Changes the levels from `now` on.
    pub(super) fn add(&mut self, now: Time, change: &[f64; N]) {
        self.advance(now);
        for (level, change) in self.level.iter_mut().zip(change) {
            *level += change;
        }
    }

    /// Sets the levels from `now` on.
    pub(super) fn set(&mut self, now: Time, level: &[f64; N]) {
        self.advance(now);
        self.level = *level;
    }

    /// The window opens: what was before does not count.
    pub(super) fn open(&mut self, now: Time) {
        self.advance(now);
        self.cell = [0.0; N];
    }

    /// The present cell ends.
    pub(super) fn end_cell(&mut self, now: Time) {
        self.advance(now);
        for (sum, cell) in self.before.iter_mut().zip(&self.cell) {
            *sum += cell;
        }
        let ended = std::mem::replace(&mut self.cell, [0.0; N]);
        self.cells.push(ended.map(|sum| sum / NANOS));
    }

    /// The present level of one quantity.
    pub(super) const fn level(&self, quantity: usize) -> f64 {
        self.level[quantity]
    }

    /// Its integral over the window so far, in level × seconds.
    pub(super) const fn sum(&self, quantity: usize) -> f64 {
        (self.before[quantity] + self.cell[quantity]) / NANOS
    }

    /// The integrals over each cell that has ended.
    pub(super) fn cells(&self) -> &[[f64; N]] {
        &self.cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_integrated_within_the_window_only() {
        let secs = Time::from_secs;
        let mut track: Track<2> = Track::new();
        track.add(secs(0), &[2.0, 1.0]);
        track.open(secs(10));
        track.add(secs(13), &[4.0, 0.0]);
        track.end_cell(secs(15));
        track.set(secs(16), &[0.0, 0.0]);
        track.end_cell(secs(20));
        // Cell [10, 15): 2 for 3 s and 6 for 2 s; cell [15, 20): 6 for 1 s.
        assert_eq!(track.cells(), [[18.0, 5.0], [6.0, 1.0]]);
        assert_eq!([track.sum(0), track.sum(1)], [24.0, 6.0]);
    }
}
