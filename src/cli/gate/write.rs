//! Accepting what is measured now.

use crate::cli::Failure;
use crate::cli::args::Gate;
use crate::cli::out::print;
use crate::experiment::gate::file::{Baselines, Entry};
use crate::experiment::gate::input::{Gated, Wanted, changed, gated, is_of};
use crate::experiment::gate::record::{Record, moved};
use crate::experiment::gate::{Checked, REPLICATIONS, check};
use crate::experiment::sample::{Samples, Variant};
use crate::report::gate::refused;

use super::{Input, Output, Told, held, is_tested, not_asked, refuse, watched};

/// What is to be accepted of one scenario.
struct Plan<'a> {
    input: &'a Input,
    /// What it was, if it has a baseline.
    old: Option<&'a Entry>,
    /// Whether that is of the same input.
    is_same: bool,
    gated: Vec<Gated>,
    seed: u64,
    replications: u32,
}

/// What was measured of one scenario.
struct Accepted {
    record: Record,
    /// What it is against what it was, where the two can be compared.
    checked: Option<Checked>,
}

/// Measures scenarios, says what has changed, and writes the file.
pub(super) fn accept(
    args: &Gate,
    wanted: &Wanted,
    inputs: &[Input],
    mut baselines: Baselines,
    outputs: &[Output],
) -> Result<(), Failure> {
    let plans = plans(args, wanted, inputs, &baselines)?;
    let standards = plans.iter().filter_map(|plan| plan.standards());
    let family: usize = standards.map(|entry| entry.standards().comparisons()).sum();
    let mut accepted = Vec::new();
    for plan in &plans {
        accepted.push(measure(args, plan, family)?);
    }
    let pairs = || plans.iter().zip(&accepted);
    let checked: Vec<_> = pairs()
        .filter_map(|(plan, one)| Some((plan.input, plan.standards()?, one.checked.as_ref()?)))
        .collect();
    if !checked.is_empty() {
        let told = Told {
            held: held(&checked),
            family,
            not_asked: not_asked(inputs, &baselines),
        };
        told.tell(args, outputs)?;
    }
    let mut said = String::new();
    let mut entries = Vec::new();
    for (plan, one) in pairs() {
        said += &plan.moves(&one.record);
        said += &plan.fewer(args, &one.record);
        entries.push(plan.entry(args, one.record.clone()));
    }
    for entry in entries {
        baselines.put(entry);
    }
    let written = baselines.write(&args.baseline);
    written.map_err(Failure::unwritable(&args.baseline))?;
    match args.quiet {
        true => Ok(()),
        false => print(&format!(
            "{said}{}\n",
            refused::written(&args.baseline, &names(inputs))
        )),
    }
}

/// Whether what was accepted stays, and only an anchor is set.
const fn keeps(args: &Gate) -> bool {
    !args.update && !args.rebase
}

fn names(inputs: &[Input]) -> Vec<&str> {
    inputs
        .iter()
        .map(|input| input.scenario.name.as_str())
        .collect()
}

/// What is to be measured, if all of it can be.
fn plans<'a>(
    args: &Gate,
    wanted: &Wanted,
    inputs: &'a [Input],
    baselines: &'a Baselines,
) -> Result<Vec<Plan<'a>>, Failure> {
    let mut wrong = Vec::new();
    let mut plans = Vec::new();
    for input in inputs {
        let scenario = &input.scenario;
        let name = &scenario.name;
        let old = baselines.find(name);
        let baseline = old.map(|entry| &entry.baseline);
        if baseline.is_none() && !args.update && !args.rebase {
            let known: Vec<&str> = baselines
                .scenarios
                .iter()
                .map(|one| one.name.as_str())
                .collect();
            wrong.push(refused::unknown(name, &args.baseline, &known));
            continue;
        }
        let changed = baseline.map_or(Vec::new(), |baseline| {
            changed(scenario, baseline, is_tested(args), args.seed)
        });
        if !changed.is_empty() && !args.rebase {
            wrong.push(refused::changed(name, &changed));
            continue;
        }
        let before = baseline.filter(|old| !old.exact).map(Record::replications);
        let asked = args.reps.map(std::num::NonZeroU32::get).or(before);
        match gated(scenario, wanted, baseline) {
            Ok(gated) => plans.push(Plan {
                input,
                old,
                is_same: changed.is_empty(),
                gated,
                seed: args.seed.or(baseline.map(|old| old.seed)).unwrap_or(1),
                replications: match scenario.is_exact() {
                    true => 1,
                    false => asked.unwrap_or(REPLICATIONS),
                },
            }),
            Err(all) => wrong.extend(all.iter().map(|why| refused::not_gated(name, why))),
        }
    }
    match wrong.is_empty() {
        true => Ok(plans),
        false => Err(refuse(&wrong)),
    }
}

fn measure(args: &Gate, plan: &Plan<'_>, family: usize) -> Result<Accepted, Failure> {
    let scenario = &plan.input.scenario;
    let mut samples = Samples::new(1, plan.seed, 1);
    let variants = [Variant {
        name: scenario.name.clone(),
        scenario: scenario.clone(),
    }];
    let old = plan.standards();
    let before = old.map_or(0, |entry| entry.standards().replications());
    let most = plan.replications.max(before);
    let checked = watched(scenario, most, args.quiet, |how| {
        samples.extend(&variants, plan.replications, how)?;
        let check = |entry: &Entry| {
            check(
                scenario,
                entry.standards(),
                family.max(1),
                &mut samples,
                how,
            )
        };
        old.map(check).transpose()
    })?;
    let runs = &samples.runs(0)[..plan.replications as usize];
    let record = Record::of(scenario, plan.seed, plan.gated.clone(), runs);
    let record = record.map_err(|wrong| {
        let said = wrong
            .iter()
            .map(|why| refused::not_kept(&scenario.name, why));
        refuse(&said.collect::<Vec<_>>())
    })?;
    Ok(Accepted { record, checked })
}

impl<'a> Plan<'a> {
    /// What present runs can be held against.
    fn standards(&self) -> Option<&'a Entry> {
        self.old.filter(|entry| {
            let anchor = entry.anchor.as_ref();
            self.is_same && anchor.is_none_or(|anchor| is_of(&entry.baseline, anchor))
        })
    }

    /// What is new in the file, as far as it was not held against anything.
    fn moves(&self, record: &Record) -> String {
        let scenario = &self.input.scenario;
        let name = &scenario.name;
        match (self.old, self.is_same) {
            (None, _) => {
                let metrics = record.metrics.len();
                refused::added(name, metrics, record.replications())
            }
            (Some(old), true) => {
                let new = moved(&old.baseline, record);
                refused::gated_too(name, new.iter().filter(|one| one.before.is_none()))
            }
            (Some(old), false) => {
                let moved = moved(&old.baseline, record);
                let anchor = old.anchor.as_ref();
                let starts = anchor.is_some_and(|anchor| !is_of(record, anchor));
                refused::rebased(name, &moved, &scenario.currency, starts)
            }
        }
    }

    /// That there are fewer runs than there were, where what was is replaced.
    fn fewer(&self, args: &Gate, record: &Record) -> String {
        let before = self.old.map_or(0, |old| old.baseline.replications());
        let now = record.replications();
        match keeps(args) || record.exact || now >= before {
            true => String::new(),
            false => refused::fewer(&self.input.scenario.name, before, now),
        }
    }

    /// The entry of the file. An anchor of another input says nothing any more: it starts anew.
    fn entry(&self, args: &Gate, record: Record) -> Entry {
        let scenario = &self.input.scenario;
        let old_anchor = self.old.and_then(|old| old.anchor.clone());
        let anchor = match (args.set_anchor, old_anchor) {
            (true, _) => Some(record.clone()),
            (false, Some(anchor)) if is_of(&record, &anchor) => Some(anchor),
            (false, Some(_)) => Some(record.clone()),
            (false, None) => None,
        };
        let baseline = self
            .old
            .filter(|_| keeps(args))
            .map(|old| old.baseline.clone());
        Entry {
            name: scenario.name.clone(),
            file: scenario.file.clone(),
            baseline: baseline.unwrap_or(record),
            anchor,
        }
    }
}
