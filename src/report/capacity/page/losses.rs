//! What goes wrong with fewer nodes, and which losses are survived.

use super::{best, row};
use crate::experiment::capacity::answer::Seen;
use crate::experiment::capacity::fewest::Found;
use crate::experiment::capacity::trials::Condition;
use crate::report::capacity::text::{figures, interval, share};
use crate::report::capacity::{Told, sentences};
use crate::report::figure;
use crate::report::page::{Cell, Column, Kind, Narrow, Page, Table, Tone};

/// A condition in words.
fn condition(condition: &Condition) -> String {
    match condition {
        Condition::AsWritten => "as it is".to_owned(),
        Condition::Settled { loss, .. } => format!("after the loss of {loss}"),
        Condition::Struck { loss, .. } => format!("during the loss of {loss}"),
    }
}

/// What goes wrong with the size below the answer; where there is no answer, with the largest.
pub(super) fn wrong(page: &mut Page, told: &Told<'_>) {
    let capacity = told.capacity;
    let size = |found: &Found| match found.answer {
        Some(answer) => found
            .verdicts
            .range(..answer)
            .next_back()
            .map(|(&size, _)| size),
        None => capacity.plan.sizes().last().copied(),
    };
    let founds = std::iter::once(&capacity.found).chain(&capacity.struck);
    let mut sizes: Vec<u32> = founds.filter_map(size).collect();
    sizes.dedup();
    for row in sizes.into_iter().filter_map(|size| row(told, size)) {
        let missed = row.cases.iter().flat_map(|seen| missed(told, seen));
        let rows: Vec<Vec<Cell>> = missed.collect();
        if rows.is_empty() {
            continue;
        }
        let nodes = sentences::nodes(told, row.size);
        page.heading(&format!("What goes wrong with {nodes}"));
        page.table(&Table {
            columns: vec![
                Column::new("what is missed", Kind::Text),
                Column::new("when", Kind::Text),
                Column::new("in so many runs", Kind::Number),
            ],
            rows,
            narrow: Narrow::List,
        });
    }
}

/// A row for each objective that is missed, and one for pods that find no node.
fn missed(told: &Told<'_>, seen: &Seen) -> Vec<Vec<Cell>> {
    let scenario = told.scenario;
    let trials = &seen.trials;
    let row = |what: String, runs: u32| {
        let share = f64::from(runs) / f64::from(trials.tally.runs);
        vec![
            Cell::new(what),
            Cell::new(condition(&seen.condition)),
            Cell::new(format!(
                "{runs} of {} ({})",
                trials.tally.runs,
                figure::rough(share)
            )),
        ]
    };
    let missed = scenario.objectives.iter().zip(&trials.missed);
    let missed = missed.filter(|&(_, &runs)| runs > 0);
    let missed = missed.map(|(one, &runs)| row(sentences::objective(scenario, one), runs));
    let mut rows: Vec<Vec<Cell>> = missed.collect();
    if trials.left_over > 0 {
        let short = sentences::short(scenario, trials).map(|why| format!(": {why}"));
        let what = format!("pods find no node{}", short.unwrap_or_default());
        rows.push(row(what, trials.left_over));
    }
    rows
}

/// Each loss, made good and while it is being made good, with the answer and the size below.
pub(super) fn survive(page: &mut Page, told: &Told<'_>) {
    let capacity = told.capacity;
    let (_, answer) = best(told);
    let Some(answer) = answer.filter(|_| !capacity.losses.is_empty()) else {
        return;
    };
    page.heading("What is survived");
    page.text(
        "Each loss is for good, and judged twice. After it: it has been made good, all pods of services \
         have a node and every objective holds at the busiest time (static). During it: with all the time \
         that it takes to notice the loss and to replace the pods (transient).",
    );
    let below = capacity.found.verdicts.range(..answer).next_back();
    let sizes: Vec<u32> = below
        .map(|(&size, _)| size)
        .into_iter()
        .chain([answer])
        .collect();
    let mut columns = vec![Column::new("loss", Kind::Text)];
    for size in &sizes {
        columns.push(Column::new(
            &format!("after it, {size} nodes"),
            Kind::Number,
        ));
        columns.push(Column::new(
            &format!("during it, {size} nodes"),
            Kind::Number,
        ));
    }
    let rows = capacity.losses.iter().map(|loss| {
        let mut cells = vec![Cell::new(loss.to_string())];
        for &size in &sizes {
            let cases = row(told, size).map_or(&[][..], |row| &row.cases);
            let settled = |seen: &&Seen| matches!(&seen.condition, Condition::Settled { loss: one, .. } if one == loss);
            let struck = |seen: &&Seen| matches!(&seen.condition, Condition::Struck { loss: one, .. } if one == loss);
            cells.push(survived(told, cases.iter().find(settled)));
            cells.push(survived(told, cases.iter().find(struck)));
        }
        cells
    });
    page.table(&Table {
        columns,
        rows: rows.collect(),
        narrow: Narrow::List,
    });
}

/// How many runs a loss is survived in; toned where the interval leaves no doubt.
fn survived(told: &Told<'_>, seen: Option<&Seen>) -> Cell {
    let Some(seen) = seen else {
        return Cell::new("not tried");
    };
    let claim = told.capacity.plan.claim;
    let (_, high) = interval(seen, claim.confidence);
    let tone = match told.capacity.is_exact {
        true if share(seen) < 1.0 => Tone::Bad,
        false if high < claim.quantile => Tone::Bad,
        true | false => Tone::Plain,
    };
    Cell::toned(figures(told, seen), tone)
}
