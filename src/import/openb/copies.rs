//! The trace laid over itself: copies that differ by a random shift in time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::num::NonZeroU32;

use crate::import::openb::choice;
use crate::rng;
use crate::time::{Duration, Time};

/// Copies after the first come later by a whole number of seconds uniform in 0..this: one day.
///
/// The copies must not all burst in the same second, yet the load must grow as in the trace, whose
/// mean GPU load over its last 2.9 million seconds is 29 times that over its first million. One day
/// is 140 median durations (616 s) and 1/34 of those 2.9 million seconds: 154 copies then offer a
/// mean of 89 % of all GPUs there, within half a point of 154 unshifted ones. Shifts over the whole
/// span, wrapped round, would level the load over the 149 days and offer 36 %.
pub(crate) const SHIFT_WITHIN: Duration = Duration::from_secs(86_400);

/// A pod of the trace with its times as the import understands them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    /// Index of the pod.
    pub(crate) pod: usize,
    /// When it arrives.
    pub(crate) at: Time,
    /// How long it runs.
    pub(crate) duration: Duration,
}

/// One arrival of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// Index of the pod.
    pub(crate) pod: usize,
    /// Which copy of the pod, from 1.
    pub(crate) copy: u32,
    /// When it arrives.
    pub(crate) at: Time,
    /// How long it runs; `None` means for ever.
    pub(crate) duration: Option<Duration>,
}

/// How much later each copy comes. The first has the trace's own times, and a copy's shift does
/// not depend on how many there are.
pub(crate) fn shifts(copies: NonZeroU32, seed: u64) -> Vec<Duration> {
    let seconds = SHIFT_WITHIN.nanos() / Duration::from_secs(1).nanos();
    let shift = |copy: u32| {
        let mut dice = choice::dice(seed, "copy", u64::from(copy));
        Duration::from_secs(rng::below(&mut dice, seconds))
    };
    std::iter::once(Duration::ZERO)
        .chain((2..=copies.get()).map(shift))
        .collect()
}

/// All arrivals of all copies in order of time, then of copy, then of the list. `jobs` is in order
/// of time; memory is one entry per copy.
pub(crate) fn superpose(jobs: Vec<Job>, shifts: Vec<Duration>) -> impl Iterator<Item = Arrival> {
    let first = |copy: usize| Some(Reverse((jobs.first()?.at + shifts[copy], copy, 0)));
    let mut next: BinaryHeap<Reverse<(Time, usize, usize)>> =
        (0..shifts.len()).filter_map(first).collect();
    std::iter::from_fn(move || {
        let mut head = next.peek_mut()?;
        let Reverse((at, copy, index)) = *head;
        match jobs.get(index + 1) {
            Some(job) => *head = Reverse((job.at + shifts[copy], copy, index + 1)),
            None => drop(PeekMut::pop(head)),
        }
        Some(Arrival {
            pod: jobs[index].pod,
            copy: u32::try_from(copy + 1).expect("copies are counted in u32"),
            at,
            duration: Some(jobs[index].duration),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copies(n: u32) -> NonZeroU32 {
        NonZeroU32::new(n).unwrap()
    }

    fn job(pod: usize, at: u64) -> Job {
        Job {
            pod,
            at: Time::from_secs(at),
            duration: Duration::from_secs(5),
        }
    }

    #[test]
    fn arrivals_come_in_order_of_time_then_copy_then_list() {
        let jobs = [job(0, 0), job(1, 4), job(2, 4), job(3, 9)];
        let shifts = [0, 4, 4].map(Duration::from_secs);
        let order: Vec<_> = superpose(jobs.to_vec(), shifts.to_vec())
            .map(|arrival| (arrival.at.secs_f64() as u64, arrival.copy, arrival.pod))
            .collect();
        let expected = [
            (0, 1, 0),
            (4, 1, 1),
            (4, 1, 2),
            (4, 2, 0),
            (4, 3, 0),
            (8, 2, 1),
            (8, 2, 2),
            (8, 3, 1),
            (8, 3, 2),
            (9, 1, 3),
            (13, 2, 3),
            (13, 3, 3),
        ];
        assert_eq!(order, expected);
    }

    #[test]
    fn no_jobs_no_arrivals() {
        assert_eq!(superpose(Vec::new(), shifts(copies(3), 1)).count(), 0);
    }

    #[test]
    fn the_first_copy_is_the_trace_itself_and_more_copies_change_no_earlier_one() {
        let (few, many) = (shifts(copies(3), 1), shifts(copies(1000), 1));
        assert_eq!(few[0], Duration::ZERO);
        assert_eq!(few, many[..3]);
        assert_ne!(few[1..], shifts(copies(3), 2)[1..]);
        // 999 shifts uniform over a day: mean 43,200 s, standard error 24,942 / √999 = 789 s.
        let total: f64 = many.iter().map(|shift| shift.secs_f64()).sum();
        assert!((total / 999.0 - 43_200.0).abs() < 4.0 * 789.0);
        assert!(many.iter().all(|&shift| shift < SHIFT_WITHIN));
    }
}
