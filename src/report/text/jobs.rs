//! What became of the jobs: every one accounted for, from the truth and from belief.

use std::collections::BTreeMap;

use crate::metrics::measured::{Entity, Fates};
use crate::report::figure::thousands;
use crate::report::results::{Numbers as _, Results};
use crate::report::text::layout::Page;

/// What became of the jobs of all replications.
#[derive(Debug, Default)]
struct Total<'a> {
    all: u64,
    excluded: BTreeMap<&'a str, u64>,
    not_arrived: u64,
    truth: Fates,
    belief: Fates,
}

/// Nothing for a scenario without jobs.
pub(super) fn rows(results: &Results<'_>, page: &mut Page) {
    let total = Total::of(results);
    if total.all == 0 {
        return;
    }
    let mut facts = vec![match results.runs.len() {
        1 => format!("{} in all", thousands(total.all)),
        runs => format!("{} in all {runs} replications", thousands(total.all)),
    }];
    facts.extend(fates(&total.truth));
    if total.not_arrived > 0 {
        facts.push(format!(
            "{} not asked for before the end",
            thousands(total.not_arrived)
        ));
    }
    let excluded = total.excluded.iter();
    facts.extend(excluded.map(|(why, count)| format!("{} left out: {why}", thousands(*count))));
    page.row("jobs", facts);
    let belief = if total.belief == total.truth {
        vec!["the same".to_owned()]
    } else {
        fates(&total.belief)
    };
    page.row("  as believed", belief);
    page.row("  speed", speed(results));
}

fn speed(results: &Results<'_>) -> Vec<String> {
    let show = |metric| results.show(metric, &Entity::Cluster);
    // Jobs that did not begin count by their wait so far.
    let truth = Total::of(results).truth;
    let waiting = truth.never_placed + truth.starting;
    let least = |some: u64| if some > 0 { "at least " } else { "" };
    let (waits, slows) = (least(waiting), least(waiting + truth.lost));
    let facts = [
        show("jobs.wait").map(|wait| format!("mean wait {waits}{wait}")),
        show("jobs.bounded_slowdown").map(|slowdown| format!("bounded slowdown {slows}{slowdown}")),
        show("jobs.makespan").map(|makespan| format!("makespan {makespan}")),
        show("jobs.goodput").map(|goodput| format!("goodput {goodput} of run time")),
    ];
    facts.into_iter().flatten().collect()
}

/// Every fate, also of none: a reader adds them up.
fn fates(fates: &Fates) -> Vec<String> {
    let Fates {
        finished,
        running,
        starting,
        lost,
        never_placed,
    } = *fates;
    let counted = [
        (finished, "finished"),
        (running, "running"),
        (starting, "starting"),
        (lost, "lost"),
        (never_placed, "never placed"),
    ];
    counted
        .map(|(count, fate)| format!("{} {fate}", thousands(count)))
        .into()
}

impl<'a> Total<'a> {
    fn of(results: &Results<'a>) -> Total<'a> {
        let mut total = Total::default();
        for run in results.runs {
            let accounting = &run.accounting;
            total.all += accounting.total;
            total.not_arrived += accounting.not_arrived;
            add(&mut total.truth, &accounting.truth);
            add(&mut total.belief, &accounting.belief);
            for (reason, count) in &accounting.excluded {
                *total.excluded.entry(reason).or_default() += count;
            }
        }
        total
    }
}

fn add(sum: &mut Fates, more: &Fates) {
    sum.finished += more.finished;
    sum.running += more.running;
    sum.starting += more.starting;
    sum.lost += more.lost;
    sum.never_placed += more.never_placed;
}
