//! What one run showed, reduced to what is compared.

use std::collections::BTreeMap;

use crate::metrics::measured::Entity;
use crate::run::fidelity::Seen;
use crate::run::marks::{Decision, Healed, What};
use crate::stats::mean;

/// What one run showed, in numbers and words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// Measures by name; what a run has nothing of is absent.
    pub values: BTreeMap<String, f64>,
    /// Which pod went to which node, and which service got how many replicas, in order.
    pub decisions: Vec<String>,
    /// When each of these was decided, in seconds.
    pub decided_at: Vec<f64>,
    /// What a reader must know of the engines.
    pub notes: Vec<String>,
}

impl Observed {
    /// What a run showed.
    pub fn of(seen: &Seen) -> Observed {
        observed(seen)
    }

    /// Whether a run like this has something to say of a measure: one without failures has no time to
    /// recover, and one that nobody asked has answered nothing.
    pub(super) fn has(&self, name: &str) -> bool {
        let above_zero = |name: &str| self.values.get(name).is_some_and(|&value| value > 0.0);
        match name.split_once('.') {
            Some(("detect", what)) => above_zero(&format!("failures.{what}")),
            Some(("recover", what)) => above_zero(&format!("harmful.{what}")),
            Some(("requests", _)) => above_zero("requests.offered"),
            _ => self.values.contains_key(name),
        }
    }
}

/// Metrics of the dictionary that are compared too.
const METRICS: [&str; 6] = [
    "allocated.cpu",
    "used.cpu",
    "time_to_ready.p50",
    "time_to_ready.p99",
    "restarts",
    "replica_hours",
];

fn observed(
    Seen {
        marks,
        measured,
        notes,
    }: &Seen,
) -> Observed {
    let mut values = BTreeMap::new();
    let mut note = |name: &str, value: Option<f64>| {
        // A percentile that was never reached is no number to be compared.
        if let Some(value) = value.filter(|value| value.is_finite()) {
            values.insert(name.to_owned(), value);
        }
    };
    for (what, healed) in [("node", &marks.nodes), ("container", &marks.containers)] {
        let Healed {
            failures,
            harmful,
            detected,
            recovered,
        } = healed;
        // A mean over some of them would leave out the worst.
        let of_all = |times: &[f64], all: u32| mean(times).filter(|_| times.len() == all as usize);
        note(&format!("failures.{what}"), Some(f64::from(*failures)));
        note(&format!("harmful.{what}"), Some(f64::from(*harmful)));
        note(&format!("detect.{what}"), of_all(detected, *failures));
        note(&format!("recover.{what}"), of_all(recovered, *harmful));
    }
    note("replica_seconds_lost", Some(marks.replica_seconds_lost));
    note("requests.offered", Some(marks.offered));
    note(
        "requests.served",
        Some(marks.served).filter(|_| marks.offered > 0.0),
    );
    for name in METRICS {
        let amount = measured.get(name, &Entity::Cluster);
        note(name, amount.map(|amount| amount.value()));
    }
    let mut seen = Observed {
        values,
        notes: notes.clone(),
        ..Observed::default()
    };
    for Decision { at, what } in &marks.decisions {
        seen.decided_at.push(at.secs_f64());
        seen.decisions.push(match what {
            What::Placed { pod, node } => format!("{pod} on {node}"),
            What::Scaled { service, replicas } => format!("{service} scaled to {replicas}"),
        });
    }
    seen
}
