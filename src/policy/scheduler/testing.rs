//! Small random clusters with everything that can happen to them, for tests of policies.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{Chosen, Nomination, Placement, Scheduler};
use crate::cluster::Cluster;
use crate::cluster::catalog::{Catalog, NodeSpec, ServiceSpec, Shape};
use crate::cluster::change::Change;
use crate::cluster::gpu::{GpuModels, GpuRequest, GpuSet};
use crate::cluster::pod::{Deletion, Exit, Outcome, Owner};
use crate::cluster::rules::Traits;
use crate::ids::{GpuModelId, GroupId, Id, JobId, NodeId, PodId, ServiceId, ShapeId, ZoneId};
use crate::policy::View;
use crate::policy::params::{Kind, Param, Params, Value};
use crate::policy::registry::{Entry, SCHEDULERS};
use crate::rng::Seed;
use crate::time::{Duration, Time};
use crate::units::{Bytes, MilliCpu, Resources};

/// A cluster and what happens to it.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) steps: Vec<Step>,
}

/// Something happens. An index picks one of what there is at that moment.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// A job's pod of some shape is submitted.
    Job(Index),
    /// A service gets one more replica.
    Replica(Index),
    /// The pod that waits longest is tried again.
    Retry,
    /// A bound pod is to be deleted; it keeps its resources until it ends.
    Delete(Index),
    /// A bound pod ends.
    End(Index),
    /// The container of a bound replica crashes that many times.
    Fail(Index, usize),
    /// Two minutes pass.
    Pause,
    /// A node is cordoned, or uncordoned.
    Cordon(Index),
    /// A node is found not ready, or ready again.
    Ready(Index),
    /// A node is tainted, or untainted.
    Taint(Index),
    /// A node leaves with all its pods, or joins.
    Node(Index),
    /// The scheduler loses its caches.
    Forget,
}

/// A cluster to which things happen.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) now: Time,
    /// Every crash of a container, and on which node of the cluster.
    pub(crate) crashes: Vec<(Time, ServiceId, NodeId)>,
    jobs: u32,
}

const SEED: Seed = Seed {
    seed: 7,
    replication: 1,
};

impl World {
    /// A cluster of all nodes of the catalogue that are there at the start.
    pub(crate) fn new(catalog: Arc<Catalog>) -> World {
        let at_start: Vec<NodeId> = catalog
            .nodes
            .iter()
            .filter_map(|(node, spec)| spec.at_start.then_some(node))
            .collect();
        let mut world = World {
            cluster: Cluster::new(catalog),
            now: Time::ZERO,
            crashes: Vec::new(),
            jobs: 0,
        };
        for node in at_start {
            world.apply(Change::NodeAdded(node));
        }
        world
    }

    pub(crate) fn view(&self) -> View<'_> {
        View::new(self.now, SEED, &self.cluster)
    }

    pub(crate) fn apply(&mut self, change: Change) {
        self.cluster.apply(self.now, change);
    }

    /// A new job's pod of the shape.
    pub(crate) fn job(&mut self, shape: ShapeId) -> PodId {
        let owner = Owner::Job(JobId(self.jobs));
        self.jobs += 1;
        self.create(owner, shape, 0)
    }

    /// A new replica of the service.
    pub(crate) fn replica(&mut self, service: ServiceId) -> PodId {
        let shape = self.cluster.catalog().services[service].shape;
        let index = self.cluster.services()[service].created;
        self.create(Owner::Service(service), shape, index)
    }

    fn create(&mut self, owner: Owner, shape: ShapeId, index: u32) -> PodId {
        let pod = self.cluster.pods().next_id();
        self.apply(Change::PodCreated {
            pod,
            owner,
            shape,
            index,
            replace: false,
        });
        pod
    }

    /// A new job's pod of the shape, on the node whatever the scheduler thinks. It takes no GPUs.
    pub(crate) fn put(&mut self, shape: u32, node: u32) -> PodId {
        let pod = self.job(ShapeId(shape));
        let (node, gpus) = (NodeId(node), GpuSet::NONE);
        self.apply(Change::PodBound { pod, node, gpus });
        pod
    }

    /// Where the scheduler puts new jobs' pods of these shapes one after the other, and why.
    pub(crate) fn jobs(
        &mut self,
        scheduler: &mut dyn Scheduler,
        shapes: &[u32],
    ) -> Vec<Option<(u32, Chosen)>> {
        let place = |&shape: &u32| {
            let pod = self.job(ShapeId(shape));
            chosen(self.schedule(scheduler, pod))
        };
        shapes.iter().map(place).collect()
    }

    /// Asks the scheduler about the pod and carries the answer out.
    pub(crate) fn schedule(&mut self, scheduler: &mut dyn Scheduler, pod: PodId) -> Placement {
        let placement = scheduler.place(&self.view(), pod);
        self.carry_out(pod, placement.clone());
        placement
    }

    /// What the control plane does with a placement.
    pub(crate) fn carry_out(&mut self, pod: PodId, placement: Placement) {
        let remember = placement.remember();
        match placement {
            Placement::Bind { node, gpus, .. } => {
                self.apply(Change::PodBound { pod, node, gpus });
            }
            Placement::Wait { by, nomination, .. } => {
                self.apply(Change::PodUnschedulable { pod, by });
                match nomination {
                    Nomination::Kept => {}
                    Nomination::Dropped => self.apply(Change::PodUnnominated(pod)),
                }
            }
            Placement::Preempt {
                node,
                victims,
                cleared,
                by,
                ..
            } => {
                self.apply(Change::PodUnschedulable { pod, by });
                self.apply(Change::PodNominated { pod, node });
                for &pod in &*cleared {
                    self.apply(Change::PodUnnominated(pod));
                }
                let outcome = Outcome::Deleted;
                for &pod in &*victims {
                    self.apply(Change::PodGone { pod, outcome });
                }
            }
        }
        if let Some((slot, value)) = remember {
            self.apply(Change::Remembered { slot, value });
        }
    }

    /// Lets a step happen a second after the one before. Returns the pod that is to be placed now.
    pub(crate) fn step(&mut self, step: Step) -> Option<PodId> {
        self.now += Duration::from_secs(1);
        match step {
            Step::Job(index) => {
                let shape = pick(index, self.cluster.catalog().shapes.ids())?;
                return Some(self.job(shape));
            }
            Step::Replica(index) => {
                let service = pick(index, self.cluster.services().ids())?;
                return Some(self.replica(service));
            }
            Step::Retry => {
                let pod = *self
                    .cluster
                    .queue()
                    .unschedulable()
                    .values()
                    .next()?
                    .first()?;
                self.apply(Change::PodActivated(pod));
                return Some(pod);
            }
            Step::Delete(index) => {
                let pods = self.bound().into_iter();
                let kept = pods.filter(|&pod| self.cluster.pods()[pod].active());
                let pod = pick(index, kept)?;
                let deletion = Deletion::ScaledDown;
                self.apply(Change::PodDeleting { pod, deletion });
            }
            Step::End(index) => {
                let pod = pick(index, self.bound())?;
                let outcome = Outcome::Succeeded;
                self.apply(Change::PodGone { pod, outcome });
            }
            Step::Fail(index, times) => self.fail(index, times),
            Step::Pause => self.now += Duration::from_secs(120),
            Step::Cordon(index) => self.toggle(
                index,
                |world, node| world.cluster.nodes()[node].cordoned,
                Change::NodeUncordoned,
                Change::NodeCordoned,
            ),
            Step::Ready(index) => self.toggle(
                index,
                |world, node| world.cluster.nodes()[node].ready,
                Change::NodeNotReady,
                Change::NodeReady,
            ),
            Step::Taint(index) => self.toggle(
                index,
                |world, node| world.cluster.nodes()[node].tainted_since.is_some(),
                Change::NodeUntainted,
                Change::NodeTainted,
            ),
            Step::Node(index) => {
                let node = pick(index, self.cluster.nodes().ids())?;
                if self.cluster.nodes()[node].present {
                    self.remove(node);
                } else {
                    self.apply(Change::NodeAdded(node));
                }
            }
            Step::Forget => {}
        }
        None
    }

    fn fail(&mut self, index: Index, times: usize) {
        let pods = self.cluster.pods();
        let replicas = self.bound().into_iter();
        let replicas = replicas.filter_map(|pod| Some((pod, pods[pod].service()?)));
        let Some((pod, service)) = pick(index, replicas) else {
            return;
        };
        let node = pods[pod].node.expect("it is bound");
        for _ in 0..times {
            let exit = Exit::Crashed;
            self.apply(Change::ContainerExited { pod, exit });
            self.crashes.push((self.now, service, node));
        }
    }

    /// The node leaves with all its pods.
    pub(crate) fn remove(&mut self, node: NodeId) {
        for pod in self.cluster.nodes()[node].pods.clone() {
            let outcome = Outcome::Lost;
            self.apply(Change::PodGone { pod, outcome });
        }
        self.apply(Change::NodeRemoved(node));
        self.crashes.retain(|&(_, _, other)| other != node);
    }

    fn toggle(
        &mut self,
        index: Index,
        is_on: impl Fn(&World, NodeId) -> bool,
        off: fn(NodeId) -> Change,
        on: fn(NodeId) -> Change,
    ) {
        let nodes = self.cluster.nodes();
        let present = nodes.ids().filter(|&node| nodes[node].present);
        if let Some(node) = pick(index, present) {
            self.apply(if is_on(self, node) {
                off(node)
            } else {
                on(node)
            });
        }
    }

    fn bound(&self) -> Vec<PodId> {
        let pods = self.cluster.pods().iter();
        pods.filter(|(_, pod)| pod.node.is_some() && !pod.gone())
            .map(|(id, _)| id)
            .collect()
    }
}

/// The node and the reason, if the pod got one.
pub(crate) fn chosen(placement: Placement) -> Option<(u32, Chosen)> {
    match placement {
        Placement::Bind { node, why, .. } => Some((node.0, why)),
        Placement::Wait { .. } | Placement::Preempt { .. } => None,
    }
}

fn pick<T>(index: Index, from: impl IntoIterator<Item = T>) -> Option<T> {
    let mut from: Vec<T> = from.into_iter().collect();
    (!from.is_empty()).then(|| from.swap_remove(index.index(from.len())))
}

/// Every registered scheduler with every combination of its choices.
pub(crate) fn variants() -> Vec<(&'static Entry<dyn Scheduler>, Params)> {
    SCHEDULERS
        .iter()
        .flat_map(|entry| {
            combinations(entry)
                .into_iter()
                .map(move |made| (entry, made))
        })
        .collect()
}

/// Every combination of values; of policies with a great many parameters, every value of each
/// parameter with the defaults of the others.
fn combinations(entry: &Entry<dyn Scheduler>) -> Vec<Params> {
    let varied = |fixed: Vec<(&'static str, Value)>, param: &'static Param| {
        let with = move |value| fixed.iter().cloned().chain([(param.name, value)]).collect();
        values(param).into_iter().map(with).collect::<Vec<Vec<_>>>()
    };
    let made: Vec<Vec<(&'static str, Value)>> = if entry.params.len() > 4 {
        let defaults = || {
            entry
                .params
                .iter()
                .map(|param| (param.name, default(param)))
        };
        let each = entry.params.iter();
        each.flat_map(|param| varied(defaults().collect(), param))
            .collect()
    } else {
        let each = entry.params.iter();
        each.fold(vec![Vec::new()], |made, param| {
            let more = made.into_iter();
            more.flat_map(|before| varied(before, param)).collect()
        })
    };
    made.into_iter().map(Params::new).collect()
}

fn values(param: &Param) -> Vec<Value> {
    match param.kind {
        Kind::Choice(choices) => {
            let choices = choices.iter();
            choices
                .map(|choice| Value::Choice(choice.to_string()))
                .collect()
        }
        Kind::Integer { min, max } => vec![Value::Integer(min), Value::Integer(max)],
        Kind::Number { min, max } => vec![Value::Number(min), Value::Number(max)],
        Kind::Duration | Kind::Period => vec![Value::Duration(Duration::from_secs(60))],
        Kind::Shape { .. } => vec![default(param)],
    }
}

fn default(param: &Param) -> Value {
    let text = param.default;
    match param.kind {
        Kind::Integer { .. } => Value::Integer(text.parse().unwrap()),
        Kind::Number { .. } => Value::Number(text.parse().unwrap()),
        Kind::Duration | Kind::Period => panic!("no scheduler has a length of time"),
        Kind::Choice(_) => Value::Choice(text.to_owned()),
        Kind::Shape { .. } => Value::Shape(text.parse().unwrap()),
    }
}

/// The scheduler of that name, with these of its choices and the defaults of the others, which
/// must be choices too.
pub(crate) fn scheduler(name: &str, choices: &[(&str, &str)]) -> Box<dyn Scheduler> {
    let entry = crate::policy::registry::find(SCHEDULERS, name).expect("a registered name");
    let values = entry.params.iter().map(|param| {
        let given = choices.iter().find(|(name, _)| *name == param.name);
        let given = given.map(|(_, value)| Value::Choice(value.to_string()));
        (param.name, given.unwrap_or_else(|| default(param)))
    });
    (entry.build)(&Params::new(values))
}

/// A node in its only zone, for as many pods as resources allow.
pub(crate) fn node(cpu: u64, mib: u64) -> NodeSpec {
    NodeSpec {
        name: String::new(),
        group: GroupId(0),
        zone: ZoneId(0),
        allocatable: Resources::new(MilliCpu(cpu), Bytes::from_mib(mib)),
        gpus: 0,
        gpu_model: None,
        max_pods: 110,
        price_per_hour: None,
        at_start: true,
        traits: Traits::default(),
    }
}

/// The node with that many GPUs.
pub(crate) fn with_gpus(mut node: NodeSpec, gpus: u8, model: Option<u32>) -> NodeSpec {
    node.gpus = gpus;
    node.gpu_model = model.map(GpuModelId);
    node.allocatable.gpu.0 = u64::from(gpus) * 1000;
    node
}

/// A shape without GPUs.
pub(crate) fn shape(cpu: u64, mib: u64) -> Shape {
    Shape {
        requests: Resources::new(MilliCpu(cpu), Bytes::from_mib(mib)),
        ..Shape::default()
    }
}

/// The shape with a request for `count` GPUs, `milli` thousandths of each.
pub(crate) fn asking_gpus(mut shape: Shape, count: u8, milli: u16, models: GpuModels) -> Shape {
    shape.gpus = GpuRequest {
        count,
        milli,
        models,
    };
    shape.requests.gpu = shape.gpus.total();
    shape
}

/// A catalogue of these nodes and shapes, in `zones` zones, with a service of each shape. Of the n-th
/// shape n pods are expected.
pub(crate) fn catalog(zones: u32, nodes: Vec<NodeSpec>, shapes: Vec<Shape>) -> Arc<Catalog> {
    let service = |shape: usize| ServiceSpec {
        name: format!("service-{shape}"),
        shape: ShapeId::from_index(shape),
        replicas: 0,
        min_available: 0,
        slo: None,
        hpa: None,
    };
    let named = |(index, spec): (usize, NodeSpec)| match spec.name.as_str() {
        "" => NodeSpec {
            name: format!("node-{index}"),
            ..spec
        },
        _ => spec,
    };
    Arc::new(Catalog {
        groups: std::iter::once(String::new()).collect(),
        zones: (0..zones).map(|zone| format!("zone-{zone}")).collect(),
        gpu_models: (0..2).map(|model| format!("gpu-{model}")).collect(),
        services: (0..shapes.len()).map(service).collect(),
        nodes: nodes.into_iter().enumerate().map(named).collect(),
        pods: (1..=shapes.len()).map(|pods| pods as f64).collect(),
        shapes: shapes.into_iter().collect(),
        ..Catalog::default()
    })
}

/// A cluster of one zone with these nodes and shapes.
pub(crate) fn world(nodes: Vec<NodeSpec>, shapes: Vec<Shape>) -> World {
    World::new(catalog(1, nodes, shapes))
}

/// Up to 70 nodes and 5 shapes, small enough that nodes fill up and scores tie, and up to 120
/// steps.
pub(crate) fn cases() -> impl Strategy<Value = Case> {
    let nodes = prop_oneof![
        prop::collection::vec(nodes(), 1..8),
        prop::collection::vec(nodes(), 30..70),
    ];
    let shapes = prop::collection::vec(shapes(), 1..6);
    let steps = prop::collection::vec(steps(), 1..120);
    (1..4_u32, nodes, shapes, steps).prop_map(|(zones, mut nodes, shapes, steps)| {
        for node in &mut nodes {
            node.zone.0 %= zones;
        }
        Case {
            catalog: catalog(zones, nodes, shapes),
            steps,
        }
    })
}

fn nodes() -> impl Strategy<Value = NodeSpec> {
    let sizes = (
        select(&[0, 999, 2000, 4000, 4000, 16_000][..]),
        select(&[0, 1000, 4096, 4096, 8192][..]),
        select(&[1, 3, 110, 110][..]),
    );
    let gpus = (select(&[0, 0, 1, 2, 8][..]), prop::option::of(0..2_u32));
    (sizes, gpus, 0..3_u32, prop::bool::weighted(0.9)).prop_map(
        |((cpu, mib, max_pods), (gpus, model), zone, at_start)| NodeSpec {
            max_pods,
            zone: ZoneId(zone),
            at_start,
            ..with_gpus(node(cpu, mib), gpus, model)
        },
    )
}

fn shapes() -> impl Strategy<Value = Shape> {
    let models = select(vec![GpuModels::ANY, GpuModels::ANY.with(GpuModelId(1))]);
    let gpus = (
        select(&[0, 0, 1, 2][..]),
        select(&[300, 500, 1000][..]),
        models,
    );
    let cpu = select(&[0, 100, 333, 1000, 3000][..]);
    let mib = select(&[0, 64, 512, 2000][..]);
    (cpu, mib, gpus).prop_map(|(cpu, mib, (count, milli, models))| {
        let plain = shape(cpu, mib);
        match count {
            0 => plain,
            _ => asking_gpus(plain, count, milli, models),
        }
    })
}

fn steps() -> impl Strategy<Value = Step> {
    let index = any::<Index>;
    prop_oneof![
        8 => index().prop_map(Step::Job),
        4 => index().prop_map(Step::Replica),
        2 => Just(Step::Retry),
        2 => index().prop_map(Step::Delete),
        4 => index().prop_map(Step::End),
        2 => (index(), 1..7_usize).prop_map(|(index, times)| Step::Fail(index, times)),
        1 => Just(Step::Pause),
        1 => index().prop_map(Step::Cordon),
        1 => index().prop_map(Step::Ready),
        1 => index().prop_map(Step::Taint),
        1 => index().prop_map(Step::Node),
        1 => Just(Step::Forget),
    ]
}
