//! `least-allocated`: spread by free resources.

use super::{Chosen, Placement, Scheduler};
use crate::ids::PodId;
use crate::policy::View;
use crate::policy::params::Params;

/// The scheduler.
pub struct LeastAllocated {}

impl LeastAllocated {
    /// With the given parameters.
    pub fn new(_params: &Params) -> LeastAllocated {
        LeastAllocated {}
    }
}

impl Scheduler for LeastAllocated {
    fn place(&mut self, view: &View, pod: PodId) -> Placement {
        let shape = view.cluster.shape(pod);
        let score = |node| {
            let free = &view.cluster.free()[node];
            let all = &view.cluster.catalog().nodes[node].allocatable;
            let part = |free: u64, ask: u64, all: u64| (free - ask) * 100 / all.max(1);
            (part(free.cpu.0, shape.requests.cpu.0, all.cpu.0)
                + part(free.memory.0, shape.requests.memory.0, all.memory.0)) as i64
                / 2
        };
        let feasible = view
            .cluster
            .nodes()
            .ids()
            .filter(|&node| view.cluster.fits(shape, node));
        match feasible
            .map(|node| (score(node), std::cmp::Reverse(node)))
            .max()
        {
            Some((best, std::cmp::Reverse(node))) => {
                Placement::on(view, pod, node, Chosen::Score(best))
            }
            None => Placement::nowhere(view),
        }
    }

    fn forget(&mut self) {}
}
