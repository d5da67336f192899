//! Proof of the indexes: rebuild them from pods and nodes and compare.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::Cluster;
use super::gpu::Gpus;
use super::pod::{Owner, Phase, Queued};
use super::queue::{Group, Queue};
use super::requests::Assumed;
use super::service::Service;
use super::tree::Place;
use super::trouble::{Stage, Trouble};
use super::zone::Zone;
use crate::ids::{Arena, NodeId, PodId, ServiceId, ZoneId};
use crate::units::Resources;

impl Cluster {
    /// Rebuilds every index and panics with a description where one differs from what is kept.
    pub fn check(&self) {
        self.check_nodes();
        self.check_nominations();
        self.check_images();
        self.check_tree();
        self.check_trouble();
        self.check_queue();
        self.check_services();
        self.check_restarts();
        self.failures.check(|node| self.nodes[node].present);
    }

    fn check_nodes(&self) {
        let mut requested = Arena::filled(Resources::NONE, self.nodes.len());
        let mut gpus: Arena<NodeId, _> = self
            .catalog
            .nodes
            .iter()
            .map(|(_, spec)| Gpus::new(spec.gpus))
            .collect();
        let mut bound: Arena<NodeId, BTreeSet<PodId>> =
            Arena::filled(BTreeSet::new(), self.nodes.len());
        let mut assumed: Arena<NodeId, _> = Arena::filled(Assumed::default(), self.nodes.len());
        let mut extended: Arena<NodeId, BTreeMap<_, u64>> =
            Arena::filled(BTreeMap::new(), self.nodes.len());
        for (id, pod) in self.pods.iter().filter(|(_, pod)| !pod.gone()) {
            if let Some(node) = pod.node {
                let shape = &self.catalog.shapes[pod.shape];
                requested[node] += shape.requests;
                gpus[node].take(pod.gpus, shape.gpus.milli);
                bound[node].insert(id);
                assumed[node] += shape.assumed();
                for &(resource, amount) in &shape.extended {
                    *extended[node].entry(resource).or_default() += amount;
                }
            }
        }
        let mut present = 0;
        for (id, node) in self.nodes.iter() {
            let free = self.spec(id).allocatable.saturating_sub(&requested[id]);
            assert_eq!(requested[id], node.requested, "requested on {id:?}");
            assert_eq!(free, self.free[id], "free resources of {id:?}");
            assert!(
                self.gpus.is_empty() || gpus[id] == self.gpus[id],
                "GPUs of {id:?}"
            );
            assert_eq!(
                bound[id],
                node.pods.iter().copied().collect(),
                "pods of {id:?}"
            );
            assert_eq!(assumed[id], node.assumed, "assumed on {id:?}");
            assert_eq!(extended[id], node.extended, "extended resources on {id:?}");
            let held = node.pods.iter();
            let held: BTreeSet<_> = held.flat_map(|&pod| &self.rules(pod).host_ports).collect();
            let taken: BTreeSet<_> = node.ports.iter().collect();
            assert!(taken.is_subset(&held), "a port of {id:?} that nobody holds");
            assert!(
                node.present || node.pods.is_empty(),
                "pods on the absent {id:?}"
            );
            present += u32::from(node.present);
        }
        assert_eq!(present, self.present, "nodes present");
    }

    fn check_nominations(&self) {
        let mut nominated: Arena<NodeId, BTreeSet<PodId>> =
            Arena::filled(BTreeSet::new(), self.nodes.len());
        for (id, pod) in self.pods.iter() {
            if let Some(node) = pod.nominated {
                assert!(pod.node.is_none() && pod.active(), "{id:?} is nominated");
                nominated[node].insert(id);
            }
        }
        for (id, node) in self.nodes.iter() {
            let kept = node.nominated.iter().copied().collect();
            assert_eq!(nominated[id], kept, "nominated to {id:?}");
        }
    }

    fn check_images(&self) {
        let mut nodes = Arena::filled(0, self.catalog.images.len());
        for image in self.nodes.iter().flat_map(|(_, node)| &node.images) {
            nodes[*image] += 1;
        }
        assert_eq!(nodes, self.image_nodes, "nodes with each image");
    }

    fn check_tree(&self) {
        let present = self.nodes.iter().filter(|(_, node)| node.present);
        let mut places: Vec<(Place, NodeId)> = present
            .map(|(id, _)| (Place::of(&self.spec(id).traits.labels), id))
            .collect();
        places.sort_unstable();
        assert_eq!(places, self.tree.places(), "nodes by zone");
    }

    fn check_trouble(&self) {
        let mut trouble = Trouble::default();
        let mut zones = Arena::filled(Zone::default(), self.zones.len());
        for (id, node) in self.nodes.iter() {
            let active = node.pods.iter().filter(|&&pod| self.pods[pod].active());
            assert_eq!(
                active.count(),
                node.active as usize,
                "active pods of {id:?}"
            );
            assert_eq!(
                node.present && !node.ready,
                node.not_ready_since.is_some(),
                "readiness of {id:?}"
            );
            let zone = self.catalog.nodes[id].zone;
            zones[zone].add(node);
            trouble.shift(id, zone, Stage::Settled, node.stage());
        }
        let disrupted = zones.iter().filter(|(_, zone)| zone.not_ready() > 0);
        let disrupted: BTreeSet<ZoneId> = disrupted.map(|(id, _)| id).collect();
        let ready: u32 = zones.iter().map(|(_, zone)| zone.ready).sum();
        assert_eq!(trouble, self.trouble, "trouble");
        assert_eq!(zones, self.zones, "zones");
        assert_eq!(disrupted, self.disrupted, "disrupted zones");
        assert_eq!(ready, self.ready, "nodes ready");
    }

    fn check_queue(&self) {
        let mut queue = Queue::default();
        for (id, pod) in self.pods.iter() {
            let priority = self.catalog.shapes[pod.shape].priority;
            let key = (Reverse(priority), pod.queued_at, id);
            match pod.queued {
                Queued::No => {
                    assert!(
                        pod.phase != Phase::Pending || !pod.active(),
                        "{id:?} is forgotten"
                    );
                }
                Queued::Active => {
                    queue.active.insert(key);
                }
                Queued::BackOff(until) => {
                    queue.backoff.insert((until, key));
                }
                Queued::Unschedulable => {
                    let (shape, by) = (pod.shape, pod.rejected_by);
                    queue.wait(Group { shape, by }, pod.queued_at, id);
                }
            }
        }
        // When a shape was last tried is kept by nothing else.
        let waiting: Vec<_> = queue.tried.keys().copied().collect();
        for shape in waiting {
            let tried = self.queue.last_tried(shape);
            queue.set_tried(shape, tried.expect("a shape that waits was tried"));
        }
        assert_eq!(queue, self.queue, "queue");
    }

    fn check_services(&self) {
        let mut services: Arena<ServiceId, Service> =
            Arena::filled(Service::default(), self.services.len());
        for (id, pod) in self.pods.iter() {
            let Owner::Service(service) = pod.owner else {
                continue;
            };
            let rebuilt = &mut services[service];
            rebuilt.created += 1;
            rebuilt.routed += u32::from(pod.routed);
            rebuilt.active += u32::from(pod.active());
            if !pod.gone() {
                rebuilt.pods.push(id);
            }
            if let (Some(node), true) = (pod.node, pod.active()) {
                *rebuilt
                    .by_zone
                    .entry(self.catalog.nodes[node].zone)
                    .or_default() += 1;
                *rebuilt.by_node.entry(node).or_default() += 1;
            }
        }
        for (id, kept) in self.services.iter() {
            let rebuilt = Service {
                replicas: kept.replicas,
                usage: kept.usage,
                recommendations: kept.recommendations.clone(),
                resizes: kept.resizes.clone(),
                ..services[id].clone()
            };
            assert_eq!(&rebuilt, kept, "service {id:?}");
        }
    }

    fn check_restarts(&self) {
        let planned: BTreeSet<_> = self
            .pods
            .iter()
            .filter_map(|(id, pod)| pod.restart_at.map(|at| (at, id)))
            .collect();
        assert_eq!(planned, self.restarts, "planned restarts");
        for &pod in &self.crashed {
            assert_eq!(
                self.pods[pod].phase,
                Phase::Crashed,
                "{pod:?} is listed as crashed"
            );
        }
    }
}
