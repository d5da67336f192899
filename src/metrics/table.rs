//! Pod incarnations, a million of them in little memory.

use crate::cluster::gpu::GpuSet;
use crate::cluster::pod::{Deletion, Outcome, Owner};
use crate::ids::{Arena, NodeId, PodId, ShapeId};
use crate::time::Time;

use super::measured::PodRow;

/// Rows of pod incarnations, in order of creation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pods(pub(super) Arena<PodId, Life>);

/// How far a pod's container is, in truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// There has been none.
    None,
    /// It is being started.
    Starting,
    /// It runs.
    Running,
    /// It runs and serves.
    Ready,
    /// It is dead and its work is done.
    Completed,
    /// It is dead.
    Dead,
}

/// The life of one pod. [`Time::MAX`] means that something has not happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Life {
    pub(super) owner: Owner,
    pub(super) index: u32,
    pub(super) shape: ShapeId,
    pub(super) node: Option<NodeId>,
    pub(super) gpus: GpuSet,
    pub(super) created: Time,
    pub(super) bound: Time,
    /// When it was first ready (a job's pod: running), in truth.
    pub(super) ready: Time,
    /// When its present or last container began to run, in truth.
    pub(super) began: Time,
    pub(super) ended: Time,
    pub(super) outcome: Option<Outcome>,
    pub(super) deletion: Option<Deletion>,
    /// Containers ordered.
    pub(super) orders: u32,
    pub(super) stage: Stage,
    /// Whether it was ever believed ready.
    pub(super) seen_ready: bool,
}

impl Life {
    /// A pod just created.
    pub(super) const fn new(now: Time, owner: Owner, index: u32, shape: ShapeId) -> Life {
        Life {
            owner,
            index,
            shape,
            node: None,
            gpus: GpuSet::NONE,
            created: now,
            bound: Time::MAX,
            ready: Time::MAX,
            began: Time::MAX,
            ended: Time::MAX,
            outcome: None,
            deletion: None,
            orders: 0,
            stage: Stage::None,
            seen_ready: false,
        }
    }

    /// Whether its container is alive, starting included, in truth.
    pub(super) const fn alive(&self) -> bool {
        matches!(self.stage, Stage::Starting | Stage::Running | Stage::Ready)
    }

    /// Whether its container serves, in truth.
    pub(super) const fn serves(&self) -> bool {
        matches!(self.stage, Stage::Ready)
    }

    /// Whether its container runs, in truth.
    pub(super) const fn runs(&self) -> bool {
        matches!(self.stage, Stage::Running | Stage::Ready)
    }

    fn row(&self, pod: PodId) -> PodRow {
        let happened = |at: Time| (at < Time::MAX).then_some(at);
        PodRow {
            pod,
            owner: self.owner,
            index: self.index,
            created: self.created,
            bound: happened(self.bound),
            node: self.node,
            ready: happened(self.ready),
            ended: happened(self.ended),
            outcome: self.outcome,
            deletion: self.deletion,
            restarts: self.orders.saturating_sub(1),
        }
    }
}

const _: () = assert!(size_of::<Life>() <= 80, "there are millions of pods");

impl Pods {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All rows.
    pub fn iter(&self) -> impl Iterator<Item = PodRow> + '_ {
        self.0.iter().map(|(pod, life)| life.row(pod))
    }
}

/// Rows as they were given; their pods must be numbered from 0 in order.
impl FromIterator<PodRow> for Pods {
    fn from_iter<I: IntoIterator<Item = PodRow>>(rows: I) -> Pods {
        let mut lives = Arena::new();
        for row in rows {
            let or_never = |at: Option<Time>| at.unwrap_or(Time::MAX);
            let mut life = Life::new(row.created, row.owner, row.index, ShapeId(0));
            life.node = row.node;
            life.bound = or_never(row.bound);
            life.ready = or_never(row.ready);
            life.ended = or_never(row.ended);
            life.outcome = row.outcome;
            life.deletion = row.deletion;
            life.orders = row.restarts + u32::from(row.bound.is_some());
            let pod = lives.push(life);
            assert_eq!(pod, row.pod, "pods are numbered in order of creation");
        }
        Pods(lives)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ServiceId;

    #[test]
    fn rows_come_out_as_they_went_in() {
        let never = PodRow {
            pod: PodId(0),
            owner: Owner::Service(ServiceId(3)),
            index: 7,
            created: Time::from_secs(1),
            bound: None,
            node: None,
            ready: None,
            ended: None,
            outcome: None,
            deletion: None,
            restarts: 0,
        };
        let whole = PodRow {
            pod: PodId(1),
            bound: Some(Time::from_secs(2)),
            node: Some(NodeId(4)),
            ready: Some(Time::from_secs(3)),
            ended: Some(Time::from_secs(4)),
            outcome: Some(Outcome::Lost),
            deletion: Some(Deletion::Unreachable),
            restarts: 2,
            ..never
        };
        let pods: Pods = [never, whole].into_iter().collect();
        assert_eq!(pods.iter().collect::<Vec<_>>(), [never, whole]);
        assert_eq!(pods.len(), 2);
    }
}
