//! The catalogue: what nodes, shapes and services are, whatever their state. It never changes
//! during a run.

#[cfg(doc)]
use super::gpu::GpuModels;
use super::gpu::GpuRequest;
use super::labels::Labels;
use super::requests::{Assumed, Running};
use super::rules::{Budget, Rules, Traits, well_known};
use crate::ids::{
    Arena, BudgetId, ExtendedId, GpuModelId, GroupId, ImageId, KeyId, NamespaceId, NodeId,
    RevisionId, RulesId, ServiceId, ShapeId, Symbols, ValueId, ZoneId,
};
use crate::units::{Bytes, MilliCpu, Resources};

/// Everything a scenario names.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalog {
    /// Names of the node groups.
    pub groups: Arena<GroupId, String>,
    /// Names of the zones; a node without one is in a zone named `""`.
    pub zones: Arena<ZoneId, String>,
    /// Names of the kinds of GPU, at most [`GpuModels::MAX`].
    pub gpu_models: Arena<GpuModelId, String>,
    /// All nodes that ever take part.
    pub nodes: Arena<NodeId, NodeSpec>,
    /// All different things pods ask for.
    pub shapes: Arena<ShapeId, Shape>,
    /// How many pods of each shape are expected in a run, whatever the policies: known to the control
    /// plane as its past would tell it. Fewer entries than shapes: the others are not expected.
    pub pods: Arena<ShapeId, f64>,
    /// All services.
    pub services: Arena<ServiceId, ServiceSpec>,
    /// What nodes may become, whole, when they are updated.
    pub revisions: Arena<RevisionId, NodeSpec>,
    /// All different rules of pods, beginning with none.
    pub rules: Arena<RulesId, Rules>,
    /// All disruption budgets.
    pub budgets: Arena<BudgetId, Budget>,
    /// Keys of labels and taints.
    pub keys: Symbols<KeyId>,
    /// Values of labels and taints.
    pub values: Symbols<ValueId>,
    /// All namespaces, beginning with `default`.
    pub namespaces: Arena<NamespaceId, Namespace>,
    /// All images.
    pub images: Arena<ImageId, Image>,
    /// Names of the extended resources, `ephemeral-storage` among them.
    pub extended: Symbols<ExtendedId>,
}

/// A namespace of pods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespace {
    /// Unique name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
}

/// A container image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// Its name with its tag.
    pub name: String,
    /// What it takes on a node, in bytes.
    pub size: u64,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeSpec {
    /// Unique name.
    pub name: String,
    /// The group of equal nodes it belongs to.
    pub group: GroupId,
    /// The failure domain it stands in.
    pub zone: ZoneId,
    /// What pods may request in sum.
    pub allocatable: Resources,
    /// Number of GPUs, at most [`super::gpu::MAX_GPUS`].
    pub gpus: u8,
    /// Kind of its GPUs.
    pub gpu_model: Option<GpuModelId>,
    /// Most pods at a time.
    pub max_pods: u32,
    /// Price of one hour in the scenario's currency, where known.
    pub price_per_hour: Option<f64>,
    /// Whether the node is there from the start; otherwise a node event adds it.
    pub at_start: bool,
    /// Its labels and taints, and what it has beside CPU, memory and GPUs.
    pub traits: Traits,
}

/// What pods that are alike ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shape {
    /// What the scheduler reserves.
    pub requests: Resources,
    /// What its main container cannot exceed.
    pub limits: Limits,
    /// GPUs, device by device. `requests.gpu` is their sum.
    pub gpus: GpuRequest,
    /// Higher is placed first (Kubernetes `spec.priority`).
    pub priority: i32,
    /// Extended resources that the scheduler reserves, by id; none is zero.
    pub extended: Vec<(ExtendedId, u64)>,
    /// What scorers count, where the pod is not one container.
    pub assumed: Option<Assumed>,
    /// What NodeResourcesFit counts for the pod while it is being placed, where that differs.
    pub placing: Option<Assumed>,
    /// What its containers are entitled to, where it is more than one container.
    pub running: Option<Running>,
    /// Where it may and should go.
    pub rules: RulesId,
}

/// Upper bounds of a container's use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Limits {
    /// CPU beyond which the container is throttled.
    pub cpu: Option<MilliCpu>,
    /// Memory beyond which the container is killed.
    pub memory: Option<Bytes>,
}

/// What a service is.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceSpec {
    /// Unique name.
    pub name: String,
    /// What each replica asks for.
    pub shape: ShapeId,
    /// Replicas at the start.
    pub replicas: u32,
    /// Ready replicas below which the service counts as down.
    pub min_available: u32,
    /// The availability promised to its users.
    pub slo: Option<Slo>,
    /// Horizontal autoscaling, where wanted.
    pub hpa: Option<Hpa>,
}

/// A service level objective.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slo {
    /// Share of requests to be served, in (0, 1).
    pub availability: f64,
    /// The window the objective is judged over.
    pub window: crate::time::Duration,
}

/// What a HorizontalPodAutoscaler is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hpa {
    /// Fewest replicas (`minReplicas`).
    pub min: u32,
    /// Most replicas (`maxReplicas`).
    pub max: u32,
    /// Wanted CPU use in percent of the request (`target.averageUtilization`).
    pub cpu_percent: u32,
}

impl Default for Catalog {
    fn default() -> Self {
        let namespace = Namespace {
            name: "default".to_owned(),
            labels: Labels::default(),
        };
        Catalog {
            groups: Arena::new(),
            zones: Arena::new(),
            gpu_models: Arena::new(),
            nodes: Arena::new(),
            shapes: Arena::new(),
            pods: Arena::new(),
            services: Arena::new(),
            revisions: Arena::new(),
            rules: std::iter::once(Rules::default()).collect(),
            budgets: Arena::new(),
            keys: well_known::KEYS.into_iter().collect(),
            values: well_known::VALUES.into_iter().collect(),
            namespaces: std::iter::once(namespace).collect(),
            images: Arena::new(),
            extended: Symbols::default(),
        }
    }
}

impl Shape {
    /// CPU and memory that scorers count for a pod of this shape.
    pub fn assumed(&self) -> Assumed {
        let one = Assumed::of_one(self.requests.cpu, self.requests.memory);
        self.assumed.unwrap_or(one)
    }

    /// CPU and memory that NodeResourcesFit counts for a pod of this shape while it is being placed.
    pub fn placing(&self) -> Assumed {
        self.placing.unwrap_or(self.assumed())
    }

    /// What the containers of a pod of this shape are entitled to.
    pub fn running(&self) -> Running {
        self.running.unwrap_or(Running::of_one(self.requests))
    }
}

impl Catalog {
    /// The most of each resource that a node has or may come to have.
    pub fn largest(&self) -> Resources {
        let specs = self.nodes.as_slice().iter();
        let specs = specs.chain(self.revisions.as_slice());
        specs.fold(Resources::NONE, |most, spec| {
            most.each_max(&spec.allocatable)
        })
    }

    /// Whether any node has a GPU.
    pub fn has_gpus(&self) -> bool {
        self.nodes.as_slice().iter().any(|node| node.gpus > 0)
    }
}
