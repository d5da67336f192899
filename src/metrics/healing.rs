//! Failures: what failed in truth, when that became known, what was done about it.

use std::collections::BTreeMap;

use super::durations::Durations;
use super::measured::Entity;
use super::output::Output;
use super::window::Window;
use crate::cluster::catalog::Catalog;
use crate::ids::{NodeId, PodId};
use crate::record::Cause;
use crate::time::{Duration, Time};

/// The number of a failure, in order of time.
pub(super) type FailureId = usize;

/// One failure.
#[derive(Clone, Copy, Debug)]
struct Failure {
    at: Time,
    what: What,
    /// When the control plane knew.
    known: Option<Time>,
    /// Whether a healer acted on it.
    acted: bool,
    /// Whether the node came back by itself.
    returned: bool,
    /// Not a failure after all: the node left the cluster as announced.
    announced: bool,
}

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Node(NodeId, Cause),
    Container,
}

/// All failures.
#[derive(Debug)]
pub(super) struct Failures {
    window: Window,
    /// Longest time from a failure until the healer acts.
    healing: Duration,
    all: Vec<Failure>,
    /// The last failure of each node that is down or not known to have been.
    nodes: BTreeMap<NodeId, FailureId>,
    /// Containers that failed and are not known to have.
    containers: BTreeMap<PodId, FailureId>,
    restarts: u64,
    needless: u64,
    /// Since when restarts are waited for.
    backing_off: BTreeMap<PodId, Time>,
    /// Seconds of back-off in the window.
    backed_off: f64,
}

impl Failures {
    /// No failures yet; the healer takes at most `healing` to act on one.
    pub(super) const fn new(window: Window, healing: Duration) -> Failures {
        Failures {
            window,
            healing,
            all: Vec::new(),
            nodes: BTreeMap::new(),
            containers: BTreeMap::new(),
            restarts: 0,
            needless: 0,
            backing_off: BTreeMap::new(),
            backed_off: 0.0,
        }
    }

    fn push(&mut self, at: Time, what: What) -> FailureId {
        self.all.push(Failure {
            at,
            what,
            known: None,
            acted: false,
            returned: false,
            announced: false,
        });
        self.all.len() - 1
    }

    /// A node goes down.
    pub(super) fn node_down(&mut self, now: Time, node: NodeId, cause: Cause) {
        let failure = self.push(now, What::Node(node, cause));
        self.nodes.insert(node, failure);
    }

    /// A node is up again.
    pub(super) fn node_up(&mut self, node: NodeId) {
        if let Some(&failure) = self.nodes.get(&node) {
            self.all[failure].returned = true;
        }
    }

    /// A node is no longer part of the cluster. If it went down at this instant, it was taken away.
    pub(super) fn node_released(&mut self, now: Time, node: NodeId) {
        if let Some(&failure) = self.nodes.get(&node) {
            let failure = &mut self.all[failure];
            if failure.at == now {
                failure.announced = true;
                failure.known = Some(now);
            }
        }
    }

    /// The control plane knows that a node is, or was, down.
    pub(super) fn node_known(&mut self, now: Time, node: NodeId) {
        if let Some(&failure) = self.nodes.get(&node) {
            self.all[failure].known.get_or_insert(now);
        }
    }

    /// The failure that took the node down last.
    pub(super) fn of_node(&self, node: NodeId) -> Option<FailureId> {
        self.nodes.get(&node).copied()
    }

    /// A container fails.
    pub(super) fn container_failed(&mut self, now: Time, pod: PodId) -> FailureId {
        let failure = self.push(now, What::Container);
        self.containers.insert(pod, failure);
        failure
    }

    /// The control plane knows that a pod's container is dead.
    pub(super) fn container_known(&mut self, now: Time, pod: PodId) {
        if let Some(&failure) = self.containers.get(&pod) {
            self.all[failure].known.get_or_insert(now);
        }
    }

    /// A healer acts on a node that is `up` in truth, or not.
    pub(super) fn node_acted_on(&mut self, now: Time, node: NodeId, up: bool) {
        self.needless += u64::from(up && self.window.contains(now));
        if let Some(&failure) = self.nodes.get(&node) {
            self.all[failure].acted = true;
        }
    }

    /// A healer plans something about a pod.
    pub(super) fn pod_acted_on(&mut self, pod: PodId) {
        if let Some(&failure) = self.containers.get(&pod) {
            self.all[failure].acted = true;
        }
    }

    /// A healer ended or restarted a container that was alive.
    pub(super) fn needless(&mut self, now: Time) {
        self.needless += u64::from(self.window.contains(now));
    }

    /// A container is restarted.
    pub(super) fn restarted(&mut self, now: Time) {
        self.restarts += u64::from(self.window.contains(now));
    }

    /// The wait for a pod's restart begins.
    pub(super) fn back_off_begins(&mut self, now: Time, pod: PodId) {
        self.backing_off.entry(pod).or_insert(now);
    }

    /// The wait for a pod's restart is over, if there was one.
    pub(super) fn back_off_ends(&mut self, now: Time, pod: PodId) {
        if let Some(since) = self.backing_off.remove(&pod) {
            self.backed_off += self.window.overlap(since, now);
        }
    }

    /// When the control plane first knew of any of them; absent while it knows of none.
    pub(super) fn first_known(&self, failures: &[FailureId]) -> Option<Time> {
        failures
            .iter()
            .filter_map(|&failure| self.all[failure].known)
            .min()
    }

    /// What went wrong, in words; equal words once.
    pub(super) fn describe(&self, failures: &[FailureId], catalog: &Catalog) -> Vec<String> {
        let mut words = Vec::new();
        for &failure in failures {
            let word = match self.all[failure].what {
                What::Node(_, Cause::Zone(zone)) => format!("zone {}", catalog.zones[zone]),
                What::Node(node, Cause::Node | Cause::Trace) => {
                    format!("node {}", catalog.nodes[node].name)
                }
                What::Container => "container".to_owned(),
            };
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words
    }

    /// All values about failures and healing.
    pub(super) fn values(&mut self, out: &mut Output) {
        let end = self.window.to;
        for since in std::mem::take(&mut self.backing_off).into_values() {
            self.backed_off += self.window.overlap(since, end);
        }
        let mut detection = Durations::default();
        let [mut nodes, mut containers, mut missed] = [0_u32; 3];
        let counted = |failure: &&Failure| !failure.announced && self.window.contains(failure.at);
        for failure in self.all.iter().filter(counted) {
            match failure.what {
                What::Node(..) => nodes += 1,
                What::Container => containers += 1,
            }
            match failure.known {
                Some(known) => detection.record(known - failure.at),
                None => detection.record_never(1),
            }
            let due = failure.at + self.healing <= end;
            missed += u32::from(due && !failure.acted && !failure.returned);
        }
        let detection = detection.counts();
        out.number("failures.node", Entity::Cluster, f64::from(nodes));
        out.number("failures.container", Entity::Cluster, f64::from(containers));
        out.percentile("detection.p50", Entity::Cluster, 0.5, &detection);
        out.percentile("detection.p99", Entity::Cluster, 0.99, &detection);
        out.number("restarts", Entity::Cluster, self.restarts as f64);
        out.number("backoff_time", Entity::Cluster, self.backed_off);
        out.number("heals.needless", Entity::Cluster, self.needless as f64);
        out.number("heals.missed", Entity::Cluster, f64::from(missed));
    }
}
