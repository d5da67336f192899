//! Reasons of the scheduler in the words of kube-scheduler, so that they can be searched for.
//!
//! Source: kube-scheduler v1.34.1, the `ErrReason` constants of `framework/plugins`,
//! `framework/types.go` (`FitError`) and `framework/preemption`.

use std::collections::BTreeMap;

use crate::cluster::catalog::Catalog;
use crate::cluster::rules::well_known;
use crate::policy::scheduler::explanation::{
    Code, Explanation, Obstacle, Plugin, Reason, WhyNoPreemption,
};

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
    }
}

/// What a scorer prefers, in one or two words: the head of a column.
pub const fn head(plugin: Plugin) -> &'static str {
    match plugin {
        Plugin::NodeUnschedulable => "cordon",
        Plugin::NodeName => "name",
        Plugin::TaintToleration => "taints",
        Plugin::NodeAffinity => "node affinity",
        Plugin::NodePorts => "ports",
        Plugin::NodeResourcesFit => "resources",
        Plugin::GpuDevices => "gpus",
        Plugin::PodTopologySpread => "spread",
        Plugin::InterPodAffinity => "pod affinity",
        Plugin::NodeResourcesBalancedAllocation => "balance",
        Plugin::ImageLocality => "images",
        Plugin::DefaultPreemption => "preemption",
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

/// The same in few words, to follow a number of nodes: `6 insufficient cpu`.
pub fn brief(catalog: &Catalog, reason: &Reason) -> String {
    let fixed = match reason {
        Reason::UntoleratedTaint(taint) => match taint.key {
            well_known::NOT_READY | well_known::UNREACHABLE => "not ready",
            key => {
                let (key, value) = (&catalog.keys[key], &catalog.values[taint.value]);
                return match value {
                    "" => format!("untolerated taint {key}"),
                    value => format!("untolerated taint {key}={value}"),
                };
            }
        },
        Reason::InsufficientExtended(resource) => {
            return format!("insufficient {}", &catalog.extended[*resource]);
        }
        Reason::Cordoned => "cordoned",
        Reason::OtherNodeNamed => "not the node that the pod names",
        Reason::NodeAffinity => "node affinity or selector not met",
        Reason::AddedAffinity => "node affinity of the profile not met",
        Reason::NotNamed => "not named by node affinity",
        Reason::HostPorts => "host port taken",
        Reason::TooManyPods => "max pods",
        Reason::InsufficientCpu => "insufficient cpu",
        Reason::InsufficientMemory => "insufficient memory",
        Reason::InsufficientGpu => "insufficient gpu",
        Reason::TopologySpread => "topology spread not met",
        Reason::TopologySpreadLabelMissing => "no label to spread over",
        Reason::PodAffinity => "pod affinity not met",
        Reason::PodAntiAffinity => "pod anti-affinity not met",
        Reason::ExistingPodAntiAffinity => "anti-affinity of a pod there",
    };
    fixed.to_owned()
}

/// An attempt that found no node, in one line: `0/12 nodes are available: …`, with what evicting pods
/// was found to be worth. Nothing where nodes fit.
pub fn line(catalog: &Catalog, told: &Explanation) -> Option<String> {
    if !told.feasible.is_empty() {
        return None;
    }
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for (_, rejection) in &told.rejected {
        for one in &rejection.reasons {
            *counts.entry(reason(catalog, one)).or_default() += 1;
        }
    }
    let nodes = told.rejected.len() as u32;
    let mut line = none_available(nodes, &counts);
    let why_not = told
        .preemption
        .as_ref()
        .and_then(|preemption| preemption.why_not.as_ref());
    if let Some(why) = why_not {
        line.push(' ');
        line.push_str(&why_no_preemption(catalog, nodes, why));
    }
    Some(line)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::rules::{Effect, Taint};
    use crate::ids::NodeId;
    use crate::policy::scheduler::explanation::{Preemption, Rejection};

    #[test]
    fn an_attempt_that_found_no_node_reads_as_kubernetes_says_it() {
        let mut catalog = Catalog::default();
        let (key, value) = (
            catalog.keys.intern("dedicated"),
            catalog.values.intern("gpu"),
        );
        let taint = Taint {
            key,
            value,
            effect: Effect::NoSchedule,
        };
        let refused = |node, plugin, reasons: &[Reason]| {
            let code = Code::Unschedulable;
            let reasons = reasons.to_vec();
            let rejection = Rejection {
                plugin,
                code,
                reasons,
            };
            (NodeId(node), rejection)
        };
        let short = [Reason::InsufficientCpu, Reason::InsufficientMemory];
        let obstacles = BTreeMap::from([(Obstacle::NoVictims, 2), (Obstacle::Unhelpful, 1)]);
        let told = Explanation {
            rejected: vec![
                refused(0, Plugin::NodeResourcesFit, &short),
                refused(1, Plugin::NodeResourcesFit, &short[..1]),
                refused(
                    2,
                    Plugin::TaintToleration,
                    &[Reason::UntoleratedTaint(taint)],
                ),
            ],
            preemption: Some(Preemption {
                why_not: Some(WhyNoPreemption::NoCandidate(obstacles)),
                ..Preemption::default()
            }),
            ..Explanation::default()
        };
        let expected = "0/3 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated \
                        taint {dedicated: gpu}, 2 Insufficient cpu. preemption: 0/3 nodes are \
                        available: 1 Preemption is not helpful for scheduling, 2 No preemption \
                        victims found for incoming pod.";
        assert_eq!(line(&catalog, &told).as_deref(), Some(expected));
        let words = brief(&catalog, &Reason::UntoleratedTaint(taint));
        assert_eq!(words, "untolerated taint dedicated=gpu");
        let fits = Explanation {
            feasible: vec![NodeId(0)],
            ..told
        };
        assert_eq!(line(&catalog, &fits), None);
    }
}
