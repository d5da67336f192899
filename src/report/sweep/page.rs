//! `report.html` of a merged sweep: what is not beaten, what each metric does along what is varied, and
//! every cell.

use super::text;
use crate::experiment::sweep::merge::Merged;
use crate::experiment::sweep::plan::Sweep;
use crate::metrics::quantity::Quantity;
use crate::report::figure;
use crate::report::page::{Cell, Column, Figure, Kind, Narrow, Page, Table, Tone};
use crate::report::plots::Chart;
use crate::report::text::{capitalized, count};
use crate::units;

/// Most rows of the front, and of all cells.
const ROWS: (usize, usize) = (24, 200);

/// The page; `command` makes the same again.
pub(super) fn of(sweep: &Sweep, merged: &Merged, charts: &[&Chart], command: &str) -> String {
    let plan = &sweep.plan;
    let question = question(sweep);
    let mut page = Page::new(&format!("{}: {question}", plan.name));
    let mut facts = vec!["sweep".to_owned()];
    facts.extend(text::facts(sweep));
    let front = merged.front(sweep);
    let (answer, mut why) = answer(sweep, merged, front.as_deref());
    why.push(text::varied(sweep));
    page.head(&facts, &question, &answer, &why);
    let front = front.unwrap_or_default();
    page.figures(&ends(sweep, merged, &front));
    front_table(&mut page, sweep, merged, &front);
    // The trade first: it is the answer.
    let (trade, curves): (Vec<&Chart>, Vec<&Chart>) = charts
        .iter()
        .partition(|chart| chart.name == super::trade::NAME);
    for chart in trade.into_iter().chain(curves) {
        page.chart(chart);
    }
    cells(&mut page, sweep, merged, &front);
    let notes = text::notes(sweep, merged);
    let notes: Vec<String> = notes.iter().map(|note| capitalized(note)).collect();
    page.notes("What to know about these numbers", &notes);
    page.reproduce(
        &[command.to_owned()],
        &format!(
            "In the folder of the plan, with plimsoll {}. The fingerprint of the plan, the inputs of all cells \
             and the version is `{}`. If it is the same, so is every number of this page, from any number of \
             threads, shards and interruptions; all of them are in `sweep.csv` and `response.csv` beside it.",
            env!("CARGO_PKG_VERSION"),
            sweep.hash
        ),
    );
    page.finish()
}

pub(super) fn question(sweep: &Sweep) -> String {
    let question = sweep.plan.question.trim();
    if !question.is_empty() {
        return question.to_owned();
    }
    let keys = sweep.plan.keys.iter().map(|key| key.name.clone());
    let keys: Vec<String> = keys.collect();
    let (does, keys) = match keys.as_slice() {
        [_] => ("does", keys.concat()),
        few if few.len() <= NAMED => ("do", units::and(few)),
        many => {
            let (first, rest) = many.split_at(NAMED - 1);
            (
                "do",
                format!("{} and {} more", first.join(", "), rest.len()),
            )
        }
    };
    format!("What difference {does} {keys} make in {}?", sweep.scenario)
}

/// Most keys that are named in a question.
const NAMED: usize = 4;

/// The answer, and what else is to be said of it.
pub(super) fn answer(
    sweep: &Sweep,
    merged: &Merged,
    front: Option<&[u32]>,
) -> (String, Vec<String>) {
    let sentence = front.and_then(|front| Some((front, text::how_many(sweep, front)?)));
    match sentence {
        Some((front, sentence)) => {
            let unsettled = text::unsettled(sweep, merged, front);
            (format!("{sentence}."), Vec::from_iter(unsettled))
        }
        None => {
            let best = text::best(sweep, merged);
            match best.split_first() {
                Some((first, others)) => (first.clone(), others.to_vec()),
                None => (
                    "No metric of this sweep has a better side.".to_owned(),
                    Vec::new(),
                ),
            }
        }
    }
}

/// Both ends of the front, large: the least that is paid, the best that it buys, and what belongs to either.
fn ends(sweep: &Sweep, merged: &Merged, front: &[u32]) -> Vec<Figure> {
    let (Some(pareto), Some(&first), Some(&last)) =
        (&sweep.plan.pareto, front.first(), front.last())
    else {
        return Vec::new();
    };
    let figure = |label: String, quantity: &Quantity, cell: u32| {
        let row = text::row(sweep, merged, cell, &[sweep.plan.place(quantity)]);
        let mut figure = Figure::of(&label, row.last().map_or("", String::as_str));
        if figure.interval.is_empty() {
            figure.interval = sweep.plan.describe(cell);
        }
        figure
    };
    let (cost, value) = (&pareto.cost, &pareto.value);
    let mut figures = vec![
        figure(format!("least {cost}"), cost, first),
        figure(format!("{value} for that"), value, first),
    ];
    if first != last {
        figures.push(figure(format!("best {value}"), value, last));
        figures.push(figure(format!("{cost} for that"), cost, last));
    }
    figures
}

fn front_table(page: &mut Page, sweep: &Sweep, merged: &Merged, front: &[u32]) {
    let rows = text::front_rows(sweep, merged, front);
    let Some((head, rows)) = rows.split_first().filter(|(_, rows)| !rows.is_empty()) else {
        return;
    };
    page.heading("What is not beaten");
    let keys = sweep.plan.keys.len();
    page.table(&Table {
        columns: columns(head, keys),
        rows: rows.iter().take(ROWS.0).map(|row| numbered(row)).collect(),
        narrow: Narrow::List,
    });
    if rows.len() > ROWS.0 {
        let more = figure::thousands((rows.len() - ROWS.0) as u64);
        page.text(&format!("{more} more are marked in `plots/pareto.csv`."));
    }
}

/// A row with the word before its number: on a narrow page it stands alone.
fn numbered(row: &[String]) -> Vec<Cell> {
    let mut cells: Vec<Cell> = row.iter().map(Cell::new).collect();
    if let Some(first) = cells.first_mut() {
        first.text.insert_str(0, "cell ");
    }
    cells
}

/// The number of a cell and its keys to the left, its metrics to the right.
fn columns(head: &[String], keys: usize) -> Vec<Column> {
    let kind = |place: usize| match place > keys {
        true => Kind::Number,
        false => Kind::Text,
    };
    let columns = head.iter().enumerate().map(|(place, name)| match place {
        0 => Column::new("", Kind::Text),
        _ => Column::new(name, kind(place)),
    });
    columns.collect()
}

/// Every cell, as far as a page has room for them.
fn cells(page: &mut Page, sweep: &Sweep, merged: &Merged, front: &[u32]) {
    let plan = &sweep.plan;
    let places: Vec<usize> = (0..plan.metrics.len()).collect();
    let keys = plan.keys.iter().map(|key| key.name.clone());
    let metrics = plan.metrics.iter().map(|quantity| quantity.to_string());
    let head = std::iter::once("cell".to_owned())
        .chain(keys)
        .chain(metrics);
    let mut columns = columns(&head.collect::<Vec<_>>(), plan.keys.len());
    columns.push(Column::new("not beaten", Kind::Text));
    let shown = (0..plan.cells()).take(ROWS.1);
    let rows = shown.map(|cell| {
        let row = text::row(sweep, merged, cell, &places);
        let mut row = numbered(&row);
        row.push(match front.contains(&cell) {
            true => Cell::toned("yes", Tone::Good),
            false => Cell::new(""),
        });
        row
    });
    let table = Table {
        columns,
        rows: rows.collect(),
        narrow: Narrow::List,
    };
    let all = plan.cells() as usize;
    page.heading("Every cell");
    page.folded(&count(all as u64, "cell"), |page| {
        page.table(&table);
        if all > ROWS.1 {
            let more = figure::thousands((all - ROWS.1) as u64);
            page.text(&format!("{more} more are in `response.csv`."));
        }
    });
}
