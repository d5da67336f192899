//! What is asked of the scheduler beyond room: refused where it does not look at it, because a result
//! that ignores it would be wrong.

use super::Builder;
use crate::policy::registry::Choice;
use crate::scenario::policies::Registry;
use crate::scenario::problem::{Problem, Span};
use crate::script::{NodeEvent, NodeEventKind};

impl Builder<'_> {
    /// Takes note of something that the scheduler is to obey, if it was given.
    pub(super) fn ask(&mut self, what: &'static str, given: Option<Span>) {
        self.rules_asked.extend(given.map(|span| (what, span)));
    }

    /// Refuses what the scheduler does not look at.
    pub(super) fn obeyed(&mut self, choice: Option<&Choice>, registry: &Registry) {
        let Some(scheduler) = choice.map(|choice| choice.scheduler.name) else {
            return;
        };
        if registry.obeys_rules(scheduler) {
            return;
        }
        for (what, span) in &self.rules_asked {
            let message = format!("the scheduler `{scheduler}` does not look at `{what}`");
            let note = format!("these do: {}", registry.obedient.join(", "));
            let problem = Problem::error(message).at(*span, "").note(note);
            self.problems.push(problem);
        }
    }

    /// Refuses drains beside disruption budgets: `kubectl drain` waits for them, which is not modelled.
    pub(super) fn drains(&mut self, events: Option<&[NodeEvent]>) {
        let drains = |event: &NodeEvent| event.event == NodeEventKind::Drain;
        let drained = events.is_some_and(|events| events.iter().any(drains));
        let budgets = self.rules_asked.iter();
        let mut budgets = budgets.filter(|(what, _)| *what == super::selectors::BUDGETS);
        if let (true, Some((_, span))) = (drained, budgets.next()) {
            let message = "drains that wait for disruption budgets are not modelled";
            let problem = Problem::error(message).at(*span, "");
            self.problems
                .push(problem.note("trace.node_events has an event drain"));
        }
    }

    /// What is asked of the scheduler, each once.
    pub(super) fn rules_asked(&self) -> Vec<&'static str> {
        let mut asked: Vec<_> = self.rules_asked.iter().map(|(what, _)| *what).collect();
        asked.sort_unstable();
        asked.dedup();
        asked
    }
}
