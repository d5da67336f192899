//! What the pages of experiments have in common.

use crate::experiment::capacity::growth::MONTH_DAYS;
use crate::report::figure::{self, Unit};
use crate::report::objectives;
use crate::report::page::{Cell, Column, Kind, Narrow, Page, Table};
use crate::report::text::{capitalized, count};
use crate::scenario::Scenario;

/// The name of a page among other files.
pub(crate) const REPORT: &str = "report.html";

/// What is said of the question at the head of a file; nothing where there is none.
pub(super) fn asks(what: &str, question: &str) -> Option<String> {
    let question = question.trim();
    (!question.is_empty()).then(|| format!("The {what} asks: {question}"))
}

/// What was run, fact by fact.
pub(super) fn facts(kind: &str, scenario: &Scenario, seed: u64) -> Vec<String> {
    let end = figure::number(scenario.end.secs_f64(), Unit::Seconds);
    vec![
        kind.to_owned(),
        scenario.name.clone(),
        format!("runs of {end}"),
        count(scenario.objectives.len() as u64, "objective"),
        format!("seed {seed}"),
    ]
}

/// The end of a page: what every run is to keep, what to know, and how to make the same again. All
/// numbers are in the files `numbers`.
pub(super) fn finish(
    mut page: Page,
    scenario: &Scenario,
    notes: Vec<String>,
    numbers: &str,
    command: &str,
) -> String {
    promises(&mut page, scenario);
    let warned = scenario.warnings.iter().chain(&scenario.notes).cloned();
    let notes = notes.into_iter().chain(warned);
    let notes: Vec<String> = notes.map(|note| capitalized(&note)).collect();
    page.notes("What to know about these numbers", &notes);
    page.reproduce(&[command.to_owned()], &origin(scenario, numbers));
    page.finish()
}

/// What every run is to keep.
fn promises(page: &mut Page, scenario: &Scenario) {
    let rows = scenario.objectives.iter().map(|one| {
        let bound = objectives::bound(&one.quantity, one.bound, &scenario.currency);
        vec![
            Cell::new(format!("`{}`", one.quantity)),
            Cell::new(bound),
            Cell::new(one.quantity.metric.formula),
        ]
    });
    page.heading("What every run is to keep");
    page.table(&Table {
        columns: vec![
            Column::new("metric", Kind::Text),
            Column::new("bound", Kind::Number),
            Column::new("meaning", Kind::Quiet),
        ],
        rows: rows.collect(),
        narrow: Narrow::Pair,
    });
}

/// What an hour's price is in a month.
pub(super) fn monthly(per_hour: f64, currency: &str) -> String {
    figure::number(24.0 * MONTH_DAYS * per_hour, Unit::Money(currency))
}

/// How long the month of [`monthly`] is.
pub(super) fn month() -> String {
    format!("A month is {:.1} hours.", 24.0 * MONTH_DAYS)
}

/// What to know of a command that makes a result again; `numbers` are the files that hold its numbers.
pub(super) fn origin(scenario: &Scenario, numbers: &str) -> String {
    format!(
        "In the folder of `{}`, with plimsoll {}. The fingerprint of that file, of those it names and of all \
         changes is `{}`: if it is the same, so is every number of this page, with any number of threads. All \
         of them are in {numbers} beside it.",
        scenario.file,
        env!("CARGO_PKG_VERSION"),
        scenario.hash
    )
}
