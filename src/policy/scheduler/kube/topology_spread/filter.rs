//! Required constraints.

use super::domains::Domains;
use super::{Constraint, Defaults, constraints, counted, has_all_labels};
use crate::cluster::catalog::NodeSpec;
use crate::ids::{NodeId, PodId};
use crate::policy::scheduler::explanation::{Code, Plugin, Reason, Rejection};
use crate::policy::scheduler::kube::cycle::{Cycle, NodeInfo};

/// Pods counted by each required constraint of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter<'a> {
    constraints: Vec<Constraint<'a>>,
    /// Of the constraint at the same place.
    domains: Vec<Domains>,
}

impl<'a> Filter<'a> {
    /// Counts the pods on all nodes. `None` where no constraint is required.
    pub fn new(cycle: &Cycle<'a>, defaults: &'a Defaults, nodes: &[NodeId]) -> Option<Filter<'a>> {
        let constraints = constraints(cycle.rules, defaults, true);
        if constraints.is_empty() {
            return None;
        }
        let has_labels = |node: &NodeId| has_all_labels(&constraints, cycle.cluster.spec(*node));
        let nodes: Vec<NodeId> = nodes.iter().copied().filter(has_labels).collect();
        let domains = constraints.iter();
        let domains = domains.map(|constraint| pods_by_domain(cycle, constraint, &nodes));
        Some(Filter {
            domains: domains.collect(),
            constraints,
        })
    }

    /// Why the pod cannot go to the node, if a constraint is against it: the first one that is.
    pub fn refuses(&self, cycle: &Cycle, info: &NodeInfo) -> Option<Rejection> {
        let mut each = self.constraints.iter().zip(&self.domains);
        each.find_map(|(constraint, domains)| refusal(cycle, constraint, domains, info.spec))
    }

    /// The pod is added to the node in thought.
    pub fn add(&mut self, cycle: &Cycle, pod: PodId, node: NodeId) {
        self.change(cycle, pod, node, 1);
    }

    /// The pod is taken away from the node in thought.
    pub fn remove(&mut self, cycle: &Cycle, pod: PodId, node: NodeId) {
        self.change(cycle, pod, node, -1);
    }

    /// Unlike when pods are counted at first, one that is being deleted makes a difference here, and
    /// so does one that is selected by asking for nothing (`updateWithPod` of kube-scheduler).
    fn change(&mut self, cycle: &Cycle, pod: PodId, node: NodeId, by: i64) {
        let (rules, spec) = (cycle.cluster.rules(pod), cycle.cluster.spec(node));
        if rules.namespace != cycle.rules.namespace || !has_all_labels(&self.constraints, spec) {
            return;
        }
        for (constraint, domains) in self.constraints.iter().zip(&mut self.domains) {
            let domain = constraint.domain(spec).expect("it has all labels");
            if constraint.selects(cycle.cluster, &rules.labels) && constraint.includes(cycle, node)
            {
                domains.add(domain, by);
            }
        }
    }
}

/// Whether a domain with `pods` selected pods, and one more if the pod is one itself, would be too
/// far ahead of the emptiest domain with `fewest`.
pub const fn too_far_ahead(pods: i64, is_one: bool, fewest: i64, max_skew: i64) -> bool {
    pods + is_one as i64 - fewest > max_skew
}

fn pods_by_domain(cycle: &Cycle, constraint: &Constraint, nodes: &[NodeId]) -> Domains {
    let mut domains = Domains::default();
    for (node, spec) in counted(cycle, constraint, nodes) {
        let pods = &cycle.cluster.nodes()[node].pods;
        let pods = constraint.count(cycle.cluster, cycle.rules.namespace, pods);
        domains.add(constraint.domain(spec).expect("it has all labels"), pods);
    }
    domains
}

fn refusal(
    cycle: &Cycle,
    constraint: &Constraint,
    domains: &Domains,
    spec: &NodeSpec,
) -> Option<Rejection> {
    let refused = |code, reason| Rejection {
        plugin: Plugin::PodTopologySpread,
        code,
        reasons: vec![reason],
    };
    let Some(domain) = constraint.domain(spec) else {
        let reason = Reason::TopologySpreadLabelMissing;
        return Some(refused(Code::UnschedulableAndUnresolvable, reason));
    };
    let rule = constraint.rule;
    let is_one = constraint.selects(cycle.cluster, &cycle.rules.labels);
    let fewest = domains.fewest(rule.min_domains.unwrap_or(1));
    let too_far = too_far_ahead(domains.pods(domain), is_one, fewest, rule.max_skew);
    too_far.then(|| refused(Code::Unschedulable, Reason::TopologySpread))
}
