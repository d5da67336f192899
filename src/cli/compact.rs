//! `plimsoll compact`.

use std::io::{self, IsTerminal, Write};
use std::num::{NonZeroU32, NonZeroUsize};
use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::ValueEnum;

use crate::cli::args::{Changes, Format, Policies};
use crate::cli::explain::{failure, instant};
use crate::cli::out::print;
use crate::cli::progress::Progress;
use crate::cli::run::{changed, chosen};
use crate::cli::usage::look;
use crate::cli::{Failure, interrupt};
use crate::experiment::compaction::{Failed, Order, Plan, compact};
use crate::experiment::replicate::{threads, with_threads};
use crate::folder::{self, Folder};
use crate::policy::registry::Named;
use crate::report::compaction::{self, Effort, Told};
use crate::rng::Seed;
use crate::run::explain::until;
use crate::run::snapshot::{Snapshot, Taken};
use crate::scenario::Scenario;
use crate::scenario::policies::PolicyKind;
use crate::time::Time;

/// Into how few nodes the pods of a moment can be packed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll compact scenarios/web-shop.toml --at 20h
  plimsoll compact openb/scenario.toml --scheduler fgd,best-fit,spread
  plimsoll compact openb/scenario.toml --format json --quiet | jq .schedulers

The run is repeated up to the moment, and its pods are packed from scratch into
fewer and fewer nodes, as in section 5.1 of the Borg paper (EuroSys 2015). The results go to results/<scenario>/compact-<seed>/ unless --out says
otherwise; earlier results there are replaced.")]
pub(super) struct Compact {
    /// The scenario file
    scenario: PathBuf,
    #[command(flatten)]
    changes: Changes,
    /// The moment whose pods are packed: a clock such as 20:00:52, or the time since the start such as
    /// 20h52s; the end of the run unless given
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    at: Option<String>,
    /// Which pods of that moment are packed
    #[arg(long, value_name = "WHICH", value_enum, default_value = "all")]
    pods: Pods,
    /// The schedulers to pack with, the first being what the others are compared with; the scenario's
    /// unless given
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    scheduler: Vec<String>,
    /// Trials, each with its own random order of nodes and pods, the same for all schedulers
    #[arg(long, value_name = "N", default_value = "11")]
    trials: NonZeroU32,
    /// The answer is this quantile of what the trials needed
    #[arg(long, value_name = "Q", default_value = "0.9", value_parser = quantile)]
    quantile: f64,
    /// Share of the pods that may be left waiting, if they are picky
    #[arg(long, value_name = "SHARE", default_value = "0.2%", value_parser = share)]
    picky: f64,
    /// A pod is picky if it could stand on at most so many nodes of the whole cell
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(..100))]
    handful: u32,
    /// Services of more pods than this share of the cell's nodes prefer what they required of nodes
    /// and other pods
    #[arg(long, value_name = "SHARE", default_value = "50%", value_parser = ratio)]
    soft_over: f64,
    /// Most copies of the cell, the first included, where the pods need more nodes than it has
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=100))]
    copies: u32,
    /// A size counts if the next so many larger ones are enough too
    #[arg(long, value_name = "N", default_value_t = 4)]
    confirm: u32,
    /// In which order pods of the same priority are placed
    #[arg(long, value_name = "ORDER", value_enum, default_value = "random")]
    order: PodOrder,
    /// Seed of everything random: of the run up to the moment, and of all trials
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Write the results to this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What to print: text for people, or compaction.json
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text")]
    format: Format,
    /// Say nothing but errors and, with --format json, the result
    #[arg(long, short)]
    quiet: bool,
    /// Threads that run trials; one for each processor unless given
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

/// Which pods of a moment are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Pods {
    /// All, those that waited for a node included
    All,
    /// Those that had a node
    Placed,
}

/// In which order pods of the same priority are placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PodOrder {
    /// At random, in every trial anew
    Random,
    /// As they were created
    Creation,
    /// Those first that request the largest share of the cell
    Largest,
}

pub(super) fn run(args: Compact) -> Result<(), Failure> {
    interrupt::listen()?;
    let none = Policies {
        scheduler: None,
        autoscaler: None,
        healer: None,
    };
    let scenario = chosen(&args.scenario, &args.changes, &none, args.quiet)?;
    let schedulers = schedulers(&scenario, &args.scheduler)?;
    let at = match &args.at {
        Some(text) => instant(text, &scenario)?,
        None => scenario.end,
    };
    let dir = args.out.clone().unwrap_or_else(|| {
        let name = format!("compact-{}{}", args.seed, changed(&scenario));
        ["results", &scenario.name, &name].iter().collect()
    });
    folder::check_replaceable(&dir, compaction::is_result)?;
    let progress = Progress::new(1, at.max(Time::from_nanos(1)), args.quiet);
    let snapshot = snapshot(&scenario, &args, at, &progress)?;
    let plan = plan(&args);
    let all = plan.trials * schedulers.len() as u32;
    let shown = Trials::new(all, args.quiet);
    let done = with_threads(args.threads, || {
        let compacted = compact(&snapshot, &schedulers, &plan, &|done| {
            shown.reached(done, progress.seconds());
            match interrupt::asked() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        (compacted, threads())
    });
    shown.finish();
    let (compacted, threads) = done.map_err(Failure::Environment)?;
    let told = Told {
        scenario: &scenario,
        at,
        compaction: &compacted.map_err(failed)?,
    };
    let effort = Effort {
        wall_seconds: progress.seconds(),
        threads,
    };
    let folder = Folder::begin(&dir)?;
    let files = compaction::write(&folder, &told)?;
    interrupt::check()?;
    folder.finish()?;
    match args.format {
        Format::Json => print(&compaction::json(&told)),
        Format::Text if args.quiet => Ok(()),
        Format::Text => print(&compaction::text(&told, effort, &dir, &files, look())),
    }
}

/// The schedulers of these names, or the scenario's own.
fn schedulers(scenario: &Scenario, names: &[String]) -> Result<Vec<Named>, Failure> {
    if names.is_empty() {
        return Ok(vec![scenario.policy.scheduler.clone()]);
    }
    let mut chosen: Vec<Named> = Vec::new();
    for name in names {
        let under = scenario.clone().with_policy(PolicyKind::Scheduler, name);
        let named = under
            .map_err(|wrong| Failure::Input(wrong.to_string()))?
            .policy
            .scheduler;
        if chosen.contains(&named) {
            return Err(Failure::Input(format!(
                "--scheduler names `{name}` twice\n  = name each once"
            )));
        }
        chosen.push(named);
    }
    Ok(chosen)
}

fn snapshot(
    scenario: &Scenario,
    args: &Compact,
    at: Time,
    progress: &Progress,
) -> Result<Snapshot, Failure> {
    let seed = Seed {
        seed: args.seed,
        replication: 1,
    };
    let taken = match args.pods {
        Pods::All => Taken::All,
        Pods::Placed => Taken::Placed,
    };
    let mut watch = |now| {
        progress.reached(1, now);
        match interrupt::asked() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let reached = until(scenario, seed, at, &mut watch);
    progress.finish();
    let reached = reached.map_err(failure)?;
    Ok(Snapshot::of(reached.control.cluster(), taken))
}

fn plan(args: &Compact) -> Plan {
    Plan {
        seed: args.seed,
        trials: args.trials.get(),
        quantile: args.quantile,
        picky: args.picky,
        handful: args.handful,
        soft_over: args.soft_over,
        copies: args.copies,
        confirm: args.confirm,
        order: match args.order {
            PodOrder::Random => Order::Random,
            PodOrder::Creation => Order::Creation,
            PodOrder::Largest => Order::Largest,
        },
    }
}

fn failed(failed: Failed) -> Failure {
    match failed {
        Failed::Interrupted => Failure::Interrupted,
        Failed::Nothing { pods: 0, .. } => Failure::Input(
            "there are no pods at that moment, so there is nothing to pack\n  = choose another with \
             --at"
                .to_owned(),
        ),
        Failed::Nothing { .. } => Failure::Input(
            "there are no nodes at that moment, so there is nothing to pack into\n  = choose another \
             with --at"
                .to_owned(),
        ),
        Failed::Homeless { pods, may_wait } => Failure::Input(format!(
            "{pods} pods of that moment fit on no node of the cell, however empty, and only {may_wait} \
             may wait\n  = allow more with --picky, or choose another moment with --at"
        )),
    }
}

fn quantile(text: &str) -> Result<f64, String> {
    match parsed(text) {
        Some(share) if share > 0.0 && share <= 1.0 => Ok(share),
        Some(_) | None => Err("write a share above 0 and at most 1, such as `0.9`".to_owned()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    match parsed(text) {
        Some(share) if share <= 1.0 => Ok(share),
        Some(_) | None => Err("write a share of at most 1, such as `0.2%` or `0.002`".to_owned()),
    }
}

fn ratio(text: &str) -> Result<f64, String> {
    parsed(text).ok_or_else(|| "write a share such as `50%` or `0.5`".to_owned())
}

/// A finite number of at least zero, in percent or not.
fn parsed(text: &str) -> Option<f64> {
    let number = match text.strip_suffix('%') {
        // Dividing rounds once; 0.2 % is the double that 0.002 is.
        Some(percent) => percent.trim_end().parse::<f64>().ok()? / 100.0,
        None => text.parse().ok()?,
    };
    (number.is_finite() && number >= 0.0).then_some(number)
}

/// How many trials are done, on a terminal.
struct Trials {
    all: u32,
    is_shown: bool,
}

impl Trials {
    fn new(all: u32, quiet: bool) -> Trials {
        Trials {
            all,
            is_shown: !quiet && io::stderr().is_terminal(),
        }
    }

    fn reached(&self, done: u32, seconds: f64) {
        if self.is_shown && seconds > 2.0 {
            drop(write!(
                io::stderr(),
                "\r{done} of {} trials\u{1b}[K",
                self.all
            ));
        }
    }

    fn finish(&self) {
        if self.is_shown {
            drop(write!(io::stderr(), "\r\u{1b}[K"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_percentages_or_ratios() {
        assert_eq!(share("0.2%"), Ok(0.002));
        assert_eq!(share("0"), Ok(0.0));
        assert_eq!(ratio("200%"), Ok(2.0));
        assert_eq!(quantile("90 %"), Ok(0.9));
        for wrong in ["101%", "-1%", "nan", "inf", "", "half"] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
        assert!(quantile("0").is_err());
    }
}
