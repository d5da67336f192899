//! `gpu-packing`: GPUs in use before free ones, and those before nodes that are free of GPU pods.
//!
//! | the pod | points |
//! |---|---|
//! | gets along with GPUs that are in use | 100 - (hundredths left of each, summed) / 10, at least 50 |
//! | needs f GPUs nobody uses, on a node where others are in use | 50 - f, at least 33 |
//! | would be the first on its node's n GPUs | 33 - n, at least n |
//! | asks for no GPU | 0 |
//!
//! with every step in whole numbers, rounded down. The GPUs meant are the best-fitting ones, which the
//! pod gets. CPU and memory count in the filter alone. Ties go to the node with the lowest id; pods
//! without GPUs go to the first node on which they fit.
//!
//! Source: the baseline Packing of Weng et al., "Beware of Fragmentation" (USENIX ATC 2023), section
//! 6.1, after Gandiva and its like, and of the authors' simulator
//! (hkust-adsl/kubernetes-scheduler-simulator, `pkg/simulator/plugin/gpu_packing_score.go`).
//!
//! With S shapes, n nodes and g GPUs per node: O(S g + log n) per decision with `search = "tree"`,
//! O(n g) with `scan`.

use super::best::{Best, Rank};
use super::explanation::{Measure, POINTS};
use super::score::{Ask, SCORE_MAX, Weights};
use super::table::Row;
use super::{Chosen, best_fitting};
use crate::policy::params::Params;
use crate::units::WHOLE_GPU;

/// The order of nodes: one more than the points.
#[derive(Clone, Copy, Debug)]
pub struct GpuPacking;

impl GpuPacking {
    /// The scheduler with the given parameters.
    pub fn scheduler(params: &Params) -> Best<GpuPacking> {
        Best::new(GpuPacking, Weights::NONE, params.choice("search"))
    }
}

impl Rank for GpuPacking {
    type Key = u8;

    const TOP: u8 = SCORE_MAX as u8 + 1;

    const MEASURES: &'static [Measure] = &[POINTS];

    fn key(&self, ask: &Ask, row: &Row) -> u8 {
        points(ask, row) as u8 + 1
    }

    fn values(&self, key: u8) -> Vec<i64> {
        vec![i64::from(key) - 1]
    }

    fn why(&self, key: u8) -> Chosen {
        Chosen::Score(i64::from(key) - 1)
    }
}

fn points(ask: &Ask, row: &Row) -> u64 {
    const HALF: u64 = SCORE_MAX / 2;
    const THIRD: u64 = SCORE_MAX / 3;
    if ask.shape.gpus.count == 0 {
        return 0;
    }
    let gpus = ask.cluster.gpus(row.node);
    let left = gpus.left();
    if left.iter().all(|&left| left == WHOLE_GPU) {
        let all = left.len() as u64;
        return (THIRD - all).max(all);
    }
    let chosen = best_fitting(ask.cluster, ask.shape, row.node);
    let chosen = || chosen.devices().map(|device| left[device]);
    match chosen().filter(|&left| left == WHOLE_GPU).count() as u64 {
        0 => {
            let hundredths = chosen().map(|left| u64::from(left) * 100 / u64::from(WHOLE_GPU));
            (SCORE_MAX.saturating_sub(hundredths.sum::<u64>() / 10)).max(HALF)
        }
        unused => (HALF - unused).max(THIRD),
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
    fn gpus_in_use_come_before_free_ones_and_those_before_free_nodes() {
        let nodes = vec![
            with_gpus(node(8000, 1000), 4, None),
            with_gpus(node(8000, 1000), 2, None),
        ];
        let gpus = |count, milli| asking_gpus(shape(10, 1), count, milli, GpuModels::ANY);
        let shapes = vec![gpus(1, 400), gpus(1, 1000), gpus(2, 1000), shape(10, 1)];
        let mut world = world(nodes, shapes);
        let made = world.jobs(&mut *scheduler("gpu-packing", &[]), &[0, 0, 1, 0, 2, 1, 3]);
        // 33 - 4 or 33 - 2. 100 - 60 / 10 or 29. One unused GPU beside one in use: 50 - 1. On the one
        // that has 200 left it does not fit, so 29. Two of three unused: 50 - 2, then 50 - 1. Without
        // GPUs the first.
        let expected = [(1, 31), (1, 94), (1, 49), (0, 29), (0, 48), (0, 49), (0, 0)];
        assert_eq!(
            made,
            expected.map(|(node, points)| Some((node, Chosen::Score(points))))
        );
    }

    #[test]
    fn without_gpus_the_first_node_that_fits_is_taken() {
        let mut world = world(vec![node(10, 10), node(90, 10)], vec![shape(20, 1)]);
        let made = world.jobs(&mut *scheduler("gpu-packing", &[]), &[0]);
        assert_eq!(made, [Some((1, Chosen::Score(0)))]);
    }
}
