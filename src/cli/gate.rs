//! `plimsoll gate`.

mod wanted;
mod write;

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::cli::args::{Gate, GateFormat, Policies};
use crate::cli::out::print;
use crate::cli::progress::Progress;
use crate::cli::run::under;
use crate::cli::usage::look;
use crate::cli::{Failure, command, interrupt, validate};
use crate::experiment::gate::file::{Baselines, Entry, NotRead};
use crate::experiment::gate::input::{changed, is_of};
use crate::experiment::gate::{Checked, check};
use crate::experiment::replicate::with_threads;
use crate::experiment::sample::{How, Samples};
use crate::folder::file;
use crate::report::gate as said;
use crate::report::gate::{github, html, json, junit, markdown, refused, text};
use crate::report::text::{Colors, Look};
use crate::run::Ended;
use crate::scenario::{Scenario, Source};

pub(super) fn run(args: Gate) -> Result<(), Failure> {
    interrupt::listen()?;
    let outputs = outputs(&args.outputs)?;
    spare(&args, &outputs)?;
    let is_writing = args.update || args.rebase || args.set_anchor;
    let wanted = wanted::wanted(&args, is_writing)?;
    let inputs = inputs(&args)?;
    let baselines = baselines(&args)?;
    let threads = args.machine.threads;
    let done = with_threads(threads, || match is_writing {
        true => write::accept(&args, &wanted, &inputs, baselines, &outputs),
        false => hold(&args, &inputs, &baselines, &outputs),
    });
    done.map_err(Failure::Environment)?
}

/// A scenario to gate.
struct Input {
    path: PathBuf,
    text: String,
    scenario: Scenario,
}

/// A format, and the file that is to be written in it.
type Output = (GateFormat, PathBuf);

fn outputs(texts: &[String]) -> Result<Vec<Output>, Failure> {
    let read = |text: &String| {
        let (format, file) = text.split_once('=')?;
        let format = GateFormat::from_str(format, true).ok()?;
        (!file.is_empty()).then(|| (format, PathBuf::from(file)))
    };
    let one = |text: &String| {
        read(text).ok_or_else(|| {
            Failure::Input(format!(
                "--output {text}: write FORMAT=FILE with text, markdown, html, junit, github or json, such as \
                 junit=gate.xml"
            ))
        })
    };
    texts.iter().map(one).collect()
}

/// That no output takes the place of what is read, or of another output.
fn spare(args: &Gate, outputs: &[Output]) -> Result<(), Failure> {
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let baseline = std::iter::once(("the baseline", args.baseline.as_path()));
    let scenarios = args
        .scenarios
        .iter()
        .map(|path| ("a scenario", path.as_path()));
    let overlays = args.changes.overlays.iter();
    let overlays = overlays.map(|path| ("an overlay", path.as_path()));
    let mut taken: Vec<(&str, PathBuf)> = baseline
        .chain(scenarios)
        .chain(overlays)
        .map(|(what, path)| (what, real(path)))
        .collect();
    for (_, path) in outputs {
        let place = real(path);
        if let Some((what, _)) = taken.iter().find(|(_, other)| *other == place) {
            let path = path.display();
            return Err(Failure::Input(format!(
                "--output {path}: that is {what}, which would be lost; give another file"
            )));
        }
        taken.push(("another output", place));
    }
    Ok(())
}

/// All scenarios, under the policies that are to be tested.
fn inputs(args: &Gate) -> Result<Vec<Input>, Failure> {
    let edits = validate::edits(&args.changes)?;
    let mut inputs: Vec<Input> = Vec::new();
    let mut wrong = false;
    for path in &args.scenarios {
        match Source::read(path).and_then(|source| source.load(&edits)) {
            Ok(loaded) => {
                if !args.quiet {
                    validate::show(&loaded.warnings)?;
                }
                let scenario = under(loaded.scenario, &args.policies)?;
                inputs.push(Input {
                    path: path.clone(),
                    text: fs::read_to_string(path).unwrap_or_default(),
                    scenario,
                });
            }
            Err(problems) => {
                validate::show(&problems)?;
                wrong = true;
            }
        }
    }
    if wrong {
        return Err(Failure::Told);
    }
    let mut names: Vec<&str> = inputs
        .iter()
        .map(|input| input.scenario.name.as_str())
        .collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(twice) => Err(Failure::Input(format!(
            "two of the scenarios are named `{}`: baselines go by name",
            twice[0]
        ))),
        None => Ok(inputs),
    }
}

/// Whether the command line names policies, which are then under test.
fn is_tested(args: &Gate) -> bool {
    let Policies {
        scheduler,
        autoscaler,
        healer,
    } = &args.policies;
    scheduler.is_some() || autoscaler.is_some() || healer.is_some()
}

/// The file of baselines; a new one where it may be made.
fn baselines(args: &Gate) -> Result<Baselines, Failure> {
    let may_be_new = args.update || args.rebase;
    match Baselines::read(&args.baseline) {
        Ok(baselines) => Ok(baselines),
        Err(NotRead::Missing) if may_be_new => Ok(Baselines::default()),
        Err(NotRead::System(error)) => Err(Failure::Environment(refused::file(
            &args.baseline,
            &NotRead::System(error),
        ))),
        Err(why @ (NotRead::Missing | NotRead::Format { .. } | NotRead::Damaged { .. })) => {
            Err(Failure::Input(refused::file(&args.baseline, &why)))
        }
    }
}

/// Says all that is wrong.
fn refuse(messages: &[String]) -> Failure {
    Failure::Input(messages.join("\nerror: "))
}

/// Holds scenarios against their baselines.
fn hold(
    args: &Gate,
    inputs: &[Input],
    baselines: &Baselines,
    outputs: &[Output],
) -> Result<(), Failure> {
    let entries = entries(args, inputs, baselines)?;
    let standards = entries.iter().map(|entry| entry.standards());
    let family: usize = standards.map(|standards| standards.comparisons()).sum();
    let mut all = Vec::new();
    for (input, entry) in inputs.iter().zip(&entries) {
        let runs = entry.standards().replications();
        let checked = watched(&input.scenario, runs, args.quiet, |how| {
            let mut samples = Samples::new(1, entry.baseline.seed, 1);
            check(
                &input.scenario,
                entry.standards(),
                family.max(1),
                &mut samples,
                how,
            )
        })?;
        all.push(checked);
    }
    let checked: Vec<(&Input, &Entry, &Checked)> = inputs
        .iter()
        .zip(&entries)
        .zip(&all)
        .map(|((input, entry), checked)| (input, *entry, checked))
        .collect();
    let told = Told {
        held: held(&checked),
        family,
        not_asked: not_asked(inputs, baselines),
    };
    told.tell(args, outputs)?;
    match told.gate(args).fails() {
        true => Err(Failure::Gate),
        false => Ok(()),
    }
}

/// The baseline of each scenario, if all have one that is of what they are.
fn entries<'b>(
    args: &Gate,
    inputs: &[Input],
    baselines: &'b Baselines,
) -> Result<Vec<&'b Entry>, Failure> {
    let mut wrong = Vec::new();
    let mut entries = Vec::new();
    for Input { scenario, .. } in inputs {
        let name = &scenario.name;
        let Some(entry) = baselines.find(name) else {
            let known: Vec<&str> = baselines
                .scenarios
                .iter()
                .map(|one| one.name.as_str())
                .collect();
            wrong.push(refused::unknown(name, &args.baseline, &known));
            continue;
        };
        let changed = changed(scenario, &entry.baseline, is_tested(args), args.seed);
        if !changed.is_empty() {
            wrong.push(refused::changed(name, &changed));
        } else if entry
            .anchor
            .as_ref()
            .is_some_and(|anchor| !is_of(&entry.baseline, anchor))
        {
            wrong.push(refused::stale_anchor(name));
        }
        entries.push(entry);
    }
    match wrong.is_empty() {
        true => Ok(entries),
        false => Err(refuse(&wrong)),
    }
}

/// Does work on a scenario while its progress is shown and Ctrl-C is heard.
fn watched<T>(
    scenario: &Scenario,
    runs: u32,
    quiet: bool,
    work: impl FnOnce(How<'_>) -> Result<T, Ended>,
) -> Result<T, Failure> {
    let progress = Progress::new(runs, scenario.end, quiet);
    let done = work(How {
        options: How::PLAIN.options,
        watch: &|run, now| {
            progress.reached(run.seed.replication, now);
            match interrupt::asked() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        },
    });
    progress.finish();
    interrupt::check()?;
    done.map_err(|ended| match ended {
        Ended::Interrupted => Failure::Interrupted,
        Ended::Stopped(stop) => Failure::Environment(stop.reason),
    })
}

/// What there is to say.
struct Told<'a> {
    held: Vec<said::Held<'a>>,
    family: usize,
    not_asked: Vec<String>,
}

impl Told<'_> {
    fn gate(&self, args: &Gate) -> said::Gate<'_> {
        said::Gate {
            scenarios: &self.held,
            family: self.family,
            allow_undecided: args.allow_undecided,
            not_asked: &self.not_asked,
        }
    }

    /// Prints it, and writes it to files.
    fn tell(&self, args: &Gate, outputs: &[Output]) -> Result<(), Failure> {
        let gate = self.gate(args);
        let command = command::gate(args);
        // First what is said: a file that cannot be written costs no verdict, and no other file.
        match (args.quiet, args.format) {
            (true, GateFormat::Text) => {}
            (_, format) => print(&page(&gate, format, look(), &command))?,
        }
        let plain = Look {
            colors: Colors::None,
            ..look()
        };
        let written = outputs.iter().map(|(format, path)| {
            let page = page(&gate, *format, plain, &command);
            write_file(path, &page)
        });
        let written: Vec<Result<(), Failure>> = written.collect();
        written.into_iter().collect()
    }
}

fn page(gate: &said::Gate<'_>, format: GateFormat, look: Look, command: &str) -> String {
    match format {
        GateFormat::Text => text::page(gate, look),
        GateFormat::Markdown => markdown::page(gate),
        GateFormat::Html => html::page(gate, command),
        GateFormat::Junit => junit::page(gate),
        GateFormat::Github => github::page(gate),
        GateFormat::Json => json::page(gate),
    }
}

fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    file::write(path, text.as_bytes()).map_err(Failure::unwritable(path))
}

fn held<'a>(checked: &[(&'a Input, &'a Entry, &'a Checked)]) -> Vec<said::Held<'a>> {
    let one = |&(input, entry, checked): &(&'a Input, &'a Entry, &'a Checked)| {
        let policy = &input.scenario.policy;
        let is = [
            policy.scheduler.name,
            policy.autoscaler.name,
            policy.healer.name,
        ];
        said::Held {
            path: &input.path,
            text: &input.text,
            checked,
            hash: &input.scenario.hash,
            seed: entry.baseline.seed,
            anchor: entry.anchor.as_ref().map(|anchor| anchor.plimsoll.as_str()),
            tested: (entry.baseline.policies != is).then_some(is),
        }
    };
    checked.iter().map(one).collect()
}

/// Scenarios of the file that nobody named.
fn not_asked(inputs: &[Input], baselines: &Baselines) -> Vec<String> {
    let all = baselines.scenarios.iter().map(|entry| &entry.name);
    let is_asked = |name: &str| inputs.iter().any(|input| input.scenario.name == name);
    all.filter(|name| !is_asked(name)).cloned().collect()
}
