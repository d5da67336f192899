//! `fgd`: fragmentation gradient descent, the node and the GPU where the pod fragments the least.
//!
//! GPUs are fragmented as far as the pods to come cannot use what is idle. With F of a node the idle
//! thousandths of GPU that a typical pod cannot use, in expectation over the typical pods of the
//! scenario ([`crate::cluster::typical`]), the node with the most points is taken:
//!
//! ```text
//! points = 100 * 1 / (1 + exp(-(F before - F with the pod) / 1000))     rounded down
//! ```
//!
//! A pod that asks for a part of one GPU is tried on each that has room, the first with the most
//! points counts, and is the one it gets. Whole GPUs, and parts of several, are the best-fitting ones.
//! Pods without GPUs are scored alike, for the CPU they take may strand GPUs. Ties go to the node with
//! the lowest id. Memory counts in the filter alone.
//!
//! What is typical is known from the scenario: jobs of traces by number, by distribution by expected
//! number, services by replicas at the start. Pods that leave need no rule of their own: F is of what is
//! idle now. Where no node has GPUs every node has 50 points and the first that fits is taken.
//!
//! Source: Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation
//! Gradient Descent" (USENIX ATC 2023), section 4, and the authors' simulator
//! (hkust-adsl/kubernetes-scheduler-simulator, `pkg/simulator/plugin/fgd_score.go`): sigmoid and
//! rounding are the simulator's. There ties go by a random order of the nodes; here by the order of
//! the scenario, which an import can shuffle.
//!
//! With S shapes, n nodes, T typical pods (at most 64) and g GPUs per node: O(S T g^2 + log n) per
//! decision with `search = "tree"`, O(n T g^2) with `scan`. Equal GPUs of a node are tried once, and F
//! before is kept of every node.

use super::best::{Best, Rank};
use super::explanation::{Measure, POINTS};
use super::per_node::PerNode;
use super::score::{Ask, SCORE_MAX, Weights};
use super::table::Row;
use super::{Chosen, best_fitting};
use crate::cluster::Cluster;
use crate::cluster::gpu::GpuSet;
use crate::cluster::typical::{Typical, fragmentation};
use crate::policy::params::Params;
use crate::units::{MilliCpu, WHOLE_GPU};

/// Fragmentation, in thousandths of a GPU, that the sigmoid takes for one.
const STEEPNESS: f64 = 1000.0;

/// The order of nodes: one more than the points.
#[derive(Clone, Debug, Default)]
pub struct Fgd {
    /// Typical pods, once they are known.
    typical: Option<Vec<Typical>>,
    /// F of each node as it is.
    before: PerNode<f64>,
}

impl Fgd {
    /// The scheduler with the given parameters.
    pub fn scheduler(params: &Params) -> Best<Fgd> {
        Best::new(Fgd::default(), Weights::NONE, params.choice("search"))
    }

    /// The most points the pod has on the node, and the GPUs it has them with.
    fn best(&self, ask: &Ask, row: &Row) -> (u8, GpuSet) {
        let request = ask.shape.gpus;
        if request.count != 1 || request.milli == WHOLE_GPU {
            let gpus = best_fitting(ask.cluster, ask.shape, row.node);
            return (self.points(ask, row, gpus), gpus);
        }
        let gpus = ask.cluster.gpus(row.node);
        let left = gpus.left();
        let mut best: Option<(u8, GpuSet)> = None;
        for (device, with) in left.iter().enumerate() {
            if *with < request.milli || left[..device].contains(with) {
                continue;
            }
            let gpu = GpuSet::NONE.with(device);
            let points = self.points(ask, row, gpu);
            if best.is_none_or(|(most, _)| points > most) {
                best = Some((points, gpu));
            }
        }
        best.expect("a feasible node has GPUs left")
    }

    /// The points of the node if the pod gets these GPUs.
    fn points(&self, ask: &Ask, row: &Row, gpus: GpuSet) -> u8 {
        let mut left = ask.cluster.gpus(row.node);
        left.take(gpus, ask.shape.gpus.milli);
        let free = ask.cluster.free()[row.node].cpu.0;
        let cpu = MilliCpu(free - ask.shape.requests.cpu.0);
        let model = ask.cluster.spec(row.node).gpu_model;
        let typical = self.typical.as_deref().expect("refreshed before keys");
        let with_pod = fragmentation(typical, cpu, &left, model);
        let mended = (self.before[row.node] - with_pod) / STEEPNESS;
        let sigmoid = 1.0 / (1.0 + (-mended).exp());
        (sigmoid * SCORE_MAX as f64) as u8
    }
}

impl Rank for Fgd {
    type Key = u8;

    const TOP: u8 = SCORE_MAX as u8 + 1;

    const MEASURES: &'static [Measure] = &[POINTS];

    fn key(&self, ask: &Ask, row: &Row) -> u8 {
        self.best(ask, row).0 + 1
    }

    fn values(&self, key: u8) -> Vec<i64> {
        vec![i64::from(key) - 1]
    }

    fn why(&self, key: u8) -> Chosen {
        Chosen::Score(i64::from(key) - 1)
    }

    fn gpus(&self, ask: &Ask, row: &Row) -> GpuSet {
        self.best(ask, row).1
    }

    fn refresh(&mut self, cluster: &Cluster) {
        let known = || cluster.catalog().typical();
        let typical = self.typical.get_or_insert_with(known);
        self.before.refresh(cluster, |node| {
            let (cpu, model) = (cluster.free()[node].cpu, cluster.spec(node).gpu_model);
            fragmentation(typical, cpu, &cluster.gpus(node), model)
        });
    }

    fn forget(&mut self) {
        *self = Fgd::default();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cluster::catalog::{NodeSpec, Shape};
    use crate::cluster::gpu::GpuModels;
    use crate::ids::{NodeId, ShapeId};
    use crate::policy::scheduler::Placement;
    use crate::policy::scheduler::testing::{
        World, asking_gpus, catalog, node, scheduler, shape, with_gpus,
    };

    const GPUS: NodeId = NodeId(0);

    fn gpu(cpu: u64, milli: u16) -> Shape {
        asking_gpus(shape(cpu, 1), 1, milli, GpuModels::ANY)
    }

    /// Nodes, and shapes with how many pods of each are expected.
    fn world(nodes: Vec<NodeSpec>, shapes: Vec<(Shape, f64)>) -> World {
        let (shapes, pods): (Vec<Shape>, Vec<f64>) = shapes.into_iter().unzip();
        let mut catalog = Arc::unwrap_or_clone(catalog(1, nodes, shapes));
        catalog.pods = pods.into_iter().collect();
        World::new(Arc::new(catalog))
    }

    fn place(world: &mut World, shape: u32) -> (NodeId, GpuSet, Chosen) {
        let pod = world.job(ShapeId(shape));
        match world.schedule(&mut *scheduler("fgd", &[]), pod) {
            Placement::Bind {
                node, gpus, why, ..
            } => (node, gpus, why),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_part_of_a_gpu_is_taken_where_the_rest_stays_of_use() {
        // All pods of the mix want 600; F counts GPUs with less than 600 left.
        let mut world = world(
            vec![with_gpus(node(8000, 8), 3, None)],
            vec![
                (gpu(100, 600), 1.0),
                (gpu(100, 300), 0.0),
                (gpu(100, 400), 0.0),
            ],
        );
        // On any of the three: F from 0 to 400, 100 / (1 + e^0.4) = 40.1.
        let made = place(&mut world, 0);
        assert_eq!(made, (GPUS, GpuSet::NONE.with(0), Chosen::Score(40)));
        // Left 400, 1000, 1000. 300 of the first: F from 400 to 100, 100 / (1 + e^-0.3) = 57.4; of
        // another 700 stay of use and F the same: 50.
        let made = place(&mut world, 1);
        assert_eq!(made, (GPUS, GpuSet::NONE.with(0), Chosen::Score(57)));
        // Left 100, 1000, 1000. 400 of the second leaves 600: F stays 100.
        let made = place(&mut world, 2);
        assert_eq!(made, (GPUS, GpuSet::NONE.with(1), Chosen::Score(50)));
        // Left 100, 600, 1000. 300 of the second leave 300: F + 300; of the third 700: F stays.
        let made = place(&mut world, 1);
        assert_eq!(made, (GPUS, GpuSet::NONE.with(2), Chosen::Score(50)));
    }

    #[test]
    fn a_pod_without_gpus_keeps_off_the_cpu_that_gpus_need() {
        // The GPU is of use to the mix as long as 4 cores are left. 100 / (1 + e^1) = 26.9.
        let nodes = vec![with_gpus(node(5000, 8), 1, None), node(3000, 8)];
        let plain = (shape(2000, 1), 0.0);
        let mut world = world(nodes, vec![(gpu(4000, 1000), 1.0), plain]);
        let made = [1, 1].map(|shape| place(&mut world, shape));
        let expected = [(NodeId(1), 50), (GPUS, 26)];
        assert_eq!(
            made,
            expected.map(|(node, points)| (node, GpuSet::NONE, Chosen::Score(points)))
        );
    }

    #[test]
    fn without_gpus_the_first_node_that_fits_is_taken() {
        let nodes = vec![node(1000, 8), node(9000, 8), node(9000, 8)];
        let mut world = world(nodes, vec![(shape(2000, 1), 1.0)]);
        let made = place(&mut world, 0);
        assert_eq!(made, (NodeId(1), GpuSet::NONE, Chosen::Score(50)));
    }
}
