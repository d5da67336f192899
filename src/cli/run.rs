//! `plimsoll run`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::cli::args::{Changes, Detail, Format, Policies, Run};
use crate::cli::out::print;
use crate::cli::progress::Progress;
use crate::cli::usage::{cpu_seconds, look, peak_memory};
use crate::cli::{Failure, interrupt, validate};
use crate::experiment::replicate::{replicate, threads, with_threads};
use crate::experiment::summary::summarize;
use crate::folder::{self, Folder};
use crate::metrics::fold;
use crate::report::output::{self, Options, Plots};
use crate::report::results::{Results, policy_name};
use crate::report::run_json::Effort;
use crate::report::text::{self, Written};
use crate::report::{summary_json, tables};
use crate::rng::Seed;
use crate::run::{Ended, simulate};
use crate::scenario::policies::PolicyKind;
use crate::scenario::{Scenario, Source};

pub(super) fn run(args: Run) -> Result<(), Failure> {
    interrupt::listen()?;
    let scenario = chosen(&args.scenario, &args.changes, &args.policies, args.quiet)?;
    let dir = args
        .out
        .clone()
        .unwrap_or_else(|| default_dir(&scenario, args.seed));
    folder::check_replaceable(&dir, output::is_result)?;
    let options = options(&args);
    let progress = Progress::new(args.reps.get(), scenario.end, args.quiet);
    let replicated = with_threads(args.threads, || {
        let runs = replicate(args.seed, args.reps.get(), |seed| {
            let mut watch = |now| {
                progress.reached(seed.replication, now);
                if interrupt::asked() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            };
            simulate(&scenario, seed, folded(options, seed), &mut watch)
        });
        (runs, threads())
    });
    progress.finish();
    let (runs, threads) = replicated.map_err(Failure::Environment)?;
    interrupt::check()?;
    let runs = runs.map_err(|ended| match ended {
        Ended::Interrupted => Failure::Interrupted,
        Ended::Stopped(stop) => Failure::Environment(stop.reason),
    })?;
    let summary = summarize(args.seed, &runs);
    let results = Results {
        scenario: &scenario,
        seed: args.seed,
        summary: &summary,
        runs: &runs,
    };
    let effort = Effort {
        wall_seconds: progress.seconds(),
        cpu_seconds: cpu_seconds(),
        peak_memory_bytes: peak_memory(),
        events: runs.iter().map(|run| run.events).sum(),
        threads,
    };
    let files = write(&dir, &results, &effort, options)?;
    say(
        &args,
        &results,
        &effort,
        Written {
            dir: &dir,
            files: &files,
        },
    )
}

fn options(args: &Run) -> Options {
    Options {
        detail: match args.detail {
            None => tables::Detail::Brief,
            Some(Detail::Nodes) => tables::Detail::Nodes,
            Some(Detail::All) => tables::Detail::All,
        },
        plots: if args.no_plots {
            Plots::None
        } else {
            Plots::Drawn
        },
    }
}

/// What one replication is to tell besides its values.
fn folded(options: Options, seed: Seed) -> fold::Options {
    let Options { detail, plots } = options;
    let is_told = detail == tables::Detail::All || seed.replication == 1;
    fold::Options {
        series: is_told,
        nodes: is_told && detail != tables::Detail::Brief,
        pods: is_told,
        heat: plots == Plots::Drawn && seed.replication == 1,
    }
}

/// The scenario with the changes and the policies asked for.
pub(super) fn chosen(
    path: &Path,
    changes: &Changes,
    policies: &Policies,
    quiet: bool,
) -> Result<Scenario, Failure> {
    let edits = validate::edits(changes)?;
    let source = Source::read(path).map_err(validate::refused)?;
    let loaded = source.load(&edits).map_err(validate::refused)?;
    if !quiet {
        validate::show(&loaded.warnings)?;
    }
    under(loaded.scenario, policies)
}

/// The scenario under the policies asked for.
pub(super) fn under(mut scenario: Scenario, policies: &Policies) -> Result<Scenario, Failure> {
    let chosen = [
        (PolicyKind::Scheduler, &policies.scheduler),
        (PolicyKind::Autoscaler, &policies.autoscaler),
        (PolicyKind::Healer, &policies.healer),
    ];
    for (kind, name) in chosen {
        if let Some(name) = name {
            scenario = scenario
                .with_policy(kind, name)
                .map_err(|unknown| Failure::Input(unknown.to_string()))?;
        }
    }
    Ok(scenario)
}

/// `results/<scenario>/<scheduler>-<autoscaler>-<healer>-<seed>`; that of a changed scenario says so, and
/// by the first 8 digits of its hash which one it is.
fn default_dir(scenario: &Scenario, seed: u64) -> PathBuf {
    let mut run = format!("{}-{seed}", policy_name(&scenario.policy));
    if !scenario.changes.is_empty() {
        run += &format!("-changed-{}", &scenario.hash[..8]);
    }
    ["results", &scenario.name, &run].iter().collect()
}

fn write(
    dir: &Path,
    results: &Results<'_>,
    effort: &Effort,
    options: Options,
) -> Result<Vec<String>, Failure> {
    let folder = Folder::begin(dir)?;
    let files = output::write(&folder, results, effort, options)?;
    interrupt::check()?;
    folder.finish()?;
    Ok(files)
}

fn say(
    args: &Run,
    results: &Results<'_>,
    effort: &Effort,
    written: Written<'_>,
) -> Result<(), Failure> {
    match args.format {
        Format::Json => {
            let mut json = Vec::new();
            summary_json::write(results, &mut json).expect("memory can be written");
            print(&String::from_utf8(json).expect("JSON is UTF-8"))
        }
        Format::Text if args.quiet => Ok(()),
        Format::Text => print(&text::summary(results, effort, written, look())),
    }
}
