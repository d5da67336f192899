//! Why a gate cannot be held, and what to do about it.

use std::path::Path;

use crate::experiment::gate::file::{FORMAT, NotRead};
use crate::experiment::gate::input::{Changed, NotGated};
use crate::experiment::gate::record::{Moved, NotKept};
use crate::metrics::measured::Entity;
use crate::metrics::quantity::Quantity;
use crate::report::figure::{self, Unit};
use crate::report::text::count;
use crate::scenario::objective::Origin;

/// Why a file of baselines was not read.
pub fn file(path: &Path, why: &NotRead) -> String {
    let path = path.display();
    match why {
        NotRead::Missing => format!("{path}: there is no such file; --update makes it"),
        NotRead::System(error) => format!("{path}: {error}"),
        NotRead::Format { found } => format!(
            "{path}: format {found} of baselines; this plimsoll reads format {FORMAT}. Make the file anew with \
             --update in another place, or use the version that wrote it"
        ),
        NotRead::Damaged { what } => {
            format!("{path}: no file of baselines, or a damaged one: {what}")
        }
    }
}

/// A scenario without a baseline.
pub fn unknown(name: &str, path: &Path, known: &[&str]) -> String {
    let path = path.display();
    let known = match known {
        [] => "it has none".to_owned(),
        names => format!("it has those of {}", names.join(", ")),
    };
    format!("{path} has no baseline of scenario `{name}`: {known}; --update adds it")
}

/// A scenario that is no longer what its baseline is of.
pub fn changed(name: &str, changed: &[Changed]) -> String {
    let said: Vec<String> = changed.iter().map(change).collect();
    format!(
        "scenario `{name}` is not what its baseline is of: {}. What was measured then cannot be held against \
         it; --rebase accepts it as it is now, and says what moved",
        said.join("; ")
    )
}

fn change(change: &Changed) -> String {
    match change {
        Changed::Input => "its file, or one that it names, has changed".to_owned(),
        Changed::Edits { was, is } => format!(
            "the baseline is of {}, this is {} (--set name=NAME gives a changed scenario a baseline of its own)",
            edited(was),
            edited(is)
        ),
        Changed::Version { was } => {
            let is = env!("CARGO_PKG_VERSION");
            format!("the baseline is of plimsoll {was}, this is {is}")
        }
        Changed::Policies { was, is } => format!(
            "the baseline ran {}, the scenario says {} (with --scheduler, --autoscaler or --healer others \
             are tested against it)",
            was.join(", "),
            is.join(", ")
        ),
        Changed::Chance { was_exact: true } => {
            "nothing in it was random, and now something is".to_owned()
        }
        Changed::Chance { was_exact: false } => {
            "something in it was random, and now nothing is".to_owned()
        }
        Changed::Seed { was } => format!("its seed was {was}"),
    }
}

/// A scenario file with what was changed of it.
fn edited(changes: &[String]) -> String {
    match changes {
        [] => "the file as it stands".to_owned(),
        changes => format!("the file with {}", changes.join(" ")),
    }
}

/// An anchor that says nothing of what is run.
pub fn stale_anchor(name: &str) -> String {
    format!(
        "the anchor of scenario `{name}` is of another input than its baseline: --set-anchor sets it anew"
    )
}

/// A metric that cannot be gated.
pub fn not_gated(name: &str, why: &NotGated) -> String {
    match why {
        NotGated::Nothing => format!(
            "scenario `{name}` has nothing to gate: it has no objectives. Write [[objectives]] with a tolerance \
             into it, or name a metric: --metric cost --tolerance cost=1%"
        ),
        NotGated::NoTolerance { quantity, origin } => {
            let write = match (origin, &quantity.entity) {
                (Some(Origin::Slo), Entity::Service(service)) => {
                    format!(
                        "write `tolerance = \"0.05%\"` into the `slo` of service `{service}`, or "
                    )
                }
                (Some(Origin::Slo | Origin::Written), _) => {
                    "write `tolerance = …` into its [[objectives]] table, or ".to_owned()
                }
                (None, _) => String::new(),
            };
            let example = example(quantity);
            format!(
                "scenario `{name}`: nobody says how much worse {quantity} may be; {write}give \
                 --tolerance '{quantity}={example}'"
            )
        }
        NotGated::NoSide { quantity } => format!(
            "scenario `{name}`: neither side of {quantity} is better, so nothing of it is worse; an objective \
             with at_least or at_most says which is"
        ),
        NotGated::Idle { quantity } => format!(
            "scenario `{name}`: --tolerance is given for {quantity}, which is not gated; --metric '{quantity}' \
             gates it"
        ),
    }
}

/// A tolerance as it might be written.
fn example(quantity: &Quantity) -> &'static str {
    match quantity.metric.unit {
        "ratio" => "0.05%",
        "s" => "5s",
        _ => "5%",
    }
}

/// A metric of which what was measured cannot be gated.
pub fn not_kept(name: &str, why: &NotKept) -> String {
    match why {
        NotKept::NoValue { quantity } => {
            format!("scenario `{name}`: {quantity} has no value in any run, so it cannot be gated")
        }
        NotKept::Infinite { quantity } => format!(
            "scenario `{name}`: {quantity} is infinite (it lies beyond the end of the run), so nothing could be \
             worse: gate a lower percentile, or what never happens (`pending.never`)"
        ),
        NotKept::ShareOfZero { quantity } => format!(
            "scenario `{name}`: the tolerance of {quantity} is a share of its value, which is zero: write an \
             amount instead"
        ),
    }
}

/// A metric of a scenario that was accepted although it is another one: `cost 217 USD → 219 USD`.
fn moved(moved: &Moved, currency: &str) -> String {
    let unit = Unit::of(moved.quantity.metric.unit, currency);
    let quantity = &moved.quantity;
    match (moved.before, moved.after) {
        (Some(before), Some(after)) if before == after => {
            format!("{quantity} {}, as before", figure::number(after, unit))
        }
        (Some(before), Some(after)) => {
            let [before, after] = figure::pair([before, after], None, unit);
            format!("{quantity} {before} → {after}")
        }
        (None, Some(after)) => format!("{quantity} {}, new", figure::number(after, unit)),
        (Some(before), None) => {
            let before = figure::number(before, unit);
            format!("{quantity} was {before}, no longer gated")
        }
        (None, None) => quantity.to_string(),
    }
}

/// Metrics that are gated from now on; nothing for none.
pub fn gated_too<'a>(name: &str, new: impl Iterator<Item = &'a Moved>) -> String {
    let new: Vec<String> = new.map(|one| one.quantity.to_string()).collect();
    match new.as_slice() {
        [] => String::new(),
        new => format!("{name}: from now on gated too: {}\n", new.join(", ")),
    }
}

/// A baseline that is made of fewer runs than the one before it: `web-shop: 2 runs instead of 20`.
pub fn fewer(name: &str, before: u32, now: u32) -> String {
    format!(
        "{name}: the new baseline is of {} instead of {before}, and decides less; --reps {before} keeps them\n",
        count(now.into(), "run")
    )
}

/// A scenario that has a baseline now.
pub fn added(name: &str, metrics: usize, runs: u32) -> String {
    let metrics = count(metrics as u64, "metric");
    let runs = count(u64::from(runs), "run");
    format!("{name}: new, {metrics} in {runs}\n")
}

/// A scenario that was accepted although it is another one, and whether its anchor was of no use for
/// it.
pub fn rebased(name: &str, all: &[Moved], currency: &str, anchor_starts: bool) -> String {
    let mut text = format!("{name}: accepted as it is now\n");
    for one in all {
        text += &format!("  {}\n", moved(one, currency));
    }
    if anchor_starts {
        text += "  the anchor was of another input: it starts anew with these values\n";
    }
    text
}

/// Where it was written.
pub fn written(path: &Path, names: &[&str]) -> String {
    let names = names.join(", ");
    format!("{}: written: {names}", path.display())
}
