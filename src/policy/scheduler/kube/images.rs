//! ImageLocality: the more of the pod's images a node has, the better; images that few nodes have
//! count less, so that pods do not heap up on those.
//!
//! Source: kube-scheduler v1.34.1, `framework/plugins/imagelocality`.

use super::cycle::{Cycle, NodeInfo};
use super::points::MAX;
use crate::ids::ImageId;

/// Below this many bytes images do not matter: 23 MiB (`minThreshold`).
const MIN: i64 = 23 << 20;

/// Above this many bytes per container they matter no more: 1000 MiB (`maxContainerThreshold`).
const MAX_PER_CONTAINER: i64 = 1000 << 20;

/// Points of the node, of `nodes` in all.
pub fn score(cycle: &Cycle, info: &NodeInfo, nodes: usize) -> i64 {
    let here = cycle.rules.images.iter();
    let here = here.filter(|image| info.state.images.binary_search(image).is_ok());
    points(cycle, here, nodes)
}

/// Points of a node that has these entries of the pod's images, of `nodes` nodes in all.
pub fn points<'a>(cycle: &Cycle, here: impl Iterator<Item = &'a ImageId>, nodes: usize) -> i64 {
    let scaled = here.map(|&image| {
        let share = f64::from(cycle.cluster.nodes_with(image)) / nodes as f64;
        (cycle.cluster.catalog().images[image].size as f64 * share) as i64
    });
    let most = MAX_PER_CONTAINER * (1 + i64::from(cycle.rules.further_containers));
    let bytes = scaled.sum::<i64>().clamp(MIN, most);
    MAX * (bytes - MIN) / (most - MIN)
}
