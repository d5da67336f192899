//! kube-scheduler, attempt by attempt, the plain way: the reference of what is faster.

use super::attempt::attempt;
use super::profile::Profile;
use crate::cluster::Slot;
use crate::cluster::queue::RejectedBy;
use crate::ids::PodId;
use crate::policy::scheduler::explanation::{Explanation, WhyNoPreemption};
use crate::policy::scheduler::{Chosen, Nomination, Placement, Refused, Scheduler};
use crate::policy::{Remember, View};

/// A scheduler with a profile.
#[derive(Clone, Debug)]
pub struct Plain {
    /// The profile.
    pub profile: Profile,
}

impl Scheduler for Plain {
    fn place(&mut self, view: &View, pod: PodId) -> Placement {
        let told = attempt(&self.profile, view, pod);
        let Some(node) = told.chosen else {
            return waits(view, &told);
        };
        let best = told.feasible.iter().position(|&other| other == node);
        let total = best.and_then(|best| told.totals.get(best));
        let why = match total {
            _ if view.cluster.pods()[pod].nominated == Some(node) => Chosen::Nominated,
            Some(&total) => Chosen::Score(total),
            None => Chosen::Only,
        };
        match Placement::on(view, pod, node, why) {
            Placement::Bind {
                node, gpus, why, ..
            } => Placement::Bind {
                node,
                gpus,
                why,
                remember: next_start(view, &told),
            },
            waits @ (Placement::Wait { .. } | Placement::Preempt { .. }) => waits,
        }
    }

    fn forget(&mut self) {}
}

fn waits(view: &View, told: &Explanation) -> Placement {
    let nodes = view.cluster.nodes_present();
    let why = Refused::NoNodeFits { nodes };
    let plugins = told.rejected.iter().map(|(_, rejection)| rejection.plugin);
    let by = plugins.fold(RejectedBy::default(), |by, plugin| by.with(plugin.bit()));
    let remember = next_start(view, told);
    let preemption = told.preemption.clone().unwrap_or_default();
    match preemption.nominated {
        Some(node) => Placement::Preempt {
            node,
            victims: preemption.victims.into(),
            cleared: preemption.cleared_nominations.into(),
            why,
            by,
            remember,
        },
        None => Placement::Wait {
            why,
            by,
            nomination: match preemption.why_not {
                Some(WhyNoPreemption::NoCandidate(_)) => Nomination::Dropped,
                _ => Nomination::Kept,
            },
            remember,
        },
    }
}

/// The place in the list of nodes at which the next attempt starts to look (`nextStartNodeIndex`).
pub fn next_start(view: &View, told: &Explanation) -> Remember {
    let next = (told.start + told.evaluated) % view.cluster.nodes_present().max(1);
    (told.evaluated > 0).then_some((Slot::Scheduler, u64::from(next)))
}
