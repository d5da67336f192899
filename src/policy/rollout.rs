//! Rollouts: which pods a service should have.
//!
//! Source: Kubernetes' ReplicaSet controller (`pkg/controller/replicaset`, v1.34).

use std::cmp::Reverse;

use super::View;
use crate::ids::{PodId, ServiceId};
use crate::rng;
use crate::time::Time;

/// What brings a service to its wanted size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adjustment {
    /// Pods to create.
    pub create: u32,
    /// Pods to delete, in order.
    pub delete: Vec<PodId>,
}

/// The difference between what a service has and what it should have.
pub fn adjust(view: &View, service: ServiceId) -> Adjustment {
    let state = &view.cluster.services()[service];
    if state.active <= state.replicas {
        return Adjustment {
            create: state.replicas - state.active,
            delete: Vec::new(),
        };
    }
    let pods = view.cluster.pods();
    let active = state.pods.iter().filter(|&&pod| pods[pod].active());
    let mut ranked: Vec<_> = active.map(|&pod| (deletion_rank(view, pod), pod)).collect();
    ranked.sort_unstable();
    ranked.truncate((state.active - state.replicas) as usize);
    Adjustment {
        create: 0,
        delete: ranked.into_iter().map(|(_, pod)| pod).collect(),
    }
}

/// Pods with the least rank are deleted first, as by `ActivePodsWithRanks` (Kubernetes v1.34,
/// `pkg/controller/controller_utils.go`): those without a node, then those of which no container ran
/// yet, then those not ready, then those with most active pods of the service on their node. Of
/// ready ones then the most recently ready; of others those with most restarts, then the youngest.
/// Ages count by powers of two (`LogarithmicScaleDown`), and of equal ones a die decides, as upstream
/// the random UID does.
///
/// Upstream lets restarts and age also decide between pods that became ready in the same second,
/// which makes its order circular; here the die decides between those.
fn deletion_rank(view: &View, id: PodId) -> impl Ord + use<> {
    let pod = &view.cluster.pods()[id];
    let node = pod.node.map(|node| &view.cluster.nodes()[node]);
    let ready = pod.ready && node.is_some_and(|node| node.ready);
    let beside = pod
        .node
        .zip(pod.service())
        .and_then(|(node, service)| view.cluster.services()[service].by_node.get(&node));
    let history = match ready {
        true => (Reverse(0), age_rank(view.now, pod.ready_changed)),
        false => (Reverse(pod.incarnation), age_rank(view.now, pod.created)),
    };
    let mut dice = view.dice(id);
    // The first word may have placed the pod: its UID must not depend on its node.
    rng::below(&mut dice, DIE);
    (
        pod.node.is_some(),
        !pod.pending(),
        ready,
        Reverse(beside.copied().unwrap_or(0)),
        history,
        rng::below(&mut dice, DIE),
    )
}

/// Faces of the die that stands for a UID.
const DIE: u64 = 1 << 32;

/// The power of two of the nanoseconds since a time that is known to the second; -1 for the future
/// (`logarithmicRankDiff`).
fn age_rank(now: Time, since: Time) -> i64 {
    let known = Time::from_secs(since.nanos() / 1_000_000_000);
    match now.since(known).nanos().checked_ilog2() {
        Some(power) => i64::from(power),
        None => -1,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cluster::Cluster;
    use crate::cluster::catalog::{Catalog, NodeSpec, ServiceSpec, Shape};
    use crate::cluster::change::Change;
    use crate::cluster::gpu::GpuSet;
    use crate::cluster::pod::{Exit, Owner};
    use crate::cluster::rules::Traits;
    use crate::ids::{GroupId, NodeId, ShapeId, ZoneId};
    use crate::rng::Seed;
    use crate::units::{Bytes, MilliCpu, Resources};

    const WEB: ServiceId = ServiceId(0);

    struct World(Cluster);

    impl World {
        /// Four nodes and a service without replicas.
        fn new() -> World {
            let mut catalog = Catalog::default();
            for index in 0..4 {
                catalog.nodes.push(NodeSpec {
                    name: format!("worker-{index}"),
                    group: GroupId(0),
                    zone: ZoneId(0),
                    allocatable: Resources::new(MilliCpu(1000), Bytes(Bytes::GIB)),
                    gpus: 0,
                    gpu_model: None,
                    max_pods: 110,
                    price_per_hour: None,
                    at_start: true,
                    traits: Traits::default(),
                });
            }
            catalog.shapes.push(Shape::default());
            catalog.services.push(ServiceSpec {
                name: "web".into(),
                shape: ShapeId(0),
                replicas: 0,
                min_available: 0,
                slo: None,
                hpa: None,
            });
            let mut world = World(Cluster::new(Arc::new(catalog)));
            (0..4).for_each(|node| world.apply(0, Change::NodeAdded(NodeId(node))));
            world
        }

        fn apply(&mut self, seconds: u64, change: Change) {
            self.0.apply(Time::from_secs(seconds), change);
            self.0.check();
        }

        fn pending(&mut self, seconds: u64) -> PodId {
            let pod = self.0.pods().next_id();
            let change = Change::PodCreated {
                pod,
                owner: Owner::Service(WEB),
                shape: ShapeId(0),
                index: pod.0,
                replace: true,
            };
            self.apply(seconds, change);
            pod
        }

        fn starting(&mut self, seconds: u64, node: u32) -> PodId {
            let pod = self.pending(seconds);
            let (node, gpus) = (NodeId(node), GpuSet::NONE);
            self.apply(seconds, Change::PodBound { pod, node, gpus });
            self.apply(seconds, Change::ContainerOrdered(pod));
            pod
        }

        fn running(&mut self, seconds: u64, node: u32) -> PodId {
            let pod = self.starting(seconds, node);
            self.apply(seconds, Change::ContainerStarted(pod));
            pod
        }

        fn ready(&mut self, seconds: u64, node: u32) -> PodId {
            let pod = self.running(seconds, node);
            self.apply(seconds, Change::PodReady(pod));
            pod
        }

        fn crashed(&mut self, seconds: u64, node: u32, times: u32) -> PodId {
            let pod = self.running(seconds, node);
            for time in 1..=times {
                let exit = Exit::Crashed;
                self.apply(seconds, Change::ContainerExited { pod, exit });
                if time < times {
                    self.apply(seconds, Change::ContainerOrdered(pod));
                    self.apply(seconds, Change::ContainerStarted(pod));
                }
            }
            pod
        }

        /// All pods in the order in which they would be deleted.
        fn order(&mut self, seconds: u64) -> Vec<PodId> {
            self.order_under(seconds, 1)
        }

        fn order_under(&mut self, seconds: u64, seed: u64) -> Vec<PodId> {
            let seed = Seed {
                seed,
                replication: 1,
            };
            adjust(&View::new(Time::from_secs(seconds), seed, &self.0), WEB).delete
        }
    }

    #[test]
    fn a_service_with_too_few_pods_creates_the_rest_and_deletes_none() {
        let mut world = World::new();
        world.ready(0, 0);
        let (service, replicas) = (WEB, 3);
        world.apply(1, Change::ServiceScaled { service, replicas });
        let view = View::new(
            Time::from_secs(1),
            Seed {
                seed: 1,
                replication: 1,
            },
            &world.0,
        );
        let wanted = Adjustment {
            create: 2,
            delete: Vec::new(),
        };
        assert_eq!(adjust(&view, WEB), wanted);
    }

    #[test]
    fn a_service_with_too_many_pods_deletes_only_the_surplus() {
        let mut world = World::new();
        let pods = [world.ready(0, 0), world.pending(5), world.starting(5, 1)];
        let (service, replicas) = (WEB, 1);
        world.apply(6, Change::ServiceScaled { service, replicas });
        assert_eq!(world.order(10), [pods[1], pods[2]]);
    }

    #[test]
    fn pods_without_a_node_go_before_pods_that_never_ran_before_unready_before_ready() {
        let mut world = World::new();
        let ready = world.ready(0, 0);
        let crashed = world.crashed(0, 1, 1);
        let starting = world.starting(0, 2);
        let pending = world.pending(0);
        assert_eq!(world.order(10), [pending, starting, crashed, ready]);
    }

    #[test]
    fn a_pod_on_a_node_that_is_not_ready_is_not_ready() {
        let mut world = World::new();
        let pods = [world.ready(0, 0), world.ready(0, 1)];
        let (node, last) = (NodeId(1), Time::ZERO);
        world.apply(50, Change::NodeSilent { node, last });
        world.apply(50, Change::NodeNotReady(node));
        assert_eq!(world.order(60), [pods[1], pods[0]]);
    }

    #[test]
    fn of_ready_pods_those_go_first_that_share_their_node_with_most_others() {
        let mut world = World::new();
        // Age would choose the youngest, alone on node 0.
        let crowd = [world.ready(0, 1), world.ready(0, 1)];
        let alone = world.ready(1_000_000, 0);
        let order = world.order(1_000_001);
        assert_eq!(order[2], alone);
        assert!(crowd.contains(&order[0]) && crowd.contains(&order[1]));
    }

    #[test]
    fn of_ready_pods_on_equal_nodes_the_younger_by_a_power_of_two_goes_first() {
        let mut world = World::new();
        let old = world.ready(0, 0);
        let young = world.ready(1000, 1);
        // 4000 s and 3000 s are 2^41.8 and 2^41.4 ns; 2200 s and 1200 s are 2^41.0 and 2^40.1.
        let mut seeds = (0..32).map(|seed| world.order_under(4000, seed)[0]);
        let first = seeds.next();
        assert!(seeds.any(|pod| Some(pod) != first), "a die decides");
        let order = (0..32).map(|seed| world.order_under(2200, seed));
        order.for_each(|order| assert_eq!(order, [young, old]));
    }

    #[test]
    fn of_unready_pods_the_one_with_most_restarts_goes_first_and_then_the_youngest() {
        let mut world = World::new();
        let old = world.crashed(0, 0, 1);
        let often = world.crashed(0, 1, 3);
        let young = world.crashed(1000, 2, 1);
        assert_eq!(world.order(1001), [often, young, old]);
    }

    #[test]
    fn ages_are_known_to_the_second_and_ranked_by_powers_of_two_nanoseconds() {
        let now = Time::from_nanos(10_000_000_004);
        // 4 ns are 2^2.
        assert_eq!(age_rank(now, Time::from_secs(10)), 2);
        assert_eq!(age_rank(now, Time::from_nanos(10_000_000_003)), 2);
        assert_eq!(age_rank(now, Time::from_secs(11)), -1);
        // 2^33 ns are 8.59 s.
        assert_eq!(age_rank(Time::from_secs(9), Time::ZERO), 33);
    }
}
