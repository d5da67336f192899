//! The section of a page for those who pay: how many nodes of what kind more than there are today, at
//! what price, and what that buys.

use std::collections::BTreeSet;

use crate::experiment::capacity::confirm::Claim;
use crate::ids::GroupId;
use crate::report::explain::amounts;
use crate::report::figure::{self, Unit};
use crate::report::objectives;
use crate::report::page::{Cell, Column, Kind, Narrow, Page, Table};
use crate::report::pages::{month, monthly};
use crate::report::text::count;
use crate::scenario::Scenario;

/// Nodes of one group that would be bought, or could be given back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purchase<'a> {
    /// The group.
    pub(super) group: &'a str,
    /// How many of its nodes it takes.
    pub(super) enough: u32,
}

/// What is bought for one aim, and what that buys.
#[derive(Clone, Debug)]
pub(super) struct Aim<'a> {
    /// What for.
    pub(super) title: String,
    /// The nodes.
    pub(super) purchases: Vec<Purchase<'a>>,
    /// What is kept and what is survived then, and what would not be without: one sentence each.
    pub(super) buys: Vec<String>,
}

/// The section; `why_not` says why nothing that could be bought is enough, where that is so.
pub(super) fn section(
    page: &mut Page,
    scenario: &Scenario,
    aims: &[Aim<'_>],
    why_not: Option<&str>,
) {
    page.heading("For managers: what would be bought");
    if let Some(why_not) = why_not {
        page.text(why_not);
    }
    for aim in aims {
        page.subheading(&aim.title);
        page.text(&sentence(scenario, &aim.purchases));
        page.table(&table(scenario, &aim.purchases));
        page.list(&aim.buys);
    }
    let groups = aims.iter().flat_map(|aim| &aim.purchases);
    let groups: BTreeSet<&str> = groups.map(|one| one.group).collect();
    if groups.is_empty() {
        return;
    }
    let unpriced = groups
        .iter()
        .copied()
        .filter(|group| price(scenario, group).is_none());
    let unpriced: Vec<&str> = unpriced.collect();
    if unpriced.len() < groups.len() {
        page.text(&month());
    }
    if !unpriced.is_empty() {
        page.text(&format!(
            "No price is stated for nodes of {} (`price_per_hour` in `[[nodes]]`), so none is given.",
            unpriced.join(", ")
        ));
    }
}

/// What there is to do, and what it costs in a month where that is known.
fn sentence(scenario: &Scenario, purchases: &[Purchase<'_>]) -> String {
    let more = |one: &&Purchase<'_>| one.enough > today(scenario, one.group);
    let less = |one: &&Purchase<'_>| one.enough < today(scenario, one.group);
    let words = |one: &Purchase<'_>| {
        let change = one.enough.abs_diff(today(scenario, one.group));
        count(change.into(), &format!("{} node", one.group))
    };
    let bought: Vec<String> = purchases.iter().filter(more).map(words).collect();
    let spare: Vec<String> = purchases.iter().filter(less).map(words).collect();
    let cost = bill(scenario, purchases).map(|bill| {
        let amount = monthly(bill.abs(), &scenario.currency);
        match bill {
            0.0 => String::new(),
            bill if bill > 0.0 => format!(" That is {amount} a month more than today."),
            _ => format!(" That is {amount} a month less than today."),
        }
    });
    let cost = cost.unwrap_or_default();
    match (bought.as_slice(), spare.as_slice()) {
        ([], []) => "Nothing: there are as many today.".to_owned(),
        ([], spare) => format!(
            "Nothing: {} of today could be given back.{cost}",
            spare.join(" and ")
        ),
        (bought, []) => format!("{} more than today.{cost}", bought.join(" and ")),
        (bought, spare) => format!(
            "{} more than today, and {} fewer.{cost}",
            bought.join(" and "),
            spare.join(" and ")
        ),
    }
}

/// What an hour costs more than today; nothing where a price that counts is not stated.
fn bill(scenario: &Scenario, purchases: &[Purchase<'_>]) -> Option<f64> {
    let each = purchases.iter().map(|one| {
        let more = f64::from(one.enough) - f64::from(today(scenario, one.group));
        match more {
            0.0 => Some(0.0),
            more => Some(more * price(scenario, one.group)?),
        }
    });
    each.sum()
}

fn table(scenario: &Scenario, purchases: &[Purchase<'_>]) -> Table {
    let currency = &scenario.currency;
    let row = |one: &Purchase<'_>| {
        let today = today(scenario, one.group);
        let change = i64::from(one.enough) - i64::from(today);
        let amount = figure::thousands(change.unsigned_abs());
        let change_text = match change {
            0 => "none".to_owned(),
            1.. => format!("+{amount}"),
            ..0 => format!("−{amount}"),
        };
        let price = price(scenario, one.group);
        let stated = |text: Option<String>| text.unwrap_or_else(|| "not stated".to_owned());
        let together = price.map(|price| {
            let sum = monthly(price * change.unsigned_abs() as f64, currency);
            match change {
                0 => "–".to_owned(),
                1.. => format!("+{sum}"),
                ..0 => format!("−{sum}"),
            }
        });
        vec![
            Cell::new(one.group),
            Cell::new(kind(scenario, one.group)),
            Cell::new(figure::thousands(today.into())),
            Cell::new(figure::thousands(one.enough.into())),
            Cell::new(change_text),
            Cell::new(stated(price.map(|price| monthly(price, currency)))),
            Cell::new(stated(together)),
        ]
    };
    Table {
        columns: vec![
            Column::new("nodes", Kind::Text),
            Column::new("of what kind", Kind::Text),
            Column::new("today", Kind::Number),
            Column::new("enough", Kind::Number),
            Column::new("change", Kind::Number),
            Column::new("one, a month", Kind::Number),
            Column::new("change, a month", Kind::Number),
        ],
        rows: purchases.iter().map(row).collect(),
        narrow: Narrow::List,
    }
}

/// What is kept with what is enough, and how sure that is.
pub(super) fn kept(scenario: &Scenario, claim: Claim, is_exact: bool) -> String {
    let kept = scenario.objectives.iter().map(|one| {
        let bound = objectives::bound(&one.quantity, one.bound, &scenario.currency);
        format!("`{}` {bound}", one.quantity)
    });
    let kept = kept.collect::<Vec<_>>().join("; ");
    match is_exact {
        true => format!("Kept in the one run that there is: {kept}."),
        false => format!(
            "Kept in at least {} of runs, with {} confidence: {kept}.",
            figure::exact_percent(claim.quantile),
            figure::exact_percent(claim.confidence.level())
        ),
    }
}

fn id(scenario: &Scenario, group: &str) -> Option<GroupId> {
    let mut groups = scenario.catalog.groups.iter();
    groups.find(|(_, name)| *name == group).map(|(id, _)| id)
}

/// How many nodes of a group the scenario has.
pub(super) fn today(scenario: &Scenario, group: &str) -> u32 {
    let id = id(scenario, group);
    let nodes = scenario.catalog.nodes.iter();
    nodes.filter(|(_, node)| Some(node.group) == id).count() as u32
}

/// What a node of a group costs in an hour, where the scenario states that.
pub(super) fn price(scenario: &Scenario, group: &str) -> Option<f64> {
    let id = id(scenario, group);
    let mut nodes = scenario.catalog.nodes.iter();
    let (_, node) = nodes.find(|(_, node)| Some(node.group) == id)?;
    node.price_per_hour
}

/// What pods may request of a node of a group.
fn kind(scenario: &Scenario, group: &str) -> String {
    let id = id(scenario, group);
    let mut nodes = scenario.catalog.nodes.iter();
    let Some((_, node)) = nodes.find(|(_, node)| Some(node.group) == id) else {
        return String::new();
    };
    let room = node.allocatable;
    let memory = figure::number(room.memory.0 as f64, Unit::Bytes);
    let gpus = match (node.gpus, node.gpu_model) {
        (0, _) => String::new(),
        (gpus, None) => format!(" · {gpus} GPUs"),
        (gpus, Some(model)) => format!(" · {gpus} {}", scenario.catalog.gpu_models[model]),
    };
    format!("{} · {memory}{gpus}", amounts::cpu(room.cpu))
}
