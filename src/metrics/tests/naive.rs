//! The fold against a naive recomputation: the state of every second rebuilt from all records, and
//! every integral a sum over seconds.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::world::{
    World, catalog, cluster, near, node_in, of_service, part, secs, service, shape,
};
use crate::cluster::catalog::Catalog;
use crate::cluster::change::Change;
use crate::cluster::pod::{Deletion, Exit, Outcome, Owner, Phase};
use crate::ids::{Id, NodeId, PodId, ServiceId, ShapeId, ZoneId};
use crate::metrics::measured::Measured;
use crate::record::{Cause, Flow, Record, Truth};
use crate::units::{Resource, Resources};

/// The window is [WARM_UP, END): 500 s, so that each sample stands for one second.
const WARM_UP: u64 = 20;
const END: u64 = 520;

/// Something that happens, to the n-th of those it can happen to.
#[derive(Clone, Copy, Debug)]
enum Op {
    Job(u32),
    Replica(u32),
    Bind(usize, usize),
    Run(usize),
    Die(usize, Exit),
    Notice(usize),
    Restart(usize),
    Evict(usize, Deletion),
    Fail(usize, bool),
    Recover(usize),
    Believe(usize, u8),
    Release(usize),
    Traffic(u32, u8, u8),
    Scale(u32, u32),
}

fn op() -> impl Strategy<Value = Op> {
    let n = 0..100_usize;
    let exits = [
        Exit::Completed,
        Exit::Crashed,
        Exit::Stopped,
        Exit::OutOfMemory,
    ];
    let deletions = [
        Deletion::ScaledDown,
        Deletion::Drained,
        Deletion::Unreachable,
    ];
    prop_oneof![
        3 => (0..3_u32).prop_map(Op::Job),
        3 => (0..2_u32).prop_map(Op::Replica),
        8 => (n.clone(), n.clone()).prop_map(|(pod, node)| Op::Bind(pod, node)),
        8 => n.clone().prop_map(Op::Run),
        3 => (n.clone(), prop::sample::select(exits.to_vec())).prop_map(|(pod, exit)| Op::Die(pod, exit)),
        3 => n.clone().prop_map(Op::Notice),
        2 => n.clone().prop_map(Op::Restart),
        1 => (n.clone(), prop::sample::select(deletions.to_vec())).prop_map(|(pod, why)| Op::Evict(pod, why)),
        1 => (n.clone(), any::<bool>()).prop_map(|(node, zone)| Op::Fail(node, zone)),
        1 => n.clone().prop_map(Op::Recover),
        2 => (n.clone(), any::<u8>()).prop_map(|(node, change)| Op::Believe(node, change)),
        1 => n.prop_map(Op::Release),
        3 => (0..2_u32, any::<u8>(), any::<u8>()).prop_map(|(service, rate, lost)| Op::Traffic(service, rate, lost)),
        1 => (0..2_u32, 0..5_u32).prop_map(|(service, replicas)| Op::Scale(service, replicas)),
    ]
}

fn small_world() -> World {
    let mut nodes = vec![
        node_in("u", 0),
        node_in("v", 0),
        node_in("w", 1),
        node_in("x", 1),
    ];
    for (price, node) in nodes.iter_mut().enumerate() {
        node.price_per_hour = Some(1.0 + price as f64);
        node.max_pods = 5;
    }
    nodes[3].allocatable.cpu.0 = 8000;
    let shapes = vec![shape(700, 2), shape(1500, 1), shape(300, 3)];
    let services = vec![service("s", 2, 1), service("t", 3, 2)];
    World::new(catalog(nodes, shapes, services))
}

/// The n-th of those, if there are any.
fn nth<T: Copy>(of: impl IntoIterator<Item = T>, n: usize) -> Option<T> {
    let all: Vec<T> = of.into_iter().collect();
    (!all.is_empty()).then(|| all[n % all.len()])
}

/// What only the generator of histories has to know.
#[derive(Default)]
struct Stage {
    running: BTreeSet<PodId>,
    down: BTreeSet<NodeId>,
    released: BTreeSet<NodeId>,
}

impl Stage {
    fn pods(&self, world: &World, wanted: impl Fn(PodId, Phase) -> bool) -> Vec<PodId> {
        let pods = world.belief.pods().iter();
        pods.filter(|(id, pod)| wanted(*id, pod.phase))
            .map(|(id, _)| id)
            .collect()
    }

    fn act(&mut self, world: &mut World, at: f64, op: Op) {
        match op {
            Op::Job(shape) => {
                world.job(at, shape, 50.0);
            }
            Op::Replica(service) => {
                world.replica(at, service);
            }
            Op::Bind(pod, node) => self.bind(world, at, pod, node),
            Op::Run(n) => {
                let starting = |pod| !self.running.contains(&pod);
                if let Some(pod) = nth(world.alive.iter().copied().filter(|&pod| starting(pod)), n)
                {
                    self.running.insert(pod);
                    world.run(at, pod);
                }
            }
            Op::Die(n, exit) => {
                if let Some(pod) = nth(self.running.iter().copied(), n) {
                    self.running.remove(&pod);
                    world.die(at, pod, exit);
                }
            }
            Op::Notice(n) => self.notice(world, at, n),
            Op::Restart(n) => {
                let crashed = self.pods(world, |_, phase| phase == Phase::Crashed);
                let on_up = crashed.into_iter().filter(|&pod| {
                    let node = world.belief.pods()[pod].node.unwrap();
                    !self.down.contains(&node) && !world.alive.contains(&pod)
                });
                if let Some(pod) = nth(on_up, n) {
                    world.order(at, pod);
                }
            }
            Op::Evict(n, deletion) => {
                let bound = self.pods(world, |pod, phase| {
                    !matches!(phase, Phase::Pending | Phase::Gone(_)) && !world.alive.contains(&pod)
                });
                if let Some(pod) = nth(bound, n) {
                    world.delete(at, pod, deletion);
                    world.gone(at, pod, Outcome::Deleted);
                }
            }
            Op::Fail(..) | Op::Recover(_) | Op::Believe(..) | Op::Release(_) => {
                self.nodes(world, at, op);
            }
            Op::Traffic(service, rate, lost) => {
                let offered = f64::from(rate % 4) * 50.0;
                let lost = offered * f64::from(lost % 3) / 4.0;
                let flow = Flow {
                    offered,
                    served: offered - lost,
                    stale_endpoint: lost,
                    capacity: f64::from(rate % 5) * 40.0,
                    per_replica: 40.0,
                    ..Flow::default()
                };
                world.traffic(at, service, flow);
            }
            Op::Scale(service, replicas) => {
                let service = ServiceId(service);
                world.believe(at, Change::ServiceScaled { service, replicas });
            }
        }
    }

    fn bind(&self, world: &mut World, at: f64, n: usize, node: usize) {
        let pending = self.pods(world, |_, phase| phase == Phase::Pending);
        let Some(pod) = nth(pending, n) else { return };
        let fits = world.belief.nodes().ids().filter(|&node| {
            let there = world.belief.nodes()[node].present && !self.down.contains(&node);
            there && world.belief.has_room(world.belief.shape(pod), node)
        });
        if let Some(node) = nth(fits, node) {
            world.bind(at, pod, node.0);
        }
    }

    fn notice(&self, world: &mut World, at: f64, n: usize) {
        let dead = self.pods(world, |pod, phase| {
            matches!(phase, Phase::Starting | Phase::Running) && !world.alive.contains(&pod)
        });
        if let Some(pod) = nth(dead, n) {
            world.notice(at, pod, Exit::Crashed);
            if n.is_multiple_of(2) {
                world.gone(at, pod, Outcome::Failed);
            }
        }
    }

    fn nodes(&mut self, world: &mut World, at: f64, op: Op) {
        let here: Vec<NodeId> = world.catalog.nodes.ids().collect();
        let here = here
            .into_iter()
            .filter(|node| !self.released.contains(node));
        let up = here.clone().filter(|node| !self.down.contains(node));
        match op {
            Op::Fail(n, zone) => {
                let Some(node) = nth(up, n) else { return };
                let cause = match zone {
                    true => Cause::Zone(world.catalog.nodes[node].zone),
                    false => Cause::Node,
                };
                self.down.insert(node);
                world.fail_node(at, node, cause);
                let alive = &world.alive;
                self.running.retain(|pod| alive.contains(pod));
            }
            Op::Recover(n) => {
                let down = self
                    .down
                    .iter()
                    .copied()
                    .filter(|node| !self.released.contains(node));
                if let Some(node) = nth(down, n) {
                    self.down.remove(&node);
                    world.truth(at, Truth::NodeUp(node));
                }
            }
            Op::Believe(n, change) => {
                let present = here.filter(|&node| world.belief.nodes()[node].present);
                let Some(node) = nth(present, n) else { return };
                world.believe(
                    at,
                    match change % 6 {
                        0 => Change::NodeCordoned(node),
                        1 => Change::NodeUncordoned(node),
                        2 => Change::NodeNotReady(node),
                        3 => Change::NodeReady(node),
                        4 => Change::NodeTainted(node),
                        _ => Change::NodeUntainted(node),
                    },
                );
            }
            Op::Release(n) => {
                let empty = here.filter(|&node| world.belief.nodes()[node].pods.is_empty());
                if let Some(node) = nth(empty, n) {
                    self.down.insert(node);
                    self.released.insert(node);
                    world.truth(
                        at,
                        Truth::NodeDown {
                            node,
                            cause: Cause::Trace,
                        },
                    );
                    world.truth(at, Truth::NodeReleased(node));
                    world.believe(at, Change::NodeRemoved(node));
                }
            }
            _ => unreachable!("not about nodes"),
        }
    }
}

/// The state of the world after all records up to a time, rebuilt from nothing.
#[derive(Default)]
struct State {
    provisioned: BTreeSet<NodeId>,
    up: BTreeSet<NodeId>,
    present: BTreeSet<NodeId>,
    unready: BTreeSet<NodeId>,
    cordoned: BTreeSet<NodeId>,
    tainted: BTreeSet<NodeId>,
    pods: BTreeMap<PodId, (Owner, ShapeId)>,
    bound: BTreeMap<PodId, NodeId>,
    homes: BTreeMap<PodId, NodeId>,
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
    fn at(world: &World, second: u64) -> State {
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

    fn asked(&self, catalog: &Catalog, node: NodeId) -> Resources {
        let mut sum = Resources::NONE;
        for shape in self.pods_on(node) {
            sum += catalog.shapes[shape].requests;
        }
        sum
    }

    fn ready_replicas(&self, service: u32) -> Vec<NodeId> {
        let owner = Owner::Service(ServiceId(service));
        let ready = self.ready.iter().filter(|pod| self.pods[pod].0 == owner);
        ready.map(|pod| self.homes[pod]).collect()
    }
}

/// Sums over the seconds of the window.
#[derive(Debug, Default)]
struct Sums(BTreeMap<String, f64>);

impl Sums {
    fn add(&mut self, name: impl Into<String>, amount: f64) {
        *self.0.entry(name.into()).or_default() += amount;
    }

    fn get(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or(0.0)
    }

    fn ratio(&self, over: &str, under: &str) -> Option<f64> {
        (self.get(under) > 0.0).then(|| self.get(over) / self.get(under))
    }
}

fn add_nodes(world: &World, state: &State, sums: &mut Sums) {
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

fn add_waste(world: &World, state: &State, sums: &mut Sums) {
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
        let fits = |shape: &crate::cluster::catalog::Shape| shape.requests.fits(&free) && has_place;
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

fn add_headroom(world: &World, state: &State, sums: &mut Sums) {
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
        sums.add(format!("headroom {name}"), f64::from(u8::from(worst == 0)));
        sums.add(format!("unplaced {name}"), worst as f64);
    }
}

fn add_services(world: &World, state: &State, sums: &mut Sums) {
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

/// Outages of one service as runs of seconds: (begin, end if it has one).
fn outages(down: &[bool]) -> Vec<(u64, Option<u64>)> {
    let mut found = Vec::new();
    let mut since = None;
    for (second, &down) in down.iter().enumerate() {
        match (since, down) {
            (None, true) => since = Some(second as u64),
            (Some(begin), false) => {
                found.push((begin, Some(second as u64)));
                since = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }
    found.extend(since.map(|begin| (begin, None)));
    found
}

fn compare(world: &World, measured: &Measured) {
    let mut sums = Sums::default();
    let mut down = vec![Vec::new(); 2];
    for second in 0..END {
        let state = State::at(world, second);
        for (id, spec) in world.catalog.services.iter() {
            let ready = state.ready_replicas(id.0).len();
            down[id.index()].push(ready < spec.min_available as usize);
        }
        if second >= WARM_UP {
            add_nodes(world, &state, &mut sums);
            add_waste(world, &state, &mut sums);
            add_headroom(world, &state, &mut sums);
            add_services(world, &state, &mut sums);
        }
    }
    let length = (END - WARM_UP) as f64;
    for resource in ["cpu", "memory"] {
        let base = format!("base {resource}");
        let expected = [
            ("allocated", sums.ratio(&format!("bound {resource}"), &base)),
            (
                "stranded",
                sums.ratio(&format!("stranded {resource}"), &base),
            ),
            (
                "allocated.schedulable",
                sums.ratio(
                    &format!("open bound {resource}"),
                    &format!("open base {resource}"),
                ),
            ),
        ];
        for (name, value) in expected {
            let name = format!("{name}.{resource}");
            near(cluster(measured, &name), value, &name);
        }
    }
    let all = [
        ("nodes.up", Some(sums.get("up") / length)),
        ("nodes.used", Some(sums.get("used") / length)),
        ("node_hours", Some(sums.get("provisioned") / 3600.0)),
        (
            "cost",
            (sums.get("provisioned") > 0.0).then(|| sums.get("cost")),
        ),
        (
            "cost.idle",
            (sums.get("provisioned") > 0.0).then(|| sums.get("cost idle")),
        ),
        (
            "fragmentation",
            sums.ratio("fragmented", "looks with nodes"),
        ),
        ("headroom.node", Some(sums.get("headroom node") / length)),
        (
            "headroom.node.unplaced",
            Some(sums.get("unplaced node") / length),
        ),
        ("headroom.zone", Some(sums.get("headroom zone") / length)),
        (
            "headroom.zone.unplaced",
            Some(sums.get("unplaced zone") / length),
        ),
    ];
    for (name, value) in all {
        near(cluster(measured, name), value, name);
    }
    for (id, spec) in world.catalog.services.iter() {
        compare_service(measured, &spec.name, &sums, &outages(&down[id.index()]));
    }
}

fn compare_service(measured: &Measured, name: &str, sums: &Sums, outages: &[(u64, Option<u64>)]) {
    let length = (END - WARM_UP) as f64;
    let sum = |what: &str| sums.get(&format!("{what} {name}"));
    let ratio =
        |over: &str, under: &str| sums.ratio(&format!("{over} {name}"), &format!("{under} {name}"));
    let begun: Vec<_> = outages
        .iter()
        .filter(|&&(begin, _)| begin > WARM_UP)
        .collect();
    let lengths: Vec<u64> = begun
        .iter()
        .filter_map(|&&(begin, end)| end.map(|end| end - begin))
        .collect();
    let recover = lengths.iter().sum::<u64>() as f64 / lengths.len() as f64;
    let expected = [
        ("availability.time", Some(sum("enough") / length)),
        ("requests.lost", ratio("lost", "offered")),
        (
            "availability.requests",
            ratio("lost", "offered").map(|lost| 1.0 - lost),
        ),
        (
            "availability.capacity",
            (sum("offered") > 0.0).then(|| sum("capable") / length),
        ),
        ("scaling.under", ratio("under", "needed")),
        ("scaling.over", ratio("over", "needed")),
        ("replica_hours", Some(sum("bound") / 3600.0)),
        ("zone_skew.max", Some(sum("skew"))),
        ("outages", Some(begun.len() as f64)),
        (
            "outage.time_to_recover",
            (!lengths.is_empty()).then_some(recover),
        ),
    ];
    for (metric, value) in expected {
        near(
            of_service(measured, metric, name),
            value,
            &format!("{metric} of {name}"),
        );
    }
}

fn history(ops: &[(u64, Op)]) -> World {
    let mut world = small_world();
    let mut stage = Stage::default();
    let mut now = 0;
    for &(pause, op) in ops {
        now += pause;
        if now >= END {
            break;
        }
        stage.act(&mut world, now as f64, op);
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_fold_equals_a_naive_recomputation(
        ops in prop::collection::vec((prop_oneof![Just(0_u64), 1..15_u64], op()), 0..150),
    ) {
        let world = history(&ops);
        compare(&world, &world.measure(WARM_UP as f64, END as f64));
    }

    #[test]
    fn pods_are_counted_as_in_belief(
        ops in prop::collection::vec((prop_oneof![Just(0_u64), 1..15_u64], op()), 0..150),
    ) {
        let world = history(&ops);
        let measured = world.measure(WARM_UP as f64, END as f64);
        world.belief.check();
        let rows: Vec<_> = measured.pods.iter().collect();
        for (row, (id, pod)) in rows.iter().zip(world.belief.pods().iter()) {
            let ended = match pod.phase {
                Phase::Gone(outcome) => Some(outcome),
                _ => None,
            };
            prop_assert_eq!((row.pod, row.owner, row.node, row.outcome), (id, pod.owner, pod.node, ended));
            prop_assert_eq!(row.restarts, pod.incarnation.saturating_sub(1));
            prop_assert_eq!((row.created, row.bound.is_some()), (pod.created, pod.node.is_some()));
        }
        prop_assert_eq!(rows.len(), world.belief.pods().len());
        let counted = rows.iter().filter(|row| row.created >= secs(WARM_UP as f64));
        let never = counted.filter(|row| row.bound.is_none()).count() as f64;
        prop_assert_eq!(cluster(&measured, "pending.never"), Some(never));
        prop_assert_eq!(measured.accounting.truth.total(), measured.accounting.arrived());
        prop_assert_eq!(measured.accounting.belief.total(), measured.accounting.arrived());
        let evicted = |cause| part(&measured, "evictions", cause).unwrap();
        let all = evicted("drained") + evicted("unreachable") + evicted("node removed");
        prop_assert_eq!(cluster(&measured, "evictions"), Some(all));
    }
}
