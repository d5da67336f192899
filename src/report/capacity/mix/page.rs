//! `report.html` of a search for the cheapest mix: the answer, the mixes near it with their prices, what
//! would be bought, and what it rests on.

use super::ToldMix;
use crate::experiment::capacity::cheapest::{Counts, price};
use crate::experiment::capacity::confirm::Verdict;
use crate::report::capacity::buy::{self, Aim, Purchase};
use crate::report::figure::{self, Unit};
use crate::report::page::{Cell, Column, Figure, Kind, Narrow, Page, Table, Tone};
use crate::report::pages;

/// The page; `command` makes the same again.
pub(super) fn of(told: &ToldMix<'_>, command: &str) -> String {
    let scenario = told.scenario;
    let question = format!(
        "Which mix of {} nodes is the cheapest?",
        told.groups.join(" and ")
    );
    let mut page = Page::new(&format!("{}: {question}", scenario.name));
    let facts = pages::facts("capacity", scenario, told.seed);
    let said = told.said();
    let (answer, why) = said.split_first().expect("something is always said");
    let mut why = why.to_vec();
    why.extend(pages::asks("scenario", &scenario.question));
    page.head(&facts, &question, answer, &why);
    page.figures(&large(told));
    mixes(&mut page, told);
    managers(&mut page, told);
    pages::finish(
        page,
        scenario,
        vec![told.note(None)],
        "`capacity.json` and `capacity.csv`",
        command,
    )
}

/// How many nodes the scenario has of each group.
fn today(told: &ToldMix<'_>) -> Counts {
    let mut counts = Counts::default();
    for (count, group) in counts.iter_mut().zip(told.groups) {
        *count = buy::today(told.scenario, group);
    }
    counts
}

fn large(told: &ToldMix<'_>) -> Vec<Figure> {
    let Some(answer) = &told.found.answer else {
        return Vec::new();
    };
    let today = today(told);
    let per_month =
        |counts: &Counts| pages::monthly(price(&told.found.kinds, counts), &told.scenario.currency);
    let mut large: Vec<Figure> = told
        .groups
        .iter()
        .zip(answer.iter().zip(&today))
        .map(|(group, (count, today))| Figure {
            label: format!("{group} nodes"),
            value: count.to_string(),
            interval: format!("today {today}"),
        })
        .collect();
    large.truncate(3);
    large.push(Figure {
        label: "price, a month".to_owned(),
        value: per_month(answer),
        interval: format!("today {}", per_month(&today)),
    });
    large
}

/// The mixes near the answer, by their price.
fn mixes(page: &mut Page, told: &ToldMix<'_>) {
    page.heading("The mixes near it");
    let currency = &told.scenario.currency;
    let mut columns = vec![Column::new("mix", Kind::Text)];
    columns.extend(
        told.groups
            .iter()
            .map(|group| Column::new(group, Kind::Number)),
    );
    columns.extend([
        Column::new("price, an hour", Kind::Number),
        Column::new("price, a month", Kind::Number),
        Column::new("runs that meet all objectives", Kind::Number),
        Column::new("verdict", Kind::Text),
    ]);
    let rows = told.rows().into_iter().map(|counts| {
        let per_hour = price(&told.found.kinds, counts);
        let (verdict, tone) = verdict(told, counts);
        let own = told.groups.iter().zip(counts);
        let mut cells = vec![Cell::new(told.mix(counts))];
        cells.extend(own.map(|(_, count)| Cell::new(count.to_string())));
        cells.extend([
            Cell::new(figure::number(per_hour, Unit::Money(currency))),
            Cell::new(pages::monthly(per_hour, currency)),
            Cell::new(told.figures(counts)),
            Cell::toned(verdict, tone),
        ]);
        cells
    });
    page.table(&Table {
        columns,
        rows: rows.collect(),
        narrow: Narrow::List,
    });
    page.text(&pages::month());
}

fn verdict(told: &ToldMix<'_>, counts: &Counts) -> (&'static str, Tone) {
    let found = told.found;
    let judged = found.dropped.iter().chain(&found.less).chain(&found.more);
    let mut judged = judged.filter(|(other, _)| other == counts);
    match judged.next().map(|(_, verdict)| *verdict) {
        _ if found.answer == Some(*counts) => ("enough: the answer", Tone::Good),
        Some(Verdict::Confirmed) => ("enough", Tone::Good),
        Some(Verdict::Refuted) => ("not enough", Tone::Bad),
        Some(Verdict::Open) => ("not ruled out, not confirmed", Tone::Marked),
        None => ("no verdict: search alone", Tone::Plain),
    }
}

fn managers(page: &mut Page, told: &ToldMix<'_>) {
    let scenario = told.scenario;
    let Some(answer) = &told.found.answer else {
        let why_not = "No mix that was tried is enough, so nothing is to be bought for it.";
        return buy::section(page, scenario, &[], Some(why_not));
    };
    let purchases = told.groups.iter().zip(answer);
    let purchases = purchases.map(|(group, &enough)| Purchase { group, enough });
    let aim = Aim {
        title: "For all objectives".to_owned(),
        purchases: purchases.collect(),
        buys: vec![buy::kept(scenario, told.found.claim, told.found.is_exact)],
    };
    buy::section(page, scenario, &[aim], None);
}
