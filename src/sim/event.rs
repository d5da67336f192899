//! Entries of the event queue, and the parcels too large for it.

use crate::cluster::pod::Exit;
use crate::control::command::Command;
use crate::control::fact::Fact;
use crate::ids::{NodeId, PodId, ServiceId};

/// A future entry of the queue. Entries about containers and nodes carry the incarnation or epoch
/// they were made for: stale ones are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A delayed fact reaches the control plane.
    Deliver { parcel: u32 },
    /// A delayed command reaches its node or the data plane.
    Carry { parcel: u32 },
    /// A container's image is there: it is created.
    Create { pod: PodId, incarnation: u32 },
    /// A container has been created: it runs.
    Start { pod: PodId, incarnation: u32 },
    /// A container can serve.
    Ready { pod: PodId, incarnation: u32 },
    /// A readiness probe finds a container that can serve.
    Probe { pod: PodId, incarnation: u32 },
    /// A container ends.
    Finish {
        pod: PodId,
        incarnation: u32,
        exit: Exit,
    },
    /// A node's containers use more memory than it has.
    NodeMemory { node: NodeId, epoch: u32 },
    /// A heartbeat of a node is due and does not come.
    Beat { node: NodeId, epoch: u32 },
    /// A node has booted after a failure.
    Booted { node: NodeId, epoch: u32 },
    /// The list of a booted node's containers reaches the control plane.
    Relist { node: NodeId, epoch: u32 },
    /// A failure strikes its n-th target.
    Fail { failure: u32, target: u32 },
    /// A failure's n-th target is repaired.
    Repair { failure: u32, target: u32 },
    /// The rate of a service's load changes.
    LoadStep { service: ServiceId },
    /// The use of a service is measured.
    Sample { service: ServiceId },
}

const _: () = assert!(
    size_of::<Event>() <= 16,
    "queue entries are moved on the hot path"
);

/// Facts and commands on their way.
#[derive(Default)]
pub(super) struct Parcels {
    facts: Slots<Fact>,
    commands: Slots<Command>,
}

impl Parcels {
    /// Keeps a fact and returns its number.
    pub(super) fn keep(&mut self, fact: Fact) -> u32 {
        self.facts.keep(fact)
    }

    /// Hands a fact out again.
    pub(super) fn take(&mut self, parcel: u32) -> Fact {
        self.facts.take(parcel)
    }

    /// Keeps a command and returns its number.
    pub(super) fn keep_command(&mut self, command: Command) -> u32 {
        self.commands.keep(command)
    }

    /// Hands a command out again.
    pub(super) fn take_command(&mut self, parcel: u32) -> Command {
        self.commands.take(parcel)
    }
}

/// Items by number; numbers of items handed out are used again.
struct Slots<T> {
    items: Vec<T>,
    free: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Slots {
            items: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T: Copy> Slots<T> {
    fn keep(&mut self, item: T) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.items[slot as usize] = item;
            return slot;
        }
        self.items.push(item);
        u32::try_from(self.items.len() - 1).expect("fewer than 2^32 parcels under way")
    }

    fn take(&mut self, slot: u32) -> T {
        self.free.push(slot);
        self.items[slot as usize]
    }
}
