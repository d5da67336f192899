//! `gpu-bestfit`: the node on which the least CPU and GPU would be left.
//!
//! ```text
//! points = 100 * (1 - (cpu left with the pod / most cpu + gpu left with the pod / most gpu) / 2)
//! ```
//!
//! rounded down, where "most" is what the largest node of the scenario has and GPUs are summed over
//! devices. On the node the pod gets the best-fitting GPUs. Memory counts in the filter alone. Ties go
//! to the node with the lowest id. Where no node has GPUs, CPU alone decides.
//!
//! Source: the baseline BestFit of Weng et al., "Beware of Fragmentation" (USENIX ATC 2023), section
//! 6.1, and of the authors' simulator (hkust-adsl/kubernetes-scheduler-simulator,
//! `pkg/simulator/plugin/best_fit_score.go`), which divides by 128 cores and 8 GPUs: those of its
//! largest node. [`super::best_fit`] is the rule with memory and without rounding to hundredths.
//!
//! With S shapes and n nodes: O(S + log n) per decision with `search = "tree"`, O(n) with `scan`.

use super::Chosen;
use super::best::{Best, Rank};
use super::explanation::{Measure, POINTS};
use super::score::{Ask, SCORE_MAX, Weights};
use super::table::Row;
use crate::policy::params::Params;
use crate::units::Resource;

/// The resources that count.
pub(super) const RESOURCES: [Resource; 2] = [Resource::Cpu, Resource::Gpu];

/// The order of nodes: one more than the points.
#[derive(Clone, Copy, Debug)]
pub struct GpuBestFit;

impl GpuBestFit {
    /// The scheduler with the given parameters.
    pub fn scheduler(params: &Params) -> Best<GpuBestFit> {
        Best::new(GpuBestFit, Weights::NONE, params.choice("search"))
    }
}

impl Rank for GpuBestFit {
    type Key = u8;

    const TOP: u8 = SCORE_MAX as u8 + 1;

    const MEASURES: &'static [Measure] = &[POINTS];

    fn key(&self, ask: &Ask, row: &Row) -> u8 {
        let left = RESOURCES.map(|resource| {
            let amounts = Amounts::of(resource, ask, row);
            (amounts.free - amounts.asked) / amounts.most * 0.5
        });
        let points = (1.0 - (left[0] + left[1])) * SCORE_MAX as f64;
        points as u8 + 1
    }

    fn values(&self, key: u8) -> Vec<i64> {
        vec![i64::from(key) - 1]
    }

    fn why(&self, key: u8) -> Chosen {
        Chosen::Score(i64::from(key) - 1)
    }
}

/// One resource as scores of the FGD paper see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Amounts {
    /// Free on the node before the pod.
    pub(super) free: f64,
    /// Requested by the pod.
    pub(super) asked: f64,
    /// The most that a node has; one where none has any.
    pub(super) most: f64,
}

impl Amounts {
    pub(super) fn of(resource: Resource, ask: &Ask, row: &Row) -> Amounts {
        Amounts {
            free: ask.cluster.free()[row.node].get(resource) as f64,
            asked: ask.shape.requests.get(resource) as f64,
            most: ask.cluster.largest().get(resource).max(1) as f64,
        }
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
    fn pods_go_where_the_least_is_left() {
        let nodes = vec![
            with_gpus(node(10_000, 1000), 4, None),
            with_gpus(node(8000, 1000), 2, None),
            node(4000, 1000),
        ];
        let gpu = asking_gpus(shape(2000, 1), 1, 500, GpuModels::ANY);
        let mut world = world(nodes, vec![gpu, shape(2000, 1)]);
        let made = world.jobs(&mut *scheduler("gpu-bestfit", &[]), &[0, 1, 1, 1]);
        // Of 10 cores and 4 GPUs are left 0.8 and 3.5 / 4, or 0.6 and 1.5 / 4: 1 - 0.4875 = 51.25 %.
        // Without GPUs: 0.8 and 4 / 4; 0.4 and 1.5 / 4; 0.2 and 0: 90 %; then 0 and 0.
        // Then 0.4 and 1.5 / 4: 61.25 %.
        let expected = [(1, 51), (2, 90), (2, 100), (1, 61)];
        assert_eq!(
            made,
            expected.map(|(node, points)| Some((node, Chosen::Score(points))))
        );
    }

    #[test]
    fn without_gpus_cpu_alone_decides() {
        let nodes = vec![node(8000, 10), node(6000, 10_000)];
        let mut world = world(nodes, vec![shape(2000, 1)]);
        let made = world.jobs(&mut *scheduler("gpu-bestfit", &[]), &[0]);
        // 4 of 8 cores are left, half of which counts.
        assert_eq!(made, [Some((1, Chosen::Score(75)))]);
    }
}
