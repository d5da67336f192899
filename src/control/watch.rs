//! Decisions of the scheduler that are explained on request.

use super::Control;
use crate::cluster::Cluster;
use crate::ids::PodId;
use crate::policy::View;
use crate::policy::scheduler::Placement;
use crate::policy::scheduler::explanation::{Explanation, Preemption};
use crate::time::Time;

/// A decision on a pod, and what was believed when it was made.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The pod.
    pub pod: PodId,
    /// When it was made.
    pub at: Time,
    /// What was believed then, before the decision changed it.
    pub belief: Cluster,
    /// Why it is what it is.
    pub explanation: Explanation,
    /// The last preemption before it that others leave a node for the pod, and when it was decided.
    pub made_room: Option<(Time, Preemption)>,
}

/// Which decision is waited for, and the decision once it was made.
#[derive(Debug)]
pub(super) struct Watch {
    pod: PodId,
    failed: u32,
    made_room: Option<(Time, Preemption)>,
    decision: Option<Decision>,
}

impl Control {
    /// From now on the decision on the pod is watched for that comes after so many failed attempts.
    pub fn watch(&mut self, pod: PodId, failed: u32) {
        self.watch = Some(Box::new(Watch {
            pod,
            failed,
            made_room: None,
            decision: None,
        }));
    }

    /// The decision that was watched for, once it was made.
    pub fn watched(&self) -> Option<&Decision> {
        self.watch.as_ref()?.decision.as_ref()
    }

    /// What the scheduler would decide now on a pod that waits, and why.
    pub fn explain(&mut self, pod: PodId) -> Explanation {
        let view = View::new(self.now, self.seed, &self.cluster);
        self.scheduler.explain(&view, pod)
    }

    /// The scheduler is about to decide on the pod.
    pub(super) fn look(&mut self, pod: PodId) {
        let failed = self.cluster.pods()[pod].attempts;
        let is_it = self.watch.as_deref().is_some_and(|watch| {
            watch.pod == pod && watch.failed == failed && watch.decision.is_none()
        });
        if !is_it {
            return;
        }
        let (belief, explanation) = (self.cluster.clone(), self.explain(pod));
        if let Some(watch) = &mut self.watch {
            watch.decision = Some(Decision {
                pod,
                at: self.now,
                belief,
                explanation,
                made_room: watch.made_room.clone(),
            });
        }
    }

    /// The scheduler has decided on the pod; nothing has come of it yet.
    pub(super) fn looked(&mut self, pod: PodId, placement: &Placement) {
        let is_watched = self.watch.as_deref().is_some_and(|watch| watch.pod == pod);
        if !is_watched || !matches!(placement, Placement::Preempt { .. }) {
            return;
        }
        let made_room = self.explain(pod).preemption.map(|found| (self.now, found));
        if let Some(watch) = &mut self.watch {
            watch.made_room = made_room;
        }
    }
}
