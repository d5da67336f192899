//! The trace's own times: when each pod arrives and how long it runs.

use crate::import::openb::copies::Job;
use crate::import::openb::load::LoadMeter;
use crate::import::openb::rows::{Pod, Times};
use crate::time::{Duration, Time};
use crate::units::MilliGpu;

/// What the trace's times say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct History {
    /// The pods with a duration, in order of arrival, then of the list.
    pub(crate) jobs: Vec<Job>,
    /// How many pods were never scheduled: their duration is not known.
    pub(crate) never_scheduled: u64,
    /// How many pods ran until the trace's end: they were most likely still alive, so that their
    /// duration is a lower bound.
    pub(crate) censored: u64,
    /// The last time the list names; deletion times are capped there.
    pub(crate) end: Time,
    /// Most GPU in use at once, from scheduled_time to deletion_time, each pod with its part of a
    /// GPU.
    pub(crate) recorded_peak: MilliGpu,
}

impl History {
    /// A pod arrives when it is created and runs as long as it ran, or for `assume` if it never
    /// did; without `assume` such a pod is left out.
    pub(crate) fn new(pods: &[Pod], times: &[Times], assume: Option<Duration>) -> History {
        let job = |(pod, times): (usize, &Times)| {
            let recorded = times.ran.map(|(start, end)| end - start);
            let duration = recorded.or(assume)?;
            let at = times.created;
            Some(Job { pod, at, duration })
        };
        let mut jobs: Vec<Job> = times.iter().enumerate().filter_map(job).collect();
        jobs.sort_by_key(|job| job.at);
        let last = |times: &Times| times.deleted.unwrap_or(times.created).max(times.created);
        let end = times.iter().map(last).max().unwrap_or(Time::ZERO);
        History {
            jobs,
            never_scheduled: count(times, |times| times.ran.is_none()),
            censored: count(times, |times| {
                times.ran.is_some_and(|(_, until)| until == end)
            }),
            end,
            recorded_peak: recorded_peak(pods, times),
        }
    }
}

fn count(times: &[Times], which: impl Fn(&Times) -> bool) -> u64 {
    times.iter().filter(|times| which(times)).count() as u64
}

fn recorded_peak(pods: &[Pod], times: &[Times]) -> MilliGpu {
    let run = |(pod, times): (&Pod, &Times)| times.ran.map(|(start, end)| (start, end, pod.gpu()));
    let mut runs: Vec<_> = pods.iter().zip(times).filter_map(run).collect();
    runs.sort_by_key(|&(start, ..)| start);
    let mut meter = LoadMeter::new(Time::ZERO, Time::ZERO);
    for (start, end, gpu) in runs {
        meter.add(start, end - start, gpu);
    }
    meter.peak()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::MilliCpu;

    fn pod() -> Pod {
        Pod {
            name: "p".to_owned(),
            cpu: MilliCpu(1),
            memory_mib: 1,
            gpus: 1,
            gpu_milli: 500,
            models: String::new(),
        }
    }

    fn times(created: u64, ran: Option<(u64, u64)>, deleted: u64) -> Times {
        Times {
            created: Time::from_secs(created),
            ran: ran.map(|(start, end)| (Time::from_secs(start), Time::from_secs(end))),
            deleted: Some(Time::from_secs(deleted)),
        }
    }

    fn history(assume: Option<Duration>) -> History {
        let times = [
            times(50, Some((60, 100)), 100),
            times(10, None, 90),
            times(20, Some((25, 45)), 45),
            times(20, Some((45, 100)), 100),
        ];
        History::new(&vec![pod(); 4], &times, assume)
    }

    fn jobs(history: &History) -> Vec<(usize, String, String)> {
        let job = |job: &Job| (job.pod, job.at.to_string(), job.duration.to_string());
        history.jobs.iter().map(job).collect()
    }

    fn expected(jobs: &[(usize, &str, &str)]) -> Vec<(usize, String, String)> {
        let owned =
            |&(pod, at, duration): &(usize, &str, &str)| (pod, at.to_owned(), duration.to_owned());
        jobs.iter().map(owned).collect()
    }

    #[test]
    fn a_pod_arrives_when_created_and_runs_as_long_as_it_ran() {
        let history = history(None);
        let order = [(2, "20", "20"), (3, "20", "55"), (0, "50", "40")];
        assert_eq!(jobs(&history), expected(&order));
        assert_eq!(history.never_scheduled, 1);
    }

    #[test]
    fn an_assumed_duration_brings_the_never_scheduled_back() {
        let history = history(Some(Duration::from_secs(7)));
        assert_eq!(jobs(&history)[0], (1, "10".to_owned(), "7".to_owned()));
        assert_eq!((history.jobs.len(), history.never_scheduled), (4, 1));
    }

    #[test]
    fn what_ran_until_the_end_is_counted_as_censored() {
        let history = history(None);
        assert_eq!(history.end, Time::from_secs(100));
        assert_eq!(history.censored, 2);
    }

    #[test]
    fn the_recorded_peak_is_of_what_ran_at_once() {
        // Runs [60, 100), [25, 45) and [45, 100) of half a GPU each: two overlap.
        assert_eq!(history(None).recorded_peak, MilliGpu(1000));
    }
}
