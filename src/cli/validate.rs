//! `plimsoll validate`.

use std::io::{self, IsTerminal};
use std::path::Path;

use crate::cli::Failure;
use crate::cli::args::{Changes, Format, Validate};
use crate::cli::out::print;
use crate::cli::usage::colors_on;
use crate::report::validation::{Checked, json};
use crate::scenario::problem::Problems;
use crate::scenario::{Edits, Loaded, Scenario, Source};

pub(super) fn run(args: Validate) -> Result<(), Failure> {
    let edits = edits(&args.changes)?;
    let paths = args.scenarios.iter();
    let checked: Vec<_> = paths
        .map(|path| {
            (
                path,
                Source::read(path).and_then(|source| source.load(&edits)),
            )
        })
        .collect();
    match args.printed.format {
        Format::Text => {
            for (path, outcome) in &checked {
                text(path, outcome)?;
            }
        }
        Format::Json => {
            let names: Vec<String> = args
                .scenarios
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            let files = names.iter().zip(&checked);
            let files: Vec<Checked<'_>> = files
                .map(|(name, (_, outcome))| file(name, outcome))
                .collect();
            print(&json(&files))?;
        }
    }
    match checked.iter().any(|(_, outcome)| outcome.is_err()) {
        true => Err(Failure::Told),
        false => Ok(()),
    }
}

/// What came of reading a file.
type Outcome = Result<Loaded, Problems>;

/// Says what a file holds, after what deserves a second look; or what is wrong with it.
fn text(path: &Path, outcome: &Outcome) -> Result<(), Failure> {
    match outcome {
        Ok(loaded) => {
            show(&loaded.warnings)?;
            let held = inventory(&loaded.scenario);
            print(&format!("{}: ok: {held}\n", path.display()))
        }
        Err(problems) => show(problems),
    }
}

fn file<'a>(path: &'a str, outcome: &'a Outcome) -> Checked<'a> {
    let (scenario, problems) = match outcome {
        Ok(loaded) => (Some(&loaded.scenario), &loaded.warnings),
        Err(problems) => (None, problems),
    };
    Checked {
        path,
        scenario,
        problems,
    }
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
