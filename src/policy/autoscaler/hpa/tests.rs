//! How believed pods are added up. Use is sampled at 1000 s and looked at at 1010 s.

use std::sync::Arc;

use super::*;
use crate::cluster::Cluster;
use crate::cluster::catalog::{Catalog, NodeSpec, ServiceSpec, Shape};
use crate::cluster::change::Change;
use crate::cluster::gpu::GpuSet;
use crate::cluster::pod::{Deletion, Exit, Owner};
use crate::cluster::rules::Traits;
use crate::ids::{GroupId, NodeId, PodId, ShapeId, ZoneId};
use crate::rng::Seed;
use crate::units::{Bytes, MilliCpu, Resources};

const WEB: ServiceId = ServiceId(0);
const NODE: NodeId = NodeId(0);
const OTHER: NodeId = NodeId(1);
/// What each pod requests.
const REQUEST: u64 = 100;

/// Two nodes and a service, whose pods are on the first unless said otherwise.
struct World(Cluster);

impl World {
    fn new() -> World {
        let mut catalog = Catalog::default();
        let node = NodeSpec {
            name: "worker-0".into(),
            group: GroupId(0),
            zone: ZoneId(0),
            allocatable: Resources::new(MilliCpu(10_000), Bytes(0)),
            gpus: 0,
            gpu_model: None,
            max_pods: 110,
            price_per_hour: None,
            at_start: true,
            traits: Traits::default(),
        };
        let name = "worker-1".into();
        catalog.nodes.push(node.clone());
        catalog.nodes.push(NodeSpec { name, ..node });
        catalog.shapes.push(Shape {
            requests: Resources::new(MilliCpu(REQUEST), Bytes(0)),
            ..Shape::default()
        });
        catalog.services.push(ServiceSpec {
            name: "web".into(),
            shape: ShapeId(0),
            replicas: 0,
            min_available: 0,
            slo: None,
            hpa: None,
        });
        let mut world = World(Cluster::new(Arc::new(catalog)));
        world.apply(0, Change::NodeAdded(NODE));
        world.apply(0, Change::NodeAdded(OTHER));
        world
    }

    fn apply(&mut self, seconds: u64, change: Change) {
        self.0.apply(Time::from_secs(seconds), change);
    }

    fn created(&mut self, seconds: u64) -> PodId {
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

    fn starting(&mut self, seconds: u64) -> PodId {
        self.starting_on(NODE, seconds)
    }

    fn starting_on(&mut self, node: NodeId, seconds: u64) -> PodId {
        let pod = self.created(seconds);
        let gpus = GpuSet::NONE;
        self.apply(seconds, Change::PodBound { pod, node, gpus });
        self.apply(seconds, Change::ContainerOrdered(pod));
        pod
    }

    fn running(&mut self, seconds: u64) -> PodId {
        let pod = self.starting(seconds);
        self.apply(seconds, Change::ContainerStarted(pod));
        pod
    }

    fn ready(&mut self, seconds: u64) -> PodId {
        let pod = self.running(seconds);
        self.apply(seconds, Change::PodReady(pod));
        pod
    }

    fn all_ready(&mut self, pods: u32, seconds: u64) {
        for _ in 0..pods {
            self.ready(seconds);
        }
    }

    fn crashed(&mut self, seconds: u64) -> PodId {
        let pod = self.ready(0);
        let exit = Exit::Crashed;
        self.apply(seconds, Change::ContainerExited { pod, exit });
        pod
    }

    /// What a sample of so many pods that use so much adds up to.
    fn tally(&mut self, pods: u32, cpu_milli: u32) -> Tally {
        let usage = Usage {
            sampled: Time::from_secs(1000),
            pods,
            cpu_milli,
            memory_mib: 0,
        };
        let service = WEB;
        self.apply(1010, Change::ServiceUsage { service, usage });
        let seed = Seed {
            seed: 1,
            replication: 1,
        };
        let controller = Controller {
            readiness: Readiness {
                initialization: Duration::from_secs(300),
                initial_delay: Duration::from_secs(30),
                window: Duration::from_secs(15),
            },
            tolerance: 0.1,
            behavior: Behavior::Absent {
                window: Duration::ZERO,
            },
        };
        let view = View::new(Time::from_secs(1010), seed, &self.0);
        controller.tally(&view, WEB, 100)
    }
}

/// What an old ready pod that uses 70 adds up to with others.
fn beside(class: Class, pods: u32, usage: u64) -> Tally {
    let mut tally = Tally::new(100);
    tally.add(Class::Ready, REQUEST, 70);
    tally.add_equal(class, pods, REQUEST, usage);
    tally
}

#[test]
fn a_pod_counts_by_what_is_believed_of_it() {
    let check = |name: &str, class: Class, story: fn(&mut World)| {
        let mut world = World::new();
        world.ready(0);
        story(&mut world);
        assert_eq!(world.tally(1, 70), beside(class, 1, 0), "{name}");
    };
    check("waits for a node", Class::Unready, |world| {
        world.created(0);
    });
    check("starts for the first time", Class::Unready, |world| {
        world.starting(0);
    });
    check("runs and is not ready yet", Class::Unready, |world| {
        world.running(900);
    });
    check("was never ready", Class::Unready, |world| {
        world.running(0);
    });
    check("runs since the sample", Class::Missing, |world| {
        world.ready(1001);
    });
    check("crashed", Class::Missing, |world| {
        world.crashed(990);
    });
    check("starts again", Class::Missing, |world| {
        let pod = world.crashed(990);
        world.apply(995, Change::ContainerOrdered(pod));
    });
    check(
        "lost its readiness: counts as idle",
        Class::Ready,
        |world| {
            let pod = world.ready(0);
            world.apply(500, Change::PodUnready(pod));
        },
    );
    check(
        "is ready since the sample: counts as idle",
        Class::Ready,
        |world| {
            let pod = world.running(0);
            world.apply(1001, Change::PodReady(pod));
        },
    );
    check("is being deleted", Class::Ignored, |world| {
        let (pod, deletion) = (world.ready(0), Deletion::ScaledDown);
        world.apply(1001, Change::PodDeleting { pod, deletion });
    });
}

#[test]
fn the_use_of_pods_on_a_node_that_is_not_ready_is_not_known() {
    let mut world = World::new();
    world.ready(0);
    let pod = world.starting_on(OTHER, 0);
    world.apply(0, Change::ContainerStarted(pod));
    world.apply(0, Change::PodReady(pod));
    let (node, last) = (OTHER, Time::from_secs(940));
    world.apply(950, Change::NodeSilent { node, last });
    world.apply(990, Change::NodeNotReady(node));
    assert_eq!(world.tally(1, 70), beside(Class::Missing, 1, 0));
}

#[test]
fn all_pods_of_a_whole_sample_use_what_was_sampled() {
    let mut world = World::new();
    world.all_ready(3, 0);
    let mut ready = Tally::new(100);
    ready.add_equal(Class::Ready, 3, REQUEST, 100);
    assert_eq!(world.tally(3, 100), ready);
}

#[test]
fn pods_that_are_over_since_the_sample_take_their_part_of_it_along() {
    let mut world = World::new();
    world.ready(0);
    // Two pods used 140; the one that is left counts with half of it.
    assert_eq!(world.tally(2, 140), beside(Class::Ignored, 1, 0));
}

#[test]
fn pods_that_a_sample_lacks_are_missing_ready_ones_first() {
    let mut world = World::new();
    world.all_ready(3, 0);
    world.ready(990);
    // The pod that is ready since 990 is young: its use does not count before 1005. The sample lacks
    // two of four.
    let mut tally = beside(Class::Missing, 2, 0);
    tally.add(Class::Unready, REQUEST, 0);
    assert_eq!(world.tally(2, 140), tally);
    // A sample of none is no sample.
    assert_eq!(world.tally(0, 0), Tally::new(100));
}

#[test]
fn a_sample_that_lacks_more_pods_than_are_ready_lacks_young_ones_too() {
    let mut world = World::new();
    world.all_ready(3, 990);
    let mut tally = Tally::new(100);
    tally.add_equal(Class::Missing, 2, REQUEST, 0);
    tally.add(Class::Unready, REQUEST, 0);
    assert_eq!(world.tally(1, 70), tally);
}
