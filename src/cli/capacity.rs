//! `plimsoll capacity`.

mod fewest;
mod mix;
mod runway;
mod vary;

use std::ops::ControlFlow;
use std::path::PathBuf;

use crate::cli::args::{Capacity, Format};
use crate::cli::out::print;
use crate::cli::progress::Counter;
use crate::cli::run::under;
use crate::cli::{Failure, interrupt, validate};
use crate::experiment::capacity::confirm::Claim;
use crate::experiment::capacity::trials::Failed;
use crate::folder::{self, Folder, FolderError};
use crate::report::capacity::is_result;
use crate::report::results::policy_name;
use crate::run::Ended;
use crate::scenario::{Edits, Scenario, Setting, Source};

pub(super) fn run(args: Capacity) -> Result<(), Failure> {
    interrupt::listen()?;
    let question = Question::new(&args)?;
    if args.runway {
        return runway::run(&question);
    }
    let groups = vary::groups(&question)?;
    match groups.as_slice() {
        [group] => fewest::run(&question, group),
        several => mix::run(&question, several),
    }
}

/// What is asked, and of what.
struct Question<'a> {
    args: &'a Capacity,
    source: Source,
    edits: Edits,
    /// The scenario as it stands.
    scenario: Scenario,
    claim: Claim,
}

impl<'a> Question<'a> {
    fn new(args: &'a Capacity) -> Result<Question<'a>, Failure> {
        let edits = validate::edits(&args.changes)?;
        let source = Source::read(&args.scenario).map_err(validate::refused)?;
        let loaded = source.load(&edits).map_err(validate::refused)?;
        if !args.results.quiet {
            validate::show(&loaded.warnings)?;
        }
        let scenario = under(loaded.scenario, &args.policies)?;
        if scenario.objectives.is_empty() {
            return Err(Failure::Input(format!(
                "{} promises nothing, so nothing is too little\n  = write what every run is to keep: \
                 [[objectives]] with metric = \"pending.p99\" and at_most = \"60s\", or \
                 slo = {{ availability = 0.999, window = \"30d\" }} in a service",
                scenario.file
            )));
        }
        Ok(Question {
            claim: Claim {
                quantile: args.quantile,
                confidence: args.confidence,
            },
            args,
            source,
            edits,
            scenario,
        })
    }

    /// The scenario with these settings besides.
    fn with(&self, settings: Vec<Setting>) -> Result<Scenario, Failure> {
        let more = Edits {
            overlays: Vec::new(),
            settings,
        };
        let loaded = self.source.load(&self.edits.and(&more));
        under(
            loaded.map_err(validate::refused)?.scenario,
            &self.args.policies,
        )
    }

    /// The folder of the results: the one asked for, or one that says what was asked.
    fn dir(&self, kind: &str) -> PathBuf {
        let scenario = &self.scenario;
        let own = || {
            let policies = policy_name(&scenario.policy);
            let mut name = format!("{kind}-{policies}-{}", self.args.chance.seed);
            if !scenario.changes.is_empty() {
                name += &format!("-changed-{}", &scenario.hash[..8]);
            }
            ["results", &scenario.name, &name].iter().collect()
        };
        self.args.results.out.clone().unwrap_or_else(own)
    }

    /// Whether runs go on.
    fn watch(&self, counter: &Counter, runs: u64) -> ControlFlow<()> {
        counter.reached(runs, "runs");
        match interrupt::asked() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    /// Writes the folder, and prints what is asked for.
    fn tell(
        &self,
        dir: &std::path::Path,
        write: impl FnOnce(&Folder) -> Result<Vec<String>, FolderError>,
        json: impl FnOnce() -> String,
        text: impl FnOnce(&[String]) -> String,
    ) -> Result<(), Failure> {
        let folder = Folder::begin(dir)?;
        let files = write(&folder)?;
        interrupt::check()?;
        folder.finish()?;
        match self.args.results.printed.format {
            Format::Json => print(&json()),
            Format::Text if self.args.results.quiet => Ok(()),
            Format::Text => print(&text(&files)),
        }
    }
}

/// Whether results may be written there.
fn check_dir(dir: &std::path::Path) -> Result<(), Failure> {
    Ok(folder::check_replaceable(dir, is_result)?)
}

fn failure(failed: Failed<Failure>) -> Failure {
    match failed {
        Failed::Wrong(failure) => failure,
        Failed::Ended(Ended::Interrupted) => Failure::Interrupted,
        Failed::Ended(Ended::Stopped(stop)) => Failure::Environment(stop.reason),
    }
}
