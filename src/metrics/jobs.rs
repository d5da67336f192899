//! What becomes of jobs: waiting, slowdown, useful work, and the account of every single one.

use super::measured::{Accounting, Entity, Fates};
use super::output::Output;
use super::pods::Lives;
use super::table::{Life, Stage};
use crate::cluster::Cluster;
use crate::cluster::pod::{Outcome, Owner, Phase, Pod};
use crate::ids::{Id, JobId};
use crate::time::{Duration, Time};

/// Shortest run time, in seconds, that a slowdown is measured by: 10 s (Feitelson, Rudolph,
/// Schwiegelshohn, Sevcik and Wong, "Theory and Practice in Parallel Job Scheduling", JSSPP 1997).
const SHORT_JOB: f64 = 10.0;

/// What the pods of one job have come to, in truth.
#[derive(Clone, Copy, Debug)]
struct End {
    /// The best that became of any of its pods.
    fate: Fate,
    /// When it first ran.
    first: Time,
    /// When the last of its runs began.
    last: Time,
}

/// Fates of a job, better ones later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    NeverPlaced,
    Lost,
    Starting,
    Running,
    Finished,
}

/// All values about jobs.
pub(super) fn values(lives: &Lives, out: &mut Output) {
    if lives.arrivals.is_empty() {
        return;
    }
    let end = lives.window.to;
    let (mut ran, mut useful) = (lives.ran, lives.useful);
    for life in lives.lives.as_slice().iter().filter(|life| life.runs()) {
        if matches!(life.owner, Owner::Job(_)) {
            let so_far = lives.window.overlap(life.began, end);
            ran += so_far;
            useful += so_far;
        }
    }
    out.ratio("jobs.goodput", Entity::Cluster, useful, ran);
    let (mut waited, mut jobs) = (0.0, 0.0);
    let (mut slowdown, mut finite) = (0.0, 0.0);
    let mut first_arrival = None;
    let mut all_finished = true;
    for (job, ended) in ends(lives).into_iter().enumerate() {
        let (arrival, duration) = (lives.arrivals[job], lives.durations[job]);
        if !lives.window.contains(arrival) {
            continue;
        }
        jobs += 1.0;
        waited += (ended.first.min(end) - arrival).secs_f64();
        if duration < Duration::MAX {
            let begun = if ended.fate >= Fate::Running {
                ended.last
            } else {
                end
            };
            let length = duration.secs_f64();
            let whole = (begun - arrival).secs_f64() + length;
            slowdown += (whole / length.max(SHORT_JOB)).max(1.0);
            finite += 1.0;
            first_arrival.get_or_insert(arrival);
            all_finished &= ended.fate == Fate::Finished;
        }
    }
    out.ratio("jobs.wait", Entity::Cluster, waited, jobs);
    out.ratio("jobs.bounded_slowdown", Entity::Cluster, slowdown, finite);
    if let (Some(first), true) = (first_arrival, all_finished) {
        let makespan = (lives.last_finish - first).secs_f64();
        out.number("jobs.makespan", Entity::Cluster, makespan);
    }
}

/// What became of each job that arrived.
fn ends(lives: &Lives) -> Vec<End> {
    let nothing = End {
        fate: Fate::NeverPlaced,
        first: Time::MAX,
        last: Time::ZERO,
    };
    let mut ends = vec![nothing; lives.arrivals.len()];
    for life in lives.lives.as_slice() {
        let Owner::Job(job) = life.owner else {
            continue;
        };
        let end = &mut ends[job.index()];
        end.fate = end.fate.max(true_fate(life));
        if life.began < Time::MAX {
            end.first = end.first.min(life.ready);
            end.last = end.last.max(life.began);
        }
    }
    ends
}

fn true_fate(life: &Life) -> Fate {
    match life.stage {
        Stage::None => Fate::NeverPlaced,
        Stage::Starting => Fate::Starting,
        Stage::Running | Stage::Ready => Fate::Running,
        Stage::Completed => Fate::Finished,
        Stage::Dead => Fate::Lost,
    }
}

fn believed_fate(pod: &Pod) -> Fate {
    match pod.phase {
        Phase::Pending => Fate::NeverPlaced,
        Phase::Starting => Fate::Starting,
        Phase::Running => Fate::Running,
        Phase::Gone(Outcome::Succeeded) => Fate::Finished,
        Phase::Crashed => Fate::Lost,
        Phase::Gone(Outcome::Failed | Outcome::Deleted | Outcome::Lost) => match pod.node {
            Some(_) => Fate::Lost,
            None => Fate::NeverPlaced,
        },
    }
}

/// The account of every job: once from the truth, once from what is believed at the end.
pub(super) fn account(lives: &Lives, belief: &Cluster, excluded: Vec<(String, u64)>) -> Accounting {
    let arrived = lives.arrivals.len();
    let mut believed = vec![Fate::NeverPlaced; arrived];
    for pod in belief.pods().as_slice() {
        if let Owner::Job(JobId(job)) = pod.owner {
            let fate = &mut believed[job as usize];
            *fate = believed_fate(pod).max(*fate);
        }
    }
    let jobs = lives.durations.len() as u64;
    let left_out: u64 = excluded.iter().map(|&(_, count)| count).sum();
    Accounting {
        total: jobs + left_out,
        excluded,
        not_arrived: jobs - arrived as u64,
        truth: count(ends(lives).into_iter().map(|end| end.fate)),
        belief: count(believed.into_iter()),
    }
}

fn count(fates: impl Iterator<Item = Fate>) -> Fates {
    let mut counts = Fates::default();
    for fate in fates {
        *match fate {
            Fate::NeverPlaced => &mut counts.never_placed,
            Fate::Lost => &mut counts.lost,
            Fate::Starting => &mut counts.starting,
            Fate::Running => &mut counts.running,
            Fate::Finished => &mut counts.finished,
        } += 1;
    }
    counts
}
