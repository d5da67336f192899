//! A world told record by record, with the belief that goes with it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cluster::Cluster;
use crate::cluster::catalog::{Catalog, NodeSpec, ServiceSpec, Shape};
use crate::cluster::change::Change;
use crate::cluster::gpu::{GpuRequest, GpuSet};
use crate::cluster::pod::{Deletion, Exit, Outcome, Owner};
use crate::cluster::rules::Traits;
use crate::ids::{GpuModelId, GroupId, Id, JobId, NodeId, PodId, ServiceId, ShapeId, ZoneId};
use crate::metrics::fold::{Fold, Options, Subject};
use crate::metrics::measured::{Amount, Entity, Measured};
use crate::metrics::mix::Mix;
use crate::policy::Plan;
use crate::record::{Cause, Flow, Record, Recorder, Truth};
use crate::time::{Duration, Time};
use crate::units::{Bytes, MilliCpu, Resources};

/// Seconds after the start.
pub(super) fn secs(seconds: f64) -> Time {
    Time::from_secs_f64(seconds)
}

/// A world and what is recorded of it.
pub(super) struct World {
    pub(super) catalog: Arc<Catalog>,
    pub(super) belief: Cluster,
    pub(super) records: Vec<(Time, Record)>,
    pub(super) durations: Vec<Duration>,
    pub(super) sync: Option<Duration>,
    pub(super) healing: Duration,
    /// Pods with a living container, in truth.
    pub(super) alive: BTreeSet<PodId>,
    /// Pods of each shape, for the reference mix; one of each unless said otherwise.
    pub(super) weights: Vec<f64>,
}

/// A node of 4 cores and 8 GiB.
pub(super) fn node(name: &str) -> NodeSpec {
    NodeSpec {
        name: name.to_owned(),
        group: GroupId(0),
        zone: ZoneId(0),
        allocatable: Resources::new(MilliCpu(4000), Bytes(8 * Bytes::GIB)),
        gpus: 0,
        gpu_model: None,
        max_pods: 110,
        price_per_hour: None,
        at_start: true,
        traits: Traits::default(),
    }
}

/// A node like [`node`] in a zone.
pub(super) fn node_in(name: &str, zone: u32) -> NodeSpec {
    NodeSpec {
        zone: ZoneId(zone),
        ..node(name)
    }
}

/// A node like [`node`] with GPUs.
pub(in crate::metrics) fn gpu_node(name: &str, gpus: u8) -> NodeSpec {
    let mut spec = node(name);
    spec.gpus = gpus;
    spec.gpu_model = Some(GpuModelId(0));
    spec.allocatable.gpu.0 = 1000 * u64::from(gpus);
    spec
}

/// So many thousandths of a core and GiB.
pub(in crate::metrics) fn shape(cpu: u64, gib: u64) -> Shape {
    Shape {
        requests: Resources::new(MilliCpu(cpu), Bytes(gib * Bytes::GIB)),
        ..Shape::default()
    }
}

/// [`shape`] with so many thousandths of one GPU.
pub(in crate::metrics) fn gpu_shape(cpu: u64, gib: u64, milli: u16) -> Shape {
    let mut shape = shape(cpu, gib);
    shape.gpus = GpuRequest {
        count: 1,
        milli,
        ..GpuRequest::default()
    };
    shape.requests.gpu = shape.gpus.total();
    shape
}

/// A service of the first shape.
pub(super) fn service(name: &str, replicas: u32, min_available: u32) -> ServiceSpec {
    ServiceSpec {
        name: name.to_owned(),
        shape: ShapeId(0),
        replicas,
        min_available,
        slo: None,
        hpa: None,
    }
}

/// Groups `g0`, `g1`, … and zones `a`, `b`, … as far as the nodes name them.
pub(in crate::metrics) fn catalog(
    nodes: Vec<NodeSpec>,
    shapes: Vec<Shape>,
    services: Vec<ServiceSpec>,
) -> Catalog {
    let groups = nodes.iter().map(|node| node.group.0 + 1).max().unwrap_or(1);
    let zones = nodes.iter().map(|node| node.zone.0 + 1).max().unwrap_or(1);
    Catalog {
        groups: (0..groups).map(|group| format!("g{group}")).collect(),
        zones: ('a'..).take(zones as usize).map(String::from).collect(),
        gpu_models: ["T4".to_owned()].into_iter().collect(),
        nodes: nodes.into_iter().collect(),
        shapes: shapes.into_iter().collect(),
        services: services.into_iter().collect(),
        ..Catalog::default()
    }
}

impl World {
    /// All nodes are there and up from the start; services want what the catalogue says.
    pub(super) fn new(catalog: Catalog) -> World {
        let mut world = World::empty(catalog);
        for node in world.catalog.nodes.ids() {
            world.add_node(0.0, node);
        }
        for (id, spec) in Arc::clone(&world.catalog).services.iter() {
            world.believe(
                0.0,
                Change::ServiceScaled {
                    service: id,
                    replicas: spec.replicas,
                },
            );
        }
        world
    }

    /// Nothing is there.
    pub(super) fn empty(catalog: Catalog) -> World {
        let catalog = Arc::new(catalog);
        World {
            belief: Cluster::new(Arc::clone(&catalog)),
            weights: vec![1.0; catalog.shapes.len()],
            catalog,
            records: Vec::new(),
            durations: Vec::new(),
            alive: BTreeSet::new(),
            sync: None,
            healing: Duration::ZERO,
        }
    }

    pub(super) fn record(&mut self, at: f64, record: Record) {
        self.records.push((secs(at), record));
    }

    pub(super) fn truth(&mut self, at: f64, truth: Truth) {
        self.record(at, Record::Truth(truth));
    }

    pub(super) fn believe(&mut self, at: f64, change: Change) {
        self.belief.apply(secs(at), change);
        self.record(at, Record::Believed(change));
    }

    pub(super) fn plan(&mut self, at: f64, plan: Plan) {
        self.record(at, Record::Planned(plan));
    }

    pub(super) fn add_node(&mut self, at: f64, node: NodeId) {
        self.truth(at, Truth::NodeProvisioned(node));
        self.truth(at, Truth::NodeUp(node));
        self.believe(at, Change::NodeAdded(node));
    }

    /// A node fails; its containers die with it. Nobody knows.
    pub(super) fn fail_node(&mut self, at: f64, node: NodeId, cause: Cause) {
        self.truth(at, Truth::NodeDown { node, cause });
        let on_node = |pod: &PodId| self.belief.pods()[*pod].node == Some(node);
        let pods: Vec<PodId> = self.alive.iter().copied().filter(on_node).collect();
        for pod in pods {
            self.die(at, pod, Exit::NodeLost);
        }
    }

    /// A job of this shape arrives and gets a pod.
    pub(super) fn job(&mut self, at: f64, shape: u32, duration: f64) -> PodId {
        let job = JobId::from_index(self.durations.len());
        self.durations.push(Duration::from_secs_f64(duration));
        self.truth(at, Truth::JobArrived(job));
        self.pod(at, Owner::Job(job), shape)
    }

    /// A service gets a pod of the first shape.
    pub(super) fn replica(&mut self, at: f64, service: u32) -> PodId {
        self.pod(at, Owner::Service(ServiceId(service)), 0)
    }

    pub(super) fn pod(&mut self, at: f64, owner: Owner, shape: u32) -> PodId {
        let pod = self.belief.pods().next_id();
        let shape = ShapeId(shape);
        self.believe(
            at,
            Change::PodCreated {
                pod,
                owner,
                shape,
                index: 0,
                replace: true,
            },
        );
        pod
    }

    /// The pod is bound, on the GPUs that fit best, and its container ordered.
    pub(super) fn bind(&mut self, at: f64, pod: PodId, node: u32) {
        let node = NodeId(node);
        let request = self.belief.shape(pod).gpus;
        let gpus = match request.count {
            0 => GpuSet::NONE,
            _ => self.belief.gpus(node).choose(request).expect("room"),
        };
        self.believe(at, Change::PodBound { pod, node, gpus });
        self.order(at, pod);
    }

    /// The pod's next container is ordered and begins to start.
    pub(super) fn order(&mut self, at: f64, pod: PodId) {
        self.believe(at, Change::ContainerOrdered(pod));
        let state = &self.belief.pods()[pod];
        let (incarnation, node) = (state.incarnation, state.node.expect("bound"));
        self.alive.insert(pod);
        self.truth(
            at,
            Truth::ContainerStarting {
                pod,
                incarnation,
                node,
            },
        );
    }

    /// The pod's container runs and is ready, and that is known.
    pub(super) fn run(&mut self, at: f64, pod: PodId) {
        let incarnation = self.belief.pods()[pod].incarnation;
        self.truth(at, Truth::ContainerStarted { pod, incarnation });
        self.truth(at, Truth::ContainerReady { pod, incarnation });
        self.believe(at, Change::ContainerStarted(pod));
        self.believe(at, Change::PodReady(pod));
    }

    /// [`World::bind`] and [`World::run`] at once.
    pub(super) fn place(&mut self, at: f64, pod: PodId, node: u32) {
        self.bind(at, pod, node);
        self.run(at, pod);
    }

    /// The container dies; nobody knows.
    pub(super) fn die(&mut self, at: f64, pod: PodId, exit: Exit) {
        assert!(self.alive.remove(&pod), "only the living die");
        let incarnation = self.belief.pods()[pod].incarnation;
        self.truth(
            at,
            Truth::ContainerExited {
                pod,
                incarnation,
                exit,
            },
        );
    }

    /// That the container is dead is known.
    pub(super) fn notice(&mut self, at: f64, pod: PodId, exit: Exit) {
        self.believe(at, Change::ContainerExited { pod, exit });
    }

    /// The container is done, that is known, and the pod is over.
    pub(super) fn finish(&mut self, at: f64, pod: PodId) {
        self.die(at, pod, Exit::Completed);
        self.notice(at, pod, Exit::Completed);
        self.gone(at, pod, Outcome::Succeeded);
    }

    pub(super) fn delete(&mut self, at: f64, pod: PodId, deletion: Deletion) {
        self.believe(at, Change::PodDeleting { pod, deletion });
    }

    pub(super) fn gone(&mut self, at: f64, pod: PodId, outcome: Outcome) {
        self.believe(at, Change::PodGone { pod, outcome });
    }

    /// The service's traffic flows: so much asked for, so much of that lost at dead endpoints.
    pub(super) fn traffic(&mut self, at: f64, service: u32, flow: Flow) {
        self.truth(
            at,
            Truth::Traffic {
                service: ServiceId(service),
                flow,
            },
        );
    }

    /// What is measured in [warm_up, end).
    pub(super) fn measure(&self, warm_up: f64, end: f64) -> Measured {
        let options = Options {
            series: true,
            nodes: true,
            pods: true,
            heat: true,
        };
        self.measure_with(warm_up, end, options)
    }

    pub(super) fn measure_with(&self, warm_up: f64, end: f64, options: Options) -> Measured {
        let subject = Subject {
            catalog: Arc::clone(&self.catalog),
            mix: Arc::new(Mix::new(&self.catalog, &self.weights)),
            durations: &self.durations,
            excluded: Vec::new(),
            warm_up: secs(warm_up),
            end: secs(end),
            sync: self.sync,
            healing: self.healing,
        };
        let mut fold = Fold::new(&subject, options);
        for (at, record) in self.records.clone() {
            fold.record(at, record);
        }
        fold.finish(&self.belief, 0)
    }
}

/// The value of a metric of the cluster; absent if it does not exist.
pub(super) fn cluster(measured: &Measured, metric: &str) -> Option<f64> {
    measured.get(metric, &Entity::Cluster).map(Amount::value)
}

/// The value of a metric of a part.
pub(super) fn part(measured: &Measured, metric: &str, part: &str) -> Option<f64> {
    measured
        .get(metric, &Entity::Part(part.to_owned()))
        .map(Amount::value)
}

/// The value of a metric of a service.
pub(super) fn of_service(measured: &Measured, metric: &str, service: &str) -> Option<f64> {
    measured
        .get(metric, &Entity::Service(service.to_owned()))
        .map(Amount::value)
}

/// Asserts values of the cluster, up to rounding.
#[track_caller]
pub(super) fn check(measured: &Measured, expected: &[(&str, f64)]) {
    for &(metric, value) in expected {
        near(cluster(measured, metric), Some(value), metric);
    }
}

/// Asserts equality up to rounding.
#[track_caller]
pub(super) fn near(found: Option<f64>, expected: Option<f64>, what: &str) {
    let same = match (found, expected) {
        (Some(found), Some(expected)) => {
            found == expected || (found - expected).abs() <= 1e-9 * expected.abs().max(1.0)
        }
        (found, expected) => found == expected,
    };
    assert!(same, "{what}: {found:?}, not {expected:?}");
}
