//! Small clusters with labels, for tests of plugins.

use std::sync::Arc;

use super::cycle::{Cycle, NodeInfo};
use crate::cluster::catalog::{Catalog, NodeSpec, Shape};
use crate::cluster::labels::{Labels, Requirement, Selector, Test};
use crate::cluster::rules::{Rules, Traits, well_known};
use crate::ids::{Id, KeyId, NodeId, PodId, RulesId, ShapeId, ValueId};
use crate::policy::scheduler::testing::{World, node, world};

/// A label key of pods.
pub(super) const APP: KeyId = KeyId(100);
/// A value of it.
pub(super) const WEB: ValueId = ValueId(100);
/// Another.
pub(super) const CACHE: ValueId = ValueId(101);

/// One label.
pub(super) fn label(key: KeyId, value: ValueId) -> Labels {
    std::iter::once((key, value)).collect()
}

/// What has that one value of the key.
pub(super) fn selector(key: KeyId, value: ValueId) -> Selector {
    let test = Test::In(vec![value]);
    Selector(vec![Requirement { key, test }])
}

/// A node in a zone, if any, with a host name of its own.
pub(super) fn node_in(zone: Option<u32>, host: u32) -> NodeSpec {
    let zone = zone.map(|zone| (well_known::ZONE, ValueId(10 + zone)));
    let host = (well_known::HOSTNAME, ValueId(50 + host));
    let traits = Traits {
        labels: std::iter::once(host).chain(zone).collect(),
        ..Traits::default()
    };
    NodeSpec {
        traits,
        ..node(4000, 4096)
    }
}

/// A cluster of these nodes, with one shape for each of the rules.
pub(super) fn world_of(nodes: Vec<NodeSpec>, rules: Vec<Rules>) -> World {
    let shape = |rules| Shape {
        rules: RulesId::from_index(rules),
        ..Shape::default()
    };
    let shapes = (0..rules.len()).map(shape).collect();
    let plain = world(nodes, shapes);
    World::new(Arc::new(Catalog {
        rules: rules.into_iter().collect(),
        ..plain.cluster.catalog().clone()
    }))
}

/// A cluster with a node in each of these zones, and one shape for each of the rules.
pub(super) fn zones(zones: &[Option<u32>], rules: Vec<Rules>) -> World {
    let nodes = zones.iter().zip(0..);
    let nodes = nodes.map(|(&zone, host)| node_in(zone, host));
    world_of(nodes.collect(), rules)
}

/// All nodes of the cluster.
pub(super) fn all(world: &World) -> Vec<NodeId> {
    world.cluster.nodes().ids().collect()
}

/// A new pod of the shape.
pub(super) fn pending(world: &mut World, shape: u32) -> PodId {
    world.job(ShapeId(shape))
}

/// What is made of each node.
pub(super) fn each_node<T>(cycle: &Cycle, make: impl Fn(&NodeInfo) -> T) -> Vec<T> {
    let nodes = cycle.cluster.nodes().ids();
    let infos = nodes.map(|node| NodeInfo::new(cycle.cluster, node));
    infos.map(|info| make(&info)).collect()
}
