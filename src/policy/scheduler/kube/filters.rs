//! All filters of a profile, asked of one node.
//!
//! Source: kube-scheduler v1.34.1, `framework/runtime/framework.go` (`RunPreFilterPlugins`,
//! `RunFilterPluginsWithNominatedPods`, `addGENominatedPods`).

use super::cycle::{Cycle, NodeInfo, Nominations};
use super::preemption::Filters;
use super::profile::{Filter, Profile};
use super::{
    inter_pod_affinity, node_affinity, node_name, ports, resources, taints, topology_spread,
};
use crate::ids::{NodeId, PodId};
use crate::policy::scheduler::explanation::Rejection;

/// The filters of a profile with what they prepared for one attempt.
#[derive(Clone, Debug)]
pub struct Prepared<'a> {
    profile: &'a Profile,
    spread: Option<topology_spread::filter::Filter<'a>>,
    affinity: Option<inter_pod_affinity::filter::Filter>,
}

impl<'a> Prepared<'a> {
    /// Looks at the pods on all nodes.
    pub fn new(profile: &'a Profile, cycle: &Cycle<'a>, nodes: &[NodeId]) -> Prepared<'a> {
        Prepared {
            profile,
            spread: topology_spread::filter::Filter::new(cycle, &profile.spread_defaults, nodes),
            affinity: inter_pod_affinity::filter::Filter::new(cycle, nodes),
        }
    }

    fn first_refusal(&self, cycle: &Cycle, info: &NodeInfo) -> Option<Rejection> {
        let mut filters = self.profile.filters.iter();
        filters.find_map(|filter| self.refusal(filter, cycle, info))
    }

    fn refusal(&self, filter: &Filter, cycle: &Cycle, info: &NodeInfo) -> Option<Rejection> {
        match filter {
            Filter::NodeUnschedulable => taints::refuses_cordoned(cycle, info),
            Filter::NodeName => node_name::refuses(cycle, info),
            Filter::TaintToleration => taints::refuses(cycle, info),
            Filter::NodeAffinity => {
                node_affinity::refuses(cycle, &self.profile.added_affinity, info)
            }
            Filter::NodePorts => ports::refuses(cycle, info),
            Filter::NodeResourcesFit(ignored) => resources::refuses(cycle, ignored, info),
            Filter::GpuDevices => resources::refuses_gpus(cycle, info),
            Filter::PodTopologySpread => self.spread.as_ref()?.refuses(cycle, info),
            Filter::InterPodAffinity => self.affinity.as_ref()?.refuses(cycle, info),
        }
    }
}

impl Filters for Prepared<'_> {
    /// Pods of equal or higher priority that are nominated to the node count as if they were there;
    /// but as it is not sure that they will come, the pod must fit without them as well.
    fn refuses(&self, cycle: &Cycle, info: &NodeInfo) -> Option<Rejection> {
        let nominated = cycle.nominated(info.node);
        let matters = |&(_, priority): &_| priority >= cycle.shape.priority;
        let coming = nominated.filter(matters).map(|(pod, _)| pod);
        let mut coming = coming.filter(|&pod| pod != cycle.pod).peekable();
        if coming.peek().is_none() {
            return self.first_refusal(cycle, info);
        }
        let (mut filters, mut there) = (self.clone(), info.clone());
        match cycle.nominations {
            Nominations::Queued => coming.for_each(|pod| {
                there.add(cycle.cluster, pod);
                filters.add(cycle, pod, info.node);
            }),
            Nominations::Elsewhere => there.unknown += coming.count(),
        }
        let refused = filters.first_refusal(cycle, &there);
        refused.or_else(|| self.first_refusal(cycle, info))
    }

    fn add(&mut self, cycle: &Cycle, pod: PodId, node: NodeId) {
        if let Some(spread) = &mut self.spread {
            spread.add(cycle, pod, node);
        }
        if let Some(affinity) = &mut self.affinity {
            affinity.add(cycle, pod, node);
        }
    }

    fn remove(&mut self, cycle: &Cycle, pod: PodId, node: NodeId) {
        if let Some(spread) = &mut self.spread {
            spread.remove(cycle, pod, node);
        }
        if let Some(affinity) = &mut self.affinity {
            affinity.remove(cycle, pod, node);
        }
    }
}
