//! The gate on a terminal: a line for each scenario, and one for each metric that is not as it was.

use crate::experiment::gate::{Line, Overall};
use crate::report::gate::{Gate, Held, KEEP, word};
use crate::report::text::Look;
use crate::report::text::layout::{Page, Tone};

/// Columns between names and verdicts.
const GAP: usize = 3;
/// Columns of the longest verdict, and those after it.
const WORD: usize = 11;

/// The whole of it.
pub fn page(gate: &Gate<'_>, look: Look) -> String {
    let mut page = Page::new(look);
    let names = gate
        .scenarios
        .iter()
        .map(|held| held.checked.name.chars().count());
    let width = names.max().unwrap_or(0) + GAP;
    for held in gate.scenarios {
        scenario(held, width, &mut page);
    }
    page.gap();
    page.text(&gate.sentence());
    if let Some(sure) = gate.how_sure() {
        page.text(&sure);
    }
    if let Some(omitted) = gate.omitted() {
        page.hanging("note: ", &omitted);
    }
    page.finish()
}

fn scenario(held: &Held<'_>, width: usize, page: &mut Page) {
    let overall = held.checked.overall();
    let mut said: Vec<String> = held
        .striking()
        .map(|line| striking(held, line, overall))
        .collect();
    said.extend(held.rest());
    said.extend(held.anchored());
    said.extend(held.policies());
    for (index, text) in said.iter().enumerate() {
        let (name, verdict) = match index {
            0 => (held.checked.name.as_str(), word(overall)),
            _ => ("", ""),
        };
        let verdict = format!("{verdict:<WORD$}");
        let verdict = match overall {
            Overall::Ok => verdict,
            Overall::Better => page.paint(&verdict, Tone::Good),
            Overall::Undecided | Overall::Regressed => page.paint(&verdict, Tone::Bad),
        };
        page.hanging(&format!("{name:<width$}{verdict}"), text);
    }
}

/// A metric that is not as it was; with its own verdict where that is not the scenario's.
fn striking(held: &Held<'_>, line: &Line, overall: Overall) -> String {
    let text = held.line(line);
    match (line.overall(), line.overall() == overall) {
        (Overall::Better, true) => format!("{text}: {KEEP}"),
        (_, true) => text,
        (own, false) => format!("{}: {text}", word(own)),
    }
}
