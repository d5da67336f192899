//! Pods and jobs: how long they wait, what becomes of them.

use super::durations::Durations;
use super::jobs;
use super::measured::Entity;
use super::output::Output;
use super::table::{Life, Stage};
use super::track::Track;
use super::window::Window;
use crate::cluster::pod::{Deletion, Exit, Outcome, Owner};
use crate::ids::{Arena, Id, JobId, NodeId, PodId};
use crate::policy::scheduler::Placement;
use crate::time::{Duration, Time};

/// Seconds in one hour.
const HOUR: f64 = 3600.0;

/// Groups of pods by size.
const SIZES: [&str; 4] = ["1 (smallest)", "2", "3", "4 (largest)"];

/// Percentiles of durations, by the end of their metrics' names.
const PERCENTILES: [(&str, f64); 3] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)];

/// Counts of what happens to pods in the window.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    created: u64,
    attempts: u64,
    unschedulable: u64,
    preemptions: u64,
    unreachable: u64,
    drained: u64,
    node_removed: u64,
    preempted: u64,
    over_limit: u64,
    node_memory: u64,
}

/// All pods and jobs.
#[derive(Debug)]
pub(super) struct Lives<'a> {
    pub(super) window: Window,
    pub(super) lives: Arena<PodId, Life>,
    /// When each job arrived, as far as they have.
    pub(super) arrivals: Vec<Time>,
    /// How long each job runs; [`Duration::MAX`]: for ever.
    pub(super) durations: &'a [Duration],
    /// Which group by size each shape belongs to.
    group: &'a [u8],
    pending: Durations,
    by_size: [Durations; 4],
    to_ready: Durations,
    counts: Counts,
    created_by_size: [u64; 4],
    /// Seconds that the runs of jobs took that are over, and those of them that were not in vain.
    pub(super) ran: f64,
    pub(super) useful: f64,
    /// When the last job of the window finished that has.
    pub(super) last_finish: Time,
    /// Pods that wait for a node.
    waiting: Track<1>,
}

impl<'a> Lives<'a> {
    /// No pods yet.
    pub(super) fn new(window: Window, durations: &'a [Duration], group: &'a [u8]) -> Lives<'a> {
        Lives {
            window,
            lives: Arena::new(),
            arrivals: Vec::new(),
            durations,
            group,
            pending: Durations::default(),
            by_size: Default::default(),
            to_ready: Durations::default(),
            counts: Counts::default(),
            created_by_size: [0; 4],
            ran: 0.0,
            useful: 0.0,
            last_finish: Time::ZERO,
            waiting: Track::new(),
        }
    }

    /// The life of a pod.
    pub(super) fn get(&self, pod: PodId) -> &Life {
        &self.lives[pod]
    }

    /// The window opens.
    pub(super) fn open(&mut self, now: Time) {
        self.waiting.open(now);
    }

    /// A cell ends.
    pub(super) fn end_cell(&mut self, now: Time) {
        self.waiting.end_cell(now);
    }

    /// A job is asked for.
    pub(super) fn arrived(&mut self, now: Time, job: JobId) {
        assert_eq!(
            job.index(),
            self.arrivals.len(),
            "jobs arrive in order of their ids"
        );
        self.arrivals.push(now);
    }

    /// A pod is created.
    pub(super) fn created(&mut self, pod: PodId, life: Life) {
        if self.window.contains(life.created) {
            self.counts.created += 1;
            self.created_by_size[usize::from(self.group[life.shape.index()])] += 1;
        }
        self.waiting.add(life.created, &[1.0]);
        let id = self.lives.push(life);
        assert_eq!(id, pod, "pods are created in order of their ids");
    }

    /// A scheduler looked for a node.
    pub(super) fn attempted(&mut self, now: Time, placement: &Placement) {
        if self.window.contains(now) {
            let (unschedulable, preempts) = match placement {
                Placement::Bind { .. } => (0, 0),
                Placement::Wait { .. } => (1, 0),
                Placement::Preempt { .. } => (1, 1),
            };
            self.counts.attempts += 1;
            self.counts.unschedulable += unschedulable;
            self.counts.preemptions += preempts;
        }
    }

    /// A pod gets a node.
    pub(super) fn bound(&mut self, now: Time, pod: PodId, node: NodeId) -> &mut Life {
        self.waiting.add(now, &[-1.0]);
        let life = &mut self.lives[pod];
        (life.bound, life.node) = (now, Some(node));
        if self.window.contains(life.created) {
            let waited = now - life.created;
            self.pending.record(waited);
            let group = usize::from(self.group[life.shape.index()]);
            self.by_size[group].record(waited);
        }
        life
    }

    /// A pod's next container is ordered; tells whether that restarts it.
    pub(super) fn ordered(&mut self, pod: PodId) -> bool {
        let life = &mut self.lives[pod];
        life.orders += 1;
        life.orders > 1
    }

    /// A pod is believed ready.
    pub(super) fn believed_ready(&mut self, now: Time, pod: PodId) {
        let life = &mut self.lives[pod];
        if !life.seen_ready && self.window.contains(life.created) {
            self.to_ready.record(now - life.created);
        }
        life.seen_ready = true;
    }

    /// A container is believed dead.
    pub(super) fn believed_exit(&mut self, now: Time, exit: Exit) {
        if self.window.contains(now) {
            match exit {
                Exit::OutOfMemory => self.counts.over_limit += 1,
                Exit::NodeOutOfMemory => self.counts.node_memory += 1,
                Exit::Completed | Exit::Crashed | Exit::Stopped | Exit::NodeLost => {}
            }
        }
    }

    /// A pod is deleted.
    pub(super) fn deleted(&mut self, now: Time, pod: PodId, deletion: Deletion) {
        self.lives[pod].deletion = Some(deletion);
        if self.window.contains(now) {
            match deletion {
                Deletion::ScaledDown | Deletion::Requested => {}
                Deletion::Unreachable => self.counts.unreachable += 1,
                Deletion::Drained => self.counts.drained += 1,
                Deletion::NodeRemoved => self.counts.node_removed += 1,
                Deletion::Preempted => self.counts.preempted += 1,
            }
        }
    }

    /// A pod is over; tells what it leaves.
    pub(super) fn gone(&mut self, now: Time, pod: PodId, outcome: Outcome) -> &Life {
        let life = &mut self.lives[pod];
        (life.ended, life.outcome) = (now, Some(outcome));
        if life.bound == Time::MAX {
            self.waiting.add(now, &[-1.0]);
        }
        life
    }

    /// A container begins to start.
    pub(super) fn starting(&mut self, pod: PodId) {
        self.lives[pod].stage = Stage::Starting;
    }

    /// A container runs.
    pub(super) fn started(&mut self, now: Time, pod: PodId) {
        let life = &mut self.lives[pod];
        life.stage = Stage::Running;
        life.began = now;
        if matches!(life.owner, Owner::Job(_)) {
            life.ready = life.ready.min(now);
        }
    }

    /// A container serves.
    pub(super) fn ready(&mut self, now: Time, pod: PodId) -> &Life {
        let life = &mut self.lives[pod];
        life.stage = Stage::Ready;
        life.ready = life.ready.min(now);
        life
    }

    /// A container is dead; tells how far it was.
    pub(super) fn exited(&mut self, now: Time, pod: PodId, exit: Exit) -> Life {
        let life = self.lives[pod];
        let completed = exit == Exit::Completed;
        if let Owner::Job(job) = life.owner
            && life.runs()
        {
            let ran = self.window.overlap(life.began, now);
            self.ran += ran;
            if completed {
                self.useful += ran;
                if self.window.contains(self.arrivals[job.index()]) {
                    self.last_finish = self.last_finish.max(now);
                }
            }
        }
        self.lives[pod].stage = if completed {
            Stage::Completed
        } else {
            Stage::Dead
        };
        life
    }
}

impl Lives<'_> {
    /// All values about pods; `bound` is ∫ pods bound, in seconds.
    pub(super) fn values(&mut self, bound: f64, out: &mut Output) {
        let never = self.counts.created - self.pending.count();
        self.pending.record_never(never);
        let never_ready = self.counts.created - self.to_ready.count();
        self.to_ready.record_never(never_ready);
        let (pending, to_ready) = (self.pending.counts(), self.to_ready.counts());
        for (suffix, p) in PERCENTILES {
            out.percentile(&format!("pending.{suffix}"), Entity::Cluster, p, &pending);
            out.percentile(
                &format!("time_to_ready.{suffix}"),
                Entity::Cluster,
                p,
                &to_ready,
            );
        }
        out.percentile("pending.max", Entity::Cluster, 1.0, &pending);
        out.number("pending.never", Entity::Cluster, never as f64);
        for (group, name) in SIZES.into_iter().enumerate() {
            let part = || Entity::Part(name.to_owned());
            let (created, durations) = (self.created_by_size[group], &mut self.by_size[group]);
            durations.record_never(created - durations.count());
            let counts = durations.counts();
            for (suffix, p) in PERCENTILES {
                out.percentile(&format!("pending.by_size.{suffix}"), part(), p, &counts);
            }
            if created > 0 {
                out.number("pending.by_size.pods", part(), created as f64);
            }
        }
        self.count_values(bound, out);
        jobs::values(self, out);
    }

    fn count_values(&self, bound: f64, out: &mut Output) {
        let counts = &self.counts;
        out.number(
            "scheduling.attempts",
            Entity::Cluster,
            counts.attempts as f64,
        );
        out.number(
            "scheduling.unschedulable",
            Entity::Cluster,
            counts.unschedulable as f64,
        );
        out.number("preemptions", Entity::Cluster, counts.preemptions as f64);
        let evictions = [
            ("unreachable", counts.unreachable),
            ("drained", counts.drained),
            ("node removed", counts.node_removed),
            ("preempted", counts.preempted),
        ];
        out.parts("evictions", &evictions);
        let kills = [
            ("container limit", counts.over_limit),
            ("node memory", counts.node_memory),
        ];
        out.parts("oom_kills", &kills);
        let evicted: u64 = evictions.iter().map(|&(_, count)| count).sum();
        out.ratio("churn", Entity::Cluster, evicted as f64, bound / HOUR);
    }

    /// Pods that wait now.
    pub(super) fn waiting(&self) -> u64 {
        self.waiting.level(0) as u64
    }

    /// Pods that wait, over time.
    pub(super) fn series(&self, out: &mut Output) {
        let waiting = self.waiting.cells();
        out.mean_series(Entity::Cluster, "pods.pending", "pods", |cell| {
            waiting[cell][0]
        });
    }
}
