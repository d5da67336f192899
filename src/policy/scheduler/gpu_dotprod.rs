//! `gpu-dotprod`: the node where free and requested CPU and GPU are least in line.
//!
//! ```text
//! points = 100 * (1 - (free cpu * cpu + free gpu * gpu) / 2)
//! ```
//!
//! rounded down, every amount as a share of what the largest node of the scenario has, free as before
//! the pod, GPUs summed over devices. Contrary to [`super::tetris`] the smallest product wins, as
//! published: of nodes alike that is the fullest. On the node the pod gets the best-fitting GPUs.
//! Memory counts in the filter alone. Ties go to the node with the lowest id. Where no node has GPUs
//! it is the node with the least CPU free.
//!
//! Source: the baseline DotProd of Weng et al., "Beware of Fragmentation" (USENIX ATC 2023), section
//! 6.1, and of the authors' simulator (hkust-adsl/kubernetes-scheduler-simulator,
//! `pkg/simulator/plugin/dot_product_score.go`) with GPUs merged into one dimension and shares of the
//! maximum, as its experiments configure it.
//!
//! With S shapes and n nodes: O(S + log n) per decision with `search = "tree"`, O(n) with `scan`.

use super::Chosen;
use super::best::{Best, Rank};
use super::explanation::{Measure, POINTS};
use super::gpu_bestfit::{Amounts, RESOURCES};
use super::score::{Ask, SCORE_MAX, Weights};
use super::table::Row;
use crate::policy::params::Params;

/// The order of nodes: one more than the points.
#[derive(Clone, Copy, Debug)]
pub struct GpuDotProd;

impl GpuDotProd {
    /// The scheduler with the given parameters.
    pub fn scheduler(params: &Params) -> Best<GpuDotProd> {
        Best::new(GpuDotProd, Weights::NONE, params.choice("search"))
    }
}

impl Rank for GpuDotProd {
    type Key = u8;

    const TOP: u8 = SCORE_MAX as u8 + 1;

    const MEASURES: &'static [Measure] = &[POINTS];

    fn key(&self, ask: &Ask, row: &Row) -> u8 {
        let products = RESOURCES.map(|resource| {
            let Amounts { free, asked, most } = Amounts::of(resource, ask, row);
            (free / most) * (asked / most)
        });
        let points = SCORE_MAX as f64 * (1.0 - (products[0] + products[1]) / 2.0);
        points as u8 + 1
    }

    fn values(&self, key: u8) -> Vec<i64> {
        vec![i64::from(key) - 1]
    }

    fn why(&self, key: u8) -> Chosen {
        Chosen::Score(i64::from(key) - 1)
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
    fn pods_go_where_the_least_is_free_of_what_they_want() {
        let nodes = vec![
            with_gpus(node(10_000, 1000), 2, None),
            with_gpus(node(4000, 1000), 4, None),
        ];
        let gpu = asking_gpus(shape(1000, 1), 2, 1000, GpuModels::ANY);
        let mut world = world(nodes, vec![gpu, shape(4000, 1)]);
        let made = world.jobs(&mut *scheduler("gpu-dotprod", &[]), &[0, 1, 1]);
        // Of 10 cores and 4 GPUs: 1 * 0.1 + 0.5 * 0.5 = 0.35, or 0.4 * 0.1 + 1 * 0.5 = 0.54.
        // 0.9 * 0.4 = 0.36, or 0.4 * 0.4 = 0.16. Then the first, all that is left.
        let expected = [(0, 82), (1, 92), (0, 82)];
        assert_eq!(
            made,
            expected.map(|(node, points)| Some((node, Chosen::Score(points))))
        );
    }

    #[test]
    fn without_gpus_the_node_with_the_least_cpu_is_taken() {
        let nodes = vec![node(8000, 10), node(4000, 10)];
        let mut world = world(nodes, vec![shape(2000, 1)]);
        let made = world.jobs(&mut *scheduler("gpu-dotprod", &[]), &[0]);
        // 0.5 * 0.25, of which half counts.
        assert_eq!(made, [Some((1, Chosen::Score(93)))]);
    }
}
