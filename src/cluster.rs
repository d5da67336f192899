//! Belief: what the control plane holds to be true of nodes, pods, services and its own queue.
//!
//! There is one writer, [`Cluster::apply`]; [`Cluster::check`] rebuilds every index and compares.

pub mod budget;
pub mod catalog;
pub mod change;
pub mod failures;
pub mod gpu;
pub mod labels;
pub mod node;
pub mod pod;
pub mod queue;
pub mod requests;
pub mod rules;
pub mod service;
pub mod tree;
pub mod trouble;
pub mod zone;

mod apply;
mod check;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::ids::{Arena, Id, ImageId, NodeId, PodId, ServiceId, ZoneId};
use crate::time::Time;
use crate::units::Resources;
use catalog::{Catalog, NodeSpec, Shape};
use failures::Failures;
use gpu::Gpus;
use node::{Changed, Node};
use pod::Pod;
use queue::Queue;
use rules::Rules;
use service::Service;
use tree::NodeTree;
use trouble::Trouble;
use zone::Zone;

/// A place in which a policy keeps one number from decision to decision.
///
/// What must be remembered is belief, so that a policy may forget its caches at any moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// The scheduler's.
    Scheduler,
    /// The healer's, of a zone: when its next node may be tainted, in nanoseconds.
    Zone(ZoneId),
    /// The healer's, of a zone: how it was disrupted when the healer last looked.
    Disruption(ZoneId),
    /// The autoscaler's, of a service.
    Service(ServiceId),
}

/// The control plane's belief.
#[derive(Clone, Debug)]
pub struct Cluster {
    catalog: Arc<Catalog>,
    nodes: Arena<NodeId, Node>,
    free: Arena<NodeId, Resources>,
    gpus: Arena<NodeId, Gpus>,
    pods: Arena<PodId, Pod>,
    services: Arena<ServiceId, Service>,
    queue: Queue,
    changed: Changed,
    trouble: Trouble,
    zones: Arena<ZoneId, Zone>,
    /// Zones with a node that is not ready.
    disrupted: BTreeSet<ZoneId>,
    /// Pods whose container is dead and has no restart planned yet.
    crashed: BTreeSet<PodId>,
    /// Planned restarts.
    restarts: BTreeSet<(Time, PodId)>,
    /// Services whose pods may differ from what is desired.
    unsettled: BTreeSet<ServiceId>,
    failures: Failures,
    memory: BTreeMap<Slot, u64>,
    /// How many nodes have an image.
    image_nodes: Arena<ImageId, u32>,
    tree: NodeTree,
    present: u32,
    ready: u32,
    /// When a node last joined or left.
    moved: Time,
    largest: Resources,
}

impl Cluster {
    /// A cluster that holds nothing yet; nodes and services of the catalogue are added by changes.
    pub fn new(catalog: Arc<Catalog>) -> Cluster {
        let nodes: Arena<NodeId, Node> = catalog.nodes.ids().map(|_| Node::absent()).collect();
        let free = catalog
            .nodes
            .iter()
            .map(|(_, spec)| spec.allocatable)
            .collect();
        let gpus = match catalog.has_gpus() {
            true => catalog
                .nodes
                .iter()
                .map(|(_, spec)| Gpus::new(spec.gpus))
                .collect(),
            false => Arena::new(),
        };
        let services = catalog.services.ids().map(|_| Service::default()).collect();
        let changed = Changed::new(nodes.len());
        let image_nodes = Arena::filled(0, catalog.images.len());
        let last_zone = catalog.nodes.iter().map(|(_, spec)| spec.zone.index());
        let zones = Arena::filled(Zone::default(), last_zone.max().map_or(0, |last| last + 1));
        let largest = catalog.largest();
        Cluster {
            catalog,
            nodes,
            free,
            gpus,
            pods: Arena::new(),
            services,
            queue: Queue::default(),
            changed,
            trouble: Trouble::default(),
            zones,
            disrupted: BTreeSet::new(),
            crashed: BTreeSet::new(),
            restarts: BTreeSet::new(),
            unsettled: BTreeSet::new(),
            failures: Failures::default(),
            memory: BTreeMap::new(),
            image_nodes,
            tree: NodeTree::default(),
            present: 0,
            ready: 0,
            moved: Time::ZERO,
            largest,
        }
    }

    /// What nodes, shapes and services are, whatever their state.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// All nodes of the catalogue; those not in the cluster now are [`Node::present`] false.
    pub fn nodes(&self) -> &Arena<NodeId, Node> {
        &self.nodes
    }

    /// The nodes that are in the cluster now, in the order in which kube-scheduler looks at them.
    pub fn tree(&self) -> &NodeTree {
        &self.tree
    }

    /// Number of nodes that are in the cluster now.
    pub fn nodes_present(&self) -> u32 {
        self.present
    }

    /// Number of nodes that are in the cluster and believed ready.
    pub fn nodes_ready(&self) -> u32 {
        self.ready
    }

    /// When a node last joined or left; the start if none ever did.
    pub fn nodes_moved(&self) -> Time {
        self.moved
    }

    /// Allocatable less requested, by node.
    pub fn free(&self) -> &Arena<NodeId, Resources> {
        &self.free
    }

    /// What is left of each GPU of the node.
    pub fn gpus(&self, node: NodeId) -> Gpus {
        self.gpus.get(node).copied().unwrap_or_default()
    }

    /// All pods ever created, in order of creation.
    pub fn pods(&self) -> &Arena<PodId, Pod> {
        &self.pods
    }

    /// What the pod asks for.
    pub fn shape(&self, pod: PodId) -> &Shape {
        &self.catalog.shapes[self.pods[pod].shape]
    }

    /// Where the pod may and should go.
    pub fn rules(&self, pod: PodId) -> &Rules {
        &self.catalog.rules[self.shape(pod).rules]
    }

    /// What the node is now, its updates included.
    pub fn spec(&self, node: NodeId) -> &NodeSpec {
        match self.nodes[node].revision {
            Some(revision) => &self.catalog.revisions[revision],
            None => &self.catalog.nodes[node],
        }
    }

    /// On how many nodes of the cluster the image is.
    pub fn nodes_with(&self, image: ImageId) -> u32 {
        self.image_nodes[image]
    }

    /// All services.
    pub fn services(&self) -> &Arena<ServiceId, Service> {
        &self.services
    }

    /// The pods that wait for a node.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// The most recent changes of nodes, for caches that follow them.
    pub fn changed(&self) -> &Changed {
        &self.changed
    }

    /// Nodes that are silent or not ready, sorted by what is to happen to them.
    pub fn trouble(&self) -> &Trouble {
        &self.trouble
    }

    /// The nodes of each zone, counted.
    pub fn zones(&self) -> &Arena<ZoneId, Zone> {
        &self.zones
    }

    /// Zones with a node that is not ready, in order.
    pub fn disrupted(&self) -> &BTreeSet<ZoneId> {
        &self.disrupted
    }

    /// Pods whose container is dead and has no restart planned yet, in order.
    pub fn crashed(&self) -> &BTreeSet<PodId> {
        &self.crashed
    }

    /// Planned restarts, soonest first.
    pub fn restarts(&self) -> &BTreeSet<(Time, PodId)> {
        &self.restarts
    }

    /// Services whose pods may differ from what is desired, in order.
    pub fn unsettled(&self) -> &BTreeSet<ServiceId> {
        &self.unsettled
    }

    /// The most of each resource that any node of the catalogue has: [`Catalog::largest`].
    pub fn largest(&self) -> &Resources {
        &self.largest
    }

    /// Recent failures of containers of services.
    pub fn failures(&self) -> &Failures {
        &self.failures
    }

    /// What a policy remembered, zero at first.
    pub fn memory(&self, slot: Slot) -> u64 {
        self.memory.get(&slot).copied().unwrap_or(0)
    }

    /// What policies remembered in a range of slots, in order; slots that hold zero are left out.
    pub fn memories(&self, slots: RangeInclusive<Slot>) -> impl Iterator<Item = (Slot, u64)> {
        self.memory
            .range(slots)
            .map(|(&slot, &value)| (slot, value))
    }

    /// Whether a pod of the shape fits on the node now: the node takes new pods, and resources,
    /// pod count and single GPUs suffice.
    pub fn fits(&self, shape: &Shape, node: NodeId) -> bool {
        self.nodes[node].schedulable() && self.has_room(shape, node)
    }

    /// Whether resources, pod count and single GPUs of the node suffice, ready or not.
    pub fn has_room(&self, shape: &Shape, node: NodeId) -> bool {
        let spec = self.spec(node);
        shape.requests.fits(&self.free[node])
            && self.has_extended(shape, node)
            && self.nodes[node].pods.len() < spec.max_pods as usize
            && (shape.gpus.count == 0
                || (shape.gpus.models.allow(spec.gpu_model) && self.gpus[node].fit(shape.gpus)))
    }

    fn has_extended(&self, shape: &Shape, node: NodeId) -> bool {
        let has = &self.spec(node).traits.extended;
        shape.extended.iter().all(|&(resource, asked)| {
            let at = has.binary_search_by_key(&resource, |&(resource, _)| resource);
            let all = at.map_or(0, |at| has[at].1);
            let taken = self.nodes[node].extended.get(&resource);
            asked <= all.saturating_sub(taken.copied().unwrap_or(0))
        })
    }
}
