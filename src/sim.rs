//! The simulator: a world of mock containers on a simulated clock.
//!
//! Everything here is truth. What the control plane hears of it are facts, late as in reality.

pub mod audit;
pub mod config;
pub mod queue;

mod container;
mod event;
mod failures;
mod memory;
mod node;
mod outside;
mod traffic;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cluster::catalog::{Catalog, ServiceSpec};
use crate::control::command::Command;
use crate::control::fact::Fact;
use crate::ids::{Arena, NodeId, PodId, ServiceId};
use crate::record::Truth;
use crate::runtime::{Passed, Runtime, Stop};
use crate::script::Script;
use crate::script::service::Behaviour;
use crate::script::strikes::{Strike, Strikes};
use crate::time::{Duration, Time};
use config::{Config, Delay};
use container::Container;
use event::{Event, Parcels};
use node::Node;
use outside::Outside;
use queue::Queue;
use traffic::Service;

/// Most records of truth that are held back before they are handed up without a fact.
const TRUTH_HELD: usize = 4096;

/// A simulated world.
pub struct Sim {
    catalog: Arc<Catalog>,
    script: Script,
    config: Config,
    now: Time,
    queue: Queue<Event>,
    outside: Outside,
    strikes: Strikes,
    nodes: Arena<NodeId, Node>,
    /// The present or last container of each pod, by pod id; pods without one yet are not listed.
    containers: Arena<PodId, Container>,
    services: Arena<ServiceId, Service>,
    /// Nodes on which a replica died at this instant: what is left shares their CPU anew.
    bereft: BTreeSet<NodeId>,
    parcels: Parcels,
    facts: Vec<Fact>,
    truth: Vec<(Time, Truth)>,
    events: u64,
    /// Whether any container's use of memory is known, so that nodes can run out of it.
    memory_matters: bool,
    /// Whether all use of CPU is simulated, so that it can be told.
    cpu_is_known: bool,
}

impl Sim {
    /// The world of `script` before anything has happened.
    pub fn new(catalog: Arc<Catalog>, script: Script, config: Config) -> Sim {
        let nodes = catalog
            .nodes
            .iter()
            .map(|(_, spec)| Node::new(spec, &script, &config))
            .collect();
        let services = catalog.services.ids().map(|_| Service::default()).collect();
        let known = |service: &Behaviour| service.memory.is_some();
        let memory_matters = script.services.as_slice().iter().any(known);
        let beside = |service: &ServiceSpec| {
            let shape = &catalog.shapes[service.shape];
            shape.running().unsimulated().cpu.0 > 0
        };
        let services_are_alone = !catalog.services.as_slice().iter().any(beside);
        let cpu_is_known = script.jobs.is_empty() && services_are_alone;
        let mut sim = Sim {
            memory_matters,
            cpu_is_known,
            nodes,
            services,
            outside: Outside::default(),
            strikes: Strikes::new(&script),
            catalog,
            script,
            config,
            now: Time::ZERO,
            queue: Queue::new(),
            containers: Arena::new(),
            bereft: BTreeSet::new(),
            parcels: Parcels::default(),
            facts: Vec::new(),
            truth: Vec::new(),
            events: 0,
        };
        sim.begin();
        sim
    }

    /// Events handled so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// What is there at the start: nodes, services, and the first of everything that recurs.
    fn begin(&mut self) {
        for node in self.catalog.nodes.ids() {
            if self.catalog.nodes[node].at_start {
                self.add_node(node);
            }
        }
        for service in self.catalog.services.ids() {
            self.facts.push(Fact::ServiceSubmitted(service));
            self.queue.push(Time::ZERO, Event::LoadStep { service });
        }
        self.begin_failures();
    }

    fn happened(&mut self, truth: Truth) {
        self.truth.push((self.now, truth));
    }

    /// Tells the control plane after `delay`.
    fn tell(&mut self, delay: Duration, fact: Fact) {
        if delay.is_zero() {
            self.facts.push(fact);
        } else {
            let parcel = self.parcels.keep(fact);
            self.queue.push(self.now + delay, Event::Deliver { parcel });
        }
    }

    /// Tells the control plane what a node reports about a pod's container.
    fn report(&mut self, pod: PodId, fact: Fact) {
        self.node_reports(self.containers[pod].node, fact);
    }

    /// Tells the control plane what a node reports.
    fn node_reports(&mut self, node: NodeId, fact: Fact) {
        match self.config.status {
            Delay::Always(length) => self.tell(length, fact),
            Delay::Drawn(_) => {
                // Also what is heard now goes through the queue, behind what is to be heard now.
                let at = self.heard(node);
                let parcel = self.parcels.keep(fact);
                self.queue.push(at, Event::Deliver { parcel });
            }
        }
    }

    /// Handles everything due now, and what that causes now.
    fn settle_instant(&mut self) {
        loop {
            if self.step_outside() {
                continue;
            }
            match self.queue.pop_due(self.now) {
                Some((_, event)) => self.handle(event),
                None if self.deal_traffic() => {}
                None => return,
            }
            self.events += 1;
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Deliver { parcel } => {
                let fact = self.parcels.take(parcel);
                self.facts.push(fact);
            }
            Event::Carry { parcel } => {
                let command = self.parcels.take_command(parcel);
                self.carry_out(command);
            }
            Event::Create { pod, incarnation } => self.create(pod, incarnation),
            Event::Start { pod, incarnation } => self.start(pod, incarnation),
            Event::Ready { pod, incarnation } => self.ready(pod, incarnation),
            Event::Probe { pod, incarnation } => self.probe(pod, incarnation),
            Event::Finish {
                pod,
                incarnation,
                exit,
            } => self.finish(pod, incarnation, exit),
            Event::NodeMemory { node, epoch } => self.node_out_of_memory(node, epoch),
            Event::Beat { node, epoch } => self.beat_missed(node, epoch),
            Event::Booted { node, epoch } => self.booted(node, epoch),
            Event::Relist { node, epoch } => self.relist(node, epoch),
            Event::Fail { failure, target } => self.fail(Strike { failure, target }),
            Event::Repair { failure, target } => self.repair(Strike { failure, target }),
            Event::LoadStep { service } => self.load_step(service),
            Event::Sample { service } => self.sample(service),
        }
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Start {
                pod,
                incarnation,
                owner,
                index,
                shape,
                node,
                ..
            } => {
                self.order(container::Order {
                    pod,
                    incarnation,
                    owner,
                    index,
                    shape,
                    node,
                });
            }
            Command::Stop {
                pod, incarnation, ..
            } => self.stop(pod, incarnation),
            Command::Route { service, pod, .. } => self.route(service, pod),
            Command::Unroute { service, pod, .. } => self.unroute(service, pod),
            Command::Sample { service, every, .. } => self.start_sampling(service, every),
        }
    }
}

impl Runtime for Sim {
    fn wait(&mut self, deadline: Time, passed: &mut Passed) -> Result<Time, Stop> {
        loop {
            self.settle_instant();
            if !self.facts.is_empty() || self.now >= deadline || self.truth.len() > TRUTH_HELD {
                break;
            }
            let next = [
                self.outside.next(&self.script),
                self.queue.next_time(),
                Some(deadline),
            ];
            self.now = next.into_iter().flatten().min().unwrap_or(deadline);
        }
        passed.facts.append(&mut self.facts);
        passed.truth.append(&mut self.truth);
        Ok(self.now)
    }

    fn submit(&mut self, _now: Time, command: Command) {
        let delay = match command {
            Command::Start { .. } | Command::Stop { .. } => self.config.command,
            Command::Route { .. } | Command::Unroute { .. } => self.config.endpoints,
            Command::Sample { .. } => Duration::ZERO,
        };
        if delay.is_zero() {
            self.carry_out(command);
        } else {
            let parcel = self.parcels.keep_command(command);
            self.queue.push(self.now + delay, Event::Carry { parcel });
        }
    }
}
