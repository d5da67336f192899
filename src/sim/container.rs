//! Mock containers: pull, create, start, ready, crash, stop.

use super::Sim;
use super::event::Event;
use super::node::Node;
use crate::cluster::pod::{Exit, Owner};
use crate::control::fact::Fact;
use crate::ids::{Id, NodeId, PodId, ServiceId, ShapeId};
use crate::record::Truth;
use crate::rng::{self, Purpose, Stream};
use crate::script::strikes;
use crate::time::{Duration, Time};

/// What a node is told about a container to be started.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) pod: PodId,
    pub(super) incarnation: u32,
    pub(super) owner: Owner,
    pub(super) index: u32,
    pub(super) shape: ShapeId,
    pub(super) node: NodeId,
}

/// The truth about the present or last container of a pod.
#[derive(Clone, Copy, Debug)]
pub(super) struct Container {
    pub(super) incarnation: u32,
    pub(super) owner: Owner,
    pub(super) index: u32,
    pub(super) shape: ShapeId,
    pub(super) node: NodeId,
    pub(super) state: State,
    /// When its image is there, where it is starting.
    image: Time,
    /// When it began to run.
    pub(super) started: Time,
    /// Requests per second sent to it.
    pub(super) rate: f64,
    /// CPU it gets for them, in cores.
    pub(super) cpu: f64,
    /// Whether it has been told to stop.
    stopping: bool,
}

/// How far a container is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Its image is being pulled, or it is being created.
    Starting,
    /// It runs and cannot serve yet.
    Running,
    /// It can serve.
    Ready,
    /// It is dead, or there has been none.
    Dead,
}

impl Container {
    const NONE: Container = Container {
        incarnation: 0,
        owner: Owner::Job(crate::ids::JobId(0)),
        index: 0,
        shape: ShapeId(0),
        node: NodeId(0),
        state: State::Dead,
        image: Time::ZERO,
        started: Time::ZERO,
        rate: 0.0,
        cpu: 0.0,
        stopping: false,
    };

    /// Whether it holds memory and CPU.
    pub(super) fn runs(&self) -> bool {
        matches!(self.state, State::Running | State::Ready)
    }

    /// The service it is a replica of.
    pub(super) fn service(&self) -> Option<ServiceId> {
        match self.owner {
            Owner::Service(service) => Some(service),
            Owner::Job(_) => None,
        }
    }
}

impl Sim {
    /// A node is told to start a container. A node that is down does not hear it.
    pub(super) fn order(&mut self, order: Order) {
        let Order {
            pod,
            incarnation,
            owner,
            index,
            shape,
            node,
        } = order;
        while self.containers.len() <= pod.index() {
            self.containers.push(Container::NONE);
        }
        let state = &self.nodes[node];
        if !state.up || self.containers[pod].incarnation >= incarnation {
            return;
        }
        if self.containers[pod].state != State::Dead {
            // The control plane gave this one up while its order was on its way.
            let overtaken = self.containers[pod].incarnation;
            self.finish(pod, overtaken, Exit::Stopped);
        }
        let image = self.image_ready(node, owner);
        self.containers[pod] = Container {
            incarnation,
            owner,
            index,
            shape,
            node,
            state: State::Starting,
            image,
            ..Container::NONE
        };
        self.nodes[node].pods.push(pod);
        if let Owner::Service(service) = owner {
            self.services[service].members.insert(pod);
        }
        self.happened(Truth::ContainerStarting {
            pod,
            incarnation,
            node,
        });
        if image > self.now || self.config.create.depends() {
            // Also at this instant: after all that are ordered now, so that it is known how many are.
            self.queue.push(image, Event::Create { pod, incarnation });
        } else {
            self.create(pod, incarnation);
        }
    }

    /// The container's image is there: it is created and started.
    pub(super) fn create(&mut self, pod: PodId, incarnation: u32) {
        if !self.is_current(pod, incarnation) {
            return;
        }
        let number = match self.config.create.depends() {
            true => self.starting_beside(self.containers[pod].node),
            false => 1,
        };
        let dice = || self.dice_of(pod, Purpose::Create);
        let length = self.config.create.draw(number, dice);
        if length.is_zero() {
            self.start(pod, incarnation);
        } else {
            self.queue
                .push(self.now + length, Event::Start { pod, incarnation });
        }
    }

    /// Containers that are being created and started, their images being there, where those of a node slow
    /// each other down.
    fn starting_beside(&self, node: NodeId) -> u32 {
        let is_starting = |container: &Container| {
            container.state == State::Starting && container.image <= self.now
        };
        let starting = |node: &Node| {
            let pods = node.pods.iter();
            pods.filter(|&&pod| is_starting(&self.containers[pod]))
                .count() as u32
        };
        match self.config.shared_machine {
            true => self.nodes.as_slice().iter().map(starting).sum(),
            false => starting(&self.nodes[node]),
        }
    }

    /// The dice of a pod's container for one purpose.
    fn dice_of(&self, pod: PodId, purpose: Purpose) -> Stream {
        let held = &self.containers[pod];
        let name = match held.owner {
            Owner::Service(service) => {
                format!("{}-{}", self.catalog.services[service].name, held.index)
            }
            Owner::Job(job) => format!("job-{}", job.index()),
        };
        rng::stream(
            self.script.seed,
            purpose,
            &name,
            u64::from(held.incarnation),
        )
    }

    fn image_ready(&mut self, node: NodeId, owner: Owner) -> Time {
        let (Owner::Service(service), Some(bandwidth)) = (owner, self.config.pull_bandwidth) else {
            return self.now;
        };
        match &self.script.services[service].image {
            Some(image) => self.nodes[node].pull(self.now, image, bandwidth),
            None => self.now,
        }
    }

    fn is_current(&self, pod: PodId, incarnation: u32) -> bool {
        self.containers
            .get(pod)
            .is_some_and(|held| held.incarnation == incarnation && held.state != State::Dead)
    }

    /// The container runs.
    pub(super) fn start(&mut self, pod: PodId, incarnation: u32) {
        if !self.is_current(pod, incarnation) {
            return;
        }
        self.containers[pod].state = State::Running;
        self.containers[pod].started = self.now;
        self.happened(Truth::ContainerStarted { pod, incarnation });
        self.plan_node_memory(self.containers[pod].node);
        match self.containers[pod].owner {
            Owner::Job(job) => {
                let duration = self.script.jobs.durations[job.index()];
                if duration != Duration::MAX {
                    let finish = Event::Finish {
                        pod,
                        incarnation,
                        exit: Exit::Completed,
                    };
                    self.queue.push(self.now + duration, finish);
                }
                self.containers[pod].state = State::Ready;
                self.happened(Truth::ContainerReady { pod, incarnation });
                self.report(
                    pod,
                    Fact::ContainerStarted {
                        pod,
                        incarnation,
                        ready: true,
                    },
                );
            }
            Owner::Service(service) => self.start_replica(pod, incarnation, service),
        }
    }

    fn start_replica(&mut self, pod: PodId, incarnation: u32, service: ServiceId) {
        let behaviour = &self.script.services[service];
        let period = behaviour.probe_period;
        let name = format!(
            "{}-{}",
            self.catalog.services[service].name, self.containers[pod].index
        );
        let startup = behaviour.startup_of(self.script.seed, &name, incarnation);
        // A probe that finds the container ready at its start costs no event of its own.
        let probed = period.is_some() && !startup.is_zero();
        self.report(
            pod,
            Fact::ContainerStarted {
                pod,
                incarnation,
                ready: !probed,
            },
        );
        self.draw_crash(pod, incarnation, service, &name);
        self.plan_out_of_memory(pod, incarnation, service);
        let more = self.config.ready.draw(|| self.dice_of(pod, Purpose::Ready));
        let startup = startup + more;
        // Before its probe in the queue: a probe due at the instant of readiness passes.
        if startup.is_zero() {
            self.ready(pod, incarnation);
        } else {
            self.queue
                .push(self.now + startup, Event::Ready { pod, incarnation });
        }
        if let Some(period) = period.filter(|_| probed) {
            let probes = startup.nanos().div_ceil(period.nanos());
            self.queue.push(
                self.now + period * probes,
                Event::Probe { pod, incarnation },
            );
        }
    }

    /// Draws when the container will crash, from every failure that strikes containers.
    fn draw_crash(&mut self, pod: PodId, incarnation: u32, service: ServiceId, name: &str) {
        for life in strikes::lives(&self.script, service, name, incarnation) {
            let finish = Event::Finish {
                pod,
                incarnation,
                exit: Exit::Crashed,
            };
            self.queue.push(self.now + life, finish);
        }
    }

    /// The container can serve.
    pub(super) fn ready(&mut self, pod: PodId, incarnation: u32) {
        if self.is_current(pod, incarnation) {
            self.containers[pod].state = State::Ready;
            self.happened(Truth::ContainerReady { pod, incarnation });
            self.disturb(pod);
        }
    }

    /// A readiness probe found the container able to serve.
    pub(super) fn probe(&mut self, pod: PodId, incarnation: u32) {
        if self.is_current(pod, incarnation) && self.containers[pod].state == State::Ready {
            self.report(
                pod,
                Fact::ProbeChanged {
                    pod,
                    incarnation,
                    ready: true,
                },
            );
        }
    }

    /// A node is told to stop a container: it exits after its own time, at most the grace period.
    pub(super) fn stop(&mut self, pod: PodId, incarnation: u32) {
        if !self.is_current(pod, incarnation) || self.containers[pod].stopping {
            return;
        }
        self.containers[pod].stopping = true;
        let length = match self.containers[pod].service() {
            Some(service) if self.containers[pod].runs() => self.script.services[service]
                .shutdown
                .min(self.config.grace),
            _ => Duration::ZERO,
        };
        let length = length + self.config.stop.draw(|| self.dice_of(pod, Purpose::Stop));
        if length.is_zero() {
            self.finish(pod, incarnation, Exit::Stopped);
        } else {
            let finish = Event::Finish {
                pod,
                incarnation,
                exit: Exit::Stopped,
            };
            self.queue.push(self.now + length, finish);
        }
    }

    /// The container ends and its node reports it.
    pub(super) fn finish(&mut self, pod: PodId, incarnation: u32, exit: Exit) {
        if self.is_current(pod, incarnation) {
            let node = self.containers[pod].node;
            let pods = &mut self.nodes[node].pods;
            let at = pods.iter().position(|&other| other == pod);
            pods.swap_remove(at.expect("a living container is on its node"));
            self.kill(pod, exit);
            self.report(
                pod,
                Fact::ContainerExited {
                    pod,
                    incarnation,
                    exit,
                },
            );
        }
    }

    /// The container is dead; its node has forgotten it.
    pub(super) fn kill(&mut self, pod: PodId, exit: Exit) {
        self.disturb(pod);
        let container = &mut self.containers[pod];
        if let Some(service) = container.service() {
            self.services[service].members.remove(&pod);
            self.bereft.insert(container.node);
        }
        container.state = State::Dead;
        container.cpu = 0.0;
        let incarnation = container.incarnation;
        self.happened(Truth::ContainerExited {
            pod,
            incarnation,
            exit,
        });
        self.plan_node_memory(self.containers[pod].node);
    }

    /// The traffic of the container's service and the use of its node must be worked out anew.
    fn disturb(&mut self, pod: PodId) {
        if let Some(service) = self.containers[pod].service() {
            self.disturb_service(service);
        }
    }
}
