//! What a reader of any result must know.

use crate::experiment::summary::Rare;
use crate::report::figure;
use crate::report::results::Results;

/// Those of the scenario first, then those that follow from what was run.
pub(crate) fn all(results: &Results<'_>) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    for note in &results.scenario.notes {
        // One note may be about several places.
        if !notes.contains(note) {
            notes.push(note.clone());
        }
    }
    notes.extend(unseen(results));
    if results.runs.len() == 1 {
        notes.push("one replication has no intervals; --reps 20 gives them".to_owned());
    }
    notes
}

/// Services without any outage: what that says, and what not.
fn unseen(results: &Results<'_>) -> Option<String> {
    let unseen: Vec<&Rare> = results
        .summary
        .outages
        .iter()
        .filter(|rare| rare.with_outage == 0)
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
