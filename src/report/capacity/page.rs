//! `report.html` of a search for the fewest nodes: the answer, the curve, what goes wrong with fewer,
//! what is survived, what would be bought, and what it rests on.

mod losses;
mod managers;

use super::text::{Column as Kinds, cell, figures, notes};
use super::{Told, buy, curve, sentences};
use crate::experiment::capacity::answer::Row;
use crate::experiment::capacity::confirm::Verdict;
use crate::experiment::capacity::fewest::Found;
use crate::report::figure;
use crate::report::page::{Cell, Column, Figure, Kind, Narrow, Page, Table, Tone};
use crate::report::pages;
use crate::report::text::count;
use crate::scenario::loss::Loss;

/// The page; `command` makes the same again.
pub(super) fn of(told: &Told<'_>, command: &str) -> String {
    let scenario = told.scenario;
    let question = question(told);
    let mut page = Page::new(&format!("{}: {question}", scenario.name));
    let said = sentences::answer(told);
    let (answer, why) = said.split_first().expect("something is always said");
    let mut why = why.to_vec();
    why.extend(pages::asks("scenario", &scenario.question));
    let facts = pages::facts("capacity", scenario, told.seed);
    page.head(&facts, &question, answer, &why);
    page.figures(&large(told));
    page.chart(&curve::chart(told));
    sizes(&mut page, told);
    losses::wrong(&mut page, told);
    losses::survive(&mut page, told);
    managers::section(&mut page, told);
    let notes = notes(told, None);
    pages::finish(
        page,
        scenario,
        notes,
        "`capacity.json` and `capacity.csv`",
        command,
    )
}

fn question(told: &Told<'_>) -> String {
    let also = match told.capacity.losses.first() {
        None => "",
        Some(Loss::Zone(_)) => ", also without a zone",
        Some(Loss::Node { .. }) => ", also without a node",
    };
    format!("How many {} nodes are enough{also}?", told.group)
}

/// The answer that counts for everything asked, and what was found about it.
fn best<'a>(told: &Told<'a>) -> (&'a Found, Option<u32>) {
    let found = &told.capacity.found;
    match &told.capacity.struck {
        Some(struck) if struck.answer.is_some() => (struck, struck.answer),
        Some(_) | None => (found, found.answer),
    }
}

/// The answer, today, the size below, and what the difference costs.
fn large(told: &Told<'_>) -> Vec<Figure> {
    let (found, answer) = best(told);
    let Some(answer) = answer else {
        return Vec::new();
    };
    let present = told.capacity.plan.present;
    let of = |label: &str, size: u32| Figure {
        label: label.to_owned(),
        value: sentences::nodes(told, size),
        interval: match row(told, size).and_then(|row| sentences::worst(told, row, found)) {
            Some(seen) => format!("meet all objectives: {}", figures(told, seen)),
            None => "not tried".to_owned(),
        },
    };
    let label =
        match told.capacity.struck.is_some() && told.capacity.losses.len() + 1 == found.cases {
            true => "enough once a loss is made good",
            false => "enough",
        };
    let mut large = vec![of(label, answer)];
    if present != answer {
        large.push(of("today", present));
    }
    let below = told.capacity.found.verdicts.range(..answer).next_back();
    if let Some((&below, _)) = below.filter(|(below, _)| **below != present) {
        large.push(of("one step fewer", below));
    }
    if let Some(price) = buy::price(told.scenario, told.group) {
        let all = |size: u32| pages::monthly(price * f64::from(size), &told.scenario.currency);
        large.push(Figure {
            label: format!("price of {answer}, a month"),
            value: all(answer),
            interval: format!("today's {present}: {}", all(present)),
        });
    }
    large
}

fn row<'a>(told: &Told<'a>, size: u32) -> Option<&'a Row> {
    told.capacity.rows.iter().find(|row| row.size == size)
}

/// Every size that was tried.
fn sizes(page: &mut Page, told: &Told<'_>) {
    let capacity = told.capacity;
    let with_losses = !capacity.losses.is_empty();
    let kinds: &[Kinds] = if with_losses {
        &Kinds::ALL
    } else {
        &Kinds::ALL[..1]
    };
    let mut columns = vec![Column::new(told.group, Kind::Text)];
    columns.extend(kinds.iter().map(|kind| match with_losses {
        true => Column::new(kind.head(), Kind::Number),
        false => Column::new("runs that meet all objectives", Kind::Number),
    }));
    columns.push(Column::new("verdict", Kind::Text));
    let rows = capacity.rows.iter().filter(|row| !row.cases.is_empty());
    let rows = rows.map(|row| {
        let (verdict, tone) = verdict(told, row.size);
        let mut cells = vec![Cell::new(count(row.size.into(), "node"))];
        cells.extend(kinds.iter().map(|&kind| Cell::new(cell(told, row, kind))));
        cells.push(Cell::toned(verdict, tone));
        cells
    });
    page.heading("Every number that was tried");
    if !capacity.is_exact {
        page.text(&format!(
            "The share of runs that meet every objective, with its {} interval; \"of 20\" are runs of the \
             search, which only show where to look.",
            figure::exact_percent(capacity.plan.claim.confidence.level())
        ));
    }
    page.table(&Table {
        columns,
        rows: rows.collect(),
        narrow: Narrow::List,
    });
}

/// What is said of a size, and how that is meant.
fn verdict(told: &Told<'_>, size: u32) -> (&'static str, Tone) {
    let of = |found: &Found| found.verdicts.get(&size).copied();
    let capacity = told.capacity;
    let (_, answer) = best(told);
    let struck = capacity.struck.as_ref().and_then(of);
    match (of(&capacity.found), struck) {
        (_, Some(Verdict::Confirmed)) if answer == Some(size) => ("enough: the answer", Tone::Good),
        (_, Some(Verdict::Confirmed)) => ("enough", Tone::Good),
        (_, Some(Verdict::Refuted)) => ("not enough during a loss", Tone::Bad),
        (_, Some(Verdict::Open)) => ("during a loss not ruled out, not confirmed", Tone::Marked),
        (Some(Verdict::Confirmed), None) => match (&capacity.struck, answer == Some(size)) {
            (Some(_), true) => ("enough but for the time of a loss", Tone::Marked),
            (Some(_), false) => ("enough once a loss is made good", Tone::Marked),
            (None, true) => ("enough: the answer", Tone::Good),
            (None, false) => ("enough", Tone::Good),
        },
        (Some(Verdict::Refuted), None) => ("not enough", Tone::Bad),
        (Some(Verdict::Open), None) => ("not ruled out, not confirmed", Tone::Marked),
        (None, None) => ("no verdict: search alone", Tone::Plain),
    }
}
