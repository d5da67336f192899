//! What is asked about the variants: metrics, tolerances, confidence, and how many runs.

use crate::cli::args::Compare;
use crate::cli::list::{nearest, unknown};
use crate::cli::{Failure, precision};
use crate::experiment::compare::{MOST_PRIMARY, Primary, primary};
use crate::experiment::precision::Goal;
use crate::experiment::sample::Variant;
use crate::metrics::measured::Entity;
use crate::metrics::quantity::{NoQuantity, Quantity};
use crate::report::compare::Asked;
use crate::scenario::Scenario;
use crate::scenario::objective::Tolerance;
use crate::stats::Confidence;

/// Replications unless something else is said: enough for a t-interval within 5 % of what endless
/// runs would give (t(29) = 2.05 against 1.96).
const REPLICATIONS: u32 = 30;

/// What is asked.
pub(super) struct Asking {
    pub(super) primary: Vec<Primary>,
    pub(super) confidence: Confidence,
    pub(super) count: Count,
}

/// How many replications there are to be.
#[derive(Clone, Copy)]
pub(super) enum Count {
    Default(u32),
    Number(u32),
    Precision(Goal),
    /// One: every run is like the first.
    Exact,
}

impl Asking {
    /// The same for a report.
    pub(super) fn asked(&self, reached: bool) -> Asked {
        match self.count {
            Count::Default(_) => Asked::Default,
            Count::Number(_) | Count::Exact => Asked::Number,
            Count::Precision(Goal { relative, cap, .. }) => Asked::Precision {
                relative,
                cap,
                reached,
            },
        }
    }
}

/// What was typed, of a scenario.
pub(super) fn asking(args: &Compare, variants: &[Variant]) -> Result<Asking, Failure> {
    let scenario = &variants[0].scenario;
    let is_exact = variants.iter().all(|variant| variant.scenario.is_exact());
    let mut primary = metrics(args, scenario)?;
    for text in &args.tolerances {
        tolerance(text, &mut primary)?;
    }
    let level = precision::share("--confidence", &args.confidence)?;
    let confidence = Confidence::new(level).filter(|_| level > 0.5);
    let confidence = confidence.ok_or_else(|| {
        let typed = &args.confidence;
        Failure::Input(format!(
            "--confidence `{typed}` is not between 50 % and 100 %\n  = write a share such as 95% or 0.99"
        ))
    })?;
    Ok(Asking {
        count: match count(args, &primary)? {
            Count::Precision(_) if is_exact => return Err(precision::of_exact()),
            Count::Default(_) | Count::Number(_) if is_exact => Count::Exact,
            count => count,
        },
        primary,
        confidence,
    })
}

/// The metrics on which to give verdicts, and how much of each does not matter.
fn metrics(args: &Compare, scenario: &Scenario) -> Result<Vec<Primary>, Failure> {
    let of_scenario = primary(scenario);
    if args.metrics.is_empty() {
        let names: Vec<String> = of_scenario
            .iter()
            .map(|primary| format!("--metric {}", primary.quantity))
            .collect();
        return match names.len() <= MOST_PRIMARY {
            true => Ok(of_scenario),
            false => Err(Failure::Input(format!(
                "the scenario has {} objectives, and verdicts are given on {MOST_PRIMARY} metrics at \
                 most: each makes the intervals of all wider\n  = choose among: {}",
                names.len(),
                names.join(" ")
            ))),
        };
    }
    if args.metrics.len() > MOST_PRIMARY {
        return Err(Failure::Input(format!(
            "--metric is given {} times, and verdicts are given on {MOST_PRIMARY} metrics at most: each \
             makes the intervals of all wider\n  = --all shows every metric, without verdicts",
            args.metrics.len()
        )));
    }
    let mut chosen: Vec<Primary> = Vec::new();
    for text in &args.metrics {
        let quantity = quantity("--metric", text)?;
        can_exist(&quantity, scenario)?;
        if chosen.iter().any(|other| other.quantity == quantity) {
            return Err(Failure::Input(format!(
                "--metric {quantity} is given twice"
            )));
        }
        let objectives = scenario.objectives.iter();
        let same = objectives.clone().find(|one| one.quantity == quantity);
        let default = of_scenario.iter().find(|one| one.quantity == quantity);
        chosen.push(Primary {
            tolerance: same
                .and_then(|objective| objective.tolerance)
                .or(default.and_then(|primary| primary.tolerance)),
            quantity,
        });
    }
    Ok(chosen)
}

fn quantity(option: &str, text: &str) -> Result<Quantity, Failure> {
    text.parse().map_err(|wrong: NoQuantity| {
        let (word, known) = wrong.choices();
        let meant = nearest(word, &known)
            .map(|known| format!(", did you mean `{known}`?"))
            .unwrap_or_default();
        let choices = match wrong {
            NoQuantity::Metric { .. } => "`plimsoll metrics` lists all metrics".to_owned(),
            NoQuantity::Entity { .. } => format!("known: {}", known.join(", ")),
        };
        Failure::Input(format!("{option} `{text}`: {wrong}{meant}\n  = {choices}"))
    })
}

/// Whether a scenario can have such a value in a run.
fn can_exist(quantity: &Quantity, scenario: &Scenario) -> Result<(), Failure> {
    if quantity.metric.name == "availability.nines" {
        return Err(Failure::Input(
            "nines of several runs are no mean of nines, so none can be compared\n  = write \
             `availability.requests`, of which they are made"
                .to_owned(),
        ));
    }
    let catalog = &scenario.catalog;
    let (kind, name, known): (_, _, Vec<&str>) = match &quantity.entity {
        Entity::Cluster | Entity::Part(_) => return Ok(()),
        Entity::Service(name) | Entity::ServicePart { service: name, .. } => {
            let services = catalog.services.as_slice().iter();
            (
                "service",
                name,
                services.map(|one| one.name.as_str()).collect(),
            )
        }
        Entity::Zone(name) => {
            let zones = catalog.zones.as_slice().iter().map(String::as_str);
            (
                "zone",
                name,
                zones.filter(|name| !name.is_empty()).collect(),
            )
        }
        Entity::Group(name) => {
            let groups = catalog.groups.as_slice().iter();
            ("group", name, groups.map(String::as_str).collect())
        }
        Entity::Node(name) => {
            let nodes = catalog.nodes.as_slice().iter();
            ("node", name, nodes.map(|one| one.name.as_str()).collect())
        }
    };
    match known.contains(&name.as_str()) {
        true => Ok(()),
        false => Err(unknown(kind, name, &known)),
    }
}

/// Notes a tolerance with the metric that it is of.
fn tolerance(text: &str, primary: &mut [Primary]) -> Result<(), Failure> {
    // A part of a service may have an `=` in its name, an amount has none.
    let Some((metric, amount)) = text.rsplit_once('=') else {
        return Err(Failure::Input(format!(
            "--tolerance `{text}` has no amount\n  = write METRIC=AMOUNT, such as pending.p99=10%"
        )));
    };
    let quantity = quantity("--tolerance", metric)?;
    let names: Vec<String> = primary.iter().map(|one| one.quantity.to_string()).collect();
    let Some(one) = primary.iter_mut().find(|one| one.quantity == quantity) else {
        let known = match names.is_empty() {
            true => "no metric has one: ask for it with --metric".to_owned(),
            false => format!(
                "verdicts are given on {}; --metric says on which",
                names.join(", ")
            ),
        };
        return Err(Failure::Input(format!(
            "--tolerance of `{quantity}`, on which no verdict is given\n  = {known}"
        )));
    };
    let read = Tolerance::read(amount, quantity.metric);
    one.tolerance = Some(read.map_err(|form| {
        Failure::Input(format!(
            "--tolerance of `{quantity}` must be {form}, not `{amount}`"
        ))
    })?);
    Ok(())
}

fn count(args: &Compare, primary: &[Primary]) -> Result<Count, Failure> {
    let Some(text) = &args.precision else {
        return Ok(match args.reps {
            None => Count::Default(REPLICATIONS),
            Some(reps) => Count::Number(reps.get()),
        });
    };
    let goal = precision::goal(text, args.max_reps)?;
    if primary.is_empty() {
        return Err(Failure::Input(
            "--precision is about the metrics on which verdicts are given, and there is none\n  = ask for \
             one, such as --metric cost"
                .to_owned(),
        ));
    }
    Ok(Count::Precision(goal))
}
