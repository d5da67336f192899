//! InterPodAffinity: pods near to, or far from, other pods, where near means the same value of a
//! label of their nodes.
//!
//! Filter: required terms of the pod, and required anti-affinity of the pods that are there.
//! Points: preferred terms of the pod; those of the pods that are there, the other way round; and
//! their required affinity, which is taken to be a liking as well. Pods that are being deleted count
//! as long as they are there.
//!
//! Source: kube-scheduler v1.34.1, `framework/plugins/interpodaffinity`.

pub mod filter;
pub mod score;
#[cfg(test)]
mod tests;

use crate::cluster::Cluster;
use crate::cluster::rules::{PodTerm, Rules};
use crate::ids::PodId;

/// Whether the pod is one of those the term speaks of.
pub fn speaks_of(cluster: &Cluster, term: &PodTerm, pod: PodId) -> bool {
    speaks_of_rules(cluster, term, cluster.rules(pod))
}

/// Whether pods with the rules are among those the term speaks of.
pub fn speaks_of_rules(cluster: &Cluster, term: &PodTerm, rules: &Rules) -> bool {
    let selector = term.selector.as_ref();
    term.namespaces.contains(&rules.namespace)
        && selector.is_some_and(|it| it.met_by(&rules.labels, &cluster.catalog().values))
}
