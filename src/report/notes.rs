//! What a reader of any result must know.

use crate::experiment::summary::Rare;
use crate::metrics::measured::Entity;
use crate::report::figure;
use crate::report::outside;
use crate::report::results::{Numbers as _, Results};
use crate::report::settling;
use crate::scenario::drill::Drill;

/// Those of the scenario first, then those that follow from what was run.
pub(crate) fn all(results: &Results<'_>) -> Vec<String> {
    let scenario = results.scenario;
    from(results, scenario.warnings.iter().chain(&scenario.notes))
}

/// The same without the warnings of validation, which a terminal has shown with their places.
pub(crate) fn besides_warnings(results: &Results<'_>) -> Vec<String> {
    from(results, results.scenario.notes.iter())
}

fn from<'a>(results: &Results<'_>, said: impl Iterator<Item = &'a String>) -> Vec<String> {
    let scenario = results.scenario;
    let mut notes: Vec<String> = Vec::new();
    let changes = &results.scenario.changes;
    if !changes.is_empty() {
        notes.push(format!("changed: `{}`", changes.join("`, `")));
    }
    for note in said {
        // One note may be about several places.
        if !notes.contains(note) {
            notes.push(note.clone());
        }
    }
    notes.extend(outside::notes(scenario));
    notes.extend(settling::note(results));
    notes.extend(unseen(results));
    notes.extend(rarely(results));
    if results.line("pending.max", &Entity::Cluster).is_none() {
        let note =
            "no pod was created while measuring: there are no waiting times, and no plot of them";
        notes.push(note.to_owned());
    }
    if results.runs.len() == 1 && !scenario.is_exact() {
        let note = match scenario.lived {
            Some(_) => "one live run has no intervals; `plimsoll fidelity` makes several",
            None => "one replication has no intervals; --reps 20 gives them",
        };
        notes.push(note.to_owned());
    }
    notes
}

/// Where failures that recur were too rare to say much of them: a drill, which is never live, has one in
/// every run.
fn rarely(results: &Results<'_>) -> Option<String> {
    let scenario = results.scenario;
    if scenario.drill.is_some() || scenario.lived.is_some() || results.summary.outages.is_empty() {
        return None;
    }
    let fails = |drill: &Drill| scenario.frequency(*drill).is_some();
    let drill = Drill::ALL.into_iter().find(fails)?.name();
    Some(format!(
        "outages were rare; --drill {drill} loses a {drill} in every run, and says what one costs"
    ))
}

/// Services without any outage: what that says, and what not. Nothing in an exact run: it says all.
fn unseen(results: &Results<'_>) -> Option<String> {
    if results.scenario.is_exact() {
        return None;
    }
    let unseen: Vec<&Rare> = results
        .summary
        .outages
        .iter()
        .filter(|rare| rare.rate_below.is_some())
        .collect();
    let below = unseen
        .iter()
        .filter_map(|rare| rare.rate_below)
        .reduce(f64::max)?;
    let all = results.scenario.catalog.services.len();
    let names = match unseen.len() {
        count if count == all && all > 1 => "any service".to_owned(),
        _ => {
            let names: Vec<&str> = unseen.iter().map(|rare| rare.entity.name()).collect();
            names.join(", ")
        }
    };
    let runs = match results.runs.len() {
        1 => "in this run".to_owned(),
        runs => format!("in {runs} runs"),
    };
    let month = figure::bound(below * MONTH);
    Some(format!(
        "no outage of {names} (fewer ready than `min_available`) was seen {runs}: with 95 % confidence \
         there are fewer than {month} in 30 days"
    ))
}

/// 30 days, in seconds.
const MONTH: f64 = 30.0 * 86_400.0;
