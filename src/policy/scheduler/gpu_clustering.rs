//! `gpu-clustering`: pods that ask for as many GPUs together.
//!
//! A pod's kind is "a part of a GPU", or its number of GPUs. Of the nodes
//!
//! | on which there are | points |
//! |---|---|
//! | pods of that kind, and no other with GPUs | 75 + b |
//! | pods of that kind and others | 50 + b |
//! | no pods with GPUs | 25 + b |
//! | only pods of other kinds | b |
//! | (the pod asks for no GPU) | 0 |
//!
//! the one with the most is taken; b = 25 * (most gpu - gpu left) / most gpu, before the pod and rounded
//! down, where "most" is what the largest node of the scenario has and GPUs are summed over devices.
//! On the node the pod gets the best-fitting GPUs. CPU and memory count in the filter alone. Ties go to
//! the node with the lowest id; pods without GPUs go to the first node on which they fit. Pods count
//! until they are gone.
//!
//! Source: the baseline Clustering of Weng et al., "Beware of Fragmentation" (USENIX ATC 2023), section
//! 6.1, after Gandiva (Xiao et al., OSDI 2018), and of the authors' simulator
//! (hkust-adsl/kubernetes-scheduler-simulator, `pkg/simulator/plugin/gpu_clustering_score.go`), which
//! divides by 8 GPUs: those of its largest node.
//!
//! With S shapes, n nodes and p pods per node: O(S + p + log n) per decision with `search = "tree"`,
//! O(n + p) with `scan`.

use super::Chosen;
use super::best::{Best, Rank};
use super::explanation::{Measure, POINTS};
use super::per_node::PerNode;
use super::score::{Ask, SCORE_MAX, Weights};
use super::table::Row;
use crate::cluster::Cluster;
use crate::cluster::gpu::{GpuRequest, MAX_GPUS};
use crate::ids::NodeId;
use crate::policy::params::Params;
use crate::units::WHOLE_GPU;

/// Points between two rows of the table above.
const STEP: u64 = SCORE_MAX / 4;

/// The order of nodes: one more than the points.
#[derive(Clone, Debug, Default)]
pub struct GpuClustering {
    kinds: PerNode<Kinds>,
}

/// A set of kinds of pods: bit n for those of n GPUs, bit 0 for those of a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Kinds(u32);

const _: () = assert!((MAX_GPUS as u32) < u32::BITS, "a bit for every number");

impl Kinds {
    /// The pod's kind alone; nothing for a pod without GPUs.
    fn of(request: GpuRequest) -> Kinds {
        match (request.count, request.milli) {
            (0, _) => Kinds(0),
            (count, WHOLE_GPU) => Kinds(1 << count),
            (_, _) => Kinds(1),
        }
    }

    /// Of all pods on the node.
    fn on(cluster: &Cluster, node: NodeId) -> Kinds {
        let pods = cluster.nodes()[node].pods.iter();
        let kinds = pods.map(|&pod| Kinds::of(cluster.shape(pod).gpus));
        kinds.fold(Kinds::default(), |all, Kinds(one)| Kinds(all.0 | one))
    }
}

impl GpuClustering {
    /// The scheduler with the given parameters.
    pub fn scheduler(params: &Params) -> Best<GpuClustering> {
        let rank = GpuClustering::default();
        Best::new(rank, Weights::NONE, params.choice("search"))
    }

    fn points(&self, ask: &Ask, row: &Row) -> u64 {
        let own = Kinds::of(ask.shape.gpus);
        if own == Kinds(0) {
            return 0;
        }
        let there = self.kinds[row.node];
        let company = match there {
            Kinds(0) => 1,
            Kinds(_) if there == own => 3,
            Kinds(kinds) if kinds & own.0 != 0 => 2,
            Kinds(_) => 0,
        };
        let most = ask.cluster.largest().gpu.0;
        let left = ask.cluster.free()[row.node].gpu.0;
        STEP * company + STEP * (most - left) / most
    }
}

impl Rank for GpuClustering {
    type Key = u8;

    const TOP: u8 = SCORE_MAX as u8 + 1;

    const MEASURES: &'static [Measure] = &[POINTS];

    fn key(&self, ask: &Ask, row: &Row) -> u8 {
        self.points(ask, row) as u8 + 1
    }

    fn values(&self, key: u8) -> Vec<i64> {
        vec![i64::from(key) - 1]
    }

    fn why(&self, key: u8) -> Chosen {
        Chosen::Score(i64::from(key) - 1)
    }

    fn refresh(&mut self, cluster: &Cluster) {
        self.kinds.refresh(cluster, |node| Kinds::on(cluster, node));
    }

    fn forget(&mut self) {
        self.kinds.clear();
    }
}

#[cfg(test)]
mod tests {
    use crate::cluster::gpu::GpuModels;
    use crate::policy::scheduler::Chosen;
    use crate::policy::scheduler::testing::{
        asking_gpus, node, scheduler, shape, with_gpus, world,
    };

    #[test]
    fn pods_go_to_their_like_and_rather_to_free_nodes_than_to_others() {
        let nodes = vec![with_gpus(node(8000, 1000), 4, None); 2];
        let gpus = |count, milli| asking_gpus(shape(10, 1), count, milli, GpuModels::ANY);
        let shapes = vec![gpus(1, 500), gpus(1, 1000), gpus(2, 1000), shape(10, 1)];
        let mut world = world(nodes, shapes);
        let mut place = |shapes: &[u32]| world.jobs(&mut *scheduler("gpu-clustering", &[]), shapes);
        // 25 of a free node. 75 + 25 * 500 / 4000 = 78.125. The free node. Of the others the one with
        // less left: 25 * 1000 / 4000, both. There two kinds now: 50 + 25 * 3000 / 4000 = 68.75.
        let made = place(&[0, 0, 1, 2, 0, 3]);
        let expected = [(0, 25), (0, 78), (1, 25), (0, 6), (0, 68), (0, 0)];
        assert_eq!(
            made,
            expected.map(|(node, points)| Some((node, Chosen::Score(points))))
        );
    }

    #[test]
    fn without_gpus_the_first_node_that_fits_is_taken() {
        let mut world = world(vec![node(10, 10), node(90, 10)], vec![shape(20, 1)]);
        let made = world.jobs(&mut *scheduler("gpu-clustering", &[]), &[0]);
        assert_eq!(made, [Some((1, Chosen::Score(0)))]);
    }
}
