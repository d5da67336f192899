//! `plimsoll validate`.

use std::io::{self, IsTerminal};

use crate::cli::Failure;
use crate::cli::args::{Changes, Validate};
use crate::cli::out::print;
use crate::cli::usage::colors_on;
use crate::scenario::problem::Problems;
use crate::scenario::{Edits, Scenario, Source};

pub(super) fn run(args: Validate) -> Result<(), Failure> {
    let edits = edits(&args.changes)?;
    let mut wrong = false;
    for path in &args.scenarios {
        match Source::read(path).and_then(|source| source.load(&edits)) {
            Ok(loaded) => {
                show(&loaded.warnings)?;
                print(&format!(
                    "{}: ok: {}\n",
                    path.display(),
                    inventory(&loaded.scenario)
                ))?;
            }
            Err(problems) => {
                show(&problems)?;
                wrong = true;
            }
        }
    }
    if wrong { Err(Failure::Told) } else { Ok(()) }
}

/// The changes that were typed.
pub(super) fn edits(changes: &Changes) -> Result<Edits, Failure> {
    let Changes { overlays, settings } = changes;
    Edits::new(overlays.clone(), settings).map_err(refused)
}

/// Shows why the input is refused.
pub(super) fn refused(problems: Problems) -> Failure {
    match show(&problems) {
        Ok(()) => Failure::Told,
        Err(failure) => failure,
    }
}

/// Shows problems on stderr.
pub(super) fn show(problems: &Problems) -> Result<(), Failure> {
    if problems.is_empty() {
        return Ok(());
    }
    let mut stderr = io::stderr();
    let colors = colors_on(stderr.is_terminal());
    let shown = problems.render(&mut stderr, colors);
    shown.map_err(|error| Failure::Environment(format!("stderr: {error}")))
}

/// What a scenario holds, so that a reader sees that it is what he meant.
fn inventory(scenario: &Scenario) -> String {
    let catalog = &scenario.catalog;
    let outline = &scenario.outline;
    let counted = [
        (catalog.nodes.len(), "node"),
        (catalog.services.len(), "service"),
        (outline.trace.len(), "job"),
        (outline.sources.len(), "source of jobs"),
        (outline.failures.len(), "kind of failure"),
    ];
    let counted = counted.into_iter().filter(|&(count, _)| count > 0);
    let counted = counted.map(|(count, thing)| match (count, thing.split_once(' ')) {
        (1, _) => format!("1 {thing}"),
        (_, Some((thing, of))) => format!("{count} {thing}s {of}"),
        (_, None) => format!("{count} {thing}s"),
    });
    counted.collect::<Vec<_>>().join(", ")
}
