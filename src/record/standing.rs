//! How a run stands: counted from its records while it lasts, and belief as of the last turn, for
//! whoever watches.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Record, Recorder, Truth};
use crate::cluster::Cluster;
use crate::cluster::catalog::Catalog;
use crate::cluster::change::Change;
use crate::cluster::pod::{Exit, Owner, Queued};
use crate::control::command::{Command, CommandId};
use crate::control::fact::Fact;
use crate::ids::{Arena, NodeId, PodId, ServiceId};
use crate::policy::Plan;
use crate::policy::healer::{NodeAction, PodAction};
use crate::policy::scheduler::Placement;
use crate::time::Time;

/// How a run stands after a turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// The time of the run.
    pub now: Time,
    /// All nodes of the catalogue.
    pub nodes: Arena<NodeId, Node>,
    /// All services.
    pub services: Arena<ServiceId, Service>,
    /// Containers of jobs.
    pub jobs: Containers,
    /// Pods none of whose containers has been started, as believed.
    pub pending: u64,
    /// Pods that wait for a node, as believed, by the part of the queue they are in.
    pub queued: BTreeMap<Queue, u64>,
    /// Commands that were ordered.
    pub ordered: BTreeMap<Verb, u64>,
    /// Commands that were heard to have failed.
    pub failed: BTreeMap<Verb, u64>,
    /// What schedulers decided.
    pub placed: BTreeMap<Placed, u64>,
    /// What healers did.
    pub healed: BTreeMap<Healed, u64>,
    /// The last decision of the scheduler.
    pub last_placing: Option<Decision>,
    /// The last decision of the autoscaler that changed a size.
    pub last_scaling: Option<Decision>,
    /// The last decision of the healer on a pod or a node.
    pub last_healing: Option<Decision>,
}

/// How a node stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// Part of the cluster, as believed.
    pub present: bool,
    /// Ready, as believed.
    pub ready: bool,
    /// Times the control plane was told of its silence.
    pub missed: u64,
    /// CPU its containers used when that was last told, in cores.
    pub cpu: Option<f64>,
    /// Memory they used then, in bytes.
    pub memory: Option<f64>,
}

/// How a service stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Service {
    /// Replicas wanted.
    pub desired: u64,
    /// Replicas neither over nor being deleted, as believed.
    pub existing: u64,
    /// Those of them that are ready, as believed.
    pub ready: u64,
    /// Its containers.
    pub containers: Containers,
    /// What the autoscaler decided on it.
    pub scaled: BTreeMap<Scaled, u64>,
}

/// What became of containers, in truth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Containers {
    /// Those that ran.
    pub started: u64,
    /// Those that ended, by how.
    pub exited: BTreeMap<Exit, u64>,
}

/// A part of the scheduling queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Queue {
    /// To be tried next.
    Active,
    /// To be tried again after a while.
    BackOff,
    /// To be tried again when something changes.
    Unschedulable,
}

/// What a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Start a container.
    Start,
    /// Stop a container.
    Stop,
    /// Send traffic to a pod.
    Route,
    /// Send traffic to a pod no more.
    Unroute,
    /// Report the use of a service.
    Sample,
}

/// What a scheduler decided on a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Placed {
    /// It goes to a node.
    Scheduled,
    /// It waits.
    Unschedulable,
    /// It waits for others to leave a node.
    Preempting,
}

/// What an autoscaler decided on a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scaled {
    /// It grows.
    Up,
    /// It shrinks.
    Down,
    /// It stays as it is.
    Unchanged,
}

/// What a healer did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Healed {
    /// Planned the restart of a dead container.
    PlanRestart,
    /// Restarted a dead container.
    Restart,
    /// Gave a pod up.
    Fail,
    /// Deleted a pod.
    Evict,
    /// Counted a node as not ready.
    NotReady,
    /// Counted a node as ready again.
    Ready,
    /// Tainted a node.
    Taint,
    /// Took a node's taint back.
    Untaint,
    /// Changed how fast nodes of a zone are tainted.
    Zone,
}

/// What a policy decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// When.
    pub at: Time,
    /// What, and why.
    pub plan: Plan,
    /// Of a decision on a pod: what it belongs to, and its number there.
    pub pod: Option<(Owner, u32)>,
}

/// Where a run's standing is shown; anybody may look at any time.
#[derive(Debug, Default)]
pub struct Board {
    shown: Mutex<Standing>,
}

/// The recorder that keeps a board up to date.
#[derive(Debug)]
pub struct Follow<'a> {
    board: &'a Board,
    standing: Standing,
    /// What every pod belongs to, and its number there.
    pods: BTreeMap<PodId, (Owner, u32)>,
    /// Starts and stops, which may yet be heard to have failed.
    commands: BTreeMap<CommandId, Verb>,
}

impl Standing {
    /// Nothing has happened yet.
    pub fn new(catalog: &Catalog) -> Standing {
        Standing {
            nodes: Arena::filled(Node::default(), catalog.nodes.len()),
            services: Arena::filled(Service::default(), catalog.services.len()),
            ..Standing::default()
        }
    }

    /// Takes over what is believed.
    fn look(&mut self, now: Time, belief: &Cluster) {
        self.now = now;
        for (node, believed) in belief.nodes().iter() {
            let shown = &mut self.nodes[node];
            shown.present = believed.present;
            shown.ready = believed.present && believed.ready;
        }
        for (service, believed) in belief.services().iter() {
            let pods = believed.pods.iter().map(|&pod| &belief.pods()[pod]);
            let shown = &mut self.services[service];
            shown.desired = u64::from(believed.replicas);
            shown.existing = u64::from(believed.active);
            shown.ready = pods.filter(|pod| pod.active() && pod.ready).count() as u64;
        }
        self.pending = 0;
        self.queued.clear();
        for pod in belief.pods().as_slice() {
            self.pending += u64::from(pod.pending());
            let queue = match pod.queued {
                Queued::No => continue,
                Queued::Active => Queue::Active,
                Queued::BackOff(_) => Queue::BackOff,
                Queued::Unschedulable => Queue::Unschedulable,
            };
            *self.queued.entry(queue).or_default() += 1;
        }
    }
}

impl Board {
    /// Nothing has happened yet.
    pub fn new(catalog: &Catalog) -> Board {
        Board {
            shown: Mutex::new(Standing::new(catalog)),
        }
    }

    /// How the run stands.
    pub fn look(&self) -> Standing {
        self.lock().clone()
    }

    /// It stands like this from now on.
    pub fn show(&self, standing: &Standing) {
        self.lock().clone_from(standing);
    }

    fn lock(&self) -> MutexGuard<'_, Standing> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Follow<'a> {
    /// Goes on from what the board shows.
    pub fn new(board: &'a Board) -> Follow<'a> {
        Follow {
            board,
            standing: board.look(),
            pods: BTreeMap::new(),
            commands: BTreeMap::new(),
        }
    }

    fn happened(&mut self, truth: Truth) {
        match truth {
            Truth::ContainerStarted { pod, .. } => self.containers(pod).started += 1,
            Truth::ContainerExited { pod, exit, .. } => {
                *self.containers(pod).exited.entry(exit).or_default() += 1;
            }
            Truth::NodeUse { node, cpu, memory } => {
                let shown = &mut self.standing.nodes[node];
                (shown.cpu, shown.memory) = (Some(cpu), memory);
            }
            Truth::NodeProvisioned(_)
            | Truth::NodeReleased(_)
            | Truth::NodeUp(_)
            | Truth::NodeDown { .. }
            | Truth::JobArrived(_)
            | Truth::ContainerStarting { .. }
            | Truth::ContainerReady { .. }
            | Truth::Traffic { .. } => {}
        }
    }

    /// Where containers of the pod are counted.
    fn containers(&mut self, pod: PodId) -> &mut Containers {
        match self.pods.get(&pod) {
            Some(&(Owner::Service(service), _)) => &mut self.standing.services[service].containers,
            Some((Owner::Job(_), _)) | None => &mut self.standing.jobs,
        }
    }

    fn ordered(&mut self, command: Command) {
        let (verb, id) = match command {
            Command::Start { id, .. } => (Verb::Start, id),
            Command::Stop { id, .. } => (Verb::Stop, id),
            Command::Route { id, .. } => (Verb::Route, id),
            Command::Unroute { id, .. } => (Verb::Unroute, id),
            Command::Sample { id, .. } => (Verb::Sample, id),
        };
        *self.standing.ordered.entry(verb).or_default() += 1;
        if matches!(verb, Verb::Start | Verb::Stop) {
            self.commands.insert(id, verb);
        }
    }

    fn heard(&mut self, fact: Fact) {
        match fact {
            Fact::HeartbeatMissed { node, .. } => self.standing.nodes[node].missed += 1,
            Fact::CommandFailed { command, .. } => {
                if let Some(verb) = self.commands.remove(&command) {
                    *self.standing.failed.entry(verb).or_default() += 1;
                }
            }
            Fact::NodeAdded(_)
            | Fact::NodeDrained(_)
            | Fact::NodeUndrained(_)
            | Fact::NodeCordoned(_)
            | Fact::NodeUpdated { .. }
            | Fact::NodeRemoved(_)
            | Fact::HeartbeatSeen(_)
            | Fact::RelistBegun(_)
            | Fact::ContainerListed { .. }
            | Fact::RelistEnded(_)
            | Fact::ServiceSubmitted(_)
            | Fact::JobSubmitted { .. }
            | Fact::PodDeleted(_)
            | Fact::ContainerStarted { .. }
            | Fact::ProbeChanged { .. }
            | Fact::ContainerExited { .. }
            | Fact::ServiceUsage { .. } => {}
        }
    }

    fn planned(&mut self, at: Time, plan: Plan) {
        let standing = &mut self.standing;
        let owned = |pod: PodId| self.pods.get(&pod).copied();
        match &plan {
            &Plan::Place { pod, ref placement } => {
                let placed = match placement {
                    Placement::Bind { .. } => Placed::Scheduled,
                    Placement::Wait { .. } => Placed::Unschedulable,
                    Placement::Preempt { .. } => Placed::Preempting,
                };
                *standing.placed.entry(placed).or_default() += 1;
                let pod = owned(pod);
                standing.last_placing = Some(Decision { at, plan, pod });
            }
            &Plan::Scale { service, scaling } => {
                let scaled = match scaling.to.cmp(&scaling.from) {
                    std::cmp::Ordering::Greater => Scaled::Up,
                    std::cmp::Ordering::Less => Scaled::Down,
                    std::cmp::Ordering::Equal => Scaled::Unchanged,
                };
                let counts = &mut standing.services[service].scaled;
                *counts.entry(scaled).or_default() += 1;
                if scaled != Scaled::Unchanged {
                    let pod = None;
                    standing.last_scaling = Some(Decision { at, plan, pod });
                }
            }
            &Plan::HealPod { pod, action } => {
                let healed = match action {
                    PodAction::RestartAt { .. } => Healed::PlanRestart,
                    PodAction::Restart => Healed::Restart,
                    PodAction::Fail => Healed::Fail,
                    PodAction::Evict(_) => Healed::Evict,
                };
                *standing.healed.entry(healed).or_default() += 1;
                let pod = owned(pod);
                standing.last_healing = Some(Decision { at, plan, pod });
            }
            Plan::HealNode { action, .. } => {
                let healed = match action {
                    NodeAction::NotReady => Healed::NotReady,
                    NodeAction::Ready => Healed::Ready,
                    NodeAction::Taint { .. } => Healed::Taint,
                    NodeAction::Untaint => Healed::Untaint,
                };
                *standing.healed.entry(healed).or_default() += 1;
                let pod = None;
                standing.last_healing = Some(Decision { at, plan, pod });
            }
            Plan::HealZone { .. } => *standing.healed.entry(Healed::Zone).or_default() += 1,
        }
    }
}

impl Recorder for Follow<'_> {
    fn record(&mut self, at: Time, record: Record) {
        match record {
            Record::Truth(truth) => self.happened(truth),
            Record::Heard(fact) => self.heard(fact),
            Record::Believed(Change::PodCreated {
                pod, owner, index, ..
            }) => drop(self.pods.insert(pod, (owner, index))),
            Record::Believed(_) => {}
            Record::Planned(plan) => self.planned(at, plan),
            Record::Ordered(command) => self.ordered(command),
        }
    }

    fn turn(&mut self, now: Time, belief: &Cluster) -> ControlFlow<()> {
        self.standing.look(now, belief);
        self.board.show(&self.standing);
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests;
