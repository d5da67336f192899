//! How zones are disrupted (`handleDisruption` and what it calls).
//!
//! When a blackout ends, upstream also restarts every node's grace period. That changes nothing here:
//! a node that is ready then was heard since the pass before, so its grace period starts at this pass
//! anyway.

use super::{Disruption, NodeAction, NodeLifecycle, heal_node};
use crate::cluster::Slot;
use crate::cluster::zone::Zone;
use crate::ids::ZoneId;
use crate::policy::{Plan, View};
use crate::time::{Duration, Time};

/// Nodes not ready up to which a zone is never partly disrupted (`ComputeZoneState`, v1.34).
const FEW_NOT_READY: u32 = 2;

impl NodeLifecycle {
    /// Zones whose disruption a pass finds changed (`handleDisruption`).
    pub(super) fn judge(&self, view: &View, plans: &mut Vec<Plan>) {
        let changes = self.changes(view);
        let begins = |&(_, to): &(ZoneId, Disruption)| to == Disruption::Blackout;
        if changes.iter().any(begins) {
            let nodes = view.cluster.nodes().iter();
            let tainted = nodes.filter(|(_, node)| node.tainted_since.is_some());
            plans.extend(tainted.map(|(node, _)| heal_node(node, NodeAction::Untaint)));
        }
        for (zone, disruption) in changes {
            let zone_next = match view.cluster.zones()[zone].present {
                0 => Time::ZERO,
                _ => self.next_under(view, zone, disruption),
            };
            plans.push(Plan::HealZone {
                zone,
                disruption,
                zone_next: zone_next.nanos(),
            });
        }
    }

    /// The zones that a pass would find disrupted in another way than the last one did.
    pub(super) fn changes(&self, view: &View) -> Vec<(ZoneId, Disruption)> {
        let cluster = view.cluster;
        let mut before = remembered(view).peekable();
        if cluster.disrupted().is_empty() && before.peek().is_none() {
            return Vec::new();
        }
        let dark = cluster.nodes_present() > 0 && cluster.nodes_ready() == 0;
        let was_dark = cluster.zones().iter().all(|(zone, nodes)| {
            let was = Disruption::remembered(view, zone);
            nodes.present == 0 || health(was) == Health::Dead
        });
        let mut changes: Vec<(ZoneId, Disruption)> = Vec::new();
        let mut look = |zone: ZoneId| {
            let nodes = cluster.zones()[zone];
            let was = Disruption::remembered(view, zone);
            let health_now = self.health(nodes);
            let is = match (nodes.present > 0, dark, was_dark) {
                (false, _, _) => Disruption::None,
                (true, true, false) => Disruption::Blackout,
                (true, true, true) => was,
                (true, false, false) if health_now == health(was) => was,
                (true, false, _) => self.disruption(health_now, nodes),
            };
            if is != was {
                changes.push((zone, is));
            }
        };
        cluster.disrupted().iter().for_each(|&zone| look(zone));
        before
            .filter(|zone| !cluster.disrupted().contains(zone))
            .for_each(&mut look);
        changes
    }

    /// How healthy the nodes of a zone are (`ComputeZoneState`).
    fn health(&self, nodes: Zone) -> Health {
        let share = f64::from(nodes.not_ready()) / f64::from(nodes.present);
        match nodes.not_ready() {
            0 => Health::Good,
            _ if nodes.ready == 0 => Health::Dead,
            few if few <= FEW_NOT_READY => Health::Good,
            _ if share >= self.unhealthy_share => Health::Poor,
            _ => Health::Good,
        }
    }

    /// What follows from a zone's health while a node of any zone is ready (`setLimiterInZone`).
    fn disruption(&self, health: Health, nodes: Zone) -> Disruption {
        match health {
            Health::Good => Disruption::None,
            Health::Poor if nodes.present > self.large_zone => Disruption::Slowed,
            Health::Poor => Disruption::Halted,
            Health::Dead => Disruption::Full,
        }
    }

    /// Time between two taints of a zone so disrupted; `None`: never.
    pub(super) fn interval(&self, disruption: Disruption) -> Option<Duration> {
        match disruption {
            Disruption::None | Disruption::Full => self.interval,
            Disruption::Slowed => self.secondary_interval,
            Disruption::Halted | Disruption::Blackout => None,
        }
    }

    /// When the zone's next node may be tainted once it is disrupted in another way: with another
    /// rate and a taint still to be waited for, a whole interval from now (`SwapLimiter`).
    fn next_under(&self, view: &View, zone: ZoneId, disruption: Disruption) -> Time {
        let next = Time::from_nanos(view.cluster.memory(Slot::Zone(zone)));
        let old = self.interval(Disruption::remembered(view, zone));
        match self.interval(disruption) {
            new if new == old => next,
            Some(new) if old.is_none() || next > view.now => view.now + new,
            Some(_) | None => next,
        }
    }
}

impl Disruption {
    const ALL: [Disruption; 5] = [
        Disruption::None,
        Disruption::Slowed,
        Disruption::Halted,
        Disruption::Full,
        Disruption::Blackout,
    ];

    /// How the zone was disrupted when the controller last looked.
    pub(super) fn remembered(view: &View, zone: ZoneId) -> Disruption {
        let number = view.cluster.memory(Slot::Disruption(zone)) as usize;
        Disruption::ALL[number]
    }
}

/// How healthy the nodes of a zone are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    /// Most are ready.
    Good,
    /// Too few are ready.
    Poor,
    /// None is ready.
    Dead,
}

/// The health that a disruption follows from.
const fn health(disruption: Disruption) -> Health {
    match disruption {
        Disruption::None => Health::Good,
        Disruption::Slowed | Disruption::Halted => Health::Poor,
        Disruption::Full | Disruption::Blackout => Health::Dead,
    }
}

/// The zones that were disrupted when the controller last looked.
fn remembered<'a>(view: &View<'a>) -> impl Iterator<Item = ZoneId> + use<'a> {
    let all = Slot::Disruption(ZoneId(0))..=Slot::Disruption(ZoneId(u32::MAX));
    view.cluster
        .memories(all)
        .filter_map(|(slot, _)| match slot {
            Slot::Disruption(zone) => Some(zone),
            Slot::Scheduler | Slot::Zone(_) | Slot::Service(_) => None,
        })
}
