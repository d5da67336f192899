//! What would be bought for what was found, and what that buys.

use super::row;
use crate::experiment::capacity::fewest::Found;
use crate::report::capacity::buy::{self, Aim, Purchase};
use crate::report::capacity::{Told, sentences};
use crate::report::page::Page;
use crate::scenario::drill::Drill;
use crate::scenario::loss::Loss;

/// The section of a page.
pub(super) fn section(page: &mut Page, told: &Told<'_>) {
    let capacity = told.capacity;
    let purchase = |enough: u32| {
        vec![Purchase {
            group: told.group,
            enough,
        }]
    };
    let mut aims = Vec::new();
    let found = &capacity.found;
    let struck = capacity.struck.as_ref();
    let all = struck.and_then(|struck| Some((struck, struck.answer?)));
    if let Some((struck, enough)) = all {
        aims.push(Aim {
            title: "For all objectives, also while a loss is being made good".to_owned(),
            purchases: purchase(enough),
            buys: buys(told, struck, enough),
        });
    }
    if let Some(enough) = found
        .answer
        .filter(|&enough| all.is_none_or(|(_, all)| all != enough))
    {
        let title = match capacity.losses.is_empty() {
            true => "For all objectives",
            false => "For all objectives, and once a loss has been made good",
        };
        aims.push(Aim {
            title: title.to_owned(),
            purchases: purchase(enough),
            buys: buys(told, found, enough),
        });
    }
    let why_not = match (found.answer, struck) {
        (None, _) => {
            Some("No number of nodes that was tried is enough, so nothing is to be bought for it.")
        }
        (Some(_), Some(struck)) if struck.answer.is_none() => {
            Some("No number of nodes that was tried is enough until a loss is made good.")
        }
        (Some(_), _) => None,
    };
    buy::section(page, told.scenario, &aims, why_not);
}

/// What is kept and survived with so many nodes, and what is not with those of today.
fn buys(told: &Told<'_>, found: &Found, enough: u32) -> Vec<String> {
    let capacity = told.capacity;
    let scenario = told.scenario;
    let claim = capacity.plan.claim;
    let mut said = vec![buy::kept(scenario, claim, capacity.is_exact)];
    if !capacity.losses.is_empty() {
        let kind = match capacity.losses.first() {
            Some(Loss::Zone(_)) => Drill::Zone.name(),
            Some(Loss::Node { .. }) | None => Drill::Node.name(),
        };
        let names: Vec<String> = capacity.losses.iter().map(Loss::to_string).collect();
        let when = match found.cases > 1 + capacity.losses.len() {
            true => "also while it is being made good",
            false => "once it has been made good",
        };
        said.push(format!(
            "Survived, {when}: the loss of any one {kind} for good ({}).",
            names.join(", ")
        ));
    }
    let present = capacity.plan.present;
    if present < enough {
        let today = row(told, present).and_then(|row| sentences::worst(told, row, found));
        said.push(match today {
            Some(seen) if seen.trials.tally.good < seen.trials.tally.runs => format!(
                "With the {present} of today: {}.",
                sentences::missed(scenario, &seen.trials, &seen.condition)
            ),
            Some(seen) => format!(
                "With the {present} of today: {} runs of {} meet every objective, which is not enough to be \
                 sure.",
                seen.trials.tally.good, seen.trials.tally.runs
            ),
            None => format!("The {present} of today were not tried by themselves."),
        });
    }
    said
}
