//! Nodes in the order of their names, in which equally good ones stand.

use crate::cluster::catalog::Catalog;
use crate::ids::{Arena, NodeId};

/// All nodes of the catalogue by name. The place of a node there is its rank.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    nodes: Vec<NodeId>,
    ranks: Arena<NodeId, u32>,
}

impl Order {
    pub(super) fn new(catalog: &Catalog) -> Order {
        let mut nodes: Vec<NodeId> = catalog.nodes.ids().collect();
        nodes.sort_by_key(|&node| &catalog.nodes[node].name);
        let mut ranks = Arena::filled(0, nodes.len());
        for (rank, &node) in (0..).zip(&nodes) {
            ranks[node] = rank;
        }
        Order { nodes, ranks }
    }

    /// Number of nodes.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The nodes, by rank.
    pub(super) fn nodes(&self) -> &[NodeId] {
        &self.nodes
    }

    /// The node with that rank.
    pub(super) fn node(&self, rank: usize) -> NodeId {
        self.nodes[rank]
    }

    /// The rank of a node.
    pub(super) fn rank(&self, node: NodeId) -> usize {
        self.ranks[node] as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::catalog::NodeSpec;
    use crate::ids::Id;
    use crate::policy::scheduler::testing::{catalog, node};

    #[test]
    fn names_rank_nodes() {
        let named = |name: &str| NodeSpec {
            name: name.to_owned(),
            ..node(1, 1)
        };
        let order = Order::new(&catalog(
            1,
            vec![named("b"), named("c"), named("a")],
            vec![],
        ));
        assert_eq!(order.nodes(), [2, 0, 1].map(NodeId));
        for rank in 0..3 {
            assert_eq!(order.rank(order.node(rank)), rank);
            assert_eq!(order.node(rank).index(), [2, 0, 1][rank]);
        }
    }
}
