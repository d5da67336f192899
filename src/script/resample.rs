//! A trace drawn anew, block by block, with replacement: other weeks of the same kind.
//!
//! What comes after the warm-up is drawn from what comes after it; the warm-up itself stays, for a trace
//! may be of another kind there.
//!
//! The moving block bootstrap (Künsch, "The Jackknife and the Bootstrap for General Stationary
//! Observations", Annals of Statistics 17, 1989): arrivals within a block keep their distances, so what
//! depends on what within that time stays as it was. Where a trace covers two days or more, a block
//! comes from the same time of day as the one it replaces, as in the generalized seasonal block
//! bootstrap (Dudek, Leśkow, Paparoditis and Politis, "A Generalized Block Bootstrap for Seasonal Time
//! Series", Journal of Time Series Analysis 35, 2014): load that follows the day still does. Blocks do
//! not wrap around the end of the trace as the circular bootstrap's do (Politis and Romano, 1992), for
//! the time of day would jump there.

use super::jobs::{Job, Jobs};
use crate::ids::JobId;
use crate::rng::{self, Purpose, Seed};
use crate::time::{Duration, Time};

/// The season of a trace that covers two of them.
const DAY: Duration = Duration::from_secs(86_400);

/// How a trace is drawn anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resample {
    /// Length of the blocks, above zero; the last one may be shorter.
    pub block: Duration,
    /// What arrives before this time stays.
    pub from: Time,
    /// The end of the trace, later than `from`: all arrivals lie before it.
    pub end: Time,
}

impl Resample {
    /// Whether blocks keep their time of day.
    pub fn keeps_time_of_day(&self) -> bool {
        self.drawn() >= DAY * 2
    }

    /// How much of the trace is drawn anew.
    pub fn drawn(&self) -> Duration {
        self.end.since(self.from)
    }

    /// The jobs of one replication. Those of the n-th block, from 0, have `@n` after their names, for
    /// one job may be drawn several times.
    pub fn draw(&self, trace: &Jobs, seed: Seed) -> Jobs {
        let mut dice = rng::stream(seed, Purpose::Resample, "trace", 0);
        let mut drawn = Jobs::default();
        let (block, end) = (self.block.nanos(), self.end.nanos());
        assert!(block > 0, "blocks have a length");
        let first = |at: u64| {
            let before = |arrival: &Time| arrival.nanos() < at;
            trace.arrivals.partition_point(before)
        };
        for job in 0..first(self.from.nanos()) {
            drawn.push(trace.get(JobId(job as u32)));
        }
        let mut name = String::new();
        let (mut number, mut to) = (0_u64, self.from.nanos());
        while to < end {
            let length = block.min(end - to);
            let from = self.source(to, length, &mut dice);
            for job in first(from)..first(from + length) {
                let job = trace.get(JobId(job as u32));
                name.clear();
                name.push_str(job.name);
                name.push('@');
                name.push_str(&number.to_string());
                drawn.push(Job {
                    name: &name,
                    arrival: Time::from_nanos(to + (job.arrival.nanos() - from)),
                    ..job
                });
            }
            number += 1;
            to += length;
        }
        drawn
    }

    /// Where in the trace a block that is to stand at `to` begins.
    fn source(&self, to: u64, length: u64, dice: &mut rng::Stream) -> u64 {
        let last = self.end.nanos() - length;
        let from = self.from.nanos();
        let (first, step) = match self.keeps_time_of_day() {
            true => (from + (to - from) % DAY.nanos(), DAY.nanos()),
            false => (from, 1),
        };
        // The block itself is one of them: there is no empty choice.
        first + step * rng::below(dice, (last - first) / step + 1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::ids::ShapeId;

    /// Jobs that arrive at these seconds, named after them.
    fn trace(arrivals: impl IntoIterator<Item = u64>) -> Jobs {
        let mut jobs = Jobs::default();
        for at in arrivals {
            jobs.push(Job {
                name: &format!("at-{at}"),
                arrival: Time::from_secs(at),
                duration: Duration::from_secs(at + 1),
                shape: ShapeId(0),
                replace: true,
            });
        }
        jobs
    }

    fn seed(replication: u32) -> Seed {
        Seed {
            seed: 3,
            replication,
        }
    }

    /// Original arrival and new one, in seconds, and the number of the block.
    fn moved(jobs: &Jobs) -> Vec<(u64, u64, u64)> {
        let job = |id| {
            let job = jobs.get(JobId(id));
            let name = job.name.strip_prefix("at-").unwrap();
            let (from, block) = name.split_once('@').unwrap();
            let to = job.arrival.nanos() / 1_000_000_000;
            (from.parse().unwrap(), to, block.parse().unwrap())
        };
        (0..jobs.len() as u32).map(job).collect()
    }

    #[test]
    fn within_a_block_arrivals_keep_their_distances() {
        // One job a second for 100 s; in blocks of 20 s there are as many.
        let rule = Resample {
            block: Duration::from_secs(20),
            from: Time::ZERO,
            end: Time::from_secs(100),
        };
        let trace = trace(0..100);
        let jobs = rule.draw(&trace, seed(1));
        let moved = moved(&jobs);
        for block in 0..5 {
            let of_block: Vec<_> = moved.iter().filter(|job| job.2 == block).collect();
            let shift = |job: &&(u64, u64, u64)| job.1 as i64 - job.0 as i64;
            let shifts: BTreeSet<i64> = of_block.iter().copied().map(|job| shift(&job)).collect();
            // A block that begins between two seconds reads as two shifts, by rounding down.
            assert!(shifts.len() <= 2, "{of_block:?}");
            assert!(of_block.iter().all(|job| job.1 / 20 == block));
            assert!(of_block.len().abs_diff(20) <= 1, "{of_block:?}");
        }
        let last = jobs.get(JobId(jobs.len() as u32 - 1));
        let original: u64 = last.name[3..].split_once('@').unwrap().0.parse().unwrap();
        assert_eq!(
            last.duration,
            Duration::from_secs(original + 1),
            "what it asks for stays"
        );
    }

    #[test]
    fn days_are_drawn_with_replacement_and_keep_the_time_of_day() {
        // Twelve and a half days, one job an hour.
        let rule = Resample {
            block: DAY,
            from: Time::ZERO,
            end: Time::from_secs(86_400 * 25 / 2),
        };
        let trace = trace((0..300).map(|hour| hour * 3600));
        let mut days: BTreeSet<u64> = BTreeSet::new();
        for replication in 1..40 {
            let jobs = rule.draw(&trace, seed(replication));
            assert_eq!(jobs.len(), 300);
            let moved = moved(&jobs);
            assert!(
                moved
                    .iter()
                    .all(|(from, to, _)| from % 86_400 == to % 86_400)
            );
            days.extend(moved.iter().map(|(from, _, _)| from / 86_400));
            let names: BTreeSet<&str> = (0..300).map(|id| jobs.names.get(JobId(id))).collect();
            assert_eq!(names.len(), 300, "names are unique");
        }
        // The half day at the end stands in for the first half of a day only.
        assert_eq!(days, (0..=12).collect());
    }

    #[test]
    fn what_is_not_measured_stays_and_is_not_drawn_from() {
        // Two days and a half of one job in two hours, then twelve of one job an hour.
        let from = 86_400 * 5 / 2;
        let rule = Resample {
            block: DAY,
            from: Time::from_secs(from),
            end: Time::from_secs(from + 12 * 86_400),
        };
        let early = (0..30).map(|number| number * 7200);
        let trace = trace(early.chain((0..288).map(|hour| from + hour * 3600)));
        for replication in 1..10 {
            let jobs = rule.draw(&trace, seed(replication));
            assert_eq!(jobs.len(), 30 + 288);
            for job in 0..30 {
                assert_eq!(jobs.get(JobId(job)), trace.get(JobId(job)));
            }
            for job in 30..318 {
                let job = jobs.get(JobId(job));
                let (original, _) = job.name[3..].split_once('@').unwrap();
                let original: u64 = original.parse().unwrap();
                assert!(original >= from);
                let to = job.arrival.nanos() / 1_000_000_000;
                assert_eq!(original % 86_400, to % 86_400);
            }
        }
    }

    #[test]
    fn one_seed_draws_one_trace() {
        let rule = Resample {
            block: Duration::from_secs(10),
            from: Time::ZERO,
            end: Time::from_secs(100),
        };
        let trace = trace((0..100).filter(|at| at % 3 == 0));
        assert_eq!(rule.draw(&trace, seed(1)), rule.draw(&trace, seed(1)));
        assert_ne!(rule.draw(&trace, seed(1)), rule.draw(&trace, seed(2)));
    }
}
