//! What became of the objectives: of each run, whether it kept the bound.

use crate::metrics::quantity::Quantity;
use crate::report::figure::{self, Unit};
use crate::report::results::{Numbers, Results};
use crate::scenario::objective::{Bound, Objective, Origin};

/// One objective, and in how many runs it was kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Judged {
    /// What is bounded.
    pub(crate) quantity: Quantity,
    /// The bound.
    pub(crate) bound: Bound,
    /// Runs that kept it.
    pub(crate) met: usize,
    /// Runs that have such a value.
    pub(crate) judged: usize,
}

/// How an objective came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Kept in every run that has such a value.
    Met,
    /// Kept in some runs and not in others.
    Partly,
    /// Kept in no run.
    Missed,
    /// No run has such a value.
    Unknown,
}

/// All objectives of the scenario, in its order.
pub(crate) fn all(results: &Results<'_>) -> Vec<Judged> {
    let objectives = results.scenario.objectives.iter();
    objectives.map(|one| Judged::of(results, one)).collect()
}

/// Those that are no service's `slo`: these are told with the service.
pub(crate) fn besides_slos(results: &Results<'_>) -> Vec<Judged> {
    let written = results.scenario.objectives.iter();
    let written = written.filter(|one| one.origin == Origin::Written);
    written.map(|one| Judged::of(results, one)).collect()
}

impl Judged {
    fn of(results: &Results<'_>, objective: &Objective) -> Judged {
        let verdicts = results.runs.iter().filter_map(|run| objective.met(run));
        let (met, judged) = verdicts.fold((0, 0), |(met, judged), is_met| {
            (met + usize::from(is_met), judged + 1)
        });
        Judged {
            quantity: objective.quantity.clone(),
            bound: objective.bound,
            met,
            judged,
        }
    }

    /// How it came out.
    pub(crate) fn verdict(&self) -> Verdict {
        match (self.met, self.judged) {
            (_, 0) => Verdict::Unknown,
            (met, judged) if met == judged => Verdict::Met,
            (0, _) => Verdict::Missed,
            _ => Verdict::Partly,
        }
    }

    /// The same in words.
    pub(crate) fn words(&self) -> String {
        match self.verdict() {
            Verdict::Met => "met".to_owned(),
            Verdict::Missed => "missed".to_owned(),
            Verdict::Partly => format!("met in {} of {} runs", self.met, self.judged),
            Verdict::Unknown => "not judged: no run has such a value".to_owned(),
        }
    }

    /// The bound for readers: `at most 1 m`.
    pub(crate) fn bound(&self, currency: &str) -> String {
        bound(&self.quantity, self.bound, currency)
    }

    /// What all runs together say of the quantity, with its interval.
    pub(crate) fn value(&self, numbers: &impl Numbers) -> Option<String> {
        numbers.show(self.quantity.metric.name, &self.quantity.entity)
    }
}

/// A bound for readers: `at most 1 m`.
pub(crate) fn bound(quantity: &Quantity, bound: Bound, currency: &str) -> String {
    let unit = Unit::of(quantity.metric.unit, currency);
    let shown = |bound: f64| match unit {
        Unit::Ratio => figure::exact_percent(bound),
        Unit::Seconds | Unit::Bytes | Unit::Money(_) | Unit::Plain(_) => {
            figure::number(bound, unit)
        }
    };
    match bound {
        Bound::AtLeast(bound) => format!("at least {}", shown(bound)),
        Bound::AtMost(bound) => format!("at most {}", shown(bound)),
    }
}
