//! Recent failures of containers, by service and node.

use std::collections::{BTreeMap, VecDeque};

use crate::ids::{NodeId, ServiceId};
use crate::time::{Duration, Time};

/// How long a failure is remembered: 5 minutes (swarmkit v2, `manager/scheduler/scheduler.go`,
/// `monitorFailures`).
pub const FAILURES_KEPT: Duration = Duration::from_secs(300);

/// Failures of the containers of services on the nodes of the cluster.
///
/// Those longer ago than [`FAILURES_KEPT`] are dropped when the next one is noted, those of a node
/// when it leaves: what is kept is bounded by what fails within that time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// All of them, oldest first.
    log: VecDeque<(Time, ServiceId, NodeId)>,
    /// Their times by place, oldest first; no list is empty.
    by_place: BTreeMap<(ServiceId, NodeId), VecDeque<Time>>,
}

impl Failures {
    /// The nodes on which containers of the service failed within [`FAILURES_KEPT`] before `now`,
    /// and how often, in order of the nodes.
    pub fn of(&self, service: ServiceId, now: Time) -> impl Iterator<Item = (NodeId, u32)> {
        let places = (service, NodeId(0))..=(service, NodeId(u32::MAX));
        let counted = self.by_place.range(places).map(move |(&(_, node), times)| {
            let recent = times.iter().rev().take_while(|&&at| kept(at, now));
            (node, recent.count() as u32)
        });
        counted.filter(|&(_, count)| count > 0)
    }

    /// A container of the service failed on the node.
    pub(super) fn note(&mut self, now: Time, service: ServiceId, node: NodeId) {
        while self.log.front().is_some_and(|&(at, ..)| !kept(at, now)) {
            self.drop_oldest();
        }
        self.push(now, service, node);
    }

    /// The node left the cluster.
    pub(super) fn forget_node(&mut self, node: NodeId) {
        self.log.retain(|&(_, _, other)| other != node);
        self.by_place.retain(|&(_, other), _| other != node);
    }

    /// Rebuilds what is kept by place and panics where it differs.
    pub(super) fn check(&self, present: impl Fn(NodeId) -> bool) {
        let mut rebuilt = Failures::default();
        for &(at, service, node) in &self.log {
            assert!(present(node), "failures on the absent {node:?}");
            rebuilt.push(at, service, node);
        }
        assert!(
            self.log.iter().is_sorted_by_key(|(at, ..)| at),
            "oldest first"
        );
        if let (Some(&(oldest, ..)), Some(&(newest, ..))) = (self.log.front(), self.log.back()) {
            assert!(kept(oldest, newest), "no failure is kept for too long");
        }
        assert_eq!(&rebuilt, self, "failures by place");
    }

    fn push(&mut self, at: Time, service: ServiceId, node: NodeId) {
        self.log.push_back((at, service, node));
        let times = self.by_place.entry((service, node)).or_default();
        times.push_back(at);
    }

    fn drop_oldest(&mut self) {
        let (_, service, node) = self.log.pop_front().expect("there is an oldest");
        let place = (service, node);
        let times = self.by_place.get_mut(&place).expect("it is listed");
        times.pop_front();
        if times.is_empty() {
            self.by_place.remove(&place);
        }
    }
}

fn kept(at: Time, now: Time) -> bool {
    now.since(at) <= FAILURES_KEPT
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: ServiceId = ServiceId(0);
    const CART: ServiceId = ServiceId(1);

    fn noted(failures: &[(u64, ServiceId, u32)]) -> Failures {
        let mut made = Failures::default();
        for &(at, service, node) in failures {
            made.note(Time::from_secs(at), service, NodeId(node));
            made.check(|_| true);
        }
        made
    }

    fn of(failures: &Failures, service: ServiceId, now: u64) -> Vec<(u32, u32)> {
        let counts = failures.of(service, Time::from_secs(now));
        counts.map(|(node, count)| (node.0, count)).collect()
    }

    #[test]
    fn failures_count_for_five_minutes_by_service_and_node() {
        let failures = noted(&[(0, WEB, 2), (10, WEB, 1), (20, CART, 1), (30, WEB, 2)]);
        assert_eq!(of(&failures, WEB, 300), [(1, 1), (2, 2)]);
        assert_eq!(of(&failures, WEB, 301), [(1, 1), (2, 1)]);
        assert_eq!(of(&failures, WEB, 330), [(2, 1)]);
        assert_eq!(of(&failures, WEB, 331), []);
        assert_eq!(of(&failures, CART, 320), [(1, 1)]);
    }

    #[test]
    fn what_no_longer_counts_is_dropped_with_the_next_failure() {
        let failures = noted(&[(0, WEB, 2), (10, WEB, 1), (20, CART, 1), (311, CART, 3)]);
        assert_eq!(failures.log.len(), 2);
        assert_eq!(failures.by_place.len(), 2);
        // A crash every second for an hour leaves those of five minutes, both ends included.
        let hour: Vec<_> = (0..3600).map(|at| (at, WEB, at as u32 % 7)).collect();
        assert_eq!(noted(&hour).log.len(), 301);
    }

    #[test]
    fn a_node_that_leaves_takes_its_failures_with_it() {
        let mut failures = noted(&[(0, WEB, 2), (10, WEB, 1), (20, CART, 2)]);
        failures.forget_node(NodeId(2));
        failures.check(|node| node != NodeId(2));
        assert_eq!(of(&failures, WEB, 20), [(1, 1)]);
        assert_eq!(of(&failures, CART, 20), []);
    }

    #[test]
    #[should_panic(expected = "failures by place")]
    fn check_sees_a_time_that_the_log_lacks() {
        let mut failures = noted(&[(0, WEB, 2), (10, WEB, 1)]);
        let times = failures.by_place.get_mut(&(WEB, NodeId(1))).unwrap();
        times.push_back(Time::from_secs(11));
        failures.check(|_| true);
    }
}
