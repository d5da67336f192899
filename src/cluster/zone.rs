//! What is believed of the nodes of a zone.

use super::node::Node;

/// The nodes of one zone, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    /// In the cluster.
    pub present: u32,
    /// In the cluster and believed ready.
    pub ready: u32,
}

impl Zone {
    /// In the cluster and believed not ready.
    pub const fn not_ready(self) -> u32 {
        self.present - self.ready
    }

    /// Counts a node.
    pub(super) fn add(&mut self, node: &Node) {
        self.present += u32::from(node.present);
        self.ready += u32::from(node.present && node.ready);
    }

    /// Takes back that a node was counted.
    pub(super) fn subtract(&mut self, node: &Node) {
        self.present -= u32::from(node.present);
        self.ready -= u32::from(node.present && node.ready);
    }
}
