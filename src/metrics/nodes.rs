//! Nodes: what they offer, what is bound to them, what they use and cost, summed over the cluster,
//! each group and each zone.

use std::sync::Arc;

use super::fold::Options;
use super::heat::Heat;
use super::measured::HeatRow;
use super::track::Track;
use crate::cluster::catalog::Catalog;
use crate::cluster::gpu::{GpuSet, Gpus};
use crate::ids::{Arena, GroupId, Id, NodeId, PodId, ShapeId, ZoneId};
use crate::time::Time;
use crate::units::{Resource, Resources};

/// The quantities kept of each pool of nodes; resources take three places, in the order of
/// [`Resource::ALL`].
pub(super) mod level {
    /// Allocatable of provisioned nodes.
    pub(in crate::metrics) const BASE: usize = 0;
    /// Requests bound to nodes that are truly up.
    pub(in crate::metrics) const BOUND: usize = 3;
    /// Allocatable of nodes that are believed to take pods.
    pub(in crate::metrics) const OPEN_BASE: usize = 6;
    /// Requests bound to those.
    pub(in crate::metrics) const OPEN_BOUND: usize = 9;
    /// Use, of CPU and memory only.
    pub(in crate::metrics) const USED: usize = 12;
    /// Provisioned nodes.
    pub(in crate::metrics) const PROVISIONED: usize = 14;
    /// Nodes that are truly up.
    pub(in crate::metrics) const UP: usize = 15;
    /// Nodes up that hold a pod.
    pub(in crate::metrics) const HOLDING: usize = 16;
    /// Pods bound.
    pub(in crate::metrics) const PODS: usize = 17;
    /// Price of an hour of all provisioned nodes.
    pub(in crate::metrics) const PRICE: usize = 18;
    /// The part of it that is paid for nothing.
    pub(in crate::metrics) const IDLE_PRICE: usize = 19;
    /// Provisioned nodes without a price.
    pub(in crate::metrics) const UNPRICED: usize = 20;
    /// How many there are.
    pub(in crate::metrics) const COUNT: usize = 21;
}

/// The levels of one pool of nodes.
pub(super) type Pool = Track<{ level::COUNT }>;

/// One node as the records tell it: the truth, and what is believed bound to it.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Truly part of the cluster and paid for.
    pub(super) provisioned: bool,
    /// Truly up.
    pub(super) up: bool,
    present: bool,
    ready: bool,
    cordoned: bool,
    tainted: bool,
    /// Whether its use was ever told.
    told: bool,
    /// Whether the memory it uses is not known, and whether that was so in the window.
    forgetful: [bool; 2],
    /// Whether it held a pod in the window.
    held: bool,
    /// Whether it changed since it was last taken note of.
    stale: bool,
    /// Requests bound to it.
    pub(super) bound: Resources,
    pub(super) gpus: Gpus,
    /// CPU in thousandths of a core, memory in bytes.
    used: [f64; 2],
    /// Pods bound to it, larger shapes first: the place of each one's shape by size, and the pod.
    pub(super) pods: Vec<(u32, PodId)>,
}

/// What is bound with a pod.
#[derive(Clone, Copy, Debug)]
pub(super) struct Binding {
    pub(super) pod: PodId,
    pub(super) shape: ShapeId,
    pub(super) gpus: GpuSet,
}

/// What comes to be believed of a node.
#[derive(Clone, Copy, Debug)]
pub(super) enum Believed {
    /// It joined, ready.
    Added,
    /// It left.
    Removed,
    /// It takes no new pods, or does again.
    Cordoned(bool),
    /// It is ready, or not.
    Ready(bool),
    /// It evicts, or no more.
    Tainted(bool),
}

/// All nodes.
#[derive(Debug)]
pub(super) struct Nodes {
    pub(super) catalog: Arc<Catalog>,
    nodes: Arena<NodeId, Node>,
    cluster: Pool,
    /// Empty when there is one group only.
    groups: Arena<GroupId, Pool>,
    /// Empty when there is one zone only.
    zones: Arena<ZoneId, Pool>,
    /// The first levels of each node, [`level::BASE`] and [`level::BOUND`]; empty unless asked for.
    single: Arena<NodeId, Track<6>>,
    /// Absent unless asked for.
    heat: Option<Heat>,
    /// Nodes changed since they were last taken note of.
    stale: Vec<NodeId>,
    open: bool,
    rank: Vec<u32>,
}

impl Node {
    /// Whether new pods may be bound to it, as believed.
    pub(super) const fn takes_pods(&self) -> bool {
        self.present && self.ready && !self.cordoned && !self.tainted
    }

    /// What it adds to the levels of its pools.
    fn adds(&self, allocatable: &Resources, price: Option<f64>) -> [f64; level::COUNT] {
        let mut adds = [0.0; level::COUNT];
        let takes_pods = self.takes_pods();
        let mut fullest: f64 = 0.0;
        for (place, resource) in Resource::ALL.into_iter().enumerate() {
            let all = allocatable.get(resource) as f64;
            let bound = self.bound.get(resource) as f64;
            adds[level::BASE + place] = if self.provisioned { all } else { 0.0 };
            adds[level::BOUND + place] = if self.up { bound } else { 0.0 };
            adds[level::OPEN_BASE + place] = if takes_pods { all } else { 0.0 };
            adds[level::OPEN_BOUND + place] = if takes_pods { bound } else { 0.0 };
            if self.up && all > 0.0 {
                fullest = fullest.max(bound / all);
            }
        }
        if self.up {
            adds[level::USED] = self.used[0];
            adds[level::USED + 1] = self.used[1];
            adds[level::UP] = 1.0;
            adds[level::HOLDING] = if self.pods.is_empty() { 0.0 } else { 1.0 };
        }
        adds[level::PODS] = self.pods.len() as f64;
        if self.provisioned {
            adds[level::PROVISIONED] = 1.0;
            match price {
                Some(price) => {
                    adds[level::PRICE] = price;
                    adds[level::IDLE_PRICE] = price * (1.0 - fullest);
                }
                None => adds[level::UNPRICED] = 1.0,
            }
        }
        adds
    }
}

impl Nodes {
    /// Nodes of which nothing is there yet; `rank` is the place of each shape by size.
    pub(super) fn new(catalog: Arc<Catalog>, rank: Vec<u32>, options: Options) -> Nodes {
        let nodes = catalog.nodes.iter().map(|(_, spec)| Node {
            provisioned: false,
            up: false,
            present: false,
            ready: false,
            cordoned: false,
            tainted: false,
            told: false,
            forgetful: [false; 2],
            held: false,
            stale: false,
            bound: Resources::NONE,
            gpus: Gpus::new(spec.gpus),
            used: [0.0; 2],
            pods: Vec::new(),
        });
        let single = options.series && options.nodes;
        let several = |count: usize| if count > 1 { count } else { 0 };
        Nodes {
            nodes: nodes.collect(),
            cluster: Track::new(),
            groups: Arena::filled(Track::new(), several(catalog.groups.len())),
            zones: Arena::filled(Track::new(), several(catalog.zones.len())),
            single: Arena::filled(Track::new(), if single { catalog.nodes.len() } else { 0 }),
            heat: options.heat.then(|| Heat::new(&catalog)),
            stale: Vec::new(),
            open: false,
            rank,
            catalog,
        }
    }

    /// All nodes.
    pub(super) fn all(&self) -> &Arena<NodeId, Node> {
        &self.nodes
    }

    /// The levels of the whole cluster.
    pub(super) fn cluster(&self) -> &Pool {
        &self.cluster
    }

    /// The levels of each group, none when there is one only.
    pub(super) fn groups(&self) -> &Arena<GroupId, Pool> {
        &self.groups
    }

    /// The levels of each zone, none when there is one only.
    pub(super) fn zones(&self) -> &Arena<ZoneId, Pool> {
        &self.zones
    }

    /// The first levels of each node, none unless asked for.
    pub(super) fn single(&self) -> &Arena<NodeId, Track<6>> {
        &self.single
    }

    /// The rows of the heat map, none unless asked for.
    pub(super) fn take_heat(&mut self) -> Vec<HeatRow> {
        let heat = self.heat.take();
        heat.map_or_else(Vec::new, |heat| heat.finish(&self.catalog))
    }

    /// Allocatable less bound.
    pub(super) fn free(&self, node: NodeId) -> Resources {
        self.catalog.nodes[node].allocatable - self.nodes[node].bound
    }

    /// Nodes that changed since the last call, each once.
    pub(super) fn take_stale(&mut self) -> Vec<NodeId> {
        for &node in &self.stale {
            self.nodes[node].stale = false;
        }
        std::mem::take(&mut self.stale)
    }

    /// Whether the use of a resource by every node that held a pod in the window is known; `within`
    /// picks the nodes that are asked. The use of GPUs never is.
    pub(super) fn use_is_known(&self, resource: Resource, within: impl Fn(NodeId) -> bool) -> bool {
        let told = |node: &Node| match resource {
            Resource::Cpu => node.told,
            Resource::Memory => node.told && !node.forgetful[1],
            Resource::Gpu => false,
        };
        let mut held = self
            .nodes
            .iter()
            .filter(|&(id, node)| node.held && within(id))
            .peekable();
        held.peek().is_some() && held.all(|(_, node)| told(node))
    }

    /// The window opens.
    pub(super) fn open(&mut self, now: Time) {
        self.open = true;
        for (_, node) in self.nodes.iter_mut() {
            node.held = !node.pods.is_empty();
            node.forgetful[1] = node.forgetful[0];
        }
        self.pools().for_each(|pool| pool.open(now));
        self.single
            .iter_mut()
            .for_each(|(_, track)| track.open(now));
        if let Some(heat) = &mut self.heat {
            heat.open(now);
        }
    }

    /// A cell ends.
    pub(super) fn end_cell(&mut self, now: Time) {
        self.pools().for_each(|pool| pool.end_cell(now));
        self.single
            .iter_mut()
            .for_each(|(_, track)| track.end_cell(now));
        if let Some(heat) = &mut self.heat {
            heat.end_cell(now);
        }
    }

    fn pools(&mut self) -> impl Iterator<Item = &mut Pool> {
        let groups = self.groups.iter_mut().map(|(_, pool)| pool);
        let zones = self.zones.iter_mut().map(|(_, pool)| pool);
        std::iter::once(&mut self.cluster)
            .chain(groups)
            .chain(zones)
    }

    /// A node is paid for from now on.
    pub(super) fn provisioned(&mut self, now: Time, node: NodeId) {
        self.change(now, node, |state| state.provisioned = true);
    }

    /// A node is paid for no more.
    pub(super) fn released(&mut self, now: Time, node: NodeId) {
        self.change(now, node, |state| {
            state.provisioned = false;
            state.up = false;
        });
    }

    /// A node comes up, or goes down and uses nothing.
    pub(super) fn up(&mut self, now: Time, node: NodeId, up: bool) {
        self.change(now, node, |state| {
            state.up = up;
            state.used = [0.0; 2];
        });
    }

    /// A node uses so many cores and bytes from now on, as far as that is known.
    pub(super) fn used(&mut self, now: Time, node: NodeId, cores: f64, bytes: Option<f64>) {
        self.change(now, node, |state| {
            state.told = true;
            state.forgetful[0] = bytes.is_none();
            state.forgetful[1] |= bytes.is_none();
            state.used = [cores * 1000.0, bytes.unwrap_or(0.0)];
        });
    }

    /// A pod is bound.
    pub(super) fn bind(&mut self, now: Time, node: NodeId, binding: Binding) {
        let Binding { pod, shape, gpus } = binding;
        let (requests, milli, key) = self.ask(pod, shape);
        let open = self.open;
        self.change(now, node, |state| {
            state.bound += requests;
            state.gpus.take(gpus, milli);
            let place = state.pods.partition_point(|other| *other < key);
            state.pods.insert(place, key);
            state.held |= open;
        });
    }

    /// A bound pod is gone.
    pub(super) fn unbind(&mut self, now: Time, node: NodeId, binding: Binding) {
        let Binding { pod, shape, gpus } = binding;
        let (requests, milli, key) = self.ask(pod, shape);
        self.change(now, node, |state| {
            state.bound -= requests;
            state.gpus.give(gpus, milli);
            let place = state.pods.binary_search(&key);
            state
                .pods
                .remove(place.expect("a bound pod is on its node"));
        });
    }

    fn ask(&self, pod: PodId, id: ShapeId) -> (Resources, u16, (u32, PodId)) {
        let shape = &self.catalog.shapes[id];
        let key = (self.rank[id.index()], pod);
        (shape.requests, shape.gpus.milli, key)
    }

    /// What is believed of a node changes.
    pub(super) fn believed(&mut self, now: Time, node: NodeId, change: Believed) {
        self.change(now, node, |state| match change {
            Believed::Added => {
                (state.present, state.ready) = (true, true);
                (state.cordoned, state.tainted) = (false, false);
            }
            Believed::Removed => state.present = false,
            Believed::Cordoned(cordoned) => state.cordoned = cordoned,
            Believed::Ready(ready) => state.ready = ready,
            Believed::Tainted(tainted) => state.tainted = tainted,
        });
    }

    /// Changes a node and the levels of the pools it belongs to.
    fn change(&mut self, now: Time, id: NodeId, edit: impl FnOnce(&mut Node)) {
        let spec = &self.catalog.nodes[id];
        let node = &mut self.nodes[id];
        let before = node.adds(&spec.allocatable, spec.price_per_hour);
        edit(node);
        let mut change = node.adds(&spec.allocatable, spec.price_per_hour);
        if !node.stale {
            node.stale = true;
            self.stale.push(id);
        }
        for (after, before) in change.iter_mut().zip(before) {
            *after -= before;
        }
        if !self.single.is_empty() {
            let first = change.first_chunk().expect("there are more levels");
            self.single[id].add(now, first);
        }
        if let Some(heat) = &mut self.heat {
            heat.add(now, id, spec.allocatable.get(Resource::Cpu) as f64, &change);
        }
        self.cluster.add(now, &change);
        if !self.groups.is_empty() {
            self.groups[spec.group].add(now, &change);
        }
        if !self.zones.is_empty() {
            self.zones[spec.zone].add(now, &change);
        }
    }
}
