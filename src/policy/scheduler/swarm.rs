//! `swarm`: as Docker Swarm places the tasks of a service.
//!
//! Of the nodes on which the pod fits the one that is least by, in this order,
//!
//! 1. with `preferences = "zone"`: pods of the service in its zone,
//! 2. failures of the service's containers on it in the last 5 minutes, where they are at least 5;
//!    fewer count as none,
//! 3. pods of the service on it,
//! 4. pods on it.
//!
//! Resources decide whether a pod fits, and nothing else: the node with the fewest pods may be the
//! fullest. Pods being deleted do not count; those that crash and will be restarted do. Ties go to the
//! node with the lowest id, where Swarm takes any.
//!
//! Source: `github.com/moby/swarmkit/v2`, `manager/scheduler` (`scheduler.go`: `scheduleTaskGroup`,
//! `scheduleNTasksOnSubtree`; `nodeinfo.go`; `nodeset.go`), as vendored by moby/moby at 16db27c.
//!
//! Where this is less than Swarm:
//! - A failed task is replaced by a new one, placed anew; here the healer restarts the container where
//!   it is, and failures tell on the pods that come after. They are counted by service, for services
//!   have one version.
//! - Swarm spreads all waiting tasks of a service at once, evenly over zones as far as there is room.
//!   One after the other into the zone with the fewest comes to the same. A single task may there go
//!   to any zone below the mean; here it goes to the least.
//! - The pod of a job is a service of its own.
//!
//! With n nodes and z of them with pods of the service: O(n + z) per decision.

use super::explanation::{Explanation, Measure};
use super::score::{Ask, Weights};
use super::spread::{Counts, IN_ZONE, ON_NODE};
use super::table::{Row, Table};
use super::{Chosen, Placement, Scheduler, filter};
use crate::ids::{Id, NodeId, PodId, ServiceId};
use crate::policy::View;
use crate::policy::params::{Kind, Param, Params};

/// Failures of a service on a node from which on they decide (swarmkit v2,
/// `manager/scheduler/scheduler.go`, `maxFailures`). How long one counts is
/// [`crate::cluster::failures::FAILURES_KEPT`].
pub const MAX_FAILURES: u32 = 5;

/// What a service is spread over before anything else.
pub const PREFERENCES: Param = Param {
    name: "preferences",
    kind: Kind::Choice(&["none", "zone"]),
    default: "none",
    doc: "placement preferences of every service: `none`, as for services created without any, or \
          `zone`, as with `--placement-pref spread=node.labels.zone`",
};

/// What nodes are compared by, for explanations.
const MEASURES: &[Measure] = &[
    IN_ZONE,
    Measure {
        name: "recent failures",
        ..ON_NODE
    },
    ON_NODE,
    Measure {
        name: "pods on node",
        ..ON_NODE
    },
];

/// The scheduler.
#[derive(Debug)]
pub struct Swarm {
    by_zone: bool,
    table: Table,
    tasks: Counts,
    /// Nodes with at least [`MAX_FAILURES`] of the service at hand, in order.
    failing: Vec<(NodeId, u32)>,
}

/// What nodes are compared by; the least is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Load {
    in_zone: u32,
    failures: u32,
    on_node: u32,
    pods: u32,
}

impl Swarm {
    /// With the given parameters.
    pub fn new(params: &Params) -> Swarm {
        Swarm {
            by_zone: params.choice("preferences") == "zone",
            table: Table::default(),
            tasks: Counts::default(),
            failing: Vec::new(),
        }
    }

    /// Brings the table, and what is counted for the pod's service, up to date. Gives the service.
    fn prepare(&mut self, view: &View, pod: PodId) -> Option<ServiceId> {
        self.table.refresh(view.cluster);
        let service = view.cluster.pods()[pod].service();
        if let Some(service) = service {
            self.count(view, service);
        }
        service
    }

    fn count(&mut self, view: &View, service: ServiceId) {
        self.tasks.of(view.cluster, service);
        let failures = view.cluster.failures().of(service, view.now);
        self.failing.clear();
        let failing = failures.filter(|&(_, count)| count >= MAX_FAILURES);
        self.failing.extend(failing);
    }

    fn load(&self, view: &View, row: &Row, service: Option<ServiceId>) -> Load {
        let (in_zone, on_node) = match service {
            Some(_) => self.tasks.beside(row),
            None => (0, 0),
        };
        let failing = self
            .failing
            .binary_search_by_key(&row.node, |&(node, _)| node);
        Load {
            in_zone: if self.by_zone { in_zone } else { 0 },
            failures: match (service, failing) {
                (Some(_), Ok(at)) => self.failing[at].1,
                (None, _) | (_, Err(_)) => 0,
            },
            on_node,
            pods: view.cluster.nodes()[row.node].active,
        }
    }
}

impl Scheduler for Swarm {
    fn place(&mut self, view: &View, pod: PodId) -> Placement {
        let ask = Ask::new(view.cluster, pod, Weights::NONE);
        let service = self.prepare(view, pod);
        let fitting = self.table.rows().iter().filter(|row| row.fits(&ask));
        let loads = fitting.map(|row| (self.load(view, row, service), row.node));
        match loads.min() {
            Some((least, node)) => Placement::on(view, pod, node, least.into()),
            None => Placement::nowhere(view),
        }
    }

    fn explain(&mut self, view: &View, pod: PodId) -> Explanation {
        let service = self.prepare(view, pod);
        let rows = self.table.rows();
        let values = |node: NodeId| {
            let Load {
                in_zone,
                failures,
                on_node,
                pods,
            } = self.load(view, &rows[node.index()], service);
            [in_zone, failures, on_node, pods].map(i64::from).to_vec()
        };
        filter::sift(view.cluster, pod).compared(MEASURES, values)
    }

    fn forget(&mut self) {
        self.table.clear();
    }
}

impl From<Load> for Chosen {
    fn from(load: Load) -> Chosen {
        let Load {
            in_zone,
            failures,
            on_node,
            pods,
        } = load;
        Chosen::Fewest {
            in_zone,
            failures,
            on_node,
            pods,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::change::Change;
    use crate::cluster::pod::{Deletion, Exit};
    use crate::ids::ZoneId;
    use crate::policy::scheduler::testing::{World, catalog, chosen, node, scheduler, shape};
    use crate::time::Duration;

    const WEB: ServiceId = ServiceId(0);

    /// Nodes 0 and 1 in zone 0, node 2 in zone 1.
    fn two_zones() -> World {
        let mut nodes = vec![node(8000, 8000); 3];
        nodes[2].zone = ZoneId(1);
        let shapes = vec![shape(1000, 1000), shape(4000, 100), shape(5000, 100)];
        World::new(catalog(2, nodes, shapes))
    }

    /// Node of the next replica, pods of the service in the zone, failures, pods of the service on
    /// the node, pods on it.
    fn next(world: &mut World, swarm: &mut dyn Scheduler) -> (u32, [u32; 4]) {
        let pod = world.replica(WEB);
        let (node, why) = chosen(world.schedule(swarm, pod)).expect("it fits somewhere");
        match why {
            Chosen::Fewest {
                in_zone,
                failures,
                on_node,
                pods,
            } => (node, [in_zone, failures, on_node, pods]),
            other => panic!("not the reason of swarm: {other:?}"),
        }
    }

    fn fail(world: &mut World, pod: PodId, exits: &[Exit]) {
        for &exit in exits {
            world.apply(Change::ContainerExited { pod, exit });
        }
    }

    #[test]
    fn pods_of_the_service_count_before_pods_and_resources_not_at_all() {
        let mut world = two_zones();
        let mut swarm = scheduler("swarm", &[]);
        world.put(1, 0);
        world.put(0, 1);
        world.put(0, 1);
        // One large pod counts less than two small ones.
        assert_eq!(next(&mut world, &mut *swarm), (2, [0, 0, 0, 0]));
        assert_eq!(next(&mut world, &mut *swarm), (0, [0, 0, 0, 1]));
        assert_eq!(next(&mut world, &mut *swarm), (1, [0, 0, 0, 2]));
        // One of the service on each; of all pods 2, 3 and 1.
        assert_eq!(next(&mut world, &mut *swarm), (2, [0, 0, 1, 1]));
    }

    #[test]
    fn the_pod_of_a_job_goes_where_the_fewest_pods_are() {
        let mut world = two_zones();
        let mut swarm = scheduler("swarm", &[("preferences", "zone")]);
        world.put(0, 0);
        world.put(0, 2);
        world.put(0, 2);
        let least = |pods| Chosen::Fewest {
            in_zone: 0,
            failures: 0,
            on_node: 0,
            pods,
        };
        let made = world.jobs(&mut *swarm, &[0, 0, 2, 2]);
        // With one core each on it node 0 has 2 pods, node 1 as well; then 5 cores fit once each.
        let expected = [(1, least(0)), (0, least(1)), (1, least(1)), (0, least(2))];
        assert_eq!(made, expected.map(Some));
    }

    #[test]
    fn with_the_preference_zones_come_first() {
        let mut world = two_zones();
        let mut swarm = scheduler("swarm", &[("preferences", "zone")]);
        assert_eq!(next(&mut world, &mut *swarm), (0, [0, 0, 0, 0]));
        assert_eq!(next(&mut world, &mut *swarm), (2, [0, 0, 0, 0]));
        assert_eq!(next(&mut world, &mut *swarm), (1, [1, 0, 0, 0]));
        assert_eq!(next(&mut world, &mut *swarm), (2, [1, 0, 1, 1]));
        // Without a node that takes pods the zone has no say.
        world.apply(Change::NodeCordoned(NodeId(2)));
        assert_eq!(next(&mut world, &mut *swarm), (0, [2, 0, 1, 1]));
    }

    #[test]
    fn pods_being_deleted_do_not_count() {
        let mut world = two_zones();
        let mut swarm = scheduler("swarm", &[]);
        let first = world.replica(WEB);
        world.schedule(&mut *swarm, first);
        let deletion = Deletion::ScaledDown;
        let pod = first;
        world.apply(Change::PodDeleting { pod, deletion });
        assert_eq!(next(&mut world, &mut *swarm), (0, [0, 0, 0, 0]));
    }

    #[test]
    fn a_node_with_five_recent_failures_of_the_service_comes_last() {
        let mut world = two_zones();
        let mut swarm = scheduler("swarm", &[]);
        let pod = world.replica(WEB);
        world.schedule(&mut *swarm, pod);
        assert_eq!(next(&mut world, &mut *swarm), (1, [0, 0, 0, 0]));
        assert_eq!(next(&mut world, &mut *swarm), (2, [0, 0, 0, 0]));
        // Four failures are none; neither a stop nor the loss of the node is a failure.
        fail(&mut world, pod, &[Exit::Crashed, Exit::OutOfMemory]);
        fail(&mut world, pod, &[Exit::NodeOutOfMemory, Exit::Crashed]);
        fail(&mut world, pod, &[Exit::Stopped, Exit::NodeLost]);
        assert_eq!(next(&mut world, &mut *swarm), (0, [0, 0, 1, 1]));
        world.now += Duration::from_secs(60);
        fail(&mut world, pod, &[Exit::Crashed]);
        for [on_node, pods] in [[1, 1], [2, 2]] {
            assert_eq!(next(&mut world, &mut *swarm), (1, [0, 0, on_node, pods]));
            assert_eq!(next(&mut world, &mut *swarm), (2, [0, 0, on_node, pods]));
        }
        // The first four are over 5 minutes old: one is left, which is none.
        world.now += Duration::from_secs(241);
        assert_eq!(next(&mut world, &mut *swarm), (0, [0, 0, 2, 2]));
    }

    #[test]
    fn of_failing_nodes_the_one_that_fails_less_is_taken_and_services_do_not_mix() {
        let mut world = two_zones();
        let mut swarm = scheduler("swarm", &[]);
        let pods: Vec<PodId> = (0..3).map(|_| world.replica(WEB)).collect();
        for (&pod, failures) in pods.iter().zip([7, 5, 6]) {
            world.schedule(&mut *swarm, pod);
            fail(&mut world, pod, &vec![Exit::Crashed; failures]);
        }
        assert_eq!(next(&mut world, &mut *swarm), (1, [0, 5, 1, 1]));
        assert_eq!(next(&mut world, &mut *swarm), (1, [0, 5, 2, 2]));
        let other = world.replica(ServiceId(1));
        let made = chosen(world.schedule(&mut *swarm, other));
        assert_eq!(made.map(|(node, _)| node), Some(0));
    }

    #[test]
    fn failures_are_asked_for_within_a_zone_only() {
        let mut world = two_zones();
        let mut swarm = scheduler("swarm", &[("preferences", "zone")]);
        let first = world.replica(WEB);
        world.schedule(&mut *swarm, first);
        let second = world.replica(WEB);
        world.schedule(&mut *swarm, second);
        fail(&mut world, second, &[Exit::Crashed; 6]);
        fail(&mut world, first, &[Exit::Crashed; 5]);
        assert_eq!(next(&mut world, &mut *swarm), (1, [1, 0, 0, 0]));
        // Zone 1 has the fewest, though its only node fails.
        assert_eq!(next(&mut world, &mut *swarm), (2, [1, 6, 1, 1]));
    }
}
