//! Headroom: whether everything would fit again after losing the worst node, or the worst zone. Pods
//! that wait do not fit.
//!
//! Pods are placed anew by first fit, larger shapes first, so that "does not fit" is no proof, but
//! what fits does fit.

use super::measured::Entity;
use super::nodes::{Nodes, level};
use super::output::Output;
use super::services::Services;
use super::window::CELLS;
use crate::cluster::catalog::Shape;
use crate::cluster::gpu::Gpus;
use crate::ids::{GpuModelId, Id, NodeId, ShapeId, ZoneId};
use crate::units::Resources;

/// Nodes and blocks that may be looked at for headroom in one run, per node of the catalogue. With
/// 1,000 nodes that is about 15 ms.
const LOOKS_PER_NODE: u64 = 2_000;

/// The same for small clusters.
const LOOKS_LEAST: u64 = 2_000_000;

/// Nodes of one block, which is skipped as a whole when it has no room.
const BLOCK: usize = 32;

/// What losing the worst node, or the worst zone, would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Loss {
    /// Pods that would not fit again.
    pub(super) unplaced: u64,
    /// Services that would fall below `min_available` at once.
    pub(super) services: u32,
}

/// Headroom over the samples of a run.
#[derive(Debug)]
pub(super) struct Headroom {
    /// All shapes, larger first.
    by_size: Vec<ShapeId>,
    looks: u64,
    allowed: u64,
    samples: u64,
    /// Samples with any pod.
    judged: u64,
    /// Samples for which the nodes were looked at.
    looked: u64,
    last: [Loss; 2],
    sums: [Sums; 2],
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    /// No pod would be without a node.
    fits: u64,
    /// The pods of what is lost would fit, whatever else waits.
    displaced: u64,
    unplaced: u64,
    services: u64,
}

/// Room on the nodes that take pods, to be filled and restored.
#[derive(Debug)]
struct Room<'a> {
    places: Vec<Place>,
    blocks: Vec<Most>,
    changed: Vec<(usize, Place)>,
    changed_blocks: Vec<(usize, Most)>,
    shapes: &'a [Shape],
    looks: u64,
}

/// Room on one node.
#[derive(Clone, Copy, Debug)]
struct Place {
    node: NodeId,
    zone: ZoneId,
    free: Resources,
    pods: u32,
    gpus: Gpus,
    model: Option<GpuModelId>,
}

/// At least the room of every node of a block.
#[derive(Clone, Copy, Debug)]
struct Most {
    free: Resources,
    pods: u32,
    /// Thousandths left of one device.
    device: u16,
}

/// What is lost.
#[derive(Clone, Copy, Debug)]
enum Lost {
    Node(NodeId),
    Zone(ZoneId),
}

impl Headroom {
    /// Nothing yet; `by_size` are all shapes, larger first.
    pub(super) fn new(nodes: usize, by_size: &[ShapeId]) -> Headroom {
        Headroom {
            by_size: by_size.to_vec(),
            looks: 0,
            allowed: (LOOKS_PER_NODE * nodes as u64).max(LOOKS_LEAST),
            samples: 0,
            judged: 0,
            looked: 0,
            last: [Loss::default(); 2],
            sums: [Sums::default(); 2],
        }
    }

    /// One sample, while so many pods wait for a node. Where the run has looked at more than its share
    /// by now, the last one holds on.
    pub(super) fn sample(&mut self, nodes: &Nodes, services: &Services, waiting: u64) {
        if self.looks <= self.allowed / CELLS * self.samples {
            self.last = self.look(nodes, services);
            self.looked += 1;
        }
        self.samples += 1;
        // Without any pod that waits or could be lost there is nothing that could fit or not.
        if waiting == 0 && nodes.cluster().level(level::HOLDING) == 0.0 {
            return;
        }
        self.judged += 1;
        for (sums, loss) in self.sums.iter_mut().zip(self.last) {
            let unplaced = loss.unplaced + waiting;
            sums.fits += u64::from(unplaced == 0);
            sums.displaced += u64::from(loss.unplaced == 0);
            sums.unplaced += unplaced;
            sums.services += u64::from(loss.services);
        }
    }

    fn look(&mut self, nodes: &Nodes, services: &Services) -> [Loss; 2] {
        let mut room = Room::of(nodes);
        let node = self.worst_node(nodes, &mut room);
        let zone = self.worst_zone(nodes, services.zones(), &mut room);
        self.looks += room.looks;
        let endangered = services.endangered();
        [
            Loss {
                unplaced: node,
                services: endangered.0,
            },
            Loss {
                unplaced: zone,
                services: endangered.1,
            },
        ]
    }

    fn worst_node(&mut self, nodes: &Nodes, room: &mut Room) -> u64 {
        let roomiest = room.roomiest();
        let mut worst = 0;
        for (id, node) in nodes.all().iter().filter(|(_, node)| node.up) {
            self.looks += 1;
            let takes_all = |place: &Place| {
                place.node != id
                    && node.bound.gpu.0 == 0
                    && node.bound.fits(&place.free)
                    && node.pods.len() <= place.pods as usize
            };
            // A node with no more pods than the worst has unplaced cannot be worse.
            if node.pods.len() as u64 <= worst || roomiest.iter().any(takes_all) {
                continue;
            }
            let alike = node.pods.chunk_by(|a, b| a.0 == b.0);
            let alike = alike.map(|same| (same[0].0, same.len() as u64));
            worst = worst.max(room.unplaced(Lost::Node(id), alike, &self.by_size));
        }
        worst
    }

    fn worst_zone(&mut self, nodes: &Nodes, zones: &[ZoneId], room: &mut Room) -> u64 {
        if zones.len() < 2 {
            return 0;
        }
        let shapes = self.by_size.len();
        let mut counts = vec![0; shapes * nodes.catalog.zones.len()];
        for (id, node) in nodes.all().iter().filter(|(_, node)| node.up) {
            let zone = nodes.catalog.nodes[id].zone.index();
            for &(rank, _) in &node.pods {
                counts[zone * shapes + rank as usize] += 1;
            }
            self.looks += node.pods.len() as u64;
        }
        let unplaced = zones.iter().map(|&zone| {
            let counts = counts[zone.index() * shapes..][..shapes].iter();
            let alike = counts.enumerate().filter(|&(_, &count)| count > 0);
            let alike = alike.map(|(rank, &count)| (rank as u32, count));
            room.unplaced(Lost::Zone(zone), alike, &self.by_size)
        });
        unplaced.max().unwrap_or(0)
    }

    /// All values of headroom; zones count where there are several.
    pub(super) fn values(&self, zones: usize, out: &mut Output) {
        let judged = self.judged as f64;
        out.number("headroom.samples", Entity::Cluster, self.looked as f64);
        let kinds = if zones > 1 {
            &["node", "zone"][..]
        } else {
            &["node"]
        };
        for (kind, sums) in kinds.iter().zip(&self.sums) {
            out.ratio(
                &format!("headroom.{kind}"),
                Entity::Cluster,
                sums.fits as f64,
                judged,
            );
            let means = [
                ("displaced", sums.displaced),
                ("unplaced", sums.unplaced),
                ("services", sums.services),
            ];
            for (what, sum) in means {
                let name = format!("headroom.{kind}.{what}");
                out.ratio(&name, Entity::Cluster, sum as f64, judged);
            }
        }
    }
}

impl<'a> Room<'a> {
    /// The room on all nodes that are up and take pods.
    fn of(nodes: &'a Nodes) -> Room<'a> {
        let open = nodes
            .all()
            .iter()
            .filter(|(_, node)| node.up && node.takes_pods());
        let places: Vec<Place> = open
            .map(|(id, node)| {
                let spec = &nodes.catalog.nodes[id];
                Place {
                    node: id,
                    zone: spec.zone,
                    free: nodes.free(id),
                    pods: spec.max_pods.saturating_sub(node.pods.len() as u32),
                    gpus: node.gpus,
                    model: spec.gpu_model,
                }
            })
            .collect();
        let blocks = places.chunks(BLOCK).map(Most::of).collect();
        Room {
            looks: places.len() as u64,
            places,
            blocks,
            changed: Vec::new(),
            changed_blocks: Vec::new(),
            shapes: nodes.catalog.shapes.as_slice(),
        }
    }

    /// The two nodes with most CPU and memory left: what fits whole on one of them needs no search.
    fn roomiest(&self) -> Vec<Place> {
        let room = |place: &&Place| (place.free.cpu, place.free.memory);
        let first = self.places.iter().max_by_key(room);
        let others = self
            .places
            .iter()
            .filter(|place| Some(place.node) != first.map(|p| p.node));
        first
            .into_iter()
            .chain(others.max_by_key(room))
            .copied()
            .collect()
    }

    /// How many pods of what is lost find no room; (place by size, count) larger first. The room is
    /// as before afterwards.
    fn unplaced(
        &mut self,
        lost: Lost,
        alike: impl Iterator<Item = (u32, u64)>,
        by_size: &[ShapeId],
    ) -> u64 {
        let mut unplaced = 0;
        for (rank, count) in alike {
            unplaced += count - self.place(by_size[rank as usize], count, lost);
        }
        for (index, place) in self.changed.drain(..).rev() {
            self.places[index] = place;
        }
        for (index, block) in self.changed_blocks.drain(..).rev() {
            self.blocks[index] = block;
        }
        unplaced
    }

    /// Places up to `count` pods of a shape outside what is lost; tells how many.
    fn place(&mut self, shape: ShapeId, count: u64, lost: Lost) -> u64 {
        let shape = &self.shapes[shape.index()];
        let mut left = count;
        for index in 0..self.blocks.len() {
            self.looks += 1;
            if !self.blocks[index].may_take(shape) {
                continue;
            }
            let begin = index * BLOCK;
            let end = (begin + BLOCK).min(self.places.len());
            for at in begin..end {
                self.looks += 1;
                let place = &mut self.places[at];
                if !place.may_take(shape) || place.is_lost(lost) {
                    continue;
                }
                self.changed.push((at, *place));
                left -= place.take(shape, left);
                if left == 0 {
                    return count;
                }
            }
            self.changed_blocks.push((index, self.blocks[index]));
            self.blocks[index] = Most::of(&self.places[begin..end]);
        }
        count - left
    }
}

impl Place {
    fn is_lost(&self, lost: Lost) -> bool {
        match lost {
            Lost::Node(node) => self.node == node,
            Lost::Zone(zone) => self.zone == zone,
        }
    }

    /// Whether a pod of the shape fits, as far as GPUs are not looked at.
    fn may_take(&self, shape: &Shape) -> bool {
        self.pods > 0 && shape.requests.fits(&self.free)
    }

    /// Takes up to `count` pods of a shape; tells how many.
    fn take(&mut self, shape: &Shape, count: u64) -> u64 {
        let ask = &shape.requests;
        let times = |free: u64, ask: u64| free.checked_div(ask).unwrap_or(u64::MAX);
        let mut taken = count
            .min(u64::from(self.pods))
            .min(times(self.free.cpu.0, ask.cpu.0))
            .min(times(self.free.memory.0, ask.memory.0));
        if shape.gpus.count > 0 {
            let allowed = shape.gpus.models.allow(self.model);
            let most = if allowed { taken } else { 0 };
            taken = 0;
            while taken < most
                && let Some(devices) = self.gpus.choose(shape.gpus)
            {
                self.gpus.take(devices, shape.gpus.milli);
                taken += 1;
            }
        }
        self.free.cpu.0 -= ask.cpu.0 * taken;
        self.free.memory.0 -= ask.memory.0 * taken;
        self.free.gpu.0 -= ask.gpu.0 * taken;
        self.pods -= taken as u32;
        taken
    }
}

impl Most {
    fn of(places: &[Place]) -> Most {
        let mut most = Most {
            free: Resources::NONE,
            pods: 0,
            device: 0,
        };
        for place in places {
            most.free.cpu = most.free.cpu.max(place.free.cpu);
            most.free.memory = most.free.memory.max(place.free.memory);
            most.free.gpu = most.free.gpu.max(place.free.gpu);
            most.pods = most.pods.max(place.pods);
            let device = place.gpus.left().iter().copied().max().unwrap_or(0);
            most.device = most.device.max(device);
        }
        most
    }

    fn may_take(&self, shape: &Shape) -> bool {
        self.pods > 0 && shape.requests.fits(&self.free) && shape.gpus.milli <= self.device
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::cluster::gpu::GpuSet;
    use crate::ids::{Arena, PodId};
    use crate::metrics::fold::Options;
    use crate::metrics::mix::Mix;
    use crate::metrics::nodes::{Believed, Binding};
    use crate::metrics::tests::world::{catalog, gpu_node, gpu_shape, shape};
    use crate::metrics::window::Window;
    use crate::time::Time;

    /// Several blocks of nodes in three zones, every third one with GPUs, all up and open.
    fn nodes(count: u32) -> (Nodes, Services, Mix) {
        let spec = |n: u32| {
            let gpus = if n.is_multiple_of(3) { 2 } else { 0 };
            let mut spec = gpu_node(&format!("n{n}"), gpus);
            spec.zone = ZoneId(n % 3);
            spec.max_pods = 4;
            spec
        };
        let shapes = vec![
            shape(2500, 1),
            shape(700, 5),
            gpu_shape(300, 1, 600),
            shape(400, 1),
        ];
        let mut catalog = catalog((0..count).map(spec).collect(), shapes, vec![]);
        catalog.pods = Arena::filled(1.0, 4);
        let catalog = Arc::new(catalog);
        let mix = Mix::new(&catalog);
        let mut nodes = Nodes::new(Arc::clone(&catalog), mix.rank.clone(), Options::default());
        for node in catalog.nodes.ids() {
            nodes.up(Time::ZERO, node, true);
            nodes.believed(Time::ZERO, node, Believed::Added);
        }
        let window = Window {
            from: Time::ZERO,
            to: Time::from_secs(1),
        };
        (nodes, Services::new(window, catalog), mix)
    }

    fn has_room(nodes: &Nodes, node: NodeId, shape: &Shape) -> bool {
        let state = &nodes.all()[node];
        let gpus = shape.gpus.count == 0 || state.gpus.fit(shape.gpus);
        state.pods.len() < 4 && shape.requests.fits(&nodes.free(node)) && gpus
    }

    fn bind(nodes: &mut Nodes, pod: PodId, node: NodeId, id: ShapeId) {
        let shape = &nodes.catalog.shapes[id];
        let gpus = match shape.gpus.count {
            0 => GpuSet::NONE,
            _ => nodes.all()[node].gpus.choose(shape.gpus).expect("room"),
        };
        nodes.bind(
            Time::ZERO,
            node,
            Binding {
                pod,
                shape: id,
                gpus,
            },
        );
    }

    /// Pods of what is lost that find no room, one by one on real nodes.
    fn unplaced(
        count: u32,
        held: &[(NodeId, ShapeId)],
        by_size: &[ShapeId],
        lost: impl Fn(NodeId) -> bool,
    ) -> u64 {
        let (mut left, ..) = nodes(count);
        for (pod, &(node, shape)) in (0..).zip(held).filter(|(_, (node, _))| !lost(*node)) {
            bind(&mut left, PodId(pod), node, shape);
        }
        let gone = held
            .iter()
            .filter(|(node, _)| lost(*node))
            .map(|&(_, shape)| shape);
        let mut gone: Vec<ShapeId> = gone.collect();
        gone.sort_by_key(|shape| by_size.iter().position(|other| other == shape));
        let mut unplaced = 0;
        for (pod, shape) in (1000..).zip(gone) {
            let spec = left.catalog.shapes[shape].clone();
            let mut ids = left.catalog.nodes.ids();
            match ids.find(|&node| !lost(node) && has_room(&left, node, &spec)) {
                Some(node) => bind(&mut left, PodId(pod), node, shape),
                None => unplaced += 1,
            }
        }
        unplaced
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn blocks_skip_nothing_that_fits(
            count in 33..100_u32,
            wishes in prop::collection::vec((0..100_u32, 0..4_u32), 0..350),
        ) {
            let (mut nodes, services, mix) = nodes(count);
            let mut held = Vec::new();
            for (node, shape) in wishes {
                let (node, shape) = (NodeId(node % count), ShapeId(shape));
                if has_room(&nodes, node, &nodes.catalog.shapes[shape].clone()) {
                    bind(&mut nodes, PodId(held.len() as u32), node, shape);
                    held.push((node, shape));
                }
            }
            let mut headroom = Headroom::new(count as usize, &mix.by_size);
            let found = headroom.look(&nodes, &services).map(|loss| loss.unplaced);
            let by_node = (0..count).map(|lost| unplaced(count, &held, &mix.by_size, |node| node.0 == lost));
            let by_zone = (0..3).map(|lost| unplaced(count, &held, &mix.by_size, |node| node.0 % 3 == lost));
            prop_assert_eq!(found, [by_node.max().unwrap_or(0), by_zone.max().unwrap_or(0)]);
        }
    }

    #[test]
    fn a_large_cluster_is_looked_at_less_often_and_the_last_answer_holds_on() {
        let (mut nodes, services, mix) = nodes(3);
        let mut headroom = Headroom::new(3, &mix.by_size);
        headroom.allowed = 4 * CELLS;
        // Without pods there is nothing to judge. A look at three nodes takes three looks at places and three at nodes; the next
        // sample is skipped (4 allowed, 6 spent), the third is not (8 allowed).
        headroom.sample(&nodes, &services, 0);
        for node in 0..3 {
            bind(&mut nodes, PodId(2 * node), NodeId(node), ShapeId(0));
            bind(&mut nodes, PodId(2 * node + 1), NodeId(node), ShapeId(3));
        }
        headroom.sample(&nodes, &services, 0);
        assert_eq!((headroom.looked, headroom.sums[0].fits), (1, 1));
        headroom.sample(&nodes, &services, 0);
        // 2.5 of 4 cores are taken everywhere: the large pod fits nowhere else.
        assert_eq!((headroom.looked, headroom.sums[0].fits), (2, 1));
        assert_eq!((headroom.samples, headroom.judged), (3, 2));
        assert_eq!(headroom.sums[0].unplaced, 1);
    }
}
