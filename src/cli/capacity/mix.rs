//! The cheapest mix of several groups.

use super::vary::{Group, setting};
use super::{Question, check_dir, failure};
use crate::cli::progress::Counter;
use crate::cli::usage::look;
use crate::cli::{Failure, command};
use crate::experiment::capacity::cheapest::{Counts, GROUPS_MAX, cheapest};
use crate::experiment::capacity::mix::Kind;
use crate::experiment::capacity::survive::cases;
use crate::experiment::capacity::trials::Lab;
use crate::experiment::replicate::with_threads;
use crate::report::capacity::mix::{ToldMix, mix_json, mix_text, mix_write};

pub(super) fn run(question: &Question<'_>, groups: &[Group]) -> Result<(), Failure> {
    let args = question.args;
    if args.survive.is_some() {
        let message =
            "--survive goes with one --vary: the cheapest mix is looked for without a loss";
        return Err(Failure::Input(message.to_owned()));
    }
    let kinds = kinds(question, groups)?;
    let dir = question.dir("capacity-mix");
    check_dir(&dir)?;
    let counter = Counter::new(args.results.quiet);
    let conditions = |counts: Counts| {
        let settings = groups.iter().zip(counts);
        let settings = settings.map(|(group, count)| setting(&group.key, count));
        let scenario = question.with(settings.collect::<Result<_, _>>()?)?;
        Ok(cases(scenario, &[], None))
    };
    let watch = |runs| question.watch(&counter, runs);
    let is_exact = question.scenario.is_exact();
    let found = with_threads(args.machine.threads, || {
        let mut lab = Lab::new(&conditions, args.chance.seed, is_exact, &watch);
        cheapest(&mut lab, &kinds, question.claim)
    });
    counter.finish();
    let found = found.map_err(Failure::Environment)?.map_err(failure)?;
    let keys: Vec<String> = groups.iter().map(|group| group.key.clone()).collect();
    let names: Vec<String> = groups.iter().map(|group| group.name.clone()).collect();
    let told = ToldMix {
        scenario: &question.scenario,
        keys: &keys,
        groups: &names,
        seed: args.chance.seed,
        found: &found,
    };
    let command = command::capacity(args, &question.scenario);
    question.tell(
        &dir,
        |folder| mix_write(folder, &told, &command),
        || mix_json(&told),
        |files| mix_text(&told, &dir, files, counter.seconds(), look()),
    )
}

/// The numbers and the price of each group.
fn kinds(question: &Question<'_>, groups: &[Group]) -> Result<Vec<Kind>, Failure> {
    if groups.len() > GROUPS_MAX {
        return Err(Failure::Input(format!(
            "at most {GROUPS_MAX} --vary make a mix"
        )));
    }
    let kind = |group: &Group| {
        let price = group.price.ok_or_else(|| {
            Failure::Input(format!(
                "the group `{}` has no price, so no mix is the cheapest\n  = write price_per_hour in its \
                 [[nodes]], or --set nodes.{}.price_per_hour=0.768",
                group.name, group.name
            ))
        })?;
        let plan = super::fewest::plan(question, group)?;
        Ok(Kind {
            counts: plan.sizes(),
            price,
        })
    };
    groups.iter().map(kind).collect()
}
