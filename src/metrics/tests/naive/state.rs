//! The state of every second, rebuilt from all records, and sums over seconds.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::catalog::{Catalog, Shape};
use crate::cluster::change::Change;
use crate::cluster::pod::Owner;
use crate::ids::{NodeId, PodId, ServiceId, ShapeId, ZoneId};
use crate::metrics::tests::world::{World, secs};
use crate::record::{Flow, Record, Truth};
use crate::units::{Resource, Resources};

/// The state of the world after all records up to a time, rebuilt from nothing.
#[derive(Default)]
pub(super) struct State {
    provisioned: BTreeSet<NodeId>,
    up: BTreeSet<NodeId>,
    present: BTreeSet<NodeId>,
    unready: BTreeSet<NodeId>,
    cordoned: BTreeSet<NodeId>,
    tainted: BTreeSet<NodeId>,
    pods: BTreeMap<PodId, (Owner, ShapeId)>,
    bound: BTreeMap<PodId, NodeId>,
    homes: BTreeMap<PodId, NodeId>,
    gone: BTreeSet<PodId>,
    ready: BTreeSet<PodId>,
    flows: BTreeMap<ServiceId, Flow>,
}

fn put<T: Ord>(set: &mut BTreeSet<T>, item: T, there: bool) {
    match there {
        true => set.insert(item),
        false => set.remove(&item),
    };
}

impl State {
    pub(super) fn at(world: &World, second: u64) -> State {
        let mut state = State::default();
        let until = secs(second as f64);
        for (_, record) in world.records.iter().filter(|&&(at, _)| at <= until) {
            match *record {
                Record::Truth(truth) => state.happened(truth),
                Record::Believed(change) => state.believed(change),
                Record::Heard(_) | Record::Planned(_) | Record::Ordered(_) => {}
            }
        }
        state
    }

    fn happened(&mut self, truth: Truth) {
        match truth {
            Truth::NodeProvisioned(node) => put(&mut self.provisioned, node, true),
            Truth::NodeReleased(node) => put(&mut self.provisioned, node, false),
            Truth::NodeUp(node) => put(&mut self.up, node, true),
            Truth::NodeDown { node, .. } => put(&mut self.up, node, false),
            Truth::ContainerReady { pod, .. } => put(&mut self.ready, pod, true),
            Truth::ContainerExited { pod, .. } => put(&mut self.ready, pod, false),
            Truth::Traffic { service, flow } => {
                self.flows.insert(service, flow);
            }
            _ => {}
        }
    }

    fn believed(&mut self, change: Change) {
        match change {
            Change::NodeAdded(node) => put(&mut self.present, node, true),
            Change::NodeRemoved(node) => put(&mut self.present, node, false),
            Change::NodeNotReady(node) => put(&mut self.unready, node, true),
            Change::NodeReady(node) => put(&mut self.unready, node, false),
            Change::NodeCordoned(node) => put(&mut self.cordoned, node, true),
            Change::NodeUncordoned(node) => put(&mut self.cordoned, node, false),
            Change::NodeTainted(node) => put(&mut self.tainted, node, true),
            Change::NodeUntainted(node) => put(&mut self.tainted, node, false),
            Change::PodCreated {
                pod, owner, shape, ..
            } => {
                self.pods.insert(pod, (owner, shape));
            }
            Change::PodBound { pod, node, .. } => {
                self.bound.insert(pod, node);
                self.homes.insert(pod, node);
            }
            Change::PodGone { pod, .. } => {
                self.bound.remove(&pod);
                self.gone.insert(pod);
            }
            _ => {}
        }
    }

    fn open(&self, node: NodeId) -> bool {
        let shut = [&self.unready, &self.cordoned, &self.tainted];
        self.present.contains(&node) && shut.iter().all(|set| !set.contains(&node))
    }

    fn pods_on(&self, node: NodeId) -> Vec<ShapeId> {
        let on = self.bound.iter().filter(|&(_, &on)| on == node);
        on.map(|(pod, _)| self.pods[pod].1).collect()
    }

    fn waiting(&self) -> usize {
        let waits = |pod: &&PodId| !self.homes.contains_key(pod) && !self.gone.contains(pod);
        self.pods.keys().filter(waits).count()
    }

    fn asked(&self, catalog: &Catalog, node: NodeId) -> Resources {
        let mut sum = Resources::NONE;
        for shape in self.pods_on(node) {
            sum += catalog.shapes[shape].requests;
        }
        sum
    }

    pub(super) fn ready_replicas(&self, service: u32) -> Vec<NodeId> {
        let owner = Owner::Service(ServiceId(service));
        let ready = self.ready.iter().filter(|pod| self.pods[pod].0 == owner);
        ready.map(|pod| self.homes[pod]).collect()
    }
}

/// Sums over the seconds of the window.
#[derive(Debug, Default)]
pub(super) struct Sums(BTreeMap<String, f64>);

impl Sums {
    fn add(&mut self, name: impl Into<String>, amount: f64) {
        *self.0.entry(name.into()).or_default() += amount;
    }

    pub(super) fn get(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or(0.0)
    }

    pub(super) fn ratio(&self, over: &str, under: &str) -> Option<f64> {
        (self.get(under) > 0.0).then(|| self.get(over) / self.get(under))
    }
}

pub(super) fn add_nodes(world: &World, state: &State, sums: &mut Sums) {
    let catalog = &world.catalog;
    for (id, spec) in catalog.nodes.iter() {
        let asked = state.asked(catalog, id);
        let (up, provisioned) = (state.up.contains(&id), state.provisioned.contains(&id));
        let mut fullest: f64 = 0.0;
        for resource in [Resource::Cpu, Resource::Memory] {
            let name = resource.name();
            let (all, asked) = (
                spec.allocatable.get(resource) as f64,
                asked.get(resource) as f64,
            );
            if provisioned {
                sums.add(format!("base {name}"), all);
            }
            if up {
                sums.add(format!("bound {name}"), asked);
                fullest = fullest.max(asked / all);
            }
            if state.open(id) {
                sums.add(format!("open base {name}"), all);
                sums.add(format!("open bound {name}"), asked);
            }
        }
        if up {
            sums.add("up", 1.0);
            sums.add(
                "used",
                if state.pods_on(id).is_empty() {
                    0.0
                } else {
                    1.0
                },
            );
        }
        if provisioned {
            let price = spec.price_per_hour.unwrap() / 3600.0;
            sums.add("provisioned", 1.0);
            sums.add("cost", price);
            sums.add("cost idle", price * (1.0 - fullest));
        }
    }
}

pub(super) fn add_waste(world: &World, state: &State, sums: &mut Sums) {
    let catalog = &world.catalog;
    let weight = 1.0 / catalog.shapes.len() as f64;
    let mut useless = [0.0; 2];
    let mut base = [0.0; 2];
    for (id, spec) in catalog
        .nodes
        .iter()
        .filter(|(id, _)| state.provisioned.contains(id))
    {
        base[0] += spec.allocatable.cpu.0 as f64;
        base[1] += spec.allocatable.memory.0 as f64;
        if !state.up.contains(&id) {
            continue;
        }
        let free = spec.allocatable - state.asked(catalog, id);
        let has_place = state.pods_on(id).len() < spec.max_pods as usize;
        let fits = |shape: &Shape| shape.requests.fits(&free) && has_place;
        let shapes = catalog.shapes.as_slice();
        let unfit = shapes.iter().filter(|shape| !fits(shape)).count() as f64 * weight;
        for (place, resource) in [Resource::Cpu, Resource::Memory].into_iter().enumerate() {
            let idle = free.get(resource) as f64;
            useless[place] += idle * unfit;
            let alone = shapes
                .iter()
                .any(|shape| shape.requests.get(resource) <= free.get(resource));
            if alone && !shapes.iter().any(fits) {
                sums.add(format!("stranded {}", resource.name()), idle);
            }
        }
    }
    if base[0] > 0.0 {
        sums.add(
            "fragmented",
            (useless[0] / base[0] + useless[1] / base[1]) / 2.0,
        );
        sums.add("looks with nodes", 1.0);
    }
}

/// Pods of what is lost that first fit, larger dominant share first, finds no room for.
fn unplaced(world: &World, state: &State, lost: impl Fn(NodeId) -> bool) -> usize {
    let catalog = &world.catalog;
    let total = |resource| -> f64 {
        let nodes = catalog.nodes.as_slice().iter();
        nodes
            .map(|node| node.allocatable.get(resource) as f64)
            .sum()
    };
    let (cpu, memory) = (total(Resource::Cpu), total(Resource::Memory));
    let mut pods = Vec::new();
    let mut room: BTreeMap<NodeId, (Resources, usize)> = BTreeMap::new();
    for (id, spec) in catalog.nodes.iter().filter(|(id, _)| state.up.contains(id)) {
        if lost(id) {
            pods.extend(state.pods_on(id));
        } else if state.open(id) {
            let free = spec.allocatable - state.asked(catalog, id);
            room.insert(id, (free, spec.max_pods as usize - state.pods_on(id).len()));
        }
    }
    let share = |shape: &ShapeId| {
        let ask = &catalog.shapes[*shape].requests;
        (ask.cpu.0 as f64 / cpu).max(ask.memory.0 as f64 / memory)
    };
    pods.sort_by(|a, b| share(b).total_cmp(&share(a)).then(a.cmp(b)));
    let mut left = 0;
    for shape in pods {
        let ask = catalog.shapes[shape].requests;
        match room
            .values_mut()
            .find(|(free, pods)| ask.fits(free) && *pods > 0)
        {
            Some((free, pods)) => {
                *free -= ask;
                *pods -= 1;
            }
            None => left += 1,
        }
    }
    left
}

pub(super) fn add_headroom(world: &World, state: &State, sums: &mut Sums) {
    let waiting = state.waiting();
    let on_up = |node: &NodeId| state.up.contains(node);
    if waiting == 0 && !state.bound.values().any(on_up) {
        return;
    }
    sums.add("judged", 1.0);
    let nodes = state
        .up
        .iter()
        .map(|&lost| unplaced(world, state, |node| node == lost));
    let zone = |node: NodeId| world.catalog.nodes[node].zone;
    let zones = [ZoneId(0), ZoneId(1)];
    let zones = zones.map(|lost| unplaced(world, state, |node| zone(node) == lost));
    for (name, worst) in [
        ("node", nodes.max().unwrap_or(0)),
        ("zone", zones[0].max(zones[1])),
    ] {
        let none = |pods: usize| f64::from(u8::from(pods == 0));
        sums.add(format!("displaced {name}"), none(worst));
        let worst = worst + waiting;
        sums.add(format!("headroom {name}"), none(worst));
        sums.add(format!("unplaced {name}"), worst as f64);
    }
}

pub(super) fn add_services(world: &World, state: &State, sums: &mut Sums) {
    for (id, spec) in world.catalog.services.iter() {
        let name = &spec.name;
        let homes = state.ready_replicas(id.0);
        let ready = homes.len() as f64;
        let flow = state.flows.get(&id).copied().unwrap_or_default();
        let needed = (flow.offered / 40.0).ceil();
        sums.add(format!("offered {name}"), flow.offered);
        sums.add(format!("lost {name}"), flow.stale_endpoint);
        let flag = |condition: bool| f64::from(u8::from(condition));
        sums.add(
            format!("enough {name}"),
            flag(homes.len() >= spec.min_available as usize),
        );
        sums.add(
            format!("capable {name}"),
            flag(flow.capacity >= flow.offered),
        );
        sums.add(format!("needed {name}"), needed);
        sums.add(format!("under {name}"), (needed - ready).max(0.0));
        sums.add(format!("over {name}"), (ready - needed).max(0.0));
        let owner = Owner::Service(id);
        let bound = state
            .bound
            .keys()
            .filter(|pod| state.pods[pod].0 == owner)
            .count();
        sums.add(format!("bound {name}"), bound as f64);
        let in_a = homes
            .iter()
            .filter(|node| world.catalog.nodes[**node].zone == ZoneId(0))
            .count();
        let skew = in_a.abs_diff(homes.len() - in_a) as f64;
        let most = sums.0.entry(format!("skew {name}")).or_default();
        *most = most.max(skew);
    }
}
