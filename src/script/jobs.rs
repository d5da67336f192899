//! Jobs: pods that run to completion, from traces and by distribution.

use std::sync::Arc;

use super::varies;
use crate::dist::Distribution;
use crate::ids::{JobId, Names, ShapeId};
use crate::rng::{self, Purpose, Seed};
use crate::time::{Duration, Time};

/// Jobs in order of arrival, column by column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Jobs {
    /// Unique names.
    pub names: Names<JobId>,
    /// When each is asked for.
    pub arrivals: Vec<Time>,
    /// How long each runs; [`Duration::MAX`]: for ever.
    pub durations: Vec<Duration>,
    /// What each asks for.
    pub shapes: Vec<ShapeId>,
    /// Whether a lost pod of it is replaced.
    pub replace: Vec<bool>,
}

/// One `[[jobs]]` table.
#[derive(Clone, Debug, PartialEq)]
pub struct JobSource {
    /// Names its streams and, with a number, its jobs: unique in a scenario.
    pub name: String,
    /// Seconds from one arrival to the next.
    pub interarrival: Distribution,
    /// What the jobs ask for, with weights: drawn for each.
    pub shapes: Vec<(f64, ShapeId)>,
    /// Seconds each runs.
    pub duration: Distribution,
    /// Whether a lost pod is replaced.
    pub replace: bool,
    /// When the first may arrive.
    pub from: Time,
    /// No job arrives at or after this time; `None`: until the end of the run.
    pub until: Option<Time>,
    /// Most jobs; `None`: no bound but time.
    pub count: Option<u64>,
}

impl Jobs {
    /// Number of jobs.
    pub fn len(&self) -> usize {
        self.arrivals.len()
    }

    /// Whether there are no jobs.
    pub fn is_empty(&self) -> bool {
        self.arrivals.is_empty()
    }

    /// Appends a job that arrives no earlier than the last.
    pub fn push(&mut self, job: Job<'_>) {
        debug_assert!(self.arrivals.last().is_none_or(|&last| last <= job.arrival));
        self.names.push(job.name);
        self.arrivals.push(job.arrival);
        self.durations.push(job.duration);
        self.shapes.push(job.shape);
        self.replace.push(job.replace);
    }

    /// The job of that id.
    pub fn get(&self, id: JobId) -> Job<'_> {
        let index = id.0 as usize;
        Job {
            name: self.names.get(id),
            arrival: self.arrivals[index],
            duration: self.durations[index],
            shape: self.shapes[index],
            replace: self.replace[index],
        }
    }
}

impl JobSource {
    /// So many times as many jobs: as often as that, and as many in all where that is bounded.
    pub fn times(self, factor: f64) -> JobSource {
        let count = |count: u64| (factor * count as f64).round() as u64;
        JobSource {
            interarrival: self.interarrival.scaled(1.0 / factor),
            count: self.count.map(count),
            ..self
        }
    }

    /// Whether two seeds can give different jobs.
    pub fn is_random(&self) -> bool {
        varies(&self.interarrival) || varies(&self.duration) || self.shapes.len() > 1
    }

    /// Jobs to be expected in [0, end): the time for arrivals over their mean distance, as renewal
    /// theory has it for long times.
    pub fn expected(&self, end: Time) -> f64 {
        let until = self.until.map_or(end, |until| until.min(end));
        let most = self.count.map_or(f64::INFINITY, |count| count as f64);
        match self.interarrival.mean() {
            Some(mean) if mean > 0.0 => (until.since(self.from).secs_f64() / mean).min(most),
            // Arrivals all at once, or so rare that their mean distance is infinite.
            Some(_) => most,
            None => 1.0_f64.min(most),
        }
    }
}

/// One job.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Job<'a> {
    /// Unique name.
    pub name: &'a str,
    /// When it is asked for.
    pub arrival: Time,
    /// How long it runs; [`Duration::MAX`]: for ever.
    pub duration: Duration,
    /// What it asks for.
    pub shape: ShapeId,
    /// Whether a lost pod of it is replaced.
    pub replace: bool,
}

/// All jobs of a run in order of arrival: those of the trace, then those of the sources in their
/// order where times are equal. A trace alone is shared, not copied.
pub fn merge(trace: &Arc<Jobs>, sources: &[JobSource], seed: Seed, end: Time) -> Arc<Jobs> {
    if sources.is_empty() {
        return Arc::clone(trace);
    }
    let drawn: Vec<Jobs> = sources
        .iter()
        .map(|source| draw(source, seed, end))
        .collect();
    let lists: Vec<&Jobs> = std::iter::once(&**trace).chain(&drawn).collect();
    let mut order: Vec<(Time, u32, u32)> = Vec::new();
    for (list, jobs) in lists.iter().enumerate() {
        order.extend(
            jobs.arrivals
                .iter()
                .enumerate()
                .map(|(job, &at)| (at, list as u32, job as u32)),
        );
    }
    order.sort_unstable();
    let mut merged = Jobs::default();
    for (_, list, job) in order {
        merged.push(lists[list as usize].get(JobId(job)));
    }
    Arc::new(merged)
}

/// The jobs of one source over [from, until).
fn draw(source: &JobSource, seed: Seed, end: Time) -> Jobs {
    let mut arrivals = rng::stream(seed, Purpose::Arrivals, &source.name, 0);
    let mut sizes = rng::stream(seed, Purpose::Jobs, &source.name, 0);
    let mut durations = rng::stream(seed, Purpose::Jobs, &source.name, 1);
    let until = source.until.map_or(end, |until| until.min(end));
    let total: f64 = source.shapes.iter().map(|&(weight, _)| weight).sum();
    let mut jobs = Jobs::default();
    let mut at = source.from;
    while source.count.is_none_or(|count| (jobs.len() as u64) < count) {
        at += source.interarrival.sample_duration(&mut arrivals);
        if at >= until {
            break;
        }
        let shape = pick(&source.shapes, rng::unit(&mut sizes) * total);
        jobs.push(Job {
            name: &format!("{}-{}", source.name, jobs.len()),
            arrival: at,
            duration: source.duration.sample_duration(&mut durations),
            shape,
            replace: source.replace,
        });
    }
    jobs
}

/// The shape in whose share of the weights `point` falls.
fn pick(shapes: &[(f64, ShapeId)], mut point: f64) -> ShapeId {
    for &(weight, shape) in shapes {
        if point < weight {
            return shape;
        }
        point -= weight;
    }
    shapes.last().expect("a source has at least one shape").1
}
