//! What is gated, and whether it is still the same that is run.

use super::Side;
use super::record::{Record, policies};
use crate::metrics::dictionary::Better;
use crate::metrics::quantity::Quantity;
use crate::scenario::Scenario;
use crate::scenario::objective::{Bound, Objective, Origin, Tolerance};

/// A metric that must not become worse.
#[derive(Clone, Debug, PartialEq)]
pub struct Gated {
    /// The metric.
    pub quantity: Quantity,
    /// Which side of it is better.
    pub better: Side,
    /// How much worse is not worse.
    pub tolerance: Tolerance,
    /// Who asks for it so.
    pub asked: Asked,
}

/// Who asks for a metric to be gated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// An objective of the scenario.
    Scenario,
    /// The command line, when the record was made: the metric, or its tolerance.
    Options,
}

/// What the command line asks for besides the objectives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// More metrics.
    pub metrics: Vec<Quantity>,
    /// Tolerances, instead of those of the scenario too.
    pub tolerances: Vec<(Quantity, Tolerance)>,
}

/// Why a metric cannot be gated.
#[derive(Clone, Debug, PartialEq)]
pub enum NotGated {
    /// Nothing is: there are no objectives, and nothing was asked for.
    Nothing,
    /// Nobody said how much worse is not worse.
    NoTolerance {
        /// The metric.
        quantity: Quantity,
        /// Where its objective stands; absent for one that the command line names.
        origin: Option<Origin>,
    },
    /// Neither side of it is better.
    NoSide {
        /// The metric.
        quantity: Quantity,
    },
    /// A tolerance of what is not gated.
    Idle {
        /// The metric.
        quantity: Quantity,
    },
}

/// What is gated of a scenario: its objectives, then what is `wanted` besides, then what was when `old`
/// was made.
///
/// # Errors
/// Everything that cannot be.
pub fn gated(
    scenario: &Scenario,
    wanted: &Wanted,
    old: Option<&Record>,
) -> Result<Vec<Gated>, Vec<NotGated>> {
    let choice = Choosing { wanted, old };
    let mut all: Vec<Result<Gated, NotGated>> = Vec::new();
    let mut seen: Vec<Quantity> = Vec::new();
    let mut add = |quantity: &Quantity, objective: Option<&Objective>| {
        if !seen.contains(quantity) {
            seen.push(quantity.clone());
            all.push(choice.one(quantity, objective));
        }
    };
    for objective in &scenario.objectives {
        add(&objective.quantity, Some(objective));
    }
    let before = old.map_or(&[][..], |old| &old.metrics);
    let before = before.iter().map(|kept| &kept.gated);
    let before = before.filter(|gated| gated.asked == Asked::Options);
    for quantity in wanted.metrics.iter().chain(before.map(|one| &one.quantity)) {
        add(quantity, None);
    }
    let idle = wanted.tolerances.iter().map(|(quantity, _)| quantity);
    let idle = idle.filter(|quantity| !seen.contains(quantity)).cloned();
    let idle = idle.map(|quantity| Err(NotGated::Idle { quantity }));
    all.extend(idle);
    if all.is_empty() {
        return Err(vec![NotGated::Nothing]);
    }
    let (good, wrong): (Vec<_>, Vec<_>) = all.into_iter().partition(Result::is_ok);
    match wrong.is_empty() {
        true => Ok(good.into_iter().flatten().collect()),
        false => Err(wrong.into_iter().filter_map(Result::err).collect()),
    }
}

/// Where tolerances come from.
struct Choosing<'a> {
    wanted: &'a Wanted,
    old: Option<&'a Record>,
}

impl Choosing<'_> {
    fn one(&self, quantity: &Quantity, objective: Option<&Objective>) -> Result<Gated, NotGated> {
        let (tolerance, asked) = self.tolerance(quantity, objective)?;
        let better = side(quantity, objective).or_else(|| Some(self.before(quantity)?.better));
        Ok(Gated {
            quantity: quantity.clone(),
            better: better.ok_or_else(|| NotGated::NoSide {
                quantity: quantity.clone(),
            })?,
            tolerance,
            asked,
        })
    }

    /// That of the command line, now or when the old record was made, before that of the scenario.
    fn tolerance(
        &self,
        quantity: &Quantity,
        objective: Option<&Objective>,
    ) -> Result<(Tolerance, Asked), NotGated> {
        let mut of_options = self.wanted.tolerances.iter();
        let of_options = of_options.rfind(|(other, _)| other == quantity);
        let of_options = of_options.map(|&(_, tolerance)| tolerance);
        if let Some(tolerance) = of_options.or_else(|| Some(self.before(quantity)?.tolerance)) {
            return Ok((tolerance, Asked::Options));
        }
        let of_scenario = objective.and_then(|objective| objective.tolerance);
        of_scenario
            .map(|tolerance| (tolerance, Asked::Scenario))
            .ok_or_else(|| NotGated::NoTolerance {
                quantity: quantity.clone(),
                origin: objective.map(|objective| objective.origin),
            })
    }

    /// What the command line asked for when the old record was made.
    fn before(&self, quantity: &Quantity) -> Option<&Gated> {
        let metrics = self.old?.metrics.iter().map(|kept| &kept.gated);
        let mut asked = metrics.filter(|gated| gated.asked == Asked::Options);
        asked.find(|gated| gated.quantity == *quantity)
    }
}

/// Which side of a metric is better: by the dictionary, or else by the objective.
fn side(quantity: &Quantity, objective: Option<&Objective>) -> Option<Side> {
    match (quantity.metric.better, objective.map(|one| one.bound)) {
        (Better::Up, _) | (Better::Neither, Some(Bound::AtLeast(_))) => Some(Side::Up),
        (Better::Down, _) | (Better::Neither, Some(Bound::AtMost(_))) => Some(Side::Down),
        (Better::Neither, None) => None,
    }
}

/// What is not as it was when a record was made, so that runs cannot be held against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// The scenario file, or a file that it names.
    Input,
    /// What the command line changes of the scenario.
    Edits {
        /// What it changed when the record was made.
        was: Vec<String>,
        /// What it changes now.
        is: Vec<String>,
    },
    /// The version of plimsoll.
    Version {
        /// That of the record.
        was: String,
    },
    /// A policy, though the command line asked for none.
    Policies {
        /// Those of the record: scheduler, autoscaler and healer.
        was: [String; 3],
        /// Those of the scenario.
        is: [String; 3],
    },
    /// Whether anything is random.
    Chance {
        /// Whether nothing was.
        was_exact: bool,
    },
    /// The seed, which the command line sets.
    Seed {
        /// That of the record.
        was: u64,
    },
}

/// What has changed of a scenario since a record of it was made. Policies that the command line names
/// are what is `tested`, and no change of the scenario; so is no seed that is not asked for.
pub fn changed(
    scenario: &Scenario,
    record: &Record,
    tested: bool,
    seed: Option<u64>,
) -> Vec<Changed> {
    let mut changed = Vec::new();
    if scenario.hash != record.hash {
        let (was, is) = (record.changes.clone(), scenario.changes.clone());
        changed.push(match was == is {
            true => Changed::Input,
            false => Changed::Edits { was, is },
        });
    }
    if record.plimsoll != env!("CARGO_PKG_VERSION") {
        let was = record.plimsoll.clone();
        changed.push(Changed::Version { was });
    }
    let is = policies(scenario);
    if !tested && scenario.hash == record.hash && is != record.policies {
        let was = record.policies.clone();
        changed.push(Changed::Policies { was, is });
    }
    if scenario.is_exact() != record.exact {
        let was_exact = record.exact;
        changed.push(Changed::Chance { was_exact });
    }
    if seed.is_some_and(|seed| seed != record.seed) {
        let was = record.seed;
        changed.push(Changed::Seed { was });
    }
    changed
}

/// Whether an anchor says something of what is run: it is of the same input, of whatever version.
pub fn is_of(record: &Record, anchor: &Record) -> bool {
    let chance = |record: &Record| (record.exact, record.seed);
    record.hash == anchor.hash && chance(record) == chance(anchor)
}
