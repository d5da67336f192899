//! A cell that pods are packed into from scratch: the nodes of a snapshot, as often as they are
//! needed, and its pods, those of very large services under softer rules.
//!
//! Source: Verma et al., "Large-scale cluster management at Google with Borg" (EuroSys 2015),
//! section 5.1.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::pack::homes;
use super::snapshot::{Snapshot, Task};
use crate::cluster::catalog::{Catalog, NodeSpec, Shape};
use crate::cluster::labels::Labels;
use crate::cluster::pod::Owner;
use crate::cluster::rules::{NodeTerm, PodAffinity, Rules, well_known};
use crate::ids::{Arena, ServiceId, ShapeId};
use crate::policy::registry::Named;
use crate::units::Resources;

/// Weight of a rule that was required and is preferred now: the most that Kubernetes takes
/// (`weight` of preferred terms, 1 to 100; Kubernetes v1.34, `core/v1`).
pub const SOFT_WEIGHT: i64 = 100;

/// The nodes and the pods of a snapshot, to be packed anew.
#[derive(Clone, Debug)]
pub struct Cell {
    /// With the nodes of one cell.
    catalog: Catalog,
    tasks: Vec<Task>,
    softened: Vec<String>,
    /// The catalogues of one copy, of two, and so on, made when they are first needed.
    copies: Vec<OnceLock<Arc<Catalog>>>,
}

impl Cell {
    /// The cell of a snapshot, to be copied up to so many times, itself included. Services of more than `soft_over` times as many pods as it has nodes
    /// rather than must obey what they ask of nodes and other pods.
    ///
    /// Borg softens "jobs larger than half the original cell size"; a job's size is taken to be the
    /// number of its tasks, and a cell's that of its machines. Taints, ports, resources and kinds of
    /// GPU stay as they are: without them a pod could not run.
    pub fn new(snapshot: &Snapshot, soft_over: f64, copies: u32) -> Cell {
        let mut cell = Cell {
            catalog: snapshot.catalog.clone(),
            tasks: snapshot.tasks.clone(),
            softened: Vec::new(),
            copies: (0..copies).map(|_| OnceLock::new()).collect(),
        };
        cell.catalog.nodes = snapshot.nodes.iter().cloned().collect();
        let mut pods: BTreeMap<ServiceId, u32> = BTreeMap::new();
        for task in &snapshot.tasks {
            if let Owner::Service(service) = task.owner {
                *pods.entry(service).or_default() += 1;
            }
        }
        for (service, pods) in pods {
            if f64::from(pods) > soft_over * snapshot.nodes.len() as f64 {
                cell.soften(service);
            }
        }
        cell
    }

    /// Number of nodes.
    pub fn nodes(&self) -> u32 {
        self.catalog.nodes.len() as u32
    }

    /// What each node has for pods, and how many pods it takes.
    pub fn rooms(&self) -> Vec<(Resources, u32)> {
        let nodes = self.catalog.nodes.as_slice().iter();
        nodes
            .map(|node| (node.allocatable, node.max_pods))
            .collect()
    }

    /// The pods, in order of creation.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// What a pod requests.
    pub fn request(&self, task: &Task) -> Resources {
        self.catalog.shapes[task.shape].requests
    }

    /// The services whose rules were softened, by name.
    pub fn softened(&self) -> &[String] {
        &self.softened
    }

    /// The catalogue of so many copies of the cell. Node `index` of copy `copy`, both from 0, has the
    /// number `copy · nodes + index`. Copies stand in the zones of the original. Panics for more copies
    /// than were announced.
    pub fn catalog(&self, copies: u32) -> &Arc<Catalog> {
        self.copies[copies as usize - 1].get_or_init(|| {
            let mut catalog = self.catalog.clone();
            for copy in 2..=copies {
                for (_, node) in self.catalog.nodes.iter() {
                    let twin = twin(&mut catalog, node, copy);
                    catalog.nodes.push(twin);
                }
            }
            Arc::new(catalog)
        })
    }

    /// On how many nodes of the cell one pod of each shape could stand if it were alone.
    pub fn homes(&self, scheduler: &Named) -> BTreeMap<ShapeId, u32> {
        let mut one_of_each: BTreeMap<ShapeId, Task> = BTreeMap::new();
        for &task in &self.tasks {
            one_of_each.entry(task.shape).or_insert(task);
        }
        let tasks: Vec<Task> = one_of_each.values().copied().collect();
        let homes = homes(self.catalog(1), &tasks, scheduler);
        one_of_each.into_keys().zip(homes).collect()
    }

    fn soften(&mut self, service: ServiceId) {
        let old = self.catalog.services[service].shape;
        let rules = &self.catalog.rules[self.catalog.shapes[old].rules];
        let soft = softer(rules);
        if soft == *rules {
            return;
        }
        let rules = self.catalog.rules.push(soft);
        let shape = Shape {
            rules,
            ..self.catalog.shapes[old].clone()
        };
        let new = self.catalog.shapes.push(shape);
        self.catalog.services[service].shape = new;
        self.expect_as(old, new);
        for task in &mut self.tasks {
            if task.owner == Owner::Service(service) {
                task.shape = new;
            }
        }
        self.softened
            .push(self.catalog.services[service].name.clone());
    }

    /// A part of the pods that are expected of one shape is expected of another: as many as the part
    /// that moves among those there are.
    fn expect_as(&mut self, old: ShapeId, new: ShapeId) {
        let Some(&expected) = self.catalog.pods.get(old) else {
            return;
        };
        let service = |task: &&Task| match task.owner {
            Owner::Service(service) => self.catalog.services[service].shape == new,
            Owner::Job(_) => false,
        };
        let alike = self.tasks.iter().filter(|task| task.shape == old).count();
        let moved = self.tasks.iter().filter(service).count();
        let moved = expected * moved as f64 / alike as f64;
        let mut pods: Vec<f64> = self.catalog.pods.as_slice().to_vec();
        pods.resize(self.catalog.shapes.len(), 0.0);
        self.catalog.pods = pods.into_iter().collect::<Arena<ShapeId, f64>>();
        self.catalog.pods[old] -= moved;
        self.catalog.pods[new] = moved;
    }
}

/// The same rules, with everything preferred that was required of nodes and other pods.
fn softer(rules: &Rules) -> Rules {
    let mut soft = rules.clone();
    let affinity = &mut soft.node_affinity;
    let selected = std::mem::take(&mut soft.node_selector);
    if !selected.is_empty() {
        let term = NodeTerm {
            expressions: selected.selector().0,
            fields: Vec::new(),
        };
        affinity.preferred.push((SOFT_WEIGHT, term));
    }
    let required = affinity.required.take().into_iter().flatten();
    affinity
        .preferred
        .extend(required.map(|term| (SOFT_WEIGHT, term)));
    for pods in [&mut soft.affinity, &mut soft.anti_affinity] {
        let PodAffinity {
            required,
            preferred,
        } = pods;
        preferred.extend(required.drain(..).map(|term| (SOFT_WEIGHT, term)));
    }
    for constraint in &mut soft.spread {
        constraint.required = false;
    }
    soft
}

/// A copy of a node under a name of its own.
fn twin(catalog: &mut Catalog, node: &NodeSpec, copy: u32) -> NodeSpec {
    let mut twin = node.clone();
    let renamed = |name: &str| format!("{name}~{copy}");
    twin.name = renamed(&node.name);
    let values = &mut catalog.values;
    twin.traits.name = node.traits.name.map(|name| {
        let name = renamed(&values[name]);
        values.intern(&name)
    });
    let labels = node.traits.labels.iter().map(|(key, value)| match key {
        well_known::HOSTNAME => {
            let name = renamed(&values[value]);
            (key, values.intern(&name))
        }
        _ => (key, value),
    });
    twin.traits.labels = labels.collect::<Labels>();
    twin
}
