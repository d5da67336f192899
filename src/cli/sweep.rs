//! `plimsoll sweep`.

mod progress;

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::cli::args::Format;
use crate::cli::args::sweep::{Engine, ShardName, Sweep as Args};
use crate::cli::out::print;
use crate::cli::usage::look;
use crate::cli::{Failure, command, interrupt, validate};
use crate::experiment::replicate::with_threads;
use crate::experiment::sweep::plan::Sweep;
use crate::experiment::sweep::shard::Shard;
use crate::experiment::sweep::store::{Store, Unusable};
use crate::experiment::sweep::work::{self, Broken, Done, Watch};
use crate::folder::{self, Folder};
use crate::report::sweep::json::json;
use crate::report::sweep::output::{self, Unwritten};
use crate::report::sweep::submit::Job;
use crate::report::sweep::{said, text};
use crate::scenario::plan;
use progress::Tally;

pub(super) fn run(args: Args) -> Result<(), Failure> {
    interrupt::listen()?;
    let shard = args
        .shard
        .map(|name| shard(name, args.first_index))
        .transpose()?;
    let sweep = with_threads(args.machine.threads, || check(&args.plan, args.quiet));
    let sweep = sweep.map_err(Failure::Environment)??;
    let dir = args.out.clone().unwrap_or_else(|| default_dir(&sweep));
    if let Some(engine) = args.submit {
        return submit(&args, engine, &sweep, &dir);
    }
    if shard.is_none() {
        folder::check_replaceable(&dir.join(output::FOLDER), output::is_result)?;
    }
    let store = Store::new(&dir, &sweep);
    let made = made(&args, &sweep, &store, shard.unwrap_or(Shard::WHOLE))?;
    match shard {
        Some(_) if args.quiet => Ok(()),
        Some(shard) => print(&said::shard_done(&sweep, &store, shard, made)),
        None => merged(&sweep, &store, &args.plan, &dir, (args.format, args.quiet)),
    }
}

/// Reads the plan and loads every cell once.
pub(super) fn check(path: &Path, quiet: bool) -> Result<Sweep, Failure> {
    let plan = plan::load(path).map_err(validate::refused)?;
    let tally = Tally::new("cells checked", plan.cells(), quiet);
    let checked = Sweep::check(plan, &|| tally.one());
    tally.finish();
    checked.map_err(|problems| match quiet {
        true => validate::refused(problems.only_errors()),
        false => validate::refused(problems),
    })
}

/// Puts all chunks together and says what they show.
pub(super) fn merged(
    sweep: &Sweep,
    store: &Store,
    plan: &Path,
    dir: &Path,
    (format, quiet): (Format, bool),
) -> Result<(), Failure> {
    let target = dir.join(output::FOLDER);
    folder::check_replaceable(&target, output::is_result)?;
    let folder = Folder::begin(&target)?;
    let command = command::sweep(plan);
    let written =
        output::write(&folder, sweep, store, &command).map_err(|unwritten| match unwritten {
            Unwritten::Chunks(gaps) => {
                Failure::Environment(said::gaps(sweep, store, &gaps, plan, dir))
            }
            Unwritten::Folder(error) => Failure::from(error),
        })?;
    interrupt::check()?;
    folder.finish()?;
    let (merged, files) = (&written.merged, &written.files);
    match format {
        Format::Json => print(&json(sweep, merged)),
        Format::Text if quiet => Ok(()),
        Format::Text => print(&text::summary(sweep, merged, &target, files, look())),
    }
}

/// Makes the chunks of a shard.
fn made(args: &Args, sweep: &Sweep, store: &Store, shard: Shard) -> Result<Done, Failure> {
    let chunks = shard.chunks(sweep.plan.chunks());
    let cells = chunks.map(|chunk| sweep.plan.cells_of(chunk).len() as u32);
    let watcher = Watcher {
        store,
        tally: Tally::new("cells done", cells.sum(), args.quiet),
        quiet: args.quiet,
    };
    let worked = with_threads(args.machine.threads, || {
        work::work(sweep, store, shard, &watcher)
    });
    watcher.tally.finish();
    worked
        .map_err(Failure::Environment)?
        .map_err(|broken| match broken {
            Broken::Interrupted(done) => Failure::Paused(format!(
                "interrupted: {}",
                said::kept(sweep, store, shard, done)
            )),
            Broken::Write(error, done) => Failure::Environment(format!(
                "{error}\n{}",
                said::kept(sweep, store, shard, done)
            )),
            Broken::Stopped(reason) => Failure::Environment(reason),
        })
}

struct Watcher<'a> {
    store: &'a Store,
    tally: Tally,
    quiet: bool,
}

impl Watch for Watcher<'_> {
    fn is_stopped(&self) -> bool {
        interrupt::asked()
    }

    fn cell(&self) {
        self.tally.one();
    }

    fn kept(&self, cells: u32) {
        self.tally.kept(cells);
    }

    fn again(&self, chunk: u32, why: &Unusable) {
        if !self.quiet {
            self.tally
                .aside(&format!("warning: {}", said::again(self.store, chunk, why)));
        }
    }
}

/// The shard of that name.
fn shard(name: ShardName, first: u32) -> Result<Shard, Failure> {
    let ShardName { index, count } = name;
    let (number, of) = match index {
        Some(index) => (index, String::new()),
        None => task()?,
    };
    let index = number.checked_sub(first);
    let shard = index.and_then(|index| Shard::new(index, count));
    shard.ok_or_else(|| {
        let last = u64::from(count) - 1 + u64::from(first);
        let hint = match first {
            0 if number == count => "; with --first-index 1 they count from 1",
            _ => "",
        };
        Failure::Input(format!(
            "there is no shard {number}{of}: the {count} shards are {first} to {last}{hint}"
        ))
    })
}

/// Where engines say which task a process is, in the order of asking.
const TASKS: [&str; 3] = ["HQ_TASK_ID", "SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"];

/// The number of this process among the tasks of an engine, and where it stands.
fn task() -> Result<(u32, String), Failure> {
    let given = TASKS
        .into_iter()
        .find_map(|name| Some((name, env::var_os(name)?)));
    let Some((name, value)) = given else {
        let names = TASKS.join(", ");
        return Err(Failure::Input(format!(
            "--shard auto: none of {names} is set"
        )));
    };
    let value = value.to_string_lossy();
    let number = value.trim().parse().map_err(|_| {
        Failure::Input(format!(
            "--shard auto: {name} is `{value}`, which is no number"
        ))
    })?;
    Ok((number, format!(" ({name})")))
}

fn submit(args: &Args, engine: Engine, sweep: &Sweep, dir: &Path) -> Result<(), Failure> {
    let shards = args.shards.expect("clap asks for it").get();
    if args.image.is_some() && engine != Engine::Kubernetes {
        return Err(Failure::Input(
            "--image goes with --submit kubernetes alone".to_owned(),
        ));
    }
    let chunks = sweep.plan.chunks();
    if shards > chunks {
        say(&format!(
            "warning: {shards} shards and {chunks} chunks: some shards have nothing to do; a smaller \
             `chunk` in the plan makes more"
        ));
    }
    let job = Job {
        plan: &args.plan,
        name: &sweep.plan.name,
        dir,
        shards,
    };
    print(&match engine {
        Engine::Slurm => job.slurm(),
        Engine::Kubernetes => job.kubernetes(args.image.as_deref().expect("clap asks for it")),
        Engine::Hyperqueue => job.hyperqueue(),
    })
}

/// `results/sweeps/<plan>`.
fn default_dir(sweep: &Sweep) -> PathBuf {
    ["results", "sweeps", &sweep.plan.name].iter().collect()
}

/// A line on stderr; without one there is nobody to tell.
fn say(line: &str) {
    drop(writeln!(io::stderr(), "{line}"));
}
