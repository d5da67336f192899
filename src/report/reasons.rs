//! Reasons of the scheduler in the words of kube-scheduler, so that they can be searched for.
//!
//! Source: kube-scheduler v1.34.1, the `ErrReason` constants of `framework/plugins`,
//! `framework/types.go` (`FitError`) and `framework/preemption`.

use std::collections::BTreeMap;

use crate::cluster::catalog::Catalog;
use crate::policy::scheduler::explanation::{Code, Obstacle, Plugin, Reason, WhyNoPreemption};

/// The name of a plugin.
pub const fn plugin(plugin: Plugin) -> &'static str {
    match plugin {
        Plugin::NodeUnschedulable => "NodeUnschedulable",
        Plugin::NodeName => "NodeName",
        Plugin::TaintToleration => "TaintToleration",
        Plugin::NodeAffinity => "NodeAffinity",
        Plugin::NodePorts => "NodePorts",
        Plugin::NodeResourcesFit => "NodeResourcesFit",
        Plugin::GpuDevices => "GpuDevices",
        Plugin::PodTopologySpread => "PodTopologySpread",
        Plugin::InterPodAffinity => "InterPodAffinity",
        Plugin::NodeResourcesBalancedAllocation => "NodeResourcesBalancedAllocation",
        Plugin::ImageLocality => "ImageLocality",
        Plugin::DefaultPreemption => "DefaultPreemption",
        Plugin::Order => "Order",
    }
}

/// The name of a status code.
pub const fn code(code: Code) -> &'static str {
    match code {
        Code::Unschedulable => "Unschedulable",
        Code::UnschedulableAndUnresolvable => "UnschedulableAndUnresolvable",
    }
}

/// Why a filter refused a node.
pub fn reason(catalog: &Catalog, reason: &Reason) -> String {
    let fixed = match reason {
        Reason::UntoleratedTaint(taint) => {
            let (key, value) = (&catalog.keys[taint.key], &catalog.values[taint.value]);
            return format!("node(s) had untolerated taint {{{key}: {value}}}");
        }
        Reason::InsufficientExtended(resource) => {
            return format!("Insufficient {}", &catalog.extended[*resource]);
        }
        Reason::Cordoned => "node(s) were unschedulable",
        Reason::OtherNodeNamed => "node(s) didn't match the requested node name",
        Reason::NodeAffinity => "node(s) didn't match Pod's node affinity/selector",
        Reason::AddedAffinity => "node(s) didn't match scheduler-enforced node affinity",
        Reason::NotNamed => "node(s) didn't satisfy plugin(s) [NodeAffinity]",
        Reason::HostPorts => "node(s) didn't have free ports for the requested pod ports",
        Reason::TooManyPods => "Too many pods",
        Reason::InsufficientCpu => "Insufficient cpu",
        Reason::InsufficientMemory => "Insufficient memory",
        Reason::InsufficientGpu => "Insufficient gpu",
        Reason::TopologySpread => "node(s) didn't match pod topology spread constraints",
        Reason::TopologySpreadLabelMissing => {
            "node(s) didn't match pod topology spread constraints (missing required label)"
        }
        Reason::PodAffinity => "node(s) didn't match pod affinity rules",
        Reason::PodAntiAffinity => "node(s) didn't match pod anti-affinity rules",
        Reason::ExistingPodAntiAffinity => {
            "node(s) didn't satisfy existing pods anti-affinity rules"
        }
    };
    fixed.to_owned()
}

/// Why no pod makes room, in a cluster of so many nodes.
pub fn why_no_preemption(catalog: &Catalog, nodes: u32, why: &WhyNoPreemption) -> String {
    match why {
        WhyNoPreemption::Never => {
            "preemption: not eligible due to preemptionPolicy=Never.".to_owned()
        }
        WhyNoPreemption::VictimsLeaving => {
            "preemption: not eligible due to a terminating pod on the nominated node.".to_owned()
        }
        WhyNoPreemption::NoCandidate(obstacles) => {
            let mut counts: BTreeMap<String, u32> = BTreeMap::new();
            for (one, count) in obstacles {
                *counts.entry(obstacle(catalog, one)).or_default() += count;
            }
            format!("preemption: {}", none_available(nodes, &counts))
        }
    }
}

/// That none of so many nodes will do, with the nodes of each reason, in the order of their text.
pub fn none_available(nodes: u32, counts: &BTreeMap<String, u32>) -> String {
    let texts = counts
        .iter()
        .map(|(reason, count)| format!("{count} {reason}"));
    let mut texts: Vec<String> = texts.collect();
    texts.sort_unstable();
    format!("0/{nodes} nodes are available: {}.", texts.join(", "))
}

fn obstacle(catalog: &Catalog, obstacle: &Obstacle) -> String {
    match obstacle {
        Obstacle::Unhelpful => "Preemption is not helpful for scheduling".to_owned(),
        Obstacle::NoVictims => "No preemption victims found for incoming pod".to_owned(),
        Obstacle::Still(why) => reason(catalog, why),
    }
}
