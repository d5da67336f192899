//! Something about every node that follows belief.

use std::ops::Index;

use crate::cluster::Cluster;
use crate::ids::{Arena, NodeId};

/// One value per node. A cache: it can be dropped at any moment.
#[derive(Clone, Debug)]
pub struct PerNode<T> {
    values: Arena<NodeId, T>,
    cursor: u64,
}

impl<T> Default for PerNode<T> {
    fn default() -> PerNode<T> {
        PerNode {
            values: Arena::new(),
            cursor: 0,
        }
    }
}

impl<T> PerNode<T> {
    /// Brings the values up to date; `value` may depend on what is believed of its node alone.
    pub fn refresh(&mut self, cluster: &Cluster, value: impl Fn(NodeId) -> T) {
        let changed = cluster.changed();
        match changed.since(self.cursor) {
            Some(nodes) if !self.values.is_empty() => {
                nodes.for_each(|node| self.values[node] = value(node));
            }
            _ => self.values = cluster.nodes().ids().map(value).collect(),
        }
        self.cursor = changed.head();
    }

    /// Drops all values.
    pub fn clear(&mut self) {
        *self = PerNode::default();
    }
}

impl<T> Index<NodeId> for PerNode<T> {
    type Output = T;

    fn index(&self, node: NodeId) -> &T {
        &self.values[node]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::scheduler::testing::{node, shape, world};
    use std::cell::Cell;

    #[test]
    fn only_changed_nodes_are_asked_again_unless_the_value_is_dropped() {
        let mut world = world(vec![node(4000, 4096); 9], vec![shape(1000, 1)]);
        let (mut free, asked) = (PerNode::default(), Cell::new(0));
        let ask = |free: &mut PerNode<u64>, cluster: &Cluster| {
            free.refresh(cluster, |node| {
                asked.set(asked.get() + 1);
                cluster.free()[node].cpu.0
            });
            asked.take()
        };
        assert_eq!(ask(&mut free, &world.cluster), 9);
        world.put(0, 7);
        assert_eq!(ask(&mut free, &world.cluster), 1);
        assert_eq!((free[NodeId(7)], free[NodeId(6)]), (3000, 4000));
        free.clear();
        assert_eq!(ask(&mut free, &world.cluster), 9);
    }
}
