//! What the containers of pods are made with, and which of those that are there were made so.

use std::collections::BTreeMap;

use crate::cluster::catalog::Catalog;
use crate::cluster::change::Change;
use crate::cluster::gpu::GpuSet;
use crate::cluster::pod::{Deletion, Exit, Outcome, Owner};
use crate::control::command::{Command, CommandId};
use crate::ids::{Arena, JobId, NodeId, PodId, ServiceId, ShapeId};
use crate::live::container::{self, Identity, Spec};
use crate::live::engine::Listed;
use crate::live::image::Image;
use crate::live::labels;
use crate::script::Script;
use crate::time::Duration;

/// All that a container follows from.
#[derive(Clone, Copy)]
pub struct Making<'a> {
    /// What nodes, shapes and services are.
    pub catalog: &'a Catalog,
    /// What the outside world does.
    pub script: &'a Script,
    /// Names everything that is made.
    pub cluster: &'a str,
    /// Names this run.
    pub run: &'a str,
    /// The workload's image.
    pub image: &'a Image,
    /// Whether replicas listen on a port of 127.0.0.1 too.
    pub publish: bool,
}

/// A container, and how it is probed.
#[derive(Clone, Debug)]
pub struct Specified {
    /// What it is made with.
    pub spec: Spec,
    /// Time between readiness probes.
    pub period: Option<Duration>,
    /// Whether the control plane hears of its readiness by a probe alone.
    pub probed: bool,
}

/// What is taken over of a run before.
#[derive(Clone, Debug, Default)]
pub struct Adopted {
    /// What the control plane is to believe before it hears anything.
    pub changes: Vec<Change>,
    /// The containers that go on, as the commands that would start them.
    pub starts: Vec<Command>,
}

/// A container that may be taken over.
#[derive(Clone, Copy, Debug)]
struct Found {
    node: NodeId,
    incarnation: u32,
}

impl Making<'_> {
    /// What the container of a pod is made with.
    pub fn specify(
        &self,
        owner: Owner,
        index: u32,
        incarnation: u32,
        shape: ShapeId,
        node: NodeId,
    ) -> Specified {
        let (name, slot, words, period, probed) = match owner {
            Owner::Service(service) => {
                let behaviour = &self.script.services[service];
                let name = &self.catalog.services[service].name;
                let pod = format!("{name}-{index}");
                let startup = behaviour.startup_of(self.script.seed, &pod, incarnation);
                let period = behaviour.probe_period;
                let words = container::replica_words(behaviour, startup);
                let probed = period.is_some() && !startup.is_zero();
                (name.clone(), index, words, period, probed)
            }
            Owner::Job(JobId(job)) => {
                let duration = self.script.jobs.durations[job as usize];
                let words = container::job_words(duration);
                (labels::JOB.to_owned(), job, words, None, false)
            }
        };
        let identity = Identity {
            cluster: self.cluster.to_owned(),
            run: self.run.to_owned(),
            service: name,
            slot,
            incarnation,
        };
        let (shape, node) = (&self.catalog.shapes[shape], &self.catalog.nodes[node]);
        let spec = container::spec(&identity, self.image, words, shape, node);
        let is_asked = matches!(owner, Owner::Service(_));
        let spec = match self.publish && is_asked {
            true => spec.published(),
            false => spec,
        };
        Specified {
            spec,
            period,
            probed,
        }
    }

    /// Containers that run and are made as this run would make them go on; nothing, where none does.
    pub fn adopt(&self, lists: &Arena<NodeId, Vec<Listed>>) -> Adopted {
        let found = self.found(lists);
        let mut adopted = Adopted::default();
        if found.is_empty() {
            return adopted;
        }
        let nodes = self.catalog.nodes.iter();
        let nodes = nodes.filter(|(_, spec)| spec.at_start);
        let added = nodes.map(|(node, _)| Change::NodeAdded(node));
        adopted.changes.extend(added);
        let mut pods = 0;
        for (service, slots) in found {
            let last = slots.keys().next_back().copied().unwrap_or(0);
            for slot in 0..=last {
                let pod = PodId(pods);
                pods += 1;
                self.believe(service, slot, pod, slots.get(&slot), &mut adopted);
            }
        }
        adopted
    }

    /// One pod of those there were: it goes on, or is long gone.
    fn believe(
        &self,
        service: ServiceId,
        slot: u32,
        pod: PodId,
        found: Option<&Found>,
        adopted: &mut Adopted,
    ) {
        let changes = &mut adopted.changes;
        let owner = Owner::Service(service);
        let shape = self.catalog.services[service].shape;
        changes.push(Change::PodCreated {
            pod,
            owner,
            shape,
            index: slot,
            replace: true,
        });
        let Some(&Found { node, incarnation }) = found else {
            let deletion = Deletion::Requested;
            changes.push(Change::PodDeleting { pod, deletion });
            let outcome = Outcome::Deleted;
            changes.push(Change::PodGone { pod, outcome });
            return;
        };
        let gpus = GpuSet::NONE;
        changes.push(Change::PodBound { pod, node, gpus });
        changes.push(Change::ContainerOrdered(pod));
        for _ in 1..incarnation {
            let exit = Exit::Stopped;
            changes.push(Change::ContainerExited { pod, exit });
            changes.push(Change::ContainerOrdered(pod));
        }
        // Its name is taken, by what is made as it would be: the agent finds and keeps it.
        adopted.starts.push(Command::Start {
            id: CommandId(0),
            pod,
            incarnation,
            owner,
            index: slot,
            shape,
            node,
            gpus,
        });
    }

    /// What may be taken over, by service and slot: of two containers of one slot the newer.
    fn found(
        &self,
        lists: &Arena<NodeId, Vec<Listed>>,
    ) -> BTreeMap<ServiceId, BTreeMap<u32, Found>> {
        let mut all: BTreeMap<ServiceId, BTreeMap<u32, Found>> = BTreeMap::new();
        for (node, list) in lists.iter() {
            for one in list.iter().filter(|one| one.runs) {
                let Some((service, slot, incarnation)) = self.is_as_we_would(node, one) else {
                    continue;
                };
                let slots = all.entry(service).or_default();
                let newer = |known: &Found| known.incarnation >= incarnation;
                if !slots.get(&slot).is_some_and(newer) {
                    slots.insert(slot, Found { node, incarnation });
                }
            }
        }
        all
    }

    /// The service, slot and incarnation of a container, if this run would make it so.
    fn is_as_we_would(&self, node: NodeId, one: &Listed) -> Option<(ServiceId, u32, u32)> {
        let label = |key: &str| one.labels.get(key);
        let number = |key: &str| label(key)?.parse::<u32>().ok();
        let name = label(labels::SERVICE)?;
        let mut services = self.catalog.services.iter();
        let (service, spec) = services.find(|(_, spec)| spec.name == *name)?;
        let (slot, incarnation) = (number(labels::SLOT)?, number(labels::INCARNATION)?);
        let owner = Owner::Service(service);
        let ours = self
            .specify(owner, slot, incarnation, spec.shape, node)
            .spec;
        let same = one.name == ours.name && label(labels::SPEC_HASH) == Some(&ours.hash);
        (same && incarnation > 0).then_some((service, slot, incarnation))
    }
}
