//! Whether a scenario has become worse than it was: present runs against those of a baseline.
//!
//! A [`Record`] holds what a scenario measured, run by run; the present code runs the same
//! replications, and each gated metric is judged by [`decide`]. Runs are looked at in steps: 20 of
//! them, 40, 80 … up to all that the record holds.
//!
//! **Errors.** Every comparison of a call, a metric against its baseline or against its anchor, is one of
//! a family. It may be called REGRESSED although the harm is within the tolerance, or ok although it is
//! beyond, with at most 5 % for all of the family together (Bonferroni's inequality). Each may err at
//! each of its looks, so its part is divided once more: half for the last look, the other half in
//! equal parts for those before, which always adds up, however looks depend on each other.
//! For one truth only one of the two errors is possible, so bounds are one-sided.

pub mod decide;
pub mod file;
pub mod input;
pub mod record;

mod json;

#[cfg(test)]
mod tests;

use super::sample::{How, Samples, Variant};
use crate::metrics::quantity::Quantity;
use crate::run::Ended;
use crate::scenario::Scenario;
use crate::scenario::objective::Tolerance;
use crate::stats::{Confidence, LEAST_FIRST_LOOK, next_look};
use decide::{Found, Pairs, RARE, Verdict};
use record::{Kept, Record};

/// With what confidence all verdicts of one call hold together.
pub const CONFIDENCE: Confidence = Confidence::NINETY_FIVE;

/// Replications that a baseline holds unless others are asked for: enough for three looks, and to say of
/// a rare event that it harms fewer than [`decide::RARE`] of runs.
pub const REPLICATIONS: u32 = 80;

/// Which side of a metric is the better one, for a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// More is better.
    Up,
    /// Less is better.
    Down,
}

/// What present runs are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// What was last accepted.
    Baseline,
    /// What was accepted longer ago, so that many small losses do not add up unseen.
    Anchor,
}

/// A scenario that was held against what it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// Its name.
    pub name: String,
    /// The currency of its prices.
    pub currency: String,
    /// Whether nothing in it is random, so that one run says all.
    pub exact: bool,
    /// Replications that were compared: those of the comparison that looked at most.
    pub replications: u32,
    /// One per comparison: all metrics against the baseline, then those of the anchor.
    pub lines: Vec<Line>,
}

/// One comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The metric.
    pub quantity: Quantity,
    /// Which side of it is better.
    pub better: Side,
    /// How much worse is not worse.
    pub tolerance: Tolerance,
    /// The same as an amount of the metric.
    pub amount: f64,
    /// What it is compared with.
    pub against: Against,
    /// What came of it.
    pub found: Found,
}

/// What is said of a scenario, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Overall {
    /// No metric is worse by more than its tolerance.
    Ok,
    /// Nor is any, and one is better than the baseline.
    Better,
    /// Of a metric nothing can be said.
    Undecided,
    /// A metric is worse.
    Regressed,
}

impl Checked {
    /// What all lines say together.
    pub fn overall(&self) -> Overall {
        let all = self.lines.iter().map(Line::overall);
        all.max().unwrap_or(Overall::Ok)
    }
}

impl Line {
    /// What it says of its scenario. Only what is better than the baseline is new.
    pub const fn overall(&self) -> Overall {
        match (self.found.verdict, self.against) {
            (Verdict::Identical | Verdict::Ok, _) | (Verdict::Better, Against::Anchor) => {
                Overall::Ok
            }
            (Verdict::Better, Against::Baseline) => Overall::Better,
            (Verdict::Undecided(_), _) => Overall::Undecided,
            (Verdict::Regressed, _) => Overall::Regressed,
        }
    }
}

impl Overall {
    /// Whether the gate fails.
    pub const fn fails(self, allow_undecided: bool) -> bool {
        match self {
            Overall::Ok | Overall::Better => false,
            Overall::Undecided => !allow_undecided,
            Overall::Regressed => true,
        }
    }
}

/// What a scenario is held against.
#[derive(Clone, Copy, Debug)]
pub struct Standards<'a> {
    /// What was last accepted.
    pub baseline: &'a Record,
    /// What was accepted longer ago, if anything was.
    pub anchor: Option<&'a Record>,
}

impl Standards<'_> {
    /// Most replications that may be run.
    pub fn replications(&self) -> u32 {
        let anchor = self.anchor.map_or(0, Record::replications);
        self.baseline.replications().max(anchor)
    }

    /// Comparisons in which chance has a part: what they add to the family.
    pub fn comparisons(&self) -> usize {
        let count = |record: &Record| {
            if record.exact {
                0
            } else {
                record.metrics.len()
            }
        };
        count(self.baseline) + self.anchor.map_or(0, count)
    }
}

/// Runs as much of a scenario as it takes to say whether it is worse than it was.
///
/// `samples` are of the scenario alone, under the seed of the record unless the gate itself is
/// measured; what they hold already is not run again. `family` counts the comparisons of the whole
/// call.
///
/// # Errors
/// As [`Samples::extend`].
pub fn check(
    scenario: &Scenario,
    standards: Standards<'_>,
    family: usize,
    samples: &mut Samples,
    how: How<'_>,
) -> Result<Checked, Ended> {
    let variants = [Variant {
        name: scenario.name.clone(),
        scenario: scenario.clone(),
    }];
    let mut open = comparisons(standards, family);
    while let Some(runs) = open.iter().filter_map(Comparison::next_look).min() {
        samples.extend(&variants, runs.max(samples.replications()), how)?;
        for comparison in &mut open {
            comparison.look(runs, samples);
        }
    }
    let lines: Vec<Line> = open.into_iter().map(Comparison::line).collect();
    let replications = lines.iter().map(|line| line.found.runs).max().unwrap_or(0);
    Ok(Checked {
        name: scenario.name.clone(),
        currency: scenario.currency.clone(),
        exact: standards.baseline.exact,
        replications,
        lines,
    })
}

/// All comparisons of one scenario.
fn comparisons(standards: Standards<'_>, family: usize) -> Vec<Comparison<'_>> {
    let baseline = [(Against::Baseline, standards.baseline)];
    let anchor = standards.anchor.map(|anchor| (Against::Anchor, anchor));
    let mut all = Vec::new();
    for (against, record) in baseline.into_iter().chain(anchor) {
        all.extend(record.metrics.iter().map(|kept| Comparison {
            against,
            exact: record.exact,
            kept,
            family,
            done: 0,
            found: None,
        }));
    }
    all
}

/// A comparison under way.
struct Comparison<'a> {
    against: Against,
    exact: bool,
    kept: &'a Kept,
    /// How many comparisons hold together.
    family: usize,
    /// Runs looked at.
    done: u32,
    found: Option<Found>,
}

impl Comparison<'_> {
    /// How many runs there are to be at the next look; absent once it is decided or has seen all.
    fn next_look(&self) -> Option<u32> {
        let decided = self
            .found
            .as_ref()
            .is_some_and(|found| match found.verdict {
                Verdict::Ok | Verdict::Better | Verdict::Regressed => true,
                // What agrees so far may differ yet.
                Verdict::Identical | Verdict::Undecided(_) => false,
            });
        match decided {
            true => None,
            false => look_after(self.done, self.kept.runs()),
        }
    }

    /// Judges so many runs, if that is the next look.
    fn look(&mut self, runs: u32, samples: &Samples) {
        if self.next_look() != Some(runs) {
            return;
        }
        let confidence = at_look(runs, self.kept.runs(), self.family);
        let pairs = Pairs {
            kept: self.kept,
            present: &samples.runs(0)[..runs as usize],
            seed: samples.seed(),
            runs_without_harm: runs_without_harm(self.family),
        };
        self.done = runs;
        self.found = Some(match self.exact {
            true => decide::exact(&pairs),
            false => decide::random(&pairs, confidence),
        });
    }

    fn line(self) -> Line {
        Line {
            quantity: self.kept.gated.quantity.clone(),
            better: self.kept.gated.better,
            tolerance: self.kept.gated.tolerance,
            amount: self.kept.tolerance(),
            against: self.against,
            found: self.found.expect("a record holds runs, so there is a look"),
        }
    }
}

/// The number of runs at the look after `done`, of `all`.
fn look_after(done: u32, all: u32) -> Option<u32> {
    let first = LEAST_FIRST_LOOK.min(all as usize);
    next_look(done as usize, first, all as usize).map(|runs| runs as u32)
}

/// The confidence of one bound at the look at so many runs, of `all`.
fn at_look(runs: u32, all: u32, family: usize) -> Confidence {
    let step = |&done: &u32| look_after(done, all);
    let looks = std::iter::successors(look_after(0, all), step).count();
    let parts = match (looks, runs == all) {
        (1, _) => family,
        (_, true) => 2 * family,
        (looks, false) => 2 * family * (looks - 1),
    };
    CONFIDENCE.bonferroni(parts)
}

/// Runs of a baseline that rule out, if none of them is worse by more than the tolerance, that more than
/// [`decide::RARE`] of all are: (1 − rare)^runs is at most the error of the bound at its last look.
fn runs_without_harm(family: usize) -> u32 {
    let error = |runs: u32| 1.0 - at_look(runs, runs, family).level();
    let rules_out = |&runs: &u32| (1.0 - RARE).powi(runs as i32) <= error(runs);
    (1..).find(rules_out).expect("the left side tends to zero")
}
