//! `plimsoll run`.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::cli::args::{Changes, Detail, Format, Policies, Run};
use crate::cli::out::print;
use crate::cli::outside::{suffix, with_outside};
use crate::cli::progress::Progress;
use crate::cli::usage::{cpu_seconds, look, peak_memory};
use crate::cli::{Failure, interrupt, precision, validate};
use crate::experiment::assumptions::{self, Varied};
use crate::experiment::compare::primary;
use crate::experiment::drill::yearly_loss;
use crate::experiment::precision::{Goal, sample_precisely};
use crate::experiment::replicate::{replicate, threads, with_threads};
use crate::experiment::sample::{self, How, Samples, Variant};
use crate::experiment::summary::summarize;
use crate::folder::{self, Folder};
use crate::metrics::fold;
use crate::metrics::measured::Measured;
use crate::metrics::quantity::Quantity;
use crate::report::output::{self, Options, Plots, SUMMARY};
use crate::report::results::{Results, policy_name};
use crate::report::run_json::Effort;
use crate::report::tables;
use crate::report::text::{self, Written};
use crate::rng::Seed;
use crate::run::{Ended, simulate};
use crate::scenario::policies::PolicyKind;
use crate::scenario::{Scenario, Source};
use crate::time::Time;

pub(super) fn run(args: Run) -> Result<(), Failure> {
    interrupt::listen()?;
    let scenario = chosen(
        &args.scenario,
        &args.changes,
        &args.policies,
        args.results.quiet,
    )?;
    let scenario = with_outside(scenario, &args.outside, args.frequency)?;
    let dir = args
        .results
        .out
        .clone()
        .unwrap_or_else(|| default_dir(&scenario, &args));
    folder::check_replaceable(&dir, output::is_result)?;
    let options = options(&args);
    let asked = asked(&args, &scenario)?;
    let progress = Progress::of_variants(vec![scenario.end], args.results.quiet);
    let made = with_threads(args.machine.threads, || {
        let made = made(&args, &scenario, asked, &progress)
            .and_then(|made| varied(&args, &scenario, made, &progress));
        (made, threads())
    });
    progress.finish();
    let (made, threads) = made.map_err(Failure::Environment)?;
    interrupt::check()?;
    let Made {
        runs,
        calm,
        reached,
        varied,
    } = made.map_err(|ended| match ended {
        Ended::Interrupted => Failure::Interrupted,
        Ended::Stopped(stop) => Failure::Environment(stop.reason),
    })?;
    let mut summary = summarize(args.chance.seed, &runs);
    summary.assumptions = varied;
    let summary = match scenario.drill {
        None => summary,
        Some(drilled) => summary.of_drill(yearly_loss(drilled, &runs, &calm)),
    };
    let results = Results {
        scenario: &scenario,
        seed: args.chance.seed,
        summary: &summary,
        runs: &runs,
    };
    let effort = Effort {
        wall_seconds: progress.seconds(),
        cpu_seconds: cpu_seconds(),
        peak_memory_bytes: peak_memory(),
        events: runs.iter().chain(&calm).map(|run| run.events).sum(),
        threads,
    };
    let files = write(&dir, &results, &effort, options)?;
    if let (false, Some(precision)) = (reached, &args.precision) {
        let count = runs.len();
        // Without a stderr there is nobody to tell.
        drop(writeln!(
            io::stderr(),
            "warning: --precision {precision} was not reached by {count} replications, the most that \
             --max-reps allows"
        ));
    }
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

/// How many replications there are to be.
#[derive(Clone, Copy)]
enum Count {
    Number(u32),
    Precision(Goal),
}

fn asked(args: &Run, scenario: &Scenario) -> Result<Count, Failure> {
    let Some(text) = &args.precision else {
        // Runs of an exact scenario are all alike.
        return Ok(Count::Number(match scenario.is_exact() {
            true => 1,
            false => args.reps.get(),
        }));
    };
    let goal = precision::goal(text, args.max_reps)?;
    if scenario.is_exact() {
        return Err(precision::of_exact());
    }
    match primary(scenario).is_empty() {
        true => Err(Failure::Input(
            "--precision is about the scenario's objectives, and it has none\n  = write [[objectives]], or \
             the slo of a service"
                .to_owned(),
        )),
        false => Ok(Count::Precision(goal)),
    }
}

/// All runs, and whether they are as precise as asked for.
struct Made {
    runs: Vec<Measured>,
    calm: Vec<Measured>,
    reached: bool,
    /// What became of the answer under changed assumptions, if that was asked for.
    varied: Vec<Varied>,
}

fn made(args: &Run, scenario: &Scenario, asked: Count, progress: &Progress) -> Result<Made, Ended> {
    let options = options(args);
    let reps = match asked {
        Count::Number(reps) => reps,
        Count::Precision(goal) => return precise(args, scenario, goal, progress),
    };
    progress.expect(reps);
    let calm = calm_runs(args, scenario, reps, progress)?;
    let part = match calm.is_empty() {
        true => Part::Whole,
        false => Part::SecondHalf,
    };
    let runs = replicate(args.chance.seed, reps, |seed| {
        simulate_part(scenario, seed, folded(options, seed), progress, part)
    })?;
    Ok(Made {
        runs,
        calm,
        reached: true,
        varied: Vec::new(),
    })
}

/// As many runs as the precision takes.
fn precise(
    args: &Run,
    scenario: &Scenario,
    goal: Goal,
    progress: &Progress,
) -> Result<Made, Ended> {
    let options = options(args);
    let variant = Variant {
        name: scenario.name.clone(),
        scenario: scenario.clone(),
    };
    let quantities: Vec<Quantity> = primary(scenario)
        .into_iter()
        .map(|primary| primary.quantity)
        .collect();
    let how = How {
        options: &|run: sample::Run| folded(options, run.seed),
        watch: &|run, now| watched(progress, run.seed.replication, now),
    };
    let mut samples = Samples::new(1, args.chance.seed, 1);
    let mut look = |runs| progress.expect(runs);
    let reached = sample_precisely(&mut samples, &variant, &quantities, goal, how, &mut look)?;
    let runs = samples.into_runs().pop().expect("there is one variant");
    Ok(Made {
        runs,
        calm: Vec::new(),
        reached,
        varied: Vec::new(),
    })
}

/// The same with what becomes of the answer under changed assumptions, if that was asked for.
fn varied(args: &Run, scenario: &Scenario, made: Made, progress: &Progress) -> Result<Made, Ended> {
    if !args.assumptions {
        return Ok(made);
    }
    let variants = assumptions::variants(scenario);
    let reps = made.runs.len() as u32;
    progress.expect(reps * (1 + variants.len() as u32));
    let watch = |run: sample::Run, now| {
        let place = (1 + run.variant as u32) * reps + run.seed.replication;
        watched(progress, place, now)
    };
    let varied = assumptions::vary(scenario, args.chance.seed, &made.runs, variants, &watch)?;
    Ok(Made { varied, ..made })
}

/// What the runs of a drill are compared with; nothing where there is no drill.
fn calm_runs(
    args: &Run,
    scenario: &Scenario,
    reps: u32,
    progress: &Progress,
) -> Result<Vec<Measured>, Ended> {
    if scenario.drill.is_none() {
        return Ok(Vec::new());
    }
    let calm = scenario.clone().calm();
    let reps = if calm.is_exact() { 1 } else { reps };
    replicate(args.chance.seed, reps, |seed| {
        simulate_part(
            &calm,
            seed,
            fold::Options::default(),
            progress,
            Part::FirstHalf,
        )
    })
}

/// Which part of the work of a replication a run is.
#[derive(Clone, Copy)]
enum Part {
    Whole,
    FirstHalf,
    SecondHalf,
}

fn simulate_part(
    scenario: &Scenario,
    seed: Seed,
    options: fold::Options,
    progress: &Progress,
    part: Part,
) -> Result<Measured, Ended> {
    let mut watch = |now: Time| {
        let half = |nanos: u64| Time::from_nanos(nanos / 2);
        let reached = match part {
            Part::Whole => now,
            Part::FirstHalf => half(now.nanos()),
            Part::SecondHalf => half(scenario.end.nanos() + now.nanos()),
        };
        watched(progress, seed.replication, reached)
    };
    simulate(scenario, seed, options, &mut watch)
}

/// Says how far a run is; ends it where the user asked for that.
fn watched(progress: &Progress, replication: u32, reached: Time) -> ControlFlow<()> {
    progress.reached(replication, reached);
    if interrupt::asked() {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    }
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

/// What the folder of a changed scenario ends with, so that it is not that of the file's.
pub(super) fn changed(scenario: &Scenario) -> String {
    match scenario.changes.is_empty() {
        true => String::new(),
        false => format!("-changed-{}", &scenario.hash[..8]),
    }
}

/// `results/<scenario>/<scheduler>-<autoscaler>-<healer>-<seed>`, and what else was asked for; that of a
/// changed scenario says so, and by the first 8 digits of its hash which one it is.
fn default_dir(scenario: &Scenario, args: &Run) -> PathBuf {
    let mut run = format!("{}-{}", policy_name(&scenario.policy), args.chance.seed);
    run += &suffix(&args.outside);
    run += &changed(scenario);
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
    match args.results.printed.format {
        Format::Json => {
            let path = written.dir.join(SUMMARY);
            let json = std::fs::read_to_string(&path);
            print(
                &json.map_err(|error| {
                    Failure::Environment(format!("{}: {error}", path.display()))
                })?,
            )
        }
        Format::Text if args.results.quiet => Ok(()),
        Format::Text => print(&text::summary(results, effort, written, look())),
    }
}
