//! The summary of a sweep: the front first, then what must be known, then where the files are.

use std::path::{MAIN_SEPARATOR, Path};

use crate::experiment::sweep::merge::Merged;
use crate::experiment::sweep::plan::Sweep;
use crate::metrics::dictionary::Better;
use crate::metrics::quantity::Quantity;
use crate::report::figure::{self, Unit};
use crate::report::text::layout::Page;
use crate::report::text::{Colors, Look, count};
use crate::stats::Estimate;

/// Most rows of the front that are printed.
const ROWS: usize = 24;

/// The summary for a terminal.
pub fn summary(sweep: &Sweep, merged: &Merged, dir: &Path, files: &[String], look: Look) -> String {
    let mut page = page(sweep, merged, look);
    page.gap();
    let dir = dir.display();
    page.names(&format!("{dir}{MAIN_SEPARATOR}   "), files);
    page.finish()
}

/// The same for a file among the others.
pub(super) fn plain(sweep: &Sweep, merged: &Merged) -> String {
    let look = Look {
        colors: Colors::None,
        columns: 100,
    };
    page(sweep, merged, look).finish()
}

fn page(sweep: &Sweep, merged: &Merged, look: Look) -> Page {
    let mut page = Page::new(look);
    page.facts(&facts(sweep));
    page.text(&varied(sweep));
    page.gap();
    match merged.front(sweep) {
        Some(front) => trade(sweep, merged, &front, &mut page),
        None => best(sweep, merged).iter().for_each(|said| page.text(said)),
    }
    page.gap();
    for note in notes(sweep, merged) {
        page.hanging("note: ", &note);
    }
    page
}

/// What was run, fact by fact.
pub(super) fn facts(sweep: &Sweep) -> Vec<String> {
    let plan = &sweep.plan;
    vec![
        plan.name.clone(),
        format!("scenario {}", sweep.scenario),
        count(u64::from(plan.cells()), "cell"),
        format!(
            "{} each",
            count(u64::from(plan.replications), "replication")
        ),
        format!("seed {}", plan.seed),
    ]
}

/// What is varied, and how far.
pub(super) fn varied(sweep: &Sweep) -> String {
    let values = |key: usize| {
        let mut values: Vec<String> = Vec::new();
        for cell in 0..sweep.plan.cells() {
            let value = sweep.plan.point(cell)[key].to_string();
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values
    };
    let keys = (0..).zip(&sweep.plan.keys).map(|(place, key)| {
        let values = values(place);
        match values.as_slice() {
            [first, .., last] if values.len() > 4 => {
                format!(
                    "{}: {} values from {first} to {last}",
                    key.name,
                    values.len()
                )
            }
            _ => format!("{}: {}", key.name, values.join(", ")),
        }
    });
    let keys: Vec<String> = keys.collect();
    format!("Varied: {}.", keys.join("; "))
}

/// The cells on the front, with what they cost and give.
fn trade(sweep: &Sweep, merged: &Merged, front: &[u32], page: &mut Page) {
    let Some(sentence) = how_many(sweep, front) else {
        return;
    };
    let rows = front_rows(sweep, merged, front);
    if rows.len() < 2 {
        return page.text(&format!("{sentence}."));
    }
    page.text(&format!("{sentence}:"));
    page.gap();
    let shown = &rows[..rows.len().min(1 + ROWS)];
    for line in aligned(shown) {
        page.line(&line);
    }
    if rows.len() > shown.len() {
        let more = figure::thousands((rows.len() - shown.len()) as u64);
        page.text(&format!("and {more} more: pareto.csv marks them all."));
    }
    if let Some(unsettled) = unsettled(sweep, merged, front) {
        page.gap();
        page.text(&unsettled);
    }
}

/// How many cells are on the front, without a full stop; nothing where nothing is traded.
pub(super) fn how_many(sweep: &Sweep, front: &[u32]) -> Option<String> {
    let pareto = sweep.plan.pareto.as_ref()?;
    let (cost, value) = (&pareto.cost, &pareto.value);
    if front.is_empty() {
        return Some(format!(
            "No cell has both {cost} and {value}: there is no front"
        ));
    }
    let verb = if front.len() == 1 { "is" } else { "are" };
    Some(format!(
        "{} of {} {verb} not beaten in both {cost} and {value}, by the estimates",
        figure::thousands(front.len() as u64),
        count(u64::from(sweep.plan.cells()), "cell"),
    ))
}

/// The front as a table, its head first: a row for each cell, or for those that are alike.
pub(super) fn front_rows(sweep: &Sweep, merged: &Merged, front: &[u32]) -> Vec<Vec<String>> {
    let Some(pareto) = &sweep.plan.pareto else {
        return Vec::new();
    };
    let traded = [&pareto.cost, &pareto.value];
    let places = traded.map(|quantity| sweep.plan.place(quantity));
    let groups = alike(merged, front, places);
    let has_twins = groups.iter().any(|group| group.len() > 1);
    let keys = sweep.plan.keys.iter().map(|key| key.name.clone());
    let head = std::iter::once("cell".to_owned()).chain(keys);
    let head = head.chain(traded.map(|quantity| quantity.to_string()));
    let mut rows = vec![head.collect::<Vec<_>>()];
    rows.extend(
        groups
            .iter()
            .map(|group| row(sweep, merged, group[0], &places)),
    );
    if has_twins {
        rows[0].push("cells alike".to_owned());
        for (row, group) in rows[1..].iter_mut().zip(&groups) {
            row.push(match group.len() {
                1 => String::new(),
                several => figure::thousands(several as u64),
            });
        }
    }
    rows
}

/// A cell: its number, its value of each key, and its metrics at these places.
pub(super) fn row(sweep: &Sweep, merged: &Merged, cell: u32, places: &[usize]) -> Vec<String> {
    let point = sweep.plan.point(cell);
    let values = point.iter().map(|value| value.to_string());
    let own = &merged.cells[cell as usize];
    let metrics = places.iter().map(|&place| {
        let quantity = &sweep.plan.metrics[place];
        shown(sweep, quantity, own[place])
    });
    let number = std::iter::once(cell.to_string());
    number.chain(values).chain(metrics).collect()
}

/// The front, those cells together that have the same two values.
fn alike(merged: &Merged, front: &[u32], [cost, value]: [usize; 2]) -> Vec<Vec<u32>> {
    let values = |cell: u32| {
        let own = &merged.cells[cell as usize];
        [cost, value].map(|place| own[place].map(|estimate| estimate.value))
    };
    let groups = front.chunk_by(|&one, &other| values(one) == values(other));
    groups.map(<[u32]>::to_vec).collect()
}

/// What is not settled: neighbours on the front whose gain may be chance.
pub(super) fn unsettled(sweep: &Sweep, merged: &Merged, front: &[u32]) -> Option<String> {
    let pareto = sweep.plan.pareto.as_ref()?;
    let places = [&pareto.cost, &pareto.value].map(|quantity| sweep.plan.place(quantity));
    let firsts: Vec<u32> = alike(merged, front, places)
        .iter()
        .map(|group| group[0])
        .collect();
    let better = pareto.value.metric.better;
    let pairs = firsts.windows(2);
    let unsettled = pairs.filter(|pair| !merged.is_gain(pair[1], pair[0], better));
    let unsettled = unsettled.count() as u64;
    let value = &pareto.value;
    let all = (firsts.len() as u64).saturating_sub(1);
    (unsettled > 0).then(|| {
        let which = match all {
            1 => "The gain".to_owned(),
            all => format!("{} of the {}", figure::thousands(unsettled), count(all, "gain")),
        };
        format!(
            "{which} in {value} from one cell to the next may be chance: paired run by run, differences do \
             not show it with 95 % confidence. `plimsoll compare` settles a pair.",
        )
    })
}

/// The best cell for each metric that has a direction.
pub(super) fn best(sweep: &Sweep, merged: &Merged) -> Vec<String> {
    let mut said = Vec::new();
    for (place, quantity) in sweep.plan.metrics.iter().enumerate() {
        let sign = match quantity.metric.better {
            Better::Up => -1.0,
            Better::Down => 1.0,
            Better::Neither => continue,
        };
        let values = (0..).zip(merged.values(place));
        let known: Vec<(u32, f64)> = values
            .filter_map(|(cell, value)| Some((cell, sign * value?)))
            .collect();
        let Some((cell, least)) = known.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1)) else {
            continue;
        };
        let alike = known.iter().filter(|&&(_, value)| value == least).count();
        let shown = shown(sweep, quantity, merged.cells[cell as usize][place]);
        let others = match alike {
            1 => String::new(),
            _ => format!(", and in {} more", count(alike as u64 - 1, "cell")),
        };
        said.push(format!(
            "Best {quantity}: {shown} with {}{others}.",
            sweep.plan.describe(cell)
        ));
    }
    said
}

/// What a reader must know.
pub(super) fn notes(sweep: &Sweep, merged: &Merged) -> Vec<String> {
    let cells = sweep.plan.cells();
    let said = sweep.notes.iter().map(|(note, of)| match *of {
        of if of == cells => note.clone(),
        of => format!(
            "{note} (in {} of {} cells)",
            figure::thousands(u64::from(of)),
            figure::thousands(u64::from(cells))
        ),
    });
    let mut notes: Vec<String> = said.collect();
    for (place, quantity) in sweep.plan.metrics.iter().enumerate() {
        let absent = merged.values(place).filter(Option::is_none).count() as u64;
        if absent == u64::from(cells) {
            notes.push(format!("{quantity} has no value in any cell"));
        } else if absent > 0 {
            let cells = count(absent, "cell");
            notes.push(format!("{quantity} has no value in {cells}"));
        }
    }
    if sweep.exact > 0 {
        let of = match sweep.exact {
            all if all == cells => "all cells".to_owned(),
            some => count(u64::from(some), "cell"),
        };
        notes.push(format!(
            "nothing is random in {of}: one run says all, and other weeks may differ"
        ));
    }
    if sweep.plan.replications == 1 && sweep.exact < cells {
        notes.push("one replication has no intervals; `replications = 20` gives them".to_owned());
    }
    notes
}

fn shown(sweep: &Sweep, quantity: &Quantity, estimate: Option<Estimate>) -> String {
    let unit = Unit::of(quantity.metric.unit, &sweep.currency);
    estimate.map_or_else(
        || "none".to_owned(),
        |estimate| figure::estimate(&estimate, unit),
    )
}

/// Rows with their columns under each other.
fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths);
        let cells = cells.map(|(cell, &width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}
