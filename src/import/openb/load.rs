//! How much of the GPUs a trace asks for over time, if every pod runs from the moment it starts.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::{Duration, Time};
use crate::units::MilliGpu;

/// Folds intervals of GPU use, told in order of their start, into a mean over a window and a peak.
#[derive(Clone, Debug)]
pub(crate) struct LoadMeter {
    window: (Time, Time),
    /// Use times time within the window, in thousandths of a GPU times nanoseconds.
    area: u128,
    running: BinaryHeap<Reverse<(Time, u64)>>,
    in_use: u64,
    peak: u64,
}

impl LoadMeter {
    /// Nothing in use; the mean will be over [`from`, `to`).
    pub(crate) fn new(from: Time, to: Time) -> LoadMeter {
        LoadMeter {
            window: (from, to),
            area: 0,
            running: BinaryHeap::new(),
            in_use: 0,
            peak: 0,
        }
    }

    /// `gpu` is in use from `start` for `duration`; what ends at `start` has left before.
    pub(crate) fn add(&mut self, start: Time, duration: Duration, gpu: MilliGpu) {
        let end = start + duration;
        let (from, to) = self.window;
        let inside = end.min(to).since(start.max(from));
        self.area += u128::from(inside.nanos()) * u128::from(gpu.0);
        while let Some(&Reverse((ended, gpu))) = self.running.peek()
            && ended <= start
        {
            self.running.pop();
            self.in_use -= gpu;
        }
        if gpu.0 > 0 && end > start {
            self.running.push(Reverse((end, gpu.0)));
            self.in_use += gpu.0;
            self.peak = self.peak.max(self.in_use);
        }
    }

    /// Most in use at once.
    pub(crate) fn peak(&self) -> MilliGpu {
        MilliGpu(self.peak)
    }

    /// Mean use over the window ÷ `capacity`; `None` when either is empty.
    pub(crate) fn mean(&self, capacity: MilliGpu) -> Option<f64> {
        let (from, to) = self.window;
        let base = u128::from(to.since(from).nanos()) * u128::from(capacity.0);
        (base > 0).then(|| self.area as f64 / base as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(window: (u64, u64), uses: &[(u64, u64, u64)]) -> LoadMeter {
        let mut meter = LoadMeter::new(Time::from_secs(window.0), Time::from_secs(window.1));
        for &(start, end, gpu) in uses {
            let duration = Duration::from_secs(end - start);
            meter.add(Time::from_secs(start), duration, MilliGpu(gpu));
        }
        meter
    }

    #[test]
    fn the_mean_counts_what_lies_in_the_window() {
        // In [10, 20): 500 for 5 s, 1,000 for 10 s, 300 for 2 s, the last two not at all.
        // 2,500 + 10,000 + 600 = 13,100 of 10 s × 2,000.
        let uses = [
            (0, 15, 500),
            (5, 50, 1000),
            (12, 14, 300),
            (20, 30, 900),
            (25, 30, 900),
        ];
        let mean = meter((10, 20), &uses).mean(MilliGpu(2000)).unwrap();
        assert!((mean - 0.655).abs() < 1e-12);
    }

    #[test]
    fn what_ends_when_another_begins_does_not_overlap_it() {
        assert_eq!(meter((0, 9), &[(0, 5, 700), (5, 9, 600)]).peak().0, 700);
        assert_eq!(meter((0, 9), &[(0, 6, 700), (5, 9, 600)]).peak().0, 1300);
    }

    #[test]
    fn the_peak_may_lie_outside_the_window() {
        assert_eq!(meter((8, 9), &[(0, 5, 700), (6, 9, 600)]).peak().0, 700);
    }

    #[test]
    fn a_mean_over_nothing_is_absent() {
        assert_eq!(meter((9, 9), &[]).mean(MilliGpu(1)), None);
        assert_eq!(meter((9, 5), &[]).mean(MilliGpu(1)), None);
        assert_eq!(meter((0, 9), &[]).mean(MilliGpu(0)), None);
        assert_eq!(meter((0, 9), &[]).mean(MilliGpu(1)), Some(0.0));
    }
}
