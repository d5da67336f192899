//! Failures on the calendar: nodes and zones.

use super::Sim;
use super::event::Event;
use super::node::Hold;
use crate::cluster::pod::Exit;
use crate::ids::{PodId, ServiceId};
use crate::record::Cause;
use crate::script::strikes::{Strike, Victim, nodes_of};

impl Sim {
    /// Plans the first strike of every failure. Failures by age strike containers as they start.
    pub(super) fn begin_failures(&mut self) {
        for (at, strike) in self.strikes.first(&self.script, &self.catalog) {
            self.queue.push(at, fail(strike));
        }
    }

    /// A failure strikes.
    pub(super) fn fail(&mut self, strike: Strike) {
        let Strike { failure, target } = strike;
        let hold = Hold::Failure(failure);
        match strike.victim(&self.script) {
            Victim::Node(node) => self.hold(node, hold, Cause::Node),
            Victim::Zone(zone) => {
                for node in nodes_of(&self.catalog, zone) {
                    self.hold(node, hold, Cause::Zone(zone));
                }
            }
            // They are back when they are restarted.
            Victim::Containers(service) => return self.crash_all(service),
        }
        if let Some(length) = self.strikes.down(&self.script, &self.catalog, strike) {
            self.queue
                .push(self.now + length, Event::Repair { failure, target });
        }
    }

    /// What a failure struck is repaired, and its next strike planned.
    pub(super) fn repair(&mut self, strike: Strike) {
        let hold = Hold::Failure(strike.failure);
        match strike.victim(&self.script) {
            Victim::Node(node) => self.release(node, hold),
            Victim::Zone(zone) => {
                for node in nodes_of(&self.catalog, zone) {
                    self.release(node, hold);
                }
            }
            Victim::Containers(_) => {}
        }
        let next = self.strikes.repaired(&self.script, &self.catalog, strike);
        if let Some(length) = next {
            self.queue.push(self.now + length, fail(strike));
        }
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

fn fail(Strike { failure, target }: Strike) -> Event {
    Event::Fail { failure, target }
}
