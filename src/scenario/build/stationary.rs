//! What is said to follow the same laws all the time.

use super::Builder;
use crate::scenario::decode::{At, Field};
use crate::scenario::problem::Problem;
use crate::script::failure::{Failure, When};
use crate::script::jobs::{JobSource, Jobs};

impl Builder<'_> {
    /// Whether the scenario says so; `None` once a problem has been reported. What plainly follows
    /// the clock or a calendar contradicts it.
    pub(super) fn stationary(
        &mut self,
        raw: Field<bool>,
        pods: Option<&Jobs>,
        sources: Option<&[JobSource]>,
        failures: Option<&[Failure]>,
    ) -> Option<bool> {
        let said = raw.or(false)?;
        if !said.value {
            return Some(false);
        }
        let mut moving: Vec<String> = Vec::new();
        for (id, service) in self.catalog.services.iter() {
            if !self.behaviours[id].load.is_constant() {
                moving.push(format!("the load of `{}` changes with time", service.name));
            }
        }
        if pods.is_some_and(|pods| !pods.is_empty()) {
            moving.push("pods of a trace arrive when they did".to_owned());
        }
        for source in sources.unwrap_or_default() {
            if source.until.is_some() || source.count.is_some() {
                moving.push(format!("the jobs of `{}` come to an end", source.name));
            }
        }
        for failure in failures.unwrap_or_default() {
            if matches!(failure.when, When::At { .. }) {
                moving.push(format!("failure `{}` has its time", failure.name));
            }
        }
        self.contradicted(&said, &moving)
    }

    fn contradicted(&mut self, said: &At<bool>, moving: &[String]) -> Option<bool> {
        if moving.is_empty() {
            return Some(true);
        }
        let problem = Problem::error("this scenario is not stationary")
            .at(said.span, "no warm-up makes it so")
            .note(moving.join("; "));
        self.problems.push(problem);
        None
    }
}
