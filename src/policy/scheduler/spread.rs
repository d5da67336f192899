//! `spread`: replicas of a service apart from each other, over zones first, then over nodes.
//!
//! Of the nodes on which a replica fits: those in the zone with the fewest replicas of its service,
//! of them those with the fewest replicas on the node, of them the one that `least-allocated`
//! scores highest, of them the one with the lowest id. What counts is every replica that is bound
//! and not being deleted, ready or not: when a service starts none is ready, and counting ready
//! ones would put all of them in one place. The pod of a job has no siblings and goes where
//! `least-allocated` puts it.
//!
//! The idea is Kubernetes' PodTopologySpread with `maxSkew: 1` over `topology.kubernetes.io/zone`,
//! then over `kubernetes.io/hostname`, as a strict order instead of a weighted score (Kubernetes
//! documentation, "Pod Topology Spread Constraints").
//!
//! With n nodes: O(n) per decision for a replica; as `least-allocated` for a job's pod.

use std::cmp::Reverse;

use super::best::{self, Best};
use super::explanation::{Better, Explanation, Measure};
use super::least_allocated::LeastAllocated;
use super::score::{Ask, LEFT, SCORE_MAX};
use super::table::Row;
use super::{Chosen, Placement, Scheduler, filter};
use crate::cluster::Cluster;
use crate::ids::{Id, NodeId, PodId, ServiceId};
use crate::policy::View;
use crate::policy::params::{Param, Params};

/// How the best node is found for the pod of a job.
pub const SEARCH: Param = Param {
    doc: "how the best node for a job's pod is found, with the same result: `tree` keeps a \
          tournament tree for each shape of pod, `scan` looks at every node; for a replica every \
          node is looked at",
    ..best::SEARCH
};

/// Replicas of the pod's service in the zone of a node, for explanations.
pub(super) const IN_ZONE: Measure = Measure {
    name: "replicas in zone",
    unit: "",
    parts: 1,
    better: Better::Less,
};

/// Replicas of the pod's service on a node, for explanations.
pub(super) const ON_NODE: Measure = Measure {
    name: "replicas on node",
    ..IN_ZONE
};

/// The scheduler.
pub struct Spread {
    least_allocated: Best<LeastAllocated>,
    counts: Counts,
}

/// Replicas of one service, while another is placed.
#[derive(Debug, Default)]
pub(super) struct Counts {
    by_zone: Vec<u32>,
    by_node: Vec<u32>,
}

impl Spread {
    /// With the given parameters.
    pub fn new(params: &Params) -> Spread {
        Spread {
            least_allocated: LeastAllocated::scheduler(params),
            counts: Counts::default(),
        }
    }

    fn place_replica(&mut self, view: &View, pod: PodId, service: ServiceId) -> Placement {
        let ask = Ask::new(view.cluster, pod, self.least_allocated.weights());
        let rows = self.least_allocated.table(view.cluster).rows();
        let counts = self.counts.of(view.cluster, service);
        let feasible = || rows.iter().filter(|row| row.fits(&ask));
        let Some(fewest) = feasible().map(|row| counts.beside(row)).min() else {
            return Placement::nowhere(view);
        };
        let apart = feasible().filter(|row| counts.beside(row) == fewest);
        let scored = apart.map(|row| (Reverse(ask.least_allocated::<SCORE_MAX>(row)), row.node));
        let (Reverse(score), node) = scored.min().expect("some node has the fewest");
        let (in_zone, on_node) = fewest;
        let why = Chosen::Apart {
            in_zone,
            on_node,
            score: score as i64,
        };
        Placement::on(view, pod, node, why)
    }

    fn explain_replica(&mut self, view: &View, pod: PodId, service: ServiceId) -> Explanation {
        let ask = Ask::new(view.cluster, pod, self.least_allocated.weights());
        let rows = self.least_allocated.table(view.cluster).rows();
        let counts = self.counts.of(view.cluster, service);
        let values = |node: NodeId| {
            let row = &rows[node.index()];
            let (in_zone, on_node) = counts.beside(row);
            let score = ask.least_allocated::<SCORE_MAX>(row) as i64;
            vec![in_zone.into(), on_node.into(), score]
        };
        filter::sift(view.cluster, pod).compared(&[IN_ZONE, ON_NODE, LEFT], values)
    }
}

impl Counts {
    /// Counts the replicas of the service.
    pub(super) fn of(&mut self, cluster: &Cluster, service: ServiceId) -> &Counts {
        let service = &cluster.services()[service];
        self.by_zone.clear();
        self.by_zone.resize(cluster.catalog().zones.len(), 0);
        for (&zone, &count) in &service.by_zone {
            self.by_zone[zone.index()] = count;
        }
        self.by_node.clear();
        self.by_node.resize(cluster.nodes().len(), 0);
        for (&node, &count) in &service.by_node {
            self.by_node[node.index()] = count;
        }
        self
    }

    /// Replicas in the same zone, and on the same node.
    pub(super) fn beside(&self, row: &Row) -> (u32, u32) {
        let zone = self.by_zone[row.zone.index()];
        (zone, self.by_node[row.node.index()])
    }
}

impl Scheduler for Spread {
    fn place(&mut self, view: &View, pod: PodId) -> Placement {
        match view.cluster.pods()[pod].service() {
            Some(service) => self.place_replica(view, pod, service),
            None => self.least_allocated.place(view, pod),
        }
    }

    fn explain(&mut self, view: &View, pod: PodId) -> Explanation {
        match view.cluster.pods()[pod].service() {
            Some(service) => self.explain_replica(view, pod, service),
            None => self.least_allocated.explain(view, pod),
        }
    }

    fn forget(&mut self) {
        self.least_allocated.forget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::change::Change;
    use crate::cluster::pod::Deletion;
    use crate::ids::ZoneId;
    use crate::policy::scheduler::testing::{World, catalog, chosen, node, scheduler, shape};

    /// Nodes 0 and 1 in zone 0, node 2 in zone 1.
    fn two_zones() -> World {
        let mut nodes = vec![node(8000, 8000); 3];
        nodes[2].zone = ZoneId(1);
        let shapes = vec![shape(1000, 1000), shape(2000, 2000)];
        World::new(catalog(2, nodes, shapes))
    }

    /// Node, replicas in its zone and on it, and score of the next replica of service 0.
    fn next(world: &mut World, spread: &mut dyn Scheduler) -> Option<(u32, u32, u32, i64)> {
        let pod = world.replica(ServiceId(0));
        chosen(world.schedule(spread, pod)).map(|(node, why)| match why {
            Chosen::Apart {
                in_zone,
                on_node,
                score,
            } => (node, in_zone, on_node, score),
            other => panic!("not the reason of spread: {other:?}"),
        })
    }

    #[test]
    fn replicas_part_over_zones_then_nodes_then_by_what_is_left() {
        let mut spread = scheduler("spread", &[]);
        let mut world = two_zones();
        world.put(1, 0);
        // 62 would be left of node 0, 87 of nodes 1 and 2.
        assert_eq!(next(&mut world, &mut *spread), Some((1, 0, 0, 87)));
        assert_eq!(next(&mut world, &mut *spread), Some((2, 0, 0, 87)));
        // Zones are even: a node without a replica, though node 1 has more left.
        assert_eq!(next(&mut world, &mut *spread), Some((0, 1, 0, 62)));
        assert_eq!(next(&mut world, &mut *spread), Some((2, 1, 1, 75)));
        assert_eq!(next(&mut world, &mut *spread), Some((1, 2, 1, 75)));
    }

    #[test]
    fn replicas_being_deleted_do_not_count() {
        let mut spread = scheduler("spread", &[]);
        let mut world = two_zones();
        let first = world.replica(ServiceId(0));
        world.schedule(&mut *spread, first);
        assert_eq!(next(&mut world, &mut *spread), Some((2, 0, 0, 87)));
        let deletion = Deletion::ScaledDown;
        world.apply(Change::PodDeleting {
            pod: first,
            deletion,
        });
        // It still holds its resources: 75 would be left of node 0, 87 of node 1.
        assert_eq!(next(&mut world, &mut *spread), Some((1, 0, 0, 87)));
    }

    #[test]
    fn a_full_zone_is_passed_over() {
        let mut spread = scheduler("spread", &[]);
        let mut world = two_zones();
        world.apply(Change::NodeCordoned(crate::ids::NodeId(2)));
        assert_eq!(next(&mut world, &mut *spread), Some((0, 0, 0, 87)));
        assert_eq!(next(&mut world, &mut *spread), Some((1, 1, 0, 87)));
        assert_eq!(next(&mut world, &mut *spread), Some((0, 2, 1, 75)));
    }

    #[test]
    fn other_services_and_jobs_do_not_count_and_jobs_go_where_most_is_left() {
        let mut spread = scheduler("spread", &[]);
        let mut world = two_zones();
        let other = world.replica(ServiceId(1));
        world.schedule(&mut *spread, other);
        // The other service left 62 of node 0, were the pod placed there.
        let made = world.jobs(&mut *spread, &[0]);
        assert_eq!(made, [Some((1, Chosen::Score(87)))]);
        assert_eq!(next(&mut world, &mut *spread), Some((2, 0, 0, 87)));
        assert_eq!(next(&mut world, &mut *spread), Some((1, 0, 0, 75)));
    }
}
