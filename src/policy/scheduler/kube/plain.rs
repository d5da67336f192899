//! kube-scheduler, attempt by attempt, the plain way: the reference of what is faster.

use super::attempt::attempt;
use super::cycle::Cycle;
use super::hints::{Arguments, hint};
use super::node_affinity;
use super::profile::Profile;
use crate::cluster::Slot;
use crate::cluster::queue::{Group, RejectedBy};
use crate::ids::{NodeId, PodId};
use crate::policy::queue::{Event, Waking};
use crate::policy::scheduler::explanation::{Explanation, Plugin, WhyNoPreemption};
use crate::policy::scheduler::{Chosen, Nomination, Placement, Refused, Scheduler};
use crate::policy::{Remember, View};

/// A scheduler with a profile.
#[derive(Clone, Debug)]
pub struct Plain {
    /// The profile.
    pub profile: Profile,
    /// How it is found out which waiting pods are worth another attempt.
    pub waking: Waking,
}

impl Scheduler for Plain {
    fn place(&mut self, view: &View, pod: PodId) -> Placement {
        placement(view, pod, &attempt(&self.profile, view, pod))
    }

    fn forget(&mut self) {}

    fn waking(&self) -> Waking {
        self.waking
    }

    fn hint(&self, view: &View, event: &Event, group: Group) -> bool {
        let arguments = Arguments {
            added_affinity: &self.profile.added_affinity,
            spread: &self.profile.spread_defaults,
        };
        hint(view.cluster, arguments, event, group)
    }
}

/// What an attempt comes to.
pub fn placement(view: &View, pod: PodId, told: &Explanation) -> Placement {
    match told.chosen {
        Some(node) => Placement::on(view, pod, node, chosen(view, pod, node, told))
            .remembering(next_start(view, told)),
        None => waits(view, pod, told),
    }
}

fn chosen(view: &View, pod: PodId, node: NodeId, told: &Explanation) -> Chosen {
    let best = told.feasible.iter().position(|&other| other == node);
    match best.and_then(|best| told.totals.get(best)) {
        _ if view.cluster.pods()[pod].nominated == Some(node) => Chosen::Nominated,
        Some(&total) => Chosen::Score(total),
        None => Chosen::Only,
    }
}

fn waits(view: &View, pod: PodId, told: &Explanation) -> Placement {
    let by = rejected_by(view, pod, told);
    let why = Refused::NoNodeFits {
        nodes: view.cluster.nodes_present(),
    };
    let remember = next_start(view, told);
    let preemption = told.preemption.as_ref().expect("no node fits");
    match (preemption.nominated, &preemption.why_not) {
        (Some(node), _) => Placement::Preempt {
            node,
            victims: preemption.victims.as_slice().into(),
            cleared: preemption.cleared_nominations.as_slice().into(),
            why,
            by,
            remember,
        },
        (None, why_not) => Placement::Wait {
            why,
            by,
            nomination: match why_not {
                // Who may not evict anybody is not asked again, and keeps what there is.
                Some(WhyNoPreemption::Never | WhyNoPreemption::VictimsLeaving) => Nomination::Kept,
                Some(WhyNoPreemption::NoCandidate(_)) | None => Nomination::Dropped,
            },
            remember,
        },
    }
}

/// The plugins that refused nodes to the pod. NodeAffinity did if the pod names the nodes to look
/// at, be they all there are.
fn rejected_by(view: &View, pod: PodId, told: &Explanation) -> RejectedBy {
    let names = node_affinity::named(&Cycle::new(view.cluster, pod), &[]);
    let plugins = told.rejected.iter().map(|(_, rejection)| rejection.plugin);
    let plugins = plugins.chain(names.map(|_| Plugin::NodeAffinity));
    plugins.fold(RejectedBy::default(), |by, plugin| by.with(plugin.bit()))
}

/// The place in the list of nodes at which the next attempt starts to look (`nextStartNodeIndex`).
pub fn next_start(view: &View, told: &Explanation) -> Remember {
    let next = (told.start + told.evaluated) % view.cluster.nodes_present().max(1);
    (told.evaluated > 0).then_some((Slot::Scheduler, u64::from(next)))
}
