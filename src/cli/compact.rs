//! `plimsoll compact`.

use std::ops::ControlFlow;

use crate::cli::args::{Compact, Format, PodOrder, Pods, Policies};
use crate::cli::explain::{failure, instant};
use crate::cli::out::print;
use crate::cli::progress::{Counter, Progress};
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

pub(super) fn run(args: Compact) -> Result<(), Failure> {
    interrupt::listen()?;
    let none = Policies {
        scheduler: None,
        autoscaler: None,
        healer: None,
    };
    let scenario = chosen(&args.scenario, &args.changes, &none, args.results.quiet)?;
    let schedulers = schedulers(&scenario, &args.scheduler)?;
    let at = match &args.at {
        Some(text) => instant(text, &scenario)?,
        None => scenario.end,
    };
    let dir = args.results.out.clone().unwrap_or_else(|| {
        let name = format!("compact-{}{}", args.chance.seed, changed(&scenario));
        ["results", &scenario.name, &name].iter().collect()
    });
    folder::check_replaceable(&dir, compaction::is_result)?;
    let progress = Progress::new(1, at.max(Time::from_nanos(1)), args.results.quiet);
    let snapshot = snapshot(&scenario, &args, at, &progress)?;
    let plan = plan(&args);
    let all = plan.trials * schedulers.len() as u32;
    let what = format!("of {all} trials");
    let counter = Counter::new(args.results.quiet);
    let done = with_threads(args.machine.threads, || {
        let compacted = compact(&snapshot, &schedulers, &plan, &|done| {
            counter.reached(done.into(), &what);
            match interrupt::asked() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        (compacted, threads())
    });
    counter.finish();
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
    match args.results.printed.format {
        Format::Json => print(&compaction::json(&told)),
        Format::Text if args.results.quiet => Ok(()),
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
        seed: args.chance.seed,
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
        seed: args.chance.seed,
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
