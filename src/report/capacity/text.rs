//! What was found, on the terminal.

use std::path::{MAIN_SEPARATOR, Path};

use super::{Told, sentences};
use crate::experiment::capacity::answer::{Row, Seen};
use crate::experiment::capacity::confirm::Tally;
use crate::experiment::capacity::trials::{Condition, Phase, SEARCH_RUNS};
use crate::report::figure::{self, Unit};
use crate::report::text::Look;
use crate::report::text::count;
use crate::report::text::layout::Page;
use crate::stats::{Confidence, clopper_pearson};

/// Characters of a full bar.
const BAR: usize = 10;

/// The page: the answer, the sizes, how it was found, and where the files are.
pub fn text(told: &Told<'_>, dir: &Path, files: &[String], seconds: f64, look: Look) -> String {
    let mut page = Page::new(look);
    for sentence in sentences::answer(told) {
        page.text(&sentence);
    }
    page.gap();
    table(told, &mut page);
    page.gap();
    for note in notes(told, Some(seconds)) {
        page.hanging("note: ", &note);
    }
    page.gap();
    page.names(&format!("{}{MAIN_SEPARATOR}   ", dir.display()), files);
    page.finish()
}

/// A kind of condition: a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    AsWritten,
    Settled,
    Struck,
}

impl Column {
    pub(super) const ALL: [Column; 3] = [Column::AsWritten, Column::Settled, Column::Struck];

    pub(super) const fn of(condition: &Condition) -> Column {
        match condition {
            Condition::AsWritten => Column::AsWritten,
            Condition::Settled { .. } => Column::Settled,
            Condition::Struck { .. } => Column::Struck,
        }
    }

    pub(super) const fn head(self) -> &'static str {
        match self {
            Column::AsWritten => "as it is",
            Column::Settled => "after a loss",
            Column::Struck => "during a loss",
        }
    }
}

/// The sizes from the smallest on: bars where there is one condition, else a column for each kind.
fn table(told: &Told<'_>, page: &mut Page) {
    let capacity = told.capacity;
    let confidence = figure::exact_percent(capacity.plan.claim.confidence.level());
    let interval = match capacity.is_exact {
        true => String::new(),
        false => format!(" ({confidence} interval)"),
    };
    let rows = capacity.rows.iter().filter(|row| !row.cases.is_empty());
    let rows: Vec<&Row> = rows.collect();
    if capacity.losses.is_empty() {
        page.line(&format!("  nodes   meets all objectives{interval}"));
        for row in rows {
            if let Some(seen) = row.worst(|_| true) {
                let share = share(seen);
                let length = (share * BAR as f64).round() as usize;
                let bar = if length == 0 {
                    "▏".to_owned()
                } else {
                    "█".repeat(length)
                };
                let figures = format!("{bar} {}", figures(told, seen));
                page.line(
                    format!("  {:>5}   {figures:<34}{}", row.size, mark(told, row.size)).trim_end(),
                );
            }
        }
        return;
    }
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| Column::ALL.map(|column| cell(told, row, column)).into())
        .collect();
    let widths: Vec<usize> = (0..Column::ALL.len())
        .map(|column| {
            let widest = cells
                .iter()
                .map(|cells| cells[column].chars().count())
                .max();
            widest.unwrap_or(0).max(Column::ALL[column].head().len())
        })
        .collect();
    page.text(&format!("Runs that meet all objectives{interval}:"));
    let line = |size: &str, cells: [&str; 3], mark: &str| {
        let mut line = format!("  {size:>5}");
        for (cell, width) in cells.iter().zip(&widths) {
            let room = " ".repeat(width - cell.chars().count());
            line.push_str(&format!("   {cell}{room}"));
        }
        if !mark.is_empty() {
            line.push_str(&format!("   {mark}"));
        }
        line.trim_end().to_owned()
    };
    page.line(&line("nodes", Column::ALL.map(Column::head), ""));
    for (row, cells) in rows.iter().zip(&cells) {
        let cells = [&cells[0], &cells[1], &cells[2]].map(String::as_str);
        let text = line(&row.size.to_string(), cells, &mark(told, row.size));
        page.line(&text);
    }
}

/// The worst condition of a kind.
pub(super) fn cell(told: &Told<'_>, row: &Row, column: Column) -> String {
    let Some(seen) = row.worst(|condition| Column::of(condition) == column) else {
        return "–".to_owned();
    };
    let figures = figures(told, seen);
    match &seen.condition {
        Condition::Settled { loss, .. } | Condition::Struck { loss, .. } if share(seen) < 1.0 => {
            format!("{figures} {loss}")
        }
        Condition::AsWritten | Condition::Settled { .. } | Condition::Struck { .. } => figures,
    }
}

/// `59 % (47–70)`; of the search, with the number of its runs.
pub(super) fn figures(told: &Told<'_>, seen: &Seen) -> String {
    let tally = seen.trials.tally;
    if told.capacity.is_exact {
        return if tally.good == tally.runs {
            "yes"
        } else {
            "no"
        }
        .to_owned();
    }
    shown(tally, seen.phase, told.capacity.plan.claim.confidence)
}

/// The share of a tally with its interval; of the search, with the number of its runs.
pub(super) fn shown(tally: Tally, phase: Phase, confidence: Confidence) -> String {
    let share = f64::from(tally.good) / f64::from(tally.runs);
    let (low, high) = bounds(tally, confidence);
    let note = match phase {
        Phase::Fresh => String::new(),
        Phase::Search => format!(" of {}", tally.runs),
    };
    let shown = figure::rough(share);
    let [low, high] = around(share, [low, high]);
    format!("{shown} ({low}–{high}){note}")
}

/// The ends of an interval in per cent, in the fewest digits in which the share still lies between them.
fn around(share: f64, ends: [f64; 2]) -> [String; 2] {
    let at = |digits: usize| ends.map(|end| format!("{:.digits$}", 100.0 * end));
    let holds = |texts: &[String; 2]| {
        let [low, high] = texts
            .each_ref()
            .map(|text| text.parse().unwrap_or(f64::NAN));
        let share = 100.0 * share;
        low <= share + 1e-9 && share <= high + 1e-9
    };
    let fewest = (0..6).map(at).find(holds);
    fewest.unwrap_or_else(|| at(6))
}

/// The interval of a share, on both sides.
pub(super) fn interval(seen: &Seen, confidence: Confidence) -> (f64, f64) {
    bounds(seen.trials.tally, confidence)
}

/// The interval of the share of a tally, on both sides.
pub(super) fn bounds(tally: Tally, confidence: Confidence) -> (f64, f64) {
    let estimate = clopper_pearson(tally.good.into(), tally.runs.into(), confidence);
    let interval = estimate.and_then(|estimate| estimate.interval);
    interval.map_or((0.0, 1.0), |interval| (interval.low, interval.high))
}

/// The share of runs that met everything.
pub(super) fn share(seen: &Seen) -> f64 {
    f64::from(seen.trials.tally.good) / f64::from(seen.trials.tally.runs)
}

/// What is to be said of a size.
fn mark(told: &Told<'_>, size: u32) -> String {
    let capacity = told.capacity;
    let larger: Vec<u32> = capacity
        .found
        .verdicts
        .range(size + 1..)
        .map(|(&size, _)| size)
        .collect();
    let and = match larger.as_slice() {
        [] => String::new(),
        larger => {
            let larger: Vec<String> = larger.iter().map(u32::to_string).collect();
            format!(
                ", and so is every larger number tried ({})",
                larger.join(", ")
            )
        }
    };
    let struck = capacity.struck.as_ref();
    match struck {
        None if capacity.found.answer == Some(size) => format!("← enough{and}"),
        Some(struck) if struck.answer == Some(size) => "← enough".to_owned(),
        Some(_) if capacity.found.answer == Some(size) => {
            "← enough but for the time of a loss".to_owned()
        }
        None | Some(_) => String::new(),
    }
}

/// What is to be known; with the seconds that it took, where they are told.
pub(super) fn notes(told: &Told<'_>, seconds: Option<f64>) -> Vec<String> {
    let capacity = told.capacity;
    let mut notes = Vec::new();
    if let Some(times) = capacity.times {
        let minute = |at| sentences::minute(at, told.scenario);
        let cores = figure::number(times.cores, Unit::Plain("cores"));
        notes.push(format!(
            "busiest at {}: {cores} asked for. After a loss: it comes at {}, and from {} to {} no pod of a \
             service may wait and every objective must hold. During a loss: it comes at {}, and every \
             objective must hold over the run. Lost is lost for good; the scenario's own failures of \
             nodes and zones are left out of runs with a loss{}.",
            minute(times.peak),
            minute(times.early),
            minute(times.settled),
            minute(times.end),
            minute(times.struck),
            match capacity.losses.first() {
                Some(crate::scenario::loss::Loss::Node { .. }) => "; which node of a group and zone is lost is drawn by lot",
                Some(crate::scenario::loss::Loss::Zone(_)) | None => "",
            }
        ));
    }
    notes.extend(absent(told));
    let objectives = count(told.scenario.objectives.len() as u64, "objective");
    notes.push(match capacity.is_exact {
        true => format!("{objectives}; {}", count(capacity.runs, "run")),
        false => format!(
            "{objectives}; {}: searched with {SEARCH_RUNS} runs a size{}{}, all sizes meeting the same \
             worlds; seed {}",
            runs(capacity.runs, seconds),
            of_search(told),
            match has(told, Phase::Fresh) {
                true => ", confirmed with fresh ones",
                false => "",
            },
            told.seed
        ),
    });
    notes
}

/// Whether any cell shows such runs.
fn has(told: &Told<'_>, phase: Phase) -> bool {
    let mut seen = told.capacity.rows.iter().flat_map(|row| &row.cases);
    seen.any(|seen| seen.phase == phase)
}

/// How cells are known that show runs of the search, where there are any.
fn of_search(told: &Told<'_>) -> String {
    match has(told, Phase::Search) {
        true => format!(" (`of {SEARCH_RUNS}`)"),
        false => String::new(),
    }
}

/// How many runs there were, and how long they took, where that is told.
pub(super) fn runs(runs: u64, seconds: Option<f64>) -> String {
    let runs = count(runs, "run");
    match seconds {
        Some(seconds) => format!("{runs} in {}", figure::number(seconds, Unit::Seconds)),
        None => runs,
    }
}

/// Objectives that had nothing to measure in some runs.
fn absent(told: &Told<'_>) -> Vec<String> {
    let seen = || told.capacity.rows.iter().flat_map(|row| &row.cases);
    let runs: u32 = seen().map(|seen| seen.trials.tally.runs).sum();
    let mut notes = Vec::new();
    for (place, objective) in told.scenario.objectives.iter().enumerate() {
        let absent: u32 = seen()
            .filter_map(|seen| seen.trials.absent.get(place))
            .sum();
        if absent > 0 {
            notes.push(format!(
                "{} had nothing to measure in {absent} of {runs} runs, which counts as met",
                objective.quantity
            ));
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_holds_the_share_that_is_shown_beside_it() {
        let of = |good, runs, level| {
            let confidence = Confidence::new(level).unwrap();
            shown(Tally { good, runs }, Phase::Fresh, confidence)
        };
        assert_eq!(of(72, 72, 0.95), "100 % (95–100)");
        assert_eq!(of(10, 20, 0.95), "50 % (27–73)");
        // Between 99.6 and 99.9 %: without a digit more both ends would read 100.
        assert_eq!(of(4_987, 5_000, 0.95), "99.74 % (99.6–99.9)");
    }
}
