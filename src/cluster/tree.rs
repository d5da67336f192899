//! The order in which kube-scheduler looks at nodes: one of each zone in turn.
//!
//! Source: kube-scheduler v1.34.1, `backend/cache/node_tree.go`.

use super::labels::Labels;
use super::rules::well_known;
use crate::ids::{NodeId, ValueId};

/// Nodes by zone: zones in the order in which their first node joined, the nodes of a zone in that
/// in which they joined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeTree {
    zones: Vec<(Place, Vec<NodeId>)>,
    version: u64,
}

/// Where a node stands: the values of its labels for region and zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(ValueId, ValueId);

impl Place {
    /// Where labels say a node stands. A missing label is an empty one.
    pub(super) fn of(labels: &Labels) -> Place {
        let value = |key| labels.get(key).unwrap_or(well_known::EMPTY);
        Place(value(well_known::REGION), value(well_known::ZONE))
    }
}

impl NodeTree {
    /// All nodes, one of each zone in turn.
    pub fn list(&self) -> Vec<NodeId> {
        let zones = self.zones.iter().map(|(_, nodes)| nodes);
        let most = zones.clone().map(Vec::len).max().unwrap_or(0);
        let turns = (0..most).flat_map(|turn| zones.clone().filter_map(move |zone| zone.get(turn)));
        turns.copied().collect()
    }

    /// How often the list changed.
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The node joined.
    pub(super) fn add(&mut self, place: Place, node: NodeId) {
        self.version += 1;
        match self.zones.iter_mut().find(|(other, _)| *other == place) {
            Some((_, nodes)) => nodes.push(node),
            None => self.zones.push((place, vec![node])),
        }
    }

    /// The node left. Panics if it was not there.
    pub(super) fn remove(&mut self, place: Place, node: NodeId) {
        self.version += 1;
        let at = self.zones.iter().position(|(other, _)| *other == place);
        let at = at.expect("the zone of a node is known");
        let nodes = &mut self.zones[at].1;
        let one = nodes.iter().position(|&other| other == node);
        nodes.remove(one.expect("a node is in its zone"));
        if nodes.is_empty() {
            self.zones.remove(at);
        }
    }

    /// Every node with its place, by place and node. Panics on a zone without nodes or told twice.
    pub(super) fn places(&self) -> Vec<(Place, NodeId)> {
        let mut zones: Vec<Place> = self.zones.iter().map(|&(place, _)| place).collect();
        zones.sort_unstable();
        zones.dedup();
        let nodes = |(place, nodes): &(Place, Vec<NodeId>)| {
            assert!(!nodes.is_empty(), "a zone without nodes is forgotten");
            let place = *place;
            nodes.iter().map(|&node| (place, node)).collect::<Vec<_>>()
        };
        assert_eq!(zones.len(), self.zones.len(), "a zone is known once");
        let mut places: Vec<(Place, NodeId)> = self.zones.iter().flat_map(nodes).collect();
        places.sort_unstable();
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_take_turns_and_end_with_their_last_node() {
        let place = |zone| Place(well_known::EMPTY, ValueId(zone));
        let mut tree = NodeTree::default();
        for (zone, node) in [(1, 0), (2, 1), (1, 2), (1, 3), (2, 4)] {
            tree.add(place(zone), NodeId(node));
        }
        assert_eq!(tree.list(), [0, 1, 2, 4, 3].map(NodeId));
        for node in [0, 2, 3] {
            tree.remove(place(1), NodeId(node));
        }
        tree.add(place(1), NodeId(0));
        assert_eq!(tree.list(), [1, 0, 4].map(NodeId));
    }
}
