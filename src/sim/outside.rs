//! What the script brings from outside: jobs and node events, each list with a cursor.

use super::Sim;
use super::node::Hold;
use crate::control::fact::Fact;
use crate::ids::JobId;
use crate::record::{Cause, Truth};
use crate::script::{NodeEvent, NodeEventKind, Script};
use crate::time::Time;

/// How far the script has been played.
#[derive(Default)]
pub(super) struct Outside {
    jobs: u32,
    node_events: u32,
}

impl Outside {
    /// When the script goes on.
    pub(super) fn next(&self, script: &Script) -> Option<Time> {
        let job = script.jobs.arrivals.get(self.jobs as usize).copied();
        let event = script
            .node_events
            .get(self.node_events as usize)
            .map(|event| event.at);
        match (job, event) {
            (Some(job), Some(event)) => Some(job.min(event)),
            (job, event) => job.or(event),
        }
    }
}

impl Sim {
    /// Plays one entry of the script that is due, node events before jobs; false if none is.
    pub(super) fn step_outside(&mut self) -> bool {
        let event = self
            .script
            .node_events
            .get(self.outside.node_events as usize)
            .copied();
        if let Some(event) = event.filter(|event| event.at <= self.now) {
            self.outside.node_events += 1;
            self.node_event(event);
            self.events += 1;
            return true;
        }
        let jobs = &self.script.jobs;
        let index = self.outside.jobs as usize;
        if jobs.arrivals.get(index).is_some_and(|&at| at <= self.now) {
            let job = JobId(self.outside.jobs);
            let fact = Fact::JobSubmitted {
                job,
                shape: jobs.shapes[index],
                replace: jobs.replace[index],
            };
            self.outside.jobs += 1;
            self.happened(Truth::JobArrived(job));
            self.facts.push(fact);
            self.events += 1;
            return true;
        }
        false
    }

    fn node_event(&mut self, NodeEvent { node, event, .. }: NodeEvent) {
        match event {
            NodeEventKind::Add => self.add_node(node),
            NodeEventKind::Remove => self.remove_node(node),
            NodeEventKind::Fail => self.hold(node, Hold::Trace, Cause::Trace),
            NodeEventKind::Recover => self.release(node, Hold::Trace),
            NodeEventKind::Drain => self.drain_node(node, true),
            NodeEventKind::Undrain => self.drain_node(node, false),
        }
    }
}
