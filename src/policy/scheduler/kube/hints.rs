//! Queueing hints: what must happen before pods are tried again that these plugins refused nodes to.
//!
//! Only the plugins that refused a node to a pod are asked; one that finds the event helpful is
//! enough. A hint looks at the event and the pod alone, at no other node or pod. That is cheap, and
//! now and then wrong both ways: pods are tried in vain, and pods that could be placed wait for the
//! next event or for the five minutes to pass. Both are taken over.
//!
//! | plugin | node added | node changed | node removed | pod bound | pod gone |
//! |---|---|---|---|---|---|
//! | NodeUnschedulable | not cordoned | uncordoned | | | |
//! | NodeName | always | | | | |
//! | TaintToleration | all taints tolerated | as before, but were not | | | |
//! | NodeAffinity | selected | selected, but was not | | | |
//! | NodePorts | always | | | | it took a port asked for |
//! | NodeResourcesFit | fits the empty node | and has more of what is asked for | | | always |
//! | GpuDevices | has GPUs enough | | | | it had GPUs |
//! | PodTopologySpread | has all keys | has all keys or had, and one or a taint differs | had all keys | counted | counted |
//! | InterPodAffinity | a key of an affinity term, or any anti-affinity | such a key is new or another, or one of an anti-affinity is gone or another | | wanted | unwanted |
//!
//! DefaultPreemption wakes no pod: a preemptor was refused by other plugins, whose hints see its
//! victims go.
//!
//! Source: kube-scheduler v1.34.1, `EventsToRegister` and the `QueueingHintFn`s of
//! `framework/plugins`; `eventhandlers.go`, `backend/queue/scheduling_queue.go`; GpuDevices is
//! plimsoll's own and follows NodeResourcesFit.

mod neighbours;
mod node;
mod room;
#[cfg(test)]
mod tests;

use super::topology_spread::Defaults;
use crate::cluster::Cluster;
use crate::cluster::catalog::{NodeSpec, Shape};
use crate::cluster::queue::{Group, RejectedBy};
use crate::cluster::rules::{NodeAffinity, Rules};
use crate::ids::{NodeId, PodId};
use crate::policy::queue::{Event, Face};
use crate::policy::scheduler::explanation::Plugin;

/// What a profile says that hints depend on.
#[derive(Clone, Copy, Debug)]
pub struct Arguments<'a> {
    /// What it asks of the nodes of every pod (`NodeAffinityArgs.addedAffinity`).
    pub added_affinity: &'a NodeAffinity,
    /// Spread constraints of pods that have none (`PodTopologySpreadArgs`).
    pub spread: &'a Defaults,
}

/// Pods that wait and are alike.
#[derive(Clone, Copy, Debug)]
struct Waiting<'a> {
    cluster: &'a Cluster,
    shape: &'a Shape,
    rules: &'a Rules,
    arguments: Arguments<'a>,
}

/// Whether the event may have made the pods of the group schedulable.
pub fn hint(cluster: &Cluster, arguments: Arguments, event: &Event, group: Group) -> bool {
    let shape = &cluster.catalog().shapes[group.shape];
    let waiting = Waiting {
        cluster,
        shape,
        rules: &cluster.catalog().rules[shape.rules],
        arguments,
    };
    let mut asked = Plugin::FILTERS.iter();
    waiting.concerns(event, group.by)
        && (group.by == RejectedBy::default()
            || asked.any(|&plugin| group.by.contains(plugin.bit()) && waiting.hint(plugin, event)))
}

impl<'a> Waiting<'a> {
    /// Whether plugins are asked at all. A pod that was bound concerns those that spread or want it
    /// (`getUnschedulablePodsWithCrossTopologyTerm`); a place that is no longer kept free for a pod,
    /// those that had to respect it (`getLEPriorityPreCheck`).
    fn concerns(&self, event: &Event, by: RejectedBy) -> bool {
        match *event {
            Event::PodBound(pod) => {
                by.contains(Plugin::PodTopologySpread.bit()) && self.is_in_namespace_of(pod)
                    || neighbours::one_wants(self, pod)
            }
            Event::PodUnnominated(pod) => self.shape.priority <= self.cluster.shape(pod).priority,
            Event::NodeAdded { .. }
            | Event::NodeChanged { .. }
            | Event::NodeRemoved { .. }
            | Event::PodGone(_) => true,
        }
    }

    fn hint(&self, plugin: Plugin, event: &Event) -> bool {
        match plugin {
            Plugin::NodeUnschedulable => node::not_cordoned(event),
            Plugin::NodeName => node::named(event),
            Plugin::TaintToleration => node::tolerated(self, event),
            Plugin::NodeAffinity => node::selected(self, event),
            Plugin::NodePorts => room::ports(self, event),
            Plugin::NodeResourcesFit => room::resources(self, event),
            Plugin::GpuDevices => room::gpus(self, event),
            Plugin::PodTopologySpread => neighbours::spread(self, event),
            Plugin::InterPodAffinity => neighbours::affinity(self, event),
            Plugin::NodeResourcesBalancedAllocation
            | Plugin::ImageLocality
            | Plugin::DefaultPreemption
            | Plugin::Order => false,
        }
    }

    fn spec(&self, node: NodeId, face: Face) -> &'a NodeSpec {
        face.spec(self.cluster, node)
    }

    fn is_in_namespace_of(&self, pod: PodId) -> bool {
        self.cluster.rules(pod).namespace == self.rules.namespace
    }
}
