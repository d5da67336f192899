//! The fewest nodes of one group.

use super::vary::{Group, setting};
use super::{Question, check_dir, failure};
use crate::cli::args::Survive;
use crate::cli::progress::Counter;
use crate::cli::usage::look;
use crate::cli::{Failure, command};
use crate::experiment::capacity::answer::capacity;
use crate::experiment::capacity::fewest::Plan;
use crate::experiment::capacity::survive::{NoLoss, Times, cases, times};
use crate::experiment::capacity::trials::Lab;
use crate::experiment::replicate::with_threads;
use crate::report::capacity::{self as report, Told};
use crate::scenario::drill::Drill;
use crate::scenario::loss::Loss;

pub(super) fn run(question: &Question<'_>, group: &Group) -> Result<(), Failure> {
    let args = question.args;
    let plan = plan(question, group)?;
    let (losses, times) = losses(question, group, &plan)?;
    let dir = question.dir(match args.survive {
        None => "capacity",
        Some(Survive::Node) => "capacity-survive-node",
        Some(Survive::Zone) => "capacity-survive-zone",
    });
    check_dir(&dir)?;
    let counter = Counter::new(args.results.quiet);
    let conditions = |size: u32| {
        let scenario = question.with(vec![setting(&group.key, size)?])?;
        Ok(cases(scenario, &losses, times.as_ref()))
    };
    let watch = |runs| question.watch(&counter, runs);
    let is_exact = question.scenario.is_exact() && losses.is_empty();
    let found = with_threads(args.machine.threads, || {
        let mut lab = Lab::new(&conditions, args.chance.seed, is_exact, &watch);
        capacity(&mut lab, &plan, losses.clone(), times)
    });
    counter.finish();
    let found = found.map_err(Failure::Environment)?.map_err(failure)?;
    let told = Told {
        scenario: &question.scenario,
        key: &group.key,
        group: &group.name,
        seed: args.chance.seed,
        capacity: &found,
    };
    let command = command::capacity(args, &question.scenario);
    question.tell(
        &dir,
        |folder| report::write(folder, &told, &command),
        || report::json(&told),
        |files| report::text(&told, &dir, files, counter.seconds(), look()),
    )
}

pub(super) fn plan(question: &Question<'_>, group: &Group) -> Result<Plan, Failure> {
    let args = question.args;
    let step = args.step.map_or(group.zones, std::num::NonZeroU32::get);
    let from = args.from.map_or(step, std::num::NonZeroU32::get);
    let to = match args.to {
        Some(to) => to.get(),
        None => {
            let most = (4 * group.present).max(from + 4 * step);
            from + (most - from).next_multiple_of(step)
        }
    };
    if from > to {
        return Err(Failure::Input(format!(
            "nothing lies between {from} (--from) and {to} (--to)"
        )));
    }
    Ok(Plan {
        from,
        to,
        step,
        present: group.present,
        above: group.zones,
        claim: question.claim,
    })
}

/// What is lost, each in turn, and when.
fn losses(
    question: &Question<'_>,
    group: &Group,
    plan: &Plan,
) -> Result<(Vec<Loss>, Option<Times>), Failure> {
    let Some(survive) = question.args.survive else {
        return Ok((Vec::new(), None));
    };
    let kind = match survive {
        Survive::Node => Drill::Node,
        Survive::Zone => Drill::Zone,
    };
    let largest = question.with(vec![setting(&group.key, plan.to)?])?;
    let losses = largest.losses(kind);
    if losses.is_empty() {
        return Err(refused(&NoLoss::Nothing(kind)));
    }
    let times = times(&question.scenario).map_err(|no| refused(&no))?;
    Ok((losses, Some(times)))
}

fn refused(no: &NoLoss) -> Failure {
    Failure::Input(report::no_loss(no))
}
