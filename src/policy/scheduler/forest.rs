//! Tournaments of the nodes, one per shape of pod, brought up to date when the shape is asked for.

use super::tournament::Tournament;
use crate::cluster::Cluster;
use crate::ids::{Id, NodeId, ShapeId};

/// Most memory for the tournaments of one scheduler, in bytes: 64 MiB.
///
/// With keys of one byte that is six thousand shapes on 10,000 nodes. A shape that finds no memory
/// left takes the place of the one that came longest ago; a new tournament costs about a scan.
const MEMORY_MAX: usize = 64 << 20;

/// Tournaments by shape. A cache: it can be dropped at any moment.
#[derive(Debug)]
pub struct Forest<K> {
    /// The tree of each shape, if it has one.
    of_shape: Vec<Option<u32>>,
    trees: Vec<Tree<K>>,
    /// The tree that stands longest, once memory is used up.
    oldest: usize,
    memory_max: usize,
}

#[derive(Debug)]
struct Tree<K> {
    shape: ShapeId,
    keys: Tournament<K>,
    /// Up to where the changes of nodes are in the keys; `None` when the keys are not this shape's.
    cursor: Option<u64>,
}

impl<K> Default for Forest<K> {
    fn default() -> Forest<K> {
        Forest::with_memory(MEMORY_MAX)
    }
}

impl<K> Forest<K> {
    fn with_memory(memory_max: usize) -> Forest<K> {
        Forest {
            of_shape: Vec::new(),
            trees: Vec::new(),
            oldest: 0,
            memory_max,
        }
    }

    /// Drops all trees.
    pub fn clear(&mut self) {
        *self = Forest::with_memory(self.memory_max);
    }
}

impl<K: Copy + Ord + Default> Forest<K> {
    /// The node with the greatest key for the shape, of several the one with the lowest id; `None`
    /// when every key is `K::default()`. A key may depend on the shape and on what is believed of
    /// its node.
    pub fn best(
        &mut self,
        cluster: &Cluster,
        shape: ShapeId,
        key: impl Fn(NodeId) -> K,
    ) -> Option<(NodeId, K)> {
        self.of_shape.resize(cluster.catalog().shapes.len(), None);
        let at = match self.of_shape[shape.index()] {
            Some(at) => at as usize,
            None => self.plant(shape, cluster.nodes().len()),
        };
        let tree = &mut self.trees[at];
        tree.refresh(cluster, key);
        let (at, key) = tree.keys.best()?;
        Some((NodeId::from_index(at), key))
    }

    /// A tree for the shape, in the place of the oldest one when memory is used up.
    fn plant(&mut self, shape: ShapeId, nodes: usize) -> usize {
        let most = (self.memory_max / Tournament::<K>::bytes(nodes)).max(1);
        let at = if self.trees.len() < most {
            self.trees.push(Tree {
                shape,
                keys: Tournament::default(),
                cursor: None,
            });
            self.trees.len() - 1
        } else {
            let at = self.oldest;
            self.oldest = (at + 1) % self.trees.len();
            let tree = &mut self.trees[at];
            self.of_shape[tree.shape.index()] = None;
            tree.shape = shape;
            tree.cursor = None;
            at
        };
        self.of_shape[shape.index()] = Some(u32::try_from(at).expect("fewer trees than shapes"));
        at
    }
}

impl<K: Copy + Ord + Default> Tree<K> {
    fn refresh(&mut self, cluster: &Cluster, key: impl Fn(NodeId) -> K) {
        let changed = cluster.changed();
        let nodes = cluster.nodes().ids();
        let few = |&cursor: &u64| changed.head() - cursor < nodes.len() as u64 / 2;
        match self.cursor.filter(few).and_then(|at| changed.since(at)) {
            Some(changed) => changed.for_each(|node| self.keys.set(node.index(), key(node))),
            None => self.keys.refill(nodes.map(key)),
        }
        self.cursor = Some(changed.head());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::change::Change;
    use crate::policy::scheduler::testing::{World, node, shape, world};
    use std::cell::Cell;

    /// Free CPU less what the shape asks for, in cores.
    fn key(world: &World, shape: ShapeId, node: NodeId) -> u8 {
        let free = world.cluster.free()[node].cpu.0;
        let ask = world.cluster.catalog().shapes[shape].requests.cpu.0;
        (free.saturating_sub(ask) / 1000) as u8
    }

    fn best(forest: &mut Forest<u8>, world: &World, shape: ShapeId) -> Option<(NodeId, u8)> {
        forest.best(&world.cluster, shape, |node| key(world, shape, node))
    }

    #[test]
    fn with_more_shapes_than_memory_every_answer_is_right_and_the_oldest_tree_goes() {
        let shapes: Vec<_> = (1..=10).map(|cores| shape(1000 * cores, 1)).collect();
        let mut world = world(vec![node(100_000, 4096); 50], shapes);
        let mut forest = Forest::with_memory(3 * Tournament::<u8>::bytes(50));
        for turn in 0..200_u32 {
            let shape = ShapeId(turn * turn % 10);
            let all: Vec<NodeId> = world.cluster.nodes().ids().collect();
            let highest = all.iter().map(|&node| key(&world, shape, node)).max();
            let first = all
                .into_iter()
                .find(|&node| Some(key(&world, shape, node)) == highest);
            assert_eq!(best(&mut forest, &world, shape), first.zip(highest));
            world.put(0, first.unwrap().0);
            assert!(forest.trees.len() <= 3);
            let owned = forest.of_shape.iter().flatten().count();
            assert_eq!(owned, forest.trees.len(), "no tree has two shapes");
        }
    }

    #[test]
    fn only_changed_nodes_are_asked_again_unless_most_have_changed() {
        let mut world = world(vec![node(100_000, 4096); 50], vec![shape(1000, 1)]);
        let mut forest = Forest::default();
        let asked = Cell::new(0);
        let mut ask = |world: &World| {
            asked.set(0);
            forest.best(&world.cluster, ShapeId(0), |node| {
                asked.set(asked.get() + 1);
                key(world, ShapeId(0), node)
            });
            asked.get()
        };
        assert_eq!(ask(&world), 50);
        assert_eq!(ask(&world), 0);
        world.put(0, 7);
        world.put(0, 8);
        assert_eq!(ask(&world), 2);
        (0..2000).for_each(|_| {
            world.apply(Change::NodeCordoned(NodeId(3)));
        });
        assert_eq!(ask(&world), 50);
    }
}
