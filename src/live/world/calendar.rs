//! What is due when: what the script brings, samples, and the sums of traffic.

use std::collections::BTreeMap;

use super::{Live, Order, strikes};
use crate::cluster::pod::Owner;
use crate::control::fact::Fact;
use crate::ids::{JobId, NodeId, PodId, ServiceId};
use crate::live::fault::{Fault, What};
use crate::record::{Cause, Truth};
use crate::script::strikes::{Strike, Victim, nodes_of};
use crate::script::{NodeEvent, NodeEventKind};
use crate::time::{Duration, Time};

/// Time between two sums of traffic.
const TRAFFIC: Duration = Duration::from_secs(1);

/// Something that is due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Due {
    /// The n-th job of the script arrives.
    Job(u32),
    /// The n-th node event of the script.
    NodeEvent(u32),
    /// A failure strikes.
    Fail(Strike),
    /// What it struck is repaired.
    Repair(Strike),
    /// A container has come to the end of its life.
    Crash {
        pod: PodId,
        incarnation: u32,
        node: NodeId,
    },
    /// The use of a service is to be measured.
    Sample { service: ServiceId, every: Duration },
    /// The traffic of all services is to be added up.
    Traffic,
    /// The n-th fault that was typed is done, or undone.
    Fault(u32, bool),
}

/// Everything that is due, in order of time and then of insertion.
#[derive(Debug, Default)]
pub(super) struct Calendar {
    due: BTreeMap<(Time, u64), Due>,
    added: u64,
}

impl Calendar {
    pub(super) fn add(&mut self, at: Time, due: Due) {
        self.due.insert((at, self.added), due);
        self.added += 1;
    }

    pub(super) fn next(&self) -> Option<Time> {
        self.due.keys().next().map(|&(at, _)| at)
    }

    fn pop(&mut self, now: Time) -> Option<Due> {
        let entry = self.due.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }
}

/// The last moment of a run of which something is told.
pub(super) fn last_moment(end: Time) -> Time {
    end.saturating_sub(Duration::from_nanos(1))
}

/// When traffic is added up after `now`; `None` after the last time.
fn next_traffic(now: Time, end: Time) -> Option<Time> {
    let last = last_moment(end);
    let whole = now.nanos() / TRAFFIC.nanos() * TRAFFIC.nanos();
    (now < last).then(|| (Time::from_nanos(whole) + TRAFFIC).min(last))
}

/// What keeps a node down by an event of a trace, beside the script's failures.
const TRACE: u32 = u32::MAX;

impl Live {
    /// What is there at the start, and the first of everything that recurs.
    pub(super) fn begin(&mut self) {
        for node in self.catalog.nodes.ids() {
            if self.catalog.nodes[node].at_start {
                self.add_node(Time::ZERO, node);
            }
        }
        for service in self.catalog.services.ids() {
            self.facts.push(Fact::ServiceSubmitted(service));
        }
        for (at, strike) in self.strikes.first(&self.script, &self.catalog) {
            self.calendar.add(at, Due::Fail(strike));
        }
        for (number, &Fault { at, length, .. }) in (0..).zip(&self.faults) {
            self.calendar.add(at, Due::Fault(number, true));
            self.calendar.add(at + length, Due::Fault(number, false));
        }
        self.plan_job(0);
        self.plan_node_event(0);
        self.plan_traffic(Time::ZERO);
    }

    /// Does all that is due.
    pub(super) fn keep_calendar(&mut self, now: Time) {
        while let Some(due) = self.calendar.pop(now) {
            self.events += 1;
            match due {
                Due::Job(job) => self.job(now, job),
                Due::NodeEvent(event) => self.node_event(now, event),
                Due::Fail(strike) => self.fail(now, strike),
                Due::Repair(strike) => self.repair(now, strike),
                Due::Crash {
                    pod,
                    incarnation,
                    node,
                } => self.order(node, Order::CrashPod { pod, incarnation }),
                Due::Sample { service, every } => self.sample(now, service, every),
                Due::Fault(number, on) => self.fault(number, on),
                Due::Traffic => {
                    self.add_up_traffic(now);
                    self.plan_traffic(now);
                }
            }
        }
    }

    /// Plans what follows from a truth.
    pub(super) fn follow(&mut self, at: Time, truth: Truth) {
        match truth {
            Truth::ContainerStarting {
                pod,
                incarnation,
                node,
            } => self.samples.starting(pod, incarnation, node),
            Truth::ContainerStarted { pod, incarnation } => self.plan_crashes(at, pod, incarnation),
            Truth::ContainerReady { pod, .. } => self.samples.serves(pod, true),
            Truth::ContainerExited { pod, .. } => self.samples.serves(pod, false),
            Truth::NodeProvisioned(_)
            | Truth::NodeReleased(_)
            | Truth::NodeUp(_)
            | Truth::NodeDown { .. }
            | Truth::JobArrived(_)
            | Truth::Traffic { .. }
            | Truth::NodeUse { .. } => {}
        }
    }

    /// The next sum is at a whole second, the last just before the end.
    fn plan_traffic(&mut self, now: Time) {
        if let Some(at) = next_traffic(now, self.end) {
            self.calendar.add(at, Due::Traffic);
        }
    }

    fn plan_crashes(&mut self, at: Time, pod: PodId, incarnation: u32) {
        let Some((Owner::Service(service), index, node)) = self.samples.owner_of(pod) else {
            return;
        };
        let name = format!("{}-{index}", self.catalog.services[service].name);
        for life in strikes::lives(&self.script, service, &name, incarnation) {
            let crash = Due::Crash {
                pod,
                incarnation,
                node,
            };
            self.calendar.add(at + life, crash);
        }
    }

    fn plan_job(&mut self, job: u32) {
        if let Some(&at) = self.script.jobs.arrivals.get(job as usize) {
            self.calendar.add(at, Due::Job(job));
        }
    }

    fn job(&mut self, now: Time, job: u32) {
        let index = job as usize;
        let fact = Fact::JobSubmitted {
            job: JobId(job),
            shape: self.script.jobs.shapes[index],
            replace: self.script.jobs.replace[index],
        };
        self.happened(now, Truth::JobArrived(JobId(job)));
        self.facts.push(fact);
        self.plan_job(job + 1);
    }

    fn plan_node_event(&mut self, event: u32) {
        if let Some(&NodeEvent { at, .. }) = self.script.node_events.get(event as usize) {
            self.calendar.add(at, Due::NodeEvent(event));
        }
    }

    fn node_event(&mut self, now: Time, number: u32) {
        let NodeEvent { node, event, .. } = self.script.node_events[number as usize];
        match event {
            NodeEventKind::Add => self.add_node(now, node),
            NodeEventKind::Remove => {
                self.nodes[node].provisioned = false;
                self.order(node, Order::CutPower(Cause::Trace));
                self.happened(now, Truth::NodeReleased(node));
                self.facts.push(Fact::NodeRemoved(node));
            }
            NodeEventKind::Fail => self.hold(node, TRACE, Cause::Trace),
            NodeEventKind::Recover => self.release(node, TRACE),
            NodeEventKind::Drain => self.facts.push(Fact::NodeDrained(node)),
            NodeEventKind::Undrain => self.facts.push(Fact::NodeUndrained(node)),
        }
        self.plan_node_event(number + 1);
    }

    fn add_node(&mut self, now: Time, node: NodeId) {
        if std::mem::replace(&mut self.nodes[node].provisioned, true) {
            return;
        }
        self.happened(now, Truth::NodeProvisioned(node));
        self.happened(now, Truth::NodeUp(node));
        if !self.nodes[node].holds.is_empty() {
            self.order(node, Order::CutPower(Cause::Node));
        }
        // What is taken over is believed already.
        if !(self.took_over && now == Time::ZERO) {
            self.facts.push(Fact::NodeAdded(node));
        }
    }

    fn fail(&mut self, now: Time, strike: Strike) {
        match strike.victim(&self.script) {
            Victim::Node(node) => self.hold(node, strike.failure, Cause::Node),
            Victim::Zone(zone) => {
                for node in nodes_of(&self.catalog, zone) {
                    self.hold(node, strike.failure, Cause::Zone(zone));
                }
            }
            Victim::Containers(service) => {
                for node in self.catalog.nodes.ids() {
                    self.order(node, Order::CrashService(service));
                }
                return;
            }
        }
        if let Some(length) = self.strikes.down(&self.script, &self.catalog, strike) {
            self.calendar.add(now + length, Due::Repair(strike));
        }
    }

    fn repair(&mut self, now: Time, strike: Strike) {
        match strike.victim(&self.script) {
            Victim::Node(node) => self.release(node, strike.failure),
            Victim::Zone(zone) => {
                for node in nodes_of(&self.catalog, zone) {
                    self.release(node, strike.failure);
                }
            }
            Victim::Containers(_) => {}
        }
        let next = self.strikes.repaired(&self.script, &self.catalog, strike);
        if let Some(length) = next {
            self.calendar.add(now + length, Due::Fail(strike));
        }
    }

    fn fault(&self, number: u32, on: bool) {
        match self.faults[number as usize].what {
            What::Containers(what, service) => {
                for node in self.catalog.nodes.ids() {
                    let trouble = Order::Trouble {
                        number,
                        service,
                        what,
                        on,
                    };
                    self.order(node, trouble);
                }
            }
            What::Engine(fault, node) => self.order(node, Order::Engine { number, fault, on }),
        }
    }

    fn hold(&mut self, node: NodeId, hold: u32, cause: Cause) {
        let one = &mut self.nodes[node];
        let is_first = one.holds.is_empty();
        if one.holds.insert(hold) && is_first && one.provisioned {
            self.order(node, Order::CutPower(cause));
        }
    }

    fn release(&mut self, node: NodeId, hold: u32) {
        let one = &mut self.nodes[node];
        if one.holds.remove(&hold) && one.holds.is_empty() && one.provisioned {
            self.order(node, Order::Boot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traffic_is_added_up_at_whole_seconds_however_late_it_was_and_just_before_the_end() {
        let end = Time::from_secs_f64(4.5);
        let mut sums = vec![Time::ZERO];
        while let Some(at) = next_traffic(sums[sums.len() - 1], end) {
            // Each time 30 ms late, save the last.
            let late = at + Duration::from_nanos(30_000_000);
            sums.push(late.min(last_moment(end)));
        }
        let last = 4_499_999_999;
        let expected = [
            0,
            1_030_000_000,
            2_030_000_000,
            3_030_000_000,
            4_030_000_000,
            last,
        ];
        assert_eq!(sums, expected.map(Time::from_nanos));
        let whole = Time::from_secs(2);
        let before = next_traffic(Time::from_secs(1), whole);
        assert_eq!(before, Some(last_moment(whole)));
        assert_eq!(next_traffic(whole, whole), None);
    }
}
