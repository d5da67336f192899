//! How full a node would be with the pod on it: Kubernetes' LeastAllocated and MostAllocated.
//!
//! Of each resource that counts, in hundredths and rounded down,
//!
//! ```text
//! least = (capacity - requested) * 100 / capacity    (0 where requested > capacity)
//! most  =  requested             * 100 / capacity    (requested at most capacity)
//! ```
//!
//! and the score of the node is their weighted mean, rounded down. `requested` includes the pod.
//! A resource counts when its weight is not zero and the node has some of it; GPUs count only for
//! pods that ask for them. When nothing counts the score is 0.
//!
//! A pod that requests no CPU, or no memory, is scored as if it requested [`CPU_UNREQUESTED`](crate::cluster::requests::CPU_UNREQUESTED) or
//! [`MEMORY_UNREQUESTED`](crate::cluster::requests::MEMORY_UNREQUESTED), both when it is placed and while it is on a node; filters use what it
//! really requests. Kubernetes asks this of every container and tells "no request" from "a request
//! of zero"; of a pod that is one container, both are the same here.
//!
//! Source: kube-scheduler v1.34, `pkg/scheduler/framework/plugins/noderesources`
//! (`resource_allocation.go`, `least_allocated.go`, `most_allocated.go`).

use super::table::{Row, Share};
use crate::cluster::Cluster;
use crate::cluster::catalog::Shape;
use crate::ids::PodId;
use crate::units::Resource;

/// The highest score of a node: 100 (`framework.MaxNodeScore`).
pub const SCORE_MAX: u64 = 100;

/// The weights of the resources in a score, in the order of [`Resource::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weights(pub [u32; Resource::ALL.len()]);

/// What a pod asks of a node.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// What is believed of the nodes.
    pub cluster: &'a Cluster,
    /// What filters look at.
    pub shape: &'a Shape,
    /// What counts as requested in scores, in the order of [`Resource::ALL`].
    scored: [u64; Resource::ALL.len()],
    weights: Weights,
}

impl Weights {
    /// Nothing counts.
    pub const NONE: Weights = Weights([0; Resource::ALL.len()]);

    /// Weight 1 for each of the resources named in a list such as `cpu,memory`. Panics on an
    /// unknown name: the registry declares the lists.
    pub fn equal(names: &str) -> Weights {
        let mut weights = Weights::NONE;
        for name in names.split(',') {
            let at = Resource::ALL.iter().position(|known| known.name() == name);
            weights.0[at.expect("a declared resource")] = 1;
        }
        weights
    }
}

impl<'a> Ask<'a> {
    /// What the pod asks for, scored with these weights.
    pub fn new(cluster: &'a Cluster, pod: PodId, mut weights: Weights) -> Ask<'a> {
        let shape = cluster.shape(pod);
        let assumed = shape.placing();
        let scored = Resource::ALL.map(|resource| match resource {
            Resource::Cpu => assumed.cpu.0,
            Resource::Memory => assumed.memory.0,
            Resource::Gpu => shape.requests.gpu.0,
        });
        for (weight, scored) in weights.0.iter_mut().zip(scored) {
            if scored == 0 {
                *weight = 0;
            }
        }
        Ask {
            cluster,
            shape,
            scored,
            weights,
        }
    }

    /// LeastAllocated of the node in parts of `PARTS`; 100 parts make Kubernetes' score.
    pub fn least_allocated<const PARTS: u64>(&self, row: &Row) -> u64 {
        self.mean(row, |share, request| {
            share.parts::<PARTS>(share.unclaimed.saturating_sub(request))
        })
    }

    /// MostAllocated of the node in parts of `PARTS`; 100 parts make Kubernetes' score.
    pub fn most_allocated<const PARTS: u64>(&self, row: &Row) -> u64 {
        self.mean(row, |share, request| {
            let left = share.unclaimed.saturating_sub(request);
            share.parts::<PARTS>(share.capacity - left)
        })
    }

    fn mean(&self, row: &Row, score: impl Fn(&Share, u64) -> u64) -> u64 {
        let (mut sum, mut weights) = (0, 0);
        for ((share, request), weight) in row.shares.iter().zip(self.scored).zip(self.weights.0) {
            if weight != 0 && share.capacity != 0 {
                sum += u64::from(weight) * score(share, request);
                weights += u64::from(weight);
            }
        }
        sum.checked_div(weights).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::catalog::NodeSpec;
    use crate::cluster::gpu::GpuModels;
    use crate::ids::ShapeId;
    use crate::policy::scheduler::table::Table;
    use crate::policy::scheduler::testing::{asking_gpus, node, shape, with_gpus, world};

    /// LeastAllocated and MostAllocated of every node for the last shape, once pods of the shapes
    /// in `bound` are on the nodes beside them.
    fn scores(
        resources: &str,
        nodes: &[NodeSpec],
        shapes: &[Shape],
        bound: &[(u32, u32)],
    ) -> Vec<(u64, u64)> {
        let mut world = world(nodes.to_vec(), shapes.to_vec());
        for &(shape, node) in bound {
            world.put(shape, node);
        }
        let pod = world.job(ShapeId(shapes.len() as u32 - 1));
        let ask = Ask::new(&world.cluster, pod, Weights::equal(resources));
        let mut table = Table::default();
        table.refresh(&world.cluster);
        let of = |row| {
            let least = ask.least_allocated::<SCORE_MAX>(row);
            (least, ask.most_allocated::<SCORE_MAX>(row))
        };
        table.rows().iter().map(of).collect()
    }

    #[test]
    fn the_score_is_the_mean_of_hundredths_rounded_down_at_every_step() {
        let nodes = [node(4000, 16_384), node(8000, 32_768), node(8000, 16_384)];
        let ask = [shape(3000, 1024)];
        // (25 + 93) / 2, (62 + 96) / 2, (62 + 93) / 2: kube-scheduler v1.34.1 scores these 59, 79
        // and 77 too. The other way (75 + 6) / 2, (37 + 3) / 2, (37 + 6) / 2.
        let expected = [(59, 40), (79, 20), (77, 21)];
        assert_eq!(scores("cpu,memory", &nodes, &ask, &[]), expected);
        assert_eq!(scores("cpu", &nodes[..1], &ask, &[]), [(25, 75)]);
        assert_eq!(scores("memory", &nodes[..1], &ask, &[]), [(93, 6)]);
    }

    #[test]
    fn requested_includes_the_pod_and_those_before_it() {
        let shapes = [shape(1000, 1000), shape(500, 2000)];
        // cpu 4000 - 2 * 1000 - 500 = 1500 of 4000: 37; memory 10,000 - 2000 - 2000: 60.
        let made = scores(
            "cpu,memory",
            &[node(4000, 10_000)],
            &shapes,
            &[(0, 0), (0, 0)],
        );
        assert_eq!(made, [((37 + 60) / 2, (62 + 40) / 2)]);
    }

    #[test]
    fn a_pod_without_requests_counts_as_100_milli_cores_and_200_mib() {
        let shapes = [shape(0, 500), shape(500, 0), shape(0, 0)];
        // cpu 1000 - 100 - 500 - 100 = 300 of 1000; memory 2000 - 500 - 200 - 200 = 1100 of 2000.
        let made = scores(
            "cpu,memory",
            &[node(1000, 2000)],
            &shapes,
            &[(0, 0), (1, 0)],
        );
        assert_eq!(made, [((30 + 55) / 2, (70 + 45) / 2)]);
    }

    #[test]
    fn more_requested_than_there_is_scores_as_full() {
        let shapes = [shape(0, 0)];
        // 2 * 100 of 150 milli-cores are requested in name, none in fact; 400 of 400 MiB.
        let made = scores("cpu,memory", &[node(150, 400)], &shapes, &[(0, 0)]);
        assert_eq!(made, [(0, 100)]);
        let made = scores("cpu,memory", &[node(150, 400)], &shapes, &[(0, 0), (0, 0)]);
        assert_eq!(made, [(0, 100)]);
    }

    #[test]
    fn a_resource_the_node_lacks_does_not_count() {
        let nodes = [node(0, 4096), node(4000, 0), node(0, 0)];
        let ask = [shape(0, 0)];
        // Memory alone: 3896 of 4096 left; cpu alone: 3900 of 4000 left; nothing.
        let expected = [(95, 4), (97, 2), (0, 0)];
        assert_eq!(scores("cpu,memory", &nodes, &ask, &[]), expected);
    }

    #[test]
    fn gpus_count_for_pods_that_ask_for_them() {
        let nodes = [with_gpus(node(4000, 4000), 4, None)];
        let plain = shape(1000, 2000);
        let gpu = asking_gpus(plain.clone(), 1, 500, GpuModels::ANY);
        // cpu 75, memory 50, GPU 3500 of 4000 left: 87.
        let made = scores("cpu,memory,gpu", &nodes, &[gpu], &[]);
        assert_eq!(made, [((75 + 50 + 87) / 3, (25 + 50 + 12) / 3)]);
        let plain = [plain];
        let made = scores("cpu,memory,gpu", &nodes, &plain, &[]);
        assert_eq!(made, [((75 + 50) / 2, (25 + 50) / 2)]);
        assert_eq!(scores("gpu", &nodes, &plain, &[]), [(0, 0)]);
    }
}
