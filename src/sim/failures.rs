//! Failures on the calendar: nodes and zones.

use super::Sim;
use super::event::Event;
use super::node::Hold;
use crate::cluster::pod::Exit;
use crate::dist::Distribution;
use crate::ids::{NodeId, PodId, ServiceId, ZoneId};
use crate::record::Cause;
use crate::rng::{self, Purpose};
use crate::script::Script;
use crate::script::failure::{Target, When};
use crate::time::Duration;

/// How often each target of each failure has been struck so far.
pub(super) struct Failures {
    struck: Vec<Vec<u64>>,
}

/// One thing that a failure can strike.
#[derive(Clone, Copy)]
enum Victim {
    Node(NodeId),
    Zone(ZoneId),
    Containers(ServiceId),
}

impl Failures {
    /// None yet.
    pub(super) fn new(script: &Script) -> Failures {
        let counts = script
            .failures
            .iter()
            .map(|failure| vec![0; failure.target.len()]);
        Failures {
            struck: counts.collect(),
        }
    }
}

fn victim(target: &Target, index: u32) -> Victim {
    let index = index as usize;
    match target {
        Target::Nodes(nodes) => Victim::Node(nodes[index]),
        Target::Zones(zones) => Victim::Zone(zones[index]),
        Target::Containers(services) => Victim::Containers(services[index]),
    }
}

impl Sim {
    /// Plans the first strike of every failure. Failures by age strike containers as they start.
    pub(super) fn begin_failures(&mut self) {
        for failure in 0..self.script.failures.len() {
            let spec = &self.script.failures[failure];
            let targets = spec.target.len() as u32;
            let number = failure as u32;
            match (&spec.when, &spec.target) {
                (When::At { at, count }, _) => {
                    let at = *at;
                    for target in self.choose(failure, targets, *count) {
                        self.queue.push(
                            at,
                            Event::Fail {
                                failure: number,
                                target,
                            },
                        );
                    }
                }
                (When::After(_), Target::Containers(_)) => {}
                (When::After(_), Target::Nodes(_) | Target::Zones(_)) => {
                    (0..targets).for_each(|target| self.plan_strike(number, target));
                }
            }
        }
    }

    /// `count` of the targets by lot, in their order; all of them without a count.
    fn choose(&self, failure: usize, targets: u32, count: Option<u32>) -> Vec<u32> {
        let mut all: Vec<u32> = (0..targets).collect();
        let Some(count) = count else { return all };
        let name = &self.script.failures[failure].name;
        let mut stream = rng::stream(self.script.seed, Purpose::Targets, name, 0);
        let count = (count as usize).min(all.len());
        for index in 0..count {
            let other = index + rng::below(&mut stream, (all.len() - index) as u64) as usize;
            all.swap(index, other);
        }
        all.truncate(count);
        all.sort_unstable();
        all
    }

    fn plan_strike(&mut self, failure: u32, target: u32) {
        let When::After(up) = &self.script.failures[failure as usize].when else {
            return;
        };
        let length = self.draw(failure, target, up, 0);
        self.queue
            .push(self.now + length, Event::Fail { failure, target });
    }

    /// A draw for the present occurrence; `part` 0 is its time up, 1 its time down.
    fn draw(&self, failure: u32, target: u32, law: &Distribution, part: u64) -> Duration {
        let spec = &self.script.failures[failure as usize];
        let struck = self.failures.struck[failure as usize][target as usize];
        let number = struck * 2 + part;
        spec.draw(
            law,
            target as usize,
            number,
            &self.catalog,
            self.script.seed,
        )
    }

    /// A failure strikes.
    pub(super) fn fail(&mut self, failure: u32, target: u32) {
        let spec = &self.script.failures[failure as usize];
        let down = spec.down.clone();
        let struck = victim(&spec.target, target);
        match struck {
            Victim::Node(node) => self.hold(node, Hold::Failure(failure), Cause::Node),
            Victim::Zone(zone) => {
                for node in self.nodes_of(zone) {
                    self.hold(node, Hold::Failure(failure), Cause::Zone(zone));
                }
            }
            Victim::Containers(service) => self.crash_all(service),
        }
        if let (Victim::Node(_) | Victim::Zone(_), Some(law)) = (struck, down) {
            let length = self.draw(failure, target, &law, 1);
            self.queue
                .push(self.now + length, Event::Repair { failure, target });
        }
    }

    /// What a failure struck is repaired, and its next strike planned.
    pub(super) fn repair(&mut self, failure: u32, target: u32) {
        match victim(&self.script.failures[failure as usize].target, target) {
            Victim::Node(node) => self.release(node, Hold::Failure(failure)),
            Victim::Zone(zone) => {
                for node in self.nodes_of(zone) {
                    self.release(node, Hold::Failure(failure));
                }
            }
            Victim::Containers(_) => {}
        }
        self.failures.struck[failure as usize][target as usize] += 1;
        self.plan_strike(failure, target);
    }

    fn nodes_of(&self, zone: ZoneId) -> Vec<NodeId> {
        let nodes = self.catalog.nodes.iter();
        nodes
            .filter(|(_, spec)| spec.zone == zone)
            .map(|(node, _)| node)
            .collect()
    }

    /// Every running container of the service crashes.
    fn crash_all(&mut self, service: ServiceId) {
        let members = self.services[service].members.iter().copied();
        let running: Vec<PodId> = members.filter(|&pod| self.containers[pod].runs()).collect();
        for pod in running {
            let incarnation = self.containers[pod].incarnation;
            self.finish(pod, incarnation, Exit::Crashed);
        }
    }
}
