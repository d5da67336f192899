//! What a scenario promises.

use super::Builder;
use crate::metrics::measured::Entity;
use crate::metrics::quantity::{NoQuantity, Quantity};
use crate::scenario::decode::{At, Field, List};
use crate::scenario::objective::{self, Bound, Objective, Origin, Tolerance};
use crate::scenario::problem::{Problem, Span};
use crate::scenario::raw;
use crate::scenario::suggest;
use crate::scenario::values::Level;

impl Builder<'_> {
    /// The objectives of the file, then those of its services; `None` once a problem has been
    /// reported.
    pub(super) fn objectives(
        &mut self,
        raw: Field<List<raw::ObjectiveTable>>,
    ) -> Option<Vec<Objective>> {
        let mut places: Vec<(Quantity, Span)> = Vec::new();
        let read = raw.elements().read(|table| {
            let (objective, span) = self.objective(table)?;
            let same = places.iter().find(|(q, _)| *q == objective.quantity);
            if let Some(&(_, first)) = same {
                let message = format!("there is an objective on `{}` already", objective.quantity);
                let problem = Problem::error(message).at(span, "").at(first, "here");
                self.problems.push(problem);
                return None;
            }
            places.push((objective.quantity.clone(), span));
            Some(objective)
        });
        let promised = self.promised();
        let mut all = read?;
        let is_new = |slo: &Objective| places.iter().all(|(q, _)| *q != slo.quantity);
        all.extend(promised.into_iter().filter(is_new));
        Some(all)
    }

    /// What the services promise their users.
    fn promised(&self) -> Vec<Objective> {
        let services = self.catalog.services.iter();
        let promised = services.filter_map(|(_, service)| {
            let slo = service.slo?;
            let entity = Entity::Service(service.name.clone());
            Some(Objective {
                quantity: Quantity::of(objective::AVAILABILITY, entity),
                bound: Bound::AtLeast(slo.availability),
                tolerance: self.slo_tolerances.get(&service.name).copied(),
                origin: Origin::Slo,
            })
        });
        promised.collect()
    }

    fn objective(&mut self, table: At<raw::ObjectiveTable>) -> Option<(Objective, Span)> {
        let At { value: raw, span } = table;
        let metric = raw.metric.given();
        let place = metric.as_ref().map_or(span, |metric| metric.span);
        let quantity = metric.and_then(|metric| self.quantity(&metric));
        let (at_least, at_most) = (raw.at_least.optional()?, raw.at_most.optional()?);
        let quantity = quantity?;
        let tolerance = raw.tolerance.if_given(|at| self.tolerance(&quantity, &at));
        let bound = match (at_least, at_most) {
            (Some(at), None) => Bound::AtLeast(self.level("at_least", &quantity, &at)?),
            (None, Some(at)) => Bound::AtMost(self.level("at_most", &quantity, &at)?),
            (None, None) => {
                let message = "an objective has a bound: `at_least` or `at_most`";
                self.problems.push(Problem::error(message).at(span, ""));
                return None;
            }
            (Some(_), Some(at)) => {
                let message = "an objective has one bound, `at_least` or `at_most`";
                self.problems.push(Problem::error(message).at(at.span, ""));
                return None;
            }
        };
        if !bound.suits(quantity.metric.better) {
            let message = format!("`{}` is bounded on its better side", quantity.metric.name);
            let right = match bound {
                Bound::AtLeast(_) => "less is better: write `at_most`",
                Bound::AtMost(_) => "more is better: write `at_least`",
            };
            self.problems.push(Problem::error(message).at(place, right));
            return None;
        }
        Some((
            Objective {
                quantity,
                bound,
                tolerance: tolerance?,
                origin: Origin::Written,
            },
            place,
        ))
    }

    /// The quantity of that name, if it can exist in this scenario.
    fn quantity(&mut self, text: &At<String>) -> Option<Quantity> {
        match text.value.parse::<Quantity>() {
            Ok(quantity) => self.has(&quantity, text).then_some(quantity),
            Err(wrong) => {
                let problem = unknown(&wrong, text.span);
                self.problems.push(problem);
                None
            }
        }
    }

    /// Whether the scenario has what the quantity is of.
    fn has(&mut self, quantity: &Quantity, text: &At<String>) -> bool {
        let name = |name: &str| At {
            value: name.to_owned(),
            span: text.span,
        };
        match &quantity.entity {
            Entity::Cluster | Entity::Part(_) => true,
            Entity::Service(service) | Entity::ServicePart { service, .. } => {
                let found = self.services.find(&name(service), self.problems);
                found.is_some() || !self.services.complete
            }
            Entity::Zone(zone) => self.zones.find(&name(zone), self.problems).is_some(),
            Entity::Group(machine) | Entity::Node(machine) => {
                let found = self.machines.find(&name(machine), self.problems);
                found.is_some() || !self.machines.complete
            }
        }
    }

    fn level(&mut self, key: &str, quantity: &Quantity, at: &At<Level>) -> Option<f64> {
        let read = objective::amount(&at.value.0, quantity.metric);
        self.or_say(key, quantity, at, read)
    }

    fn tolerance(&mut self, quantity: &Quantity, at: &At<Level>) -> Option<Tolerance> {
        let read = Tolerance::read(&at.value.0, quantity.metric);
        self.or_say("tolerance", quantity, at, read)
    }

    /// How much less of a service's availability is not worse.
    pub(super) fn slo_tolerance(&mut self, raw: Field<Level>) -> Option<Option<Tolerance>> {
        raw.if_given(|at| self.tolerance(&objective::availability(), &at))
    }

    fn or_say<T>(
        &mut self,
        key: &str,
        quantity: &Quantity,
        at: &At<Level>,
        read: Result<T, String>,
    ) -> Option<T> {
        read.map_err(|form| {
            let message = format!("`{key}` of `{}` must be {form}", quantity.metric.name);
            self.problems.push(Problem::error(message).at(at.span, ""));
        })
        .ok()
    }
}

/// What is said of a quantity that there is not.
fn unknown(wrong: &NoQuantity, span: Span) -> Problem {
    let (word, known) = wrong.choices();
    let meant = suggest::did_you_mean(word, known.iter().copied());
    let problem = Problem::error(wrong.to_string()).at(span, meant);
    match wrong {
        NoQuantity::Metric { .. } => problem.note("`plimsoll metrics` lists all metrics"),
        NoQuantity::Entity { .. } => problem.note(suggest::known(known)),
    }
}
