//! One loss in every run: a node or a zone, at a time and a place by lot.

use std::collections::BTreeSet;

use super::failure::{Failure, Target, When};
use super::{NodeEvent, NodeEventKind, Script};
use crate::cluster::catalog::Catalog;
use crate::dist::Distribution;
use crate::ids::NodeId;
use crate::rng::{self, Purpose, Seed};
use crate::time::{Duration, Time};

/// Names the failure that a strike becomes.
const NAME: &str = "drill";

/// One loss in every run.
#[derive(Clone, Debug, PartialEq)]
pub struct Strike {
    /// It does not come before.
    pub from: Time,
    /// It comes before: at any time between with equal probability.
    pub until: Time,
    /// What may be struck, one of them.
    pub places: Vec<Place>,
    /// Nodes that are not there from the start.
    pub absent: BTreeSet<NodeId>,
}

/// What may be struck.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// A node, or a zone.
    pub target: Target,
    /// The nodes that go down with it.
    pub nodes: Vec<NodeId>,
    /// How probable it is, compared with the others; above zero.
    pub weight: f64,
    /// Seconds until it is back; `None`: for good.
    pub down: Option<Distribution>,
}

/// What a drill takes away in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Struck {
    /// The node or the zone, by name.
    pub name: String,
    /// When.
    pub at: Time,
    /// How long it stays away; `None`: for good.
    pub down: Option<Duration>,
}

impl Script {
    /// What the drill takes away: nothing where there is none, or nothing was up to be lost.
    pub fn struck(&self, catalog: &Catalog) -> Option<Struck> {
        let mut failures = self.failures.iter().rev();
        let struck = failures.find(|failure| failure.name == NAME)?;
        let When::At { at, .. } = struck.when else {
            return None;
        };
        let name = match &struck.target {
            Target::Nodes(nodes) => &catalog.nodes[*nodes.first()?].name,
            Target::Zones(zones) => &catalog.zones[*zones.first()?],
            Target::Containers(_) => return None,
        };
        let law = struck.down.as_ref();
        Some(Struck {
            name: name.clone(),
            at,
            down: law.map(|law| struck.draw(law, 0, 1, catalog, self.seed)),
        })
    }
}

impl Strike {
    /// The loss of one run: time first, then one of the places that have a node up at that time.
    /// `None` where no node is up then. `events` are all that happens to nodes besides, in order of
    /// time.
    pub fn draw(&self, events: &[NodeEvent], seed: Seed) -> Option<Failure> {
        let mut dice = rng::stream(seed, Purpose::Drill, NAME, 0);
        let length = self.until.since(self.from).nanos();
        let at = self.from.nanos() + rng::below(&mut dice, length);
        let at = Time::from_nanos(at);
        let down = self.down(events, at);
        let up = |place: &&Place| place.nodes.iter().any(|node| !down.contains(node));
        let open: Vec<&Place> = self.places.iter().filter(up).collect();
        let total: f64 = open.iter().map(|place| place.weight).sum();
        let mut point = rng::unit(&mut dice) * total;
        let within = |place: &&&Place| {
            point -= place.weight;
            point < 0.0
        };
        // Rounding may carry the point past the last of them.
        let place = open.iter().find(within).or(open.last())?;
        Some(Failure {
            name: NAME.to_owned(),
            target: place.target.clone(),
            when: When::At { at, count: None },
            down: place.down.clone(),
        })
    }

    /// Nodes that are not up at a time: events of that instant come first.
    fn down(&self, events: &[NodeEvent], at: Time) -> BTreeSet<NodeId> {
        let mut down = self.absent.clone();
        for event in events.iter().take_while(|event| event.at <= at) {
            match event.event {
                NodeEventKind::Add | NodeEventKind::Recover => down.remove(&event.node),
                NodeEventKind::Remove | NodeEventKind::Fail => down.insert(event.node),
                NodeEventKind::Drain | NodeEventKind::Undrain => false,
            };
        }
        down
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Duration;

    fn place(node: u32, weight: f64) -> Place {
        Place {
            target: Target::Nodes(vec![NodeId(node)]),
            nodes: vec![NodeId(node)],
            weight,
            down: None,
        }
    }

    fn strike(places: Vec<Place>) -> Strike {
        Strike {
            from: Time::from_secs(100),
            until: Time::from_secs(300),
            places,
            absent: BTreeSet::new(),
        }
    }

    /// Time and node of 4,000 runs.
    fn drawn(strike: &Strike, events: &[NodeEvent]) -> Vec<(Time, NodeId)> {
        let draw = |replication| {
            let seed = Seed {
                seed: 1,
                replication,
            };
            let failure = strike.draw(events, seed)?;
            let (When::At { at, count: None }, Target::Nodes(nodes)) =
                (failure.when, failure.target)
            else {
                panic!("a drill strikes one node, once");
            };
            Some((at, nodes[0]))
        };
        (1..=4000).filter_map(draw).collect()
    }

    #[test]
    fn every_run_has_one_at_any_time_and_at_places_by_their_weight() {
        let drawn = drawn(&strike(vec![place(0, 3.0), place(1, 1.0)]), &[]);
        assert_eq!(drawn.len(), 4000);
        let first = drawn.iter().filter(|(_, node)| *node == NodeId(0)).count();
        // 3,000 expected, standard deviation sqrt(4000 · 3/4 · 1/4) = 27.
        assert!(first.abs_diff(3000) < 5 * 27, "{first}");
        let early = drawn
            .iter()
            .filter(|(at, _)| *at < Time::from_secs(200))
            .count();
        // 2,000 expected, standard deviation 32.
        assert!(early.abs_diff(2000) < 5 * 32, "{early}");
        let (from, until) = (Time::from_secs(100), Time::from_secs(300));
        assert!(drawn.iter().all(|(at, _)| from <= *at && *at < until));
    }

    #[test]
    fn what_is_not_up_is_not_struck() {
        let event = |at, node, event| NodeEvent {
            at: Time::from_secs(at),
            node: NodeId(node),
            event,
        };
        let events = [
            event(0, 1, NodeEventKind::Fail),
            event(200, 1, NodeEventKind::Recover),
            event(200, 0, NodeEventKind::Remove),
            event(200, 2, NodeEventKind::Add),
        ];
        let mut strike = strike(vec![place(0, 1.0), place(1, 1.0), place(2, 1.0)]);
        strike.absent.insert(NodeId(2));
        for (at, node) in drawn(&strike, &events) {
            assert_eq!(
                node == NodeId(0),
                at < Time::from_secs(200),
                "{node:?} at {at}"
            );
        }
    }

    #[test]
    fn where_no_node_is_up_none_is_lost() {
        let mut strike = strike(vec![place(0, 1.0)]);
        strike.absent.insert(NodeId(0));
        assert_eq!(drawn(&strike, &[]), []);
    }

    #[test]
    fn the_draw_is_the_same_whatever_else_happens() {
        let one = drawn(&strike(vec![place(0, 1.0), place(1, 1.0)]), &[]);
        let event = NodeEvent {
            at: Time::ZERO + Duration::from_secs(1),
            node: NodeId(5),
            event: NodeEventKind::Fail,
        };
        assert_eq!(
            one,
            drawn(&strike(vec![place(0, 1.0), place(1, 1.0)]), &[event])
        );
    }
}
