//! Kubernetes' node lifecycle controller: silent nodes become not ready, then are tainted one after
//! another, then lose their pods.
//!
//! Source: `pkg/controller/nodelifecycle` and `pkg/controller/tainteviction` (Kubernetes v1.34).
//! Its passes are taken to be at whole multiples of the monitor period, and its 100 ms poll of the
//! queue of taints (`NodeEvictionPeriod`) to be instant.
//!
//! A node's grace period runs from the pass that saw its last lease renewal. Upstream a node is not
//! ready when *more* than the grace period has passed; as every pass takes some time, that is true at
//! the pass exactly one grace period later.

mod zones;

use super::{Disruption, Healer, NodeAction, PodAction};
use crate::cluster::Slot;
use crate::cluster::pod::Deletion;
use crate::ids::{NodeId, ZoneId};
use crate::policy::params::{Kind, Param, Params};
use crate::policy::{Plan, View};
use crate::time::{Duration, Time};

/// Time between two passes over all nodes.
pub const MONITOR_PERIOD: Param = Param {
    name: "node_monitor_period",
    kind: Kind::Period,
    default: "5s",
    doc: "time between two looks at all nodes (kube-controller-manager `--node-monitor-period`, v1.34)",
};

/// Silence after which a node is not ready.
pub const GRACE_PERIOD: Param = Param {
    name: "node_monitor_grace_period",
    kind: Kind::Duration,
    default: "50s",
    doc: "silence after which a node counts as not ready, from the look that saw its last lease \
          renewal (kube-controller-manager `--node-monitor-grace-period`: 50 s since v1.32, 40 s \
          before)",
};

/// Taints per second and zone.
pub const EVICTION_RATE: Param = Param {
    name: "node_eviction_rate",
    kind: RATE,
    default: "0.1",
    doc: "nodes of a zone that begin to evict, per second (kube-controller-manager \
          `--node-eviction-rate`, v1.34; burst 1, `EvictionRateLimiterBurst`)",
};

/// Taints per second in a large zone that is partly disrupted.
pub const SECONDARY_RATE: Param = Param {
    name: "secondary_node_eviction_rate",
    kind: RATE,
    default: "0.01",
    doc: "the same for a large zone of which too many nodes are not ready (kube-controller-manager \
          `--secondary-node-eviction-rate`, v1.34)",
};

/// Nodes above which a zone is large.
pub const LARGE_ZONE: Param = Param {
    name: "large_cluster_size_threshold",
    kind: Kind::Integer {
        min: 0,
        max: u32::MAX as u64,
    },
    default: "50",
    doc: "a zone of more nodes is large; a smaller one of which too many nodes are not ready evicts \
          nothing (kube-controller-manager `--large-cluster-size-threshold`, v1.34)",
};

/// Share of nodes not ready from which a zone is partly disrupted.
pub const UNHEALTHY_SHARE: Param = Param {
    name: "unhealthy_zone_threshold",
    kind: Kind::Number { min: 0.0, max: 1.0 },
    default: "0.55",
    doc: "too many nodes are not ready: at least this share of the zone and more than 2 \
          (kube-controller-manager `--unhealthy-zone-threshold`, v1.34)",
};

/// Time between a node's taint and the deletion of its pods.
pub const TOLERATION: Param = Param {
    name: "unreachable_toleration",
    kind: Kind::Duration,
    default: "300s",
    doc: "time between a node's taint and the deletion of its pods (kube-apiserver \
          `--default-unreachable-toleration-seconds`, v1.34)",
};

/// Nodes per second. The upper bound is one node per poll of the queue (`NodeEvictionPeriod`).
const RATE: Kind = Kind::Number {
    min: 0.0,
    max: 10.0,
};

/// The controller.
#[derive(Clone, Copy, Debug)]
pub struct NodeLifecycle {
    monitor_period: Duration,
    grace_period: Duration,
    /// Time between two taints of a zone; `None`: never.
    interval: Option<Duration>,
    secondary_interval: Option<Duration>,
    large_zone: u32,
    unhealthy_share: f64,
    toleration: Duration,
}

impl NodeLifecycle {
    /// With the parameters of this module.
    pub fn new(params: &Params) -> NodeLifecycle {
        let interval = |rate: f64| (rate > 0.0).then(|| Duration::from_secs_f64(1.0 / rate));
        let large_zone = params.integer(LARGE_ZONE.name);
        NodeLifecycle {
            monitor_period: params.duration(MONITOR_PERIOD.name),
            grace_period: params.duration(GRACE_PERIOD.name),
            interval: interval(params.number(EVICTION_RATE.name)),
            secondary_interval: interval(params.number(SECONDARY_RATE.name)),
            large_zone: u32::try_from(large_zone).expect("within the declared bounds"),
            unhealthy_share: params.number(UNHEALTHY_SHARE.name),
            toleration: params.duration(TOLERATION.name),
        }
    }

    /// The first pass at or after `time`.
    fn pass(&self, time: Time) -> Time {
        let period = self.monitor_period.nanos();
        Time::ZERO + self.monitor_period * time.nanos().div_ceil(period)
    }

    /// The pass at which a node counts as not ready whose lease was last renewed at `last`.
    fn not_ready_at(&self, last: Time) -> Time {
        self.pass(self.pass(last) + self.grace_period)
    }

    /// When changes of zones are judged: nodes become ready or not ready at a pass, which judges
    /// them too; nodes that join or leave wait for the next one.
    fn judged_at(&self, view: &View) -> Time {
        self.pass(view.cluster.nodes_moved())
    }

    /// Nodes that a pass finds silent for too long, or back.
    fn find(&self, view: &View, plans: &mut Vec<Plan>) {
        let trouble = view.cluster.trouble();
        let silent = trouble.silent().iter();
        let lost = silent.take_while(|&&(last, _)| self.not_ready_at(last) <= view.now);
        plans.extend(lost.map(|&(_, node)| heal_node(node, NodeAction::NotReady)));
        let heard = trouble.heard().iter();
        for &(_, node) in heard.take_while(|&&(at, _)| self.pass(at) <= view.now) {
            if view.cluster.nodes()[node].tainted_since.is_some() {
                plans.push(heal_node(node, NodeAction::Untaint));
            }
            plans.push(heal_node(node, NodeAction::Ready));
        }
    }

    /// When the zone's next node may be tainted and how long the one after it waits; `None`: never.
    fn next_taint(&self, view: &View, zone: ZoneId) -> Option<(Time, Duration)> {
        let interval = self.interval(Disruption::remembered(view, zone))?;
        let next = Time::from_nanos(view.cluster.memory(Slot::Zone(zone)));
        Some((next, interval))
    }

    /// The next node of each zone whose turn has come.
    fn taint(&self, view: &View, plans: &mut Vec<Plan>) {
        for (&zone, queue) in view.cluster.trouble().untainted() {
            let turn = self.next_taint(view, zone);
            let Some((_, interval)) = turn.filter(|&(next, _)| next <= view.now) else {
                continue;
            };
            let &(_, node) = queue.first().expect("no zone is empty");
            let zone_next = (view.now + interval).nanos();
            plans.push(heal_node(node, NodeAction::Taint { zone_next }));
        }
    }

    /// The pods of nodes that have been tainted for as long as pods tolerate it.
    fn evict(&self, view: &View, plans: &mut Vec<Plan>) {
        let evicting = view.cluster.trouble().evicting().iter();
        for &(_, node) in evicting.take_while(|&&(since, _)| since + self.toleration <= view.now) {
            let mut pods = view.cluster.nodes()[node].pods.clone();
            pods.sort_unstable();
            pods.retain(|&pod| view.cluster.pods()[pod].active());
            plans.extend(pods.into_iter().map(|pod| Plan::HealPod {
                pod,
                action: PodAction::Evict(Deletion::Unreachable),
            }));
        }
    }
}

impl Healer for NodeLifecycle {
    /// One look may just have passed when the last lease renewal comes, another when the grace period
    /// ends.
    fn delay(&self) -> Duration {
        self.grace_period + self.monitor_period * 2
    }

    fn wake(&self, view: &View) -> Option<Time> {
        let trouble = view.cluster.trouble();
        let lost = trouble.silent().first();
        let back = trouble.heard().first();
        let taints = trouble.untainted().keys();
        let evict = trouble.evicting().first();
        let due = [
            lost.map(|&(last, _)| self.not_ready_at(last)),
            back.map(|&(at, _)| self.pass(at)),
            (!self.changes(view).is_empty()).then(|| self.judged_at(view)),
            taints
                .filter_map(|&zone| self.next_taint(view, zone))
                .map(|(next, _)| next)
                .min(),
            evict.map(|&(since, _)| since + self.toleration),
        ];
        due.into_iter().flatten().min()
    }

    /// One stage at a time, each on the view that the one before left: nodes, zones, taints,
    /// evictions.
    fn heal(&mut self, view: &View, plans: &mut Vec<Plan>) {
        self.find(view, plans);
        if plans.is_empty() && self.judged_at(view) <= view.now {
            self.judge(view, plans);
        }
        if plans.is_empty() {
            self.taint(view, plans);
        }
        if plans.is_empty() {
            self.evict(view, plans);
        }
    }

    fn forget(&mut self) {}
}

fn heal_node(node: NodeId, action: NodeAction) -> Plan {
    Plan::HealNode { node, action }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_average_a_node_is_not_ready_47_and_a_half_seconds_after_its_death() {
        let controller = NodeLifecycle {
            monitor_period: Duration::from_secs(5),
            grace_period: Duration::from_secs(50),
            interval: None,
            secondary_interval: None,
            large_zone: 50,
            unhealthy_share: 0.55,
            toleration: Duration::ZERO,
        };
        // A renewal is equally likely at any time between two passes, a death at any time between
        // two renewals: 2.5 s until the renewal is seen, 50 s of grace, less 5 s from the renewal to
        // the death. Midpoints of 100 equal parts of each give the mean exactly.
        let mut total = Duration::ZERO;
        for renewal in 0..100 {
            let last = Time::from_nanos((100_000 + 50 * renewal + 25) * 1_000_000);
            for death in 0..100 {
                let died = last + Duration::from_millis(100 * death + 50);
                total += controller.not_ready_at(last) - died;
            }
        }
        assert_eq!(total, Duration::from_millis(47_500) * 10_000);
    }
}
