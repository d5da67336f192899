//! Mock nodes: up and down, heartbeats, images.

use std::collections::{BTreeMap, BTreeSet};

use super::Sim;
use super::config::{Config, Delay};
use super::container::State;
use super::event::Event;
use crate::cluster::catalog::NodeSpec;
use crate::cluster::pod::Exit;
use crate::control::fact::Fact;
use crate::ids::{NodeId, PodId};
use crate::record::{Cause, Truth};
use crate::rng::{self, Purpose, Stream};
use crate::script::Script;
use crate::script::service::Image;
use crate::time::{Duration, Time};

/// What keeps a node down. Each ends by its own recovery and by no other's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hold {
    /// The n-th of the script's failures. It holds its nodes by the calendar, whether or not they
    /// are part of the cluster: one that is added meanwhile comes up when it is over.
    Failure(u32),
    /// An event of a trace. It ends too when the node leaves: one that is added again is a node that
    /// has not failed.
    Trace,
}

/// The truth about a node.
pub(super) struct Node {
    /// Part of the cluster.
    pub(super) provisioned: bool,
    /// Has been up since it was added: it registers with the control plane when it first is.
    pub(super) registered: bool,
    /// Runs.
    pub(super) up: bool,
    /// An operator drained it before it registered.
    drained: bool,
    /// What keeps it down.
    holds: BTreeSet<Hold>,
    /// When it has booted, once nothing keeps it down any more.
    boots_at: Time,
    /// Counts ups and downs, so that events made for an earlier one are known.
    epoch: u32,
    /// Whether the control plane was told that a heartbeat is missing.
    missed: bool,
    /// When in each interval it renews its lease.
    phase: Duration,
    /// Pods whose containers it holds, starting ones included, in no particular order.
    pub(super) pods: Vec<PodId>,
    /// When each image is, or will be, there.
    images: BTreeMap<String, Time>,
    /// When its last pull ends: the kubelet pulls one image at a time (`serializeImagePulls`).
    pulls_end: Time,
    /// Counts changes of its memory use.
    pub(super) memory_epoch: u32,
    /// Dice of how late it is heard, where that varies.
    delays: Option<Stream>,
    /// When the last of what it told is heard, where that varies.
    heard: Time,
}

impl Node {
    /// A node that is not part of the cluster yet.
    pub(super) fn new(spec: &NodeSpec, script: &Script, config: &Config) -> Node {
        let mut stream = rng::stream(script.seed, Purpose::Heartbeats, &spec.name, 0);
        let phase = rng::unit(&mut stream) * config.heartbeat.secs_f64();
        Node {
            provisioned: false,
            registered: false,
            up: false,
            drained: false,
            holds: BTreeSet::new(),
            boots_at: Time::ZERO,
            epoch: 0,
            missed: false,
            phase: Duration::from_secs_f64(phase),
            pods: Vec::new(),
            images: BTreeMap::new(),
            pulls_end: Time::ZERO,
            memory_epoch: 0,
            delays: None,
            heard: Time::ZERO,
        }
    }

    /// When the image will be there if it is asked for at `now`; notes the pull.
    pub(super) fn pull(&mut self, now: Time, image: &Image, bandwidth: u64) -> Time {
        if let Some(&at) = self.images.get(&image.name) {
            return at.max(now);
        }
        let nanos = u128::from(image.size.0) * 1_000_000_000 / u128::from(bandwidth);
        let length = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        self.pulls_end = self.pulls_end.max(now) + length;
        self.images.insert(image.name.clone(), self.pulls_end);
        self.pulls_end
    }

    /// When the lease was last renewed before or at `now`.
    fn last_beat(&self, now: Time, interval: Duration) -> Time {
        match now.nanos().checked_sub(self.phase.nanos()) {
            Some(since) => Time::from_nanos(now.nanos() - since % interval.nanos()),
            None => Time::ZERO,
        }
    }
}

impl Sim {
    /// A node joins the cluster. It is up, unless something holds it down.
    pub(super) fn add_node(&mut self, node: NodeId) {
        let state = &mut self.nodes[node];
        if state.provisioned {
            return;
        }
        state.provisioned = true;
        state.missed = false;
        state.epoch += 1;
        let free = state.holds.is_empty();
        self.happened(Truth::NodeProvisioned(node));
        if free {
            self.nodes[node].up = true;
            self.happened(Truth::NodeUp(node));
            self.register(node);
        }
    }

    /// The control plane hears of a node for the first time since it was added, and of what an
    /// operator asked of it before. It is the running kubelet that registers its node (Kubernetes
    /// documentation, "Nodes", on self-registration, v1.34).
    fn register(&mut self, node: NodeId) {
        let state = &mut self.nodes[node];
        state.registered = true;
        let drained = std::mem::take(&mut state.drained);
        self.facts.push(Fact::NodeAdded(node));
        if drained {
            self.facts.push(Fact::NodeDrained(node));
        }
    }

    /// A node leaves the cluster for good; its containers die with it.
    pub(super) fn remove_node(&mut self, node: NodeId) {
        if !self.nodes[node].provisioned {
            return;
        }
        self.halt(node, Cause::Trace);
        let state = &mut self.nodes[node];
        let registered = std::mem::take(&mut state.registered);
        state.provisioned = false;
        state.drained = false;
        state.holds.remove(&Hold::Trace);
        state.images.clear();
        self.happened(Truth::NodeReleased(node));
        if registered {
            self.facts.push(Fact::NodeRemoved(node));
        }
    }

    /// An operator drains a node, or gives it back.
    pub(super) fn drain_node(&mut self, node: NodeId, drained: bool) {
        let state = &mut self.nodes[node];
        match (state.registered, drained) {
            (false, _) => state.drained = drained,
            (true, true) => self.facts.push(Fact::NodeDrained(node)),
            (true, false) => self.facts.push(Fact::NodeUndrained(node)),
        }
    }

    /// Something holds a node down from now on.
    pub(super) fn hold(&mut self, node: NodeId, hold: Hold, cause: Cause) {
        let state = &mut self.nodes[node];
        state.holds.insert(hold);
        if state.up {
            let interval = self.config.heartbeat;
            let last = state.last_beat(self.now, interval);
            self.halt(node, cause);
            let epoch = self.nodes[node].epoch;
            self.queue
                .push(last + interval, Event::Beat { node, epoch });
        }
    }

    /// Something holds a node down no more; when nothing does, it boots.
    pub(super) fn release(&mut self, node: NodeId, hold: Hold) {
        let state = &mut self.nodes[node];
        let held = state.holds.remove(&hold);
        if held && state.holds.is_empty() && state.provisioned {
            let epoch = state.epoch;
            let name = &self.catalog.nodes[node].name;
            let dice = || rng::stream(self.script.seed, Purpose::Boot, name, u64::from(epoch));
            state.boots_at = self.now + self.config.boot.draw(dice);
            self.queue
                .push(state.boots_at, Event::Booted { node, epoch });
        }
    }

    /// The node stops at once, and everything on it.
    fn halt(&mut self, node: NodeId, cause: Cause) {
        let now = self.now;
        let state = &mut self.nodes[node];
        if !state.up {
            return;
        }
        state.up = false;
        state.epoch += 1;
        state.images.retain(|_, at| *at <= now);
        state.pulls_end = Time::ZERO;
        let mut pods = std::mem::take(&mut state.pods);
        pods.sort_unstable();
        self.happened(Truth::NodeDown { node, cause });
        for pod in pods {
            self.kill(pod, Exit::NodeLost);
        }
    }

    /// A heartbeat that was due did not come.
    pub(super) fn beat_missed(&mut self, node: NodeId, epoch: u32) {
        let state = &mut self.nodes[node];
        if state.epoch == epoch && !state.up && state.provisioned {
            state.missed = true;
            let last = self.now.saturating_sub(self.config.heartbeat);
            self.node_reports(node, Fact::HeartbeatMissed { node, last });
        }
    }

    /// A node is up, unless it failed while it booted: it registers, or renews its lease and lists
    /// its containers.
    pub(super) fn booted(&mut self, node: NodeId, epoch: u32) {
        let state = &mut self.nodes[node];
        let current = state.epoch == epoch && state.boots_at == self.now;
        if !current || !state.holds.is_empty() || state.up || !state.provisioned {
            return;
        }
        state.up = true;
        state.epoch += 1;
        let missed = std::mem::take(&mut state.missed);
        self.happened(Truth::NodeUp(node));
        if !self.nodes[node].registered {
            return self.register(node);
        }
        if missed {
            self.node_reports(node, Fact::HeartbeatSeen(node));
        }
        let epoch = self.nodes[node].epoch;
        let at = self.heard(node);
        self.queue.push(at, Event::Relist { node, epoch });
    }

    /// When the control plane hears what a node tells now: never before what it told earlier.
    pub(super) fn heard(&mut self, node: NodeId) -> Time {
        let Delay::Drawn(lengths) = &self.config.status else {
            return self.now + self.config.status.longest();
        };
        let state = &mut self.nodes[node];
        let (seed, name) = (self.script.seed, &self.catalog.nodes[node].name);
        let dice = state
            .delays
            .get_or_insert_with(|| rng::stream(seed, Purpose::Delays, name, 0));
        let at = self.now + lengths.sample_duration(dice);
        state.heard = state.heard.max(at);
        state.heard
    }

    /// The list of a node's containers reaches the control plane, as it is when it arrives: every
    /// report made before has arrived, and none is overtaken.
    pub(super) fn relist(&mut self, node: NodeId, epoch: u32) {
        let state = &self.nodes[node];
        if state.epoch != epoch {
            return;
        }
        self.facts.push(Fact::RelistBegun(node));
        let mut pods = state.pods.clone();
        pods.sort_unstable();
        for pod in pods {
            let held = &self.containers[pod];
            self.facts.push(Fact::ContainerListed {
                pod,
                incarnation: held.incarnation,
                running: held.runs(),
                ready: held.state == State::Ready,
            });
        }
        self.facts.push(Fact::RelistEnded(node));
    }
}
