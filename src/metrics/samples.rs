//! What takes a look at all nodes, sampled in the middle of each cell: stranded and fragmented
//! capacity, packing, balance, the largest pod, pods per node.

use std::sync::Arc;

use super::measured::Entity;
use super::mix::Mix;
use super::nodes::{Node, Nodes, Pool, level};
use super::output::Output;
use super::waste::{Left, Waste};
use crate::cluster::catalog::{Catalog, NodeSpec};
use crate::ids::{Arena, GroupId, NodeId, ZoneId};
use crate::units::{Resource, WHOLE_GPU};

/// What one look at the nodes of a pool adds up to.
#[derive(Clone, Copy, Debug, Default)]
struct Look {
    stranded: [f64; 3],
    unusable: [f64; 3],
    idle: [f64; 3],
}

/// What a look at one node gives, kept until the node changes.
#[derive(Clone, Copy, Debug)]
struct Seen {
    look: Look,
    /// Allocated share of each resource; absent where it has none.
    share: [Option<f64>; 3],
    /// How many times the mean of the mix fits at once.
    times: f64,
    pods: u32,
    up: bool,
    group: GroupId,
    zone: ZoneId,
}

/// Sums over the looks of a run, and what each look gave.
#[derive(Clone, Debug, Default)]
struct Sums {
    /// Parts of `stranded.<r>`.
    stranded: [[f64; 2]; 3],
    /// Fragmented and idle shares, and their base.
    fragmented: f64,
    idle: f64,
    base: f64,
    /// Shares by cell, for the time series: stranded by resource, fragmentation.
    cells: Vec<[Option<f64>; 4]>,
}

/// All samples of a run.
#[derive(Debug)]
pub(super) struct Samples {
    mix: Arc<Mix>,
    has_gpus: bool,
    seen: Arena<NodeId, Seen>,
    cluster: Sums,
    groups: Arena<GroupId, Sums>,
    zones: Arena<ZoneId, Sums>,
    /// By resource: sum of the coefficients of variation, and looks that had one.
    balance: [[f64; 2]; 3],
    largest: Largest,
    /// Fewest nodes that could hold what is bound, and nodes that do.
    packing: [f64; 2],
    /// Nodes by allocatable, most first, for each resource.
    by_allocatable: [Vec<NodeId>; 3],
    /// How often a node held that many pods.
    pods_per_node: Vec<u64>,
}

/// The largest pod that could be placed, as a multiple of the mean of the mix.
#[derive(Clone, Copy, Debug)]
struct Largest {
    sum: f64,
    least: f64,
    looks: f64,
}

/// Mean and spread of the allocated share over nodes, by its differences to the first node's, so
/// that equal shares have no spread at all.
#[derive(Clone, Copy, Debug, Default)]
struct Spread {
    nodes: f64,
    first: f64,
    sum: f64,
    squares: f64,
}

impl Samples {
    /// Nothing yet.
    pub(super) fn new(catalog: &Catalog, mix: Arc<Mix>) -> Samples {
        let by_allocatable = Resource::ALL.map(|resource| {
            let mut nodes: Vec<NodeId> = catalog.nodes.ids().collect();
            let all = |node: &NodeId| catalog.nodes[*node].allocatable.get(resource);
            nodes.sort_by_key(|node| std::cmp::Reverse(all(node)));
            nodes
        });
        let several = |count: usize| if count > 1 { count } else { 0 };
        Samples {
            mix,
            has_gpus: catalog.has_gpus(),
            seen: catalog.nodes.as_slice().iter().map(Seen::nothing).collect(),
            cluster: Sums::default(),
            groups: Arena::filled(Sums::default(), several(catalog.groups.len())),
            zones: Arena::filled(Sums::default(), several(catalog.zones.len())),
            balance: [[0.0; 2]; 3],
            largest: Largest {
                sum: 0.0,
                least: f64::INFINITY,
                looks: 0.0,
            },
            packing: [0.0; 2],
            by_allocatable,
            pods_per_node: Vec::new(),
        }
    }

    /// What the looks judge by.
    pub(super) fn mix(&self) -> Arc<Mix> {
        Arc::clone(&self.mix)
    }

    /// One look at all nodes.
    pub(super) fn sample(&mut self, nodes: &mut Nodes) {
        for id in nodes.take_stale() {
            self.seen[id] = self.see(nodes, id);
        }
        let mut groups = Arena::filled(Look::default(), self.groups.len());
        let mut zones = Arena::filled(Look::default(), self.zones.len());
        let mut cluster = Look::default();
        let mut spreads = [Spread::default(); 3];
        let mut largest: f64 = 0.0;
        for seen in self.seen.as_slice().iter().filter(|seen| seen.up) {
            cluster.add(&seen.look);
            if !groups.is_empty() {
                groups[seen.group].add(&seen.look);
            }
            if !zones.is_empty() {
                zones[seen.zone].add(&seen.look);
            }
            for (spread, share) in spreads.iter_mut().zip(seen.share) {
                share.into_iter().for_each(|share| spread.add(share));
            }
            largest = largest.max(seen.times);
            count(&mut self.pods_per_node, seen.pods as usize);
        }
        self.cluster.add(&cluster, nodes.cluster(), self.has_gpus);
        for ((_, sums), (id, look)) in self.groups.iter_mut().zip(groups.iter()) {
            sums.add(look, &nodes.groups()[id], self.has_gpus);
        }
        for ((_, sums), (id, look)) in self.zones.iter_mut().zip(zones.iter()) {
            sums.add(look, &nodes.zones()[id], self.has_gpus);
        }
        for (sums, spread) in self.balance.iter_mut().zip(spreads) {
            if let Some(variation) = spread.variation() {
                sums[0] += variation;
                sums[1] += 1.0;
            }
        }
        self.largest.add(largest);
        self.packing[0] += self.fewest_nodes(nodes);
        self.packing[1] += nodes.cluster().level(level::HOLDING);
    }

    fn see(&self, nodes: &Nodes, id: NodeId) -> Seen {
        let node = &nodes.all()[id];
        let spec = &nodes.catalog.nodes[id];
        let pods = node.pods.len() as u32;
        let free = nodes.free(id);
        let left = Left {
            spec,
            free,
            gpus: node.gpus,
            pods: spec.max_pods.saturating_sub(pods),
        };
        let Waste { stranded, unusable } = Waste::of(&left, &self.mix);
        let idle = Resource::ALL.map(|resource| free.get(resource) as f64);
        let share = Resource::ALL.map(|resource| {
            let all = spec.allocatable.get(resource);
            (all > 0).then(|| node.bound.get(resource) as f64 / all as f64)
        });
        Seen {
            look: Look {
                stranded,
                unusable,
                idle,
            },
            share,
            times: self.largest_on(node, spec, &idle),
            pods,
            up: node.up,
            group: spec.group,
            zone: spec.zone,
        }
    }

    /// How many times the mean of the mix fits on a node at once.
    fn largest_on(&self, node: &Node, spec: &NodeSpec, idle: &[f64; 3]) -> f64 {
        if !node.takes_pods() || node.pods.len() >= spec.max_pods as usize {
            return 0.0;
        }
        let left = node.gpus.left();
        let whole = left.iter().filter(|&&left| left == WHOLE_GPU).count() as f64;
        // A pod has a part of one device, or several whole ones.
        let device = f64::from(left.iter().copied().max().unwrap_or(0));
        let room = [idle[0], idle[1], device.max(whole * f64::from(WHOLE_GPU))];
        let times = self
            .mix
            .mean
            .iter()
            .zip(room)
            .filter(|&(&ask, _)| ask > 0.0);
        times
            .map(|(ask, room)| room / ask)
            .fold(f64::INFINITY, f64::min)
    }

    /// A lower bound on the nodes that are needed for what is bound: for each resource the fewest of
    /// the nodes that are up, largest first, that offer as much.
    fn fewest_nodes(&self, nodes: &Nodes) -> f64 {
        let mut most = 0;
        for (place, resource) in Resource::ALL.into_iter().enumerate() {
            let mut left = nodes.cluster().level(level::BOUND + place);
            let up = self.by_allocatable[place]
                .iter()
                .filter(|id| nodes.all()[**id].up);
            let needed = up.take_while(|id| {
                let needed = left > 0.0;
                left -= nodes.catalog.nodes[**id].allocatable.get(resource) as f64;
                needed
            });
            most = most.max(needed.count());
        }
        most as f64
    }

    /// All values.
    pub(super) fn values(&self, catalog: &Catalog, out: &mut Output) {
        self.pool_values(&self.cluster, &|| Entity::Cluster, out);
        for (id, sums) in self.groups.iter() {
            self.pool_values(sums, &|| Entity::Group(catalog.groups[id].clone()), out);
        }
        out.ratio("packing", Entity::Cluster, self.packing[0], self.packing[1]);
        for (place, resource) in self.resources() {
            let [sum, looks] = self.balance[place];
            let name = format!("balance.cov.{}", resource.name());
            out.ratio(&name, Entity::Cluster, sum, looks);
            let ask = self.mix.mean[place] / unit(resource);
            if ask > 0.0 {
                let name = format!("largest_pod.{}", resource.name());
                let Largest { sum, least, looks } = self.largest;
                out.number(&name, Entity::Cluster, ask * sum / looks);
                out.number(&format!("{name}.min"), Entity::Cluster, ask * least);
            }
        }
        let pods = self
            .pods_per_node
            .iter()
            .enumerate()
            .filter(|&(_, &count)| count > 0);
        let pods = pods.map(|(pods, &count)| (pods as f64, count)).collect();
        out.percentile("pods_per_node.p99", Entity::Cluster, 0.99, &pods);
    }

    fn resources(&self) -> impl Iterator<Item = (usize, Resource)> + use<> {
        let has_gpus = self.has_gpus;
        let all = Resource::ALL.into_iter().enumerate();
        all.filter(move |&(_, resource)| has_gpus || resource != Resource::Gpu)
    }

    fn pool_values(&self, sums: &Sums, entity: &impl Fn() -> Entity, out: &mut Output) {
        if self.mix.parts.is_empty() {
            return;
        }
        for (place, resource) in self.resources() {
            let [over, under] = sums.stranded[place];
            out.ratio(
                &format!("stranded.{}", resource.name()),
                entity(),
                over,
                under,
            );
        }
        out.ratio("fragmentation", entity(), sums.fragmented, sums.base);
        out.ratio(
            "fragmentation.of_idle",
            entity(),
            sums.fragmented,
            sums.idle,
        );
    }

    /// Time series of the cluster, groups and zones.
    pub(super) fn series(&self, catalog: &Catalog, out: &mut Output) {
        if self.mix.parts.is_empty() {
            return;
        }
        let groups = self.groups.iter();
        let groups = groups.map(|(id, sums)| (Entity::Group(catalog.groups[id].clone()), sums));
        let zones = self.zones.iter();
        let zones = zones.map(|(id, sums)| (Entity::Zone(catalog.zones[id].clone()), sums));
        let all = std::iter::once((Entity::Cluster, &self.cluster))
            .chain(groups)
            .chain(zones);
        for (entity, sums) in all {
            for (place, resource) in self.resources() {
                let name = format!("stranded.{}", resource.name());
                out.series(entity.clone(), &name, "ratio", |cell| {
                    sums.cells[cell][place]
                });
            }
            out.series(entity, "fragmentation", "ratio", |cell| sums.cells[cell][3]);
        }
    }
}

/// Counts one more of that number.
fn count(counts: &mut Vec<u64>, number: usize) {
    if number >= counts.len() {
        counts.resize(number + 1, 0);
    }
    counts[number] += 1;
}

/// How much of a resource's own unit the unit of its metrics is: cores, bytes, GPUs.
const fn unit(resource: Resource) -> f64 {
    match resource {
        Resource::Cpu | Resource::Gpu => 1000.0,
        Resource::Memory => 1.0,
    }
}

impl Seen {
    const fn nothing(spec: &NodeSpec) -> Seen {
        Seen {
            look: Look {
                stranded: [0.0; 3],
                unusable: [0.0; 3],
                idle: [0.0; 3],
            },
            share: [None; 3],
            times: 0.0,
            pods: 0,
            up: false,
            group: spec.group,
            zone: spec.zone,
        }
    }
}

impl Look {
    fn add(&mut self, other: &Look) {
        for place in 0..3 {
            self.stranded[place] += other.stranded[place];
            self.unusable[place] += other.unusable[place];
            self.idle[place] += other.idle[place];
        }
    }
}

impl Sums {
    /// Adds one look at a pool.
    fn add(&mut self, look: &Look, pool: &Pool, has_gpus: bool) {
        let base = [0, 1, 2].map(|place| pool.level(level::BASE + place));
        let share = |part: f64, base: f64| (base > 0.0).then(|| part / base);
        for ((sums, stranded), base) in self.stranded.iter_mut().zip(look.stranded).zip(base) {
            sums[0] += stranded;
            sums[1] += base;
        }
        let (fragmented, idle, total) = if has_gpus {
            (look.unusable[2], look.idle[2], base[2])
        } else {
            let mean = |parts: &[f64; 3]| {
                let shares = [0, 1].map(|place| share(parts[place], base[place]).unwrap_or(0.0));
                (shares[0] + shares[1]) / 2.0
            };
            let total = if base[0] > 0.0 && base[1] > 0.0 {
                1.0
            } else {
                0.0
            };
            (mean(&look.unusable), mean(&look.idle), total)
        };
        self.fragmented += fragmented;
        self.idle += idle;
        self.base += total;
        let stranded = [0, 1, 2].map(|place| share(look.stranded[place], base[place]));
        self.cells.push([
            stranded[0],
            stranded[1],
            stranded[2],
            share(fragmented, total),
        ]);
    }
}

impl Largest {
    fn add(&mut self, times: f64) {
        self.sum += times;
        self.least = self.least.min(times);
        self.looks += 1.0;
    }
}

impl Spread {
    fn add(&mut self, share: f64) {
        if self.nodes == 0.0 {
            self.first = share;
        }
        let difference = share - self.first;
        self.nodes += 1.0;
        self.sum += difference;
        self.squares += difference * difference;
    }

    /// Standard deviation over mean; absent when nothing is allocated.
    fn variation(self) -> Option<f64> {
        let offset = self.sum / self.nodes;
        let variance = (self.squares / self.nodes - offset * offset).max(0.0);
        let mean = self.first + offset;
        (self.nodes > 0.0 && mean > 0.0).then(|| variance.sqrt() / mean)
    }
}
