//! Taking over what another run left: containers that run and are made as this run would make them
//! go on, all else is removed.

use std::collections::BTreeMap;

use super::Live;
use crate::cluster::change::Change;
use crate::cluster::gpu::GpuSet;
use crate::cluster::pod::{Deletion, Exit, Outcome, Owner};
use crate::control::command::{Command, CommandId};
use crate::ids::{Arena, NodeId, PodId, ServiceId};
use crate::live::engine::Listed;
use crate::live::labels;

/// A container that may be taken over.
#[derive(Clone, Copy, Debug)]
struct Found {
    node: NodeId,
    incarnation: u32,
}

impl Live {
    /// Takes over what runs, and returns what the control plane is to believe before it hears anything.
    /// Nothing, where nothing runs.
    pub(super) fn adopt(&mut self, lists: &Arena<NodeId, Vec<Listed>>) -> Vec<Change> {
        let found = self.found(lists);
        if found.is_empty() {
            return Vec::new();
        }
        self.took_over = true;
        let nodes = self.catalog.nodes.iter();
        let nodes = nodes.filter(|(_, spec)| spec.at_start);
        let mut changes: Vec<Change> = nodes.map(|(node, _)| Change::NodeAdded(node)).collect();
        let mut pods = 0;
        for (service, slots) in found {
            let last = slots.keys().next_back().copied().unwrap_or(0);
            for slot in 0..=last {
                let pod = PodId(pods);
                pods += 1;
                self.believe(service, slot, pod, slots.get(&slot), &mut changes);
            }
        }
        changes
    }

    /// One pod of those there were: it goes on, or is long gone.
    fn believe(
        &mut self,
        service: ServiceId,
        slot: u32,
        pod: PodId,
        found: Option<&Found>,
        changes: &mut Vec<Change>,
    ) {
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
        self.submit_start(Command::Start {
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
