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
    /// Which pod went to which node, in order.
    pub placements: Vec<String>,
    /// Which service got how many replicas, in order.
    pub scalings: Vec<String>,
    /// When each of the placements was decided, in seconds.
    pub placed_at: Vec<f64>,
}

impl Observed {
    /// What a run showed.
    pub fn of(seen: &Seen) -> Observed {
        observed(seen)
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

fn observed(Seen { marks, measured }: &Seen) -> Observed {
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
            detected,
            recovered,
        } = healed;
        note(&format!("failures.{what}"), Some(f64::from(*failures)));
        note(&format!("detect.{what}"), mean(detected));
        note(&format!("recover.{what}"), mean(recovered));
    }
    note("replica_seconds_lost", Some(marks.replica_seconds_lost));
    note("requests.offered", Some(marks.offered));
    note("requests.served", Some(marks.served));
    for name in METRICS {
        let amount = measured.get(name, &Entity::Cluster);
        note(name, amount.map(|amount| amount.value()));
    }
    let mut seen = Observed {
        values,
        ..Observed::default()
    };
    for Decision { at, what } in &marks.decisions {
        match what {
            What::Placed { pod, node } => {
                seen.placements.push(format!("{pod} on {node}"));
                seen.placed_at.push(at.secs_f64());
            }
            What::Scaled { service, replicas } => {
                seen.scalings.push(format!("{service} to {replicas}"));
            }
        }
    }
    seen
}
