//! Variants against the first of them: every metric, the difference, and a verdict on the few that
//! were asked about.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::difference::Difference;
use super::precision::Goal;
use super::sample::{How, Samples, Variant};
use super::summary::{self, Summary};
use super::verdict::{Judged, Verdict, judge, judge_exact};
use crate::metrics::quantity::Quantity;
use crate::run::Ended;
use crate::scenario::Scenario;
use crate::scenario::objective::{self, Objective, Origin, Tolerance};
use crate::stats::{self, Confidence, Estimate, PairedEvents};

/// Most metrics that verdicts are given on: each makes the intervals of all wider.
pub const MOST_PRIMARY: usize = 3;

/// A metric on which verdicts are given.
#[derive(Clone, Debug, PartialEq)]
pub struct Primary {
    /// The metric.
    pub quantity: Quantity,
    /// How much of a difference does not matter.
    pub tolerance: Option<Tolerance>,
}

/// Whether chance has a part in what is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chance {
    /// Runs differ by their seeds.
    Random,
    /// Every run is like the first: one decides, of this one input.
    Exact,
}

/// Variants compared with the first of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Replications of each.
    pub replications: u32,
    /// Whether runs differ by chance.
    pub chance: Chance,
    /// With what confidence all verdicts hold together.
    pub confidence: Confidence,
    /// Verdicts given: primary metrics × (variants − 1).
    pub family: usize,
    /// What each variant measured by itself.
    pub summaries: Vec<Summary>,
    /// Primary metrics as they were asked for, then all others in the order of the dictionary.
    pub rows: Vec<Row>,
}

/// One metric of one entity.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The metric.
    pub quantity: Quantity,
    /// For a primary metric: how much does not matter, if that was said. Others have no verdict.
    pub primary: Option<Option<Tolerance>>,
    /// What each variant says of it.
    pub cells: Vec<Cell>,
}

/// What one variant says of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Its own value, if it has one.
    pub estimate: Option<Estimate>,
    /// Its difference from the first variant; absent for the first, and where one of the two has no
    /// value.
    pub against: Option<Against>,
}

/// A difference from the first variant.
#[derive(Clone, Debug, PartialEq)]
pub struct Against {
    /// The difference with the interval to print: of a primary metric that which the verdict was made
    /// from, of others one of 95 % by itself.
    pub estimate: Estimate,
    /// The confidence of that interval, by itself.
    pub confidence: Confidence,
    /// What is said of it; primary metrics alone have one.
    pub verdict: Option<Verdict>,
    /// Two-sided, of no difference.
    pub p_value: f64,
    /// The same adjusted by Holm's rule over the family; primary metrics alone have one.
    pub holm: Option<f64>,
    /// Variance of paired against unpaired differences.
    pub variance_ratio: Option<f64>,
    /// In how many pairs of runs the variant's value is larger, and in how many smaller.
    pub signs: PairedEvents,
}

/// The metrics on which verdicts are given unless others are asked for: the objectives of the file;
/// where it has none, availability over all services if any of them promises one, with the strictest of
/// their tolerances. At most as many as
/// [`MOST_PRIMARY`], for the caller to check.
pub fn primary(scenario: &Scenario) -> Vec<Primary> {
    let of = |objective: &Objective| Primary {
        quantity: objective.quantity.clone(),
        tolerance: objective.tolerance,
    };
    let all = scenario.objectives.iter();
    let (written, promised): (Vec<&Objective>, Vec<&Objective>) =
        all.partition(|objective| objective.origin == Origin::Written);
    match (&written[..], &promised[..]) {
        ([], []) => Vec::new(),
        ([], [one]) => vec![of(one)],
        ([], several) => vec![Primary {
            quantity: objective::availability(),
            tolerance: strictest(several),
        }],
        (written, _) => written.iter().map(|objective| of(objective)).collect(),
    }
}

/// The smallest of their tolerances, where all have one and all of one kind.
fn strictest(objectives: &[&Objective]) -> Option<Tolerance> {
    let tolerances: Option<Vec<Tolerance>> = objectives.iter().map(|one| one.tolerance).collect();
    tolerances?
        .into_iter()
        .map(Some)
        .reduce(|a, b| match (a?, b?) {
            (Tolerance::Absolute(a), Tolerance::Absolute(b)) => Some(Tolerance::Absolute(a.min(b))),
            (Tolerance::Relative(a), Tolerance::Relative(b)) => Some(Tolerance::Relative(a.min(b))),
            (Tolerance::Absolute(_), Tolerance::Relative(_))
            | (Tolerance::Relative(_), Tolerance::Absolute(_)) => None,
        })?
}

/// Compares what the samples hold; `twins` are pairs of variants that cannot differ.
pub fn compare(
    samples: &Samples,
    variants: usize,
    twins: &[(usize, usize)],
    primary: &[Primary],
    chance: Chance,
    confidence: Confidence,
) -> Comparison {
    assert!(variants > 0, "the first variant is the baseline");
    let family = (primary.len() * (variants - 1)).max(1);
    let summaries: Vec<Summary> = (0..variants)
        .map(|variant| summary::summarize(samples.seed(), samples.runs(variant)))
        .collect();
    let judging = Judging {
        samples,
        summaries: &summaries,
        twins,
        chance,
        confidence,
        family,
    };
    let asked = primary
        .iter()
        .map(|primary| (primary.quantity.clone(), Some(primary.tolerance)));
    let others = quantities(&summaries).into_iter();
    let is_other = |quantity: &Quantity| primary.iter().all(|other| other.quantity != *quantity);
    let others = others.filter(is_other).map(|quantity| (quantity, None));
    let all: Vec<_> = asked.chain(others).collect();
    // The bootstrap takes long, and each has dice of its own.
    let rows = all.into_par_iter();
    let rows = rows.map(|(quantity, primary)| judging.row(quantity, primary));
    let mut rows: Vec<Row> = rows.collect();
    adjust(&mut rows);
    Comparison {
        replications: samples.replications(),
        chance,
        confidence,
        family,
        summaries,
        rows,
    }
}

/// Runs variants until every difference in a primary metric is known as precisely as asked for, or
/// the cap is reached; says which. `look` is told how many runs there will be at the next look.
///
/// # Errors
/// As [`Samples::extend`].
pub fn sample_until(
    samples: &mut Samples,
    variants: &[Variant],
    primary: &[Primary],
    goal: Goal,
    confidence: Confidence,
    how: How<'_>,
    look: &mut dyn FnMut(u32),
) -> Result<bool, Ended> {
    while let Some(runs) = goal.next(samples.replications()) {
        look(runs);
        samples.extend(variants, runs, how)?;
        if is_precise(samples, variants.len(), primary, goal, confidence) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the difference of every variant in every primary metric is known that precisely, by the
/// interval that its verdict is made from.
fn is_precise(
    samples: &Samples,
    variants: usize,
    primary: &[Primary],
    goal: Goal,
    confidence: Confidence,
) -> bool {
    let family = (primary.len() * (variants - 1)).max(1);
    let finest = confidence.bonferroni(family);
    let is_known = |primary: &Primary, variant: usize| {
        let Primary {
            quantity,
            tolerance,
        } = primary;
        let (ours, theirs) = (samples.runs(variant), samples.runs(0));
        let found = Difference::of(quantity, ours, theirs, finest, samples.seed());
        found.is_some_and(|found| {
            let metric = quantity.metric;
            let tolerance = tolerance.map(|tolerance| tolerance.amount(found.baseline));
            let judged = judge(metric.better, &found, tolerance, confidence, family);
            goal.is_reached_by_difference(metric, &judged.estimate, found.baseline)
        })
    };
    let all = primary
        .iter()
        .flat_map(|primary| (1..variants).map(move |variant| (primary, variant)));
    !primary.is_empty() && all.into_iter().all(|(one, variant)| is_known(one, variant))
}

/// Everything that one row is made from.
struct Judging<'a> {
    samples: &'a Samples,
    summaries: &'a [Summary],
    twins: &'a [(usize, usize)],
    chance: Chance,
    confidence: Confidence,
    family: usize,
}

impl Judging<'_> {
    fn row(&self, quantity: Quantity, primary: Option<Option<Tolerance>>) -> Row {
        let cells = (0..self.summaries.len()).map(|variant| Cell {
            estimate: self.summaries[variant]
                .line(&quantity)
                .map(|line| line.estimate),
            against: (variant > 0)
                .then(|| self.against(&quantity, variant, primary))
                .flatten(),
        });
        let cells = cells.collect();
        Row {
            quantity,
            primary,
            cells,
        }
    }

    fn against(
        &self,
        quantity: &Quantity,
        variant: usize,
        primary: Option<Option<Tolerance>>,
    ) -> Option<Against> {
        let finest = match primary {
            Some(_) => self.confidence.bonferroni(self.family),
            None => self.confidence,
        };
        let (ours, theirs) = (self.samples.runs(variant), self.samples.runs(0));
        let difference = Difference::of(quantity, ours, theirs, finest, self.samples.seed())?;
        let judged = primary.map(|tolerance| self.judge(quantity, variant, &difference, tolerance));
        let plain = || difference.estimate(self.confidence);
        Some(Against {
            estimate: judged.map_or_else(plain, |judged| judged.estimate),
            confidence: judged.map_or(self.confidence, |judged| judged.confidence),
            verdict: judged.map(|judged| judged.verdict),
            p_value: difference.p_value(),
            holm: None,
            variance_ratio: difference.variance_ratio,
            signs: difference.signs,
        })
    }

    fn judge(
        &self,
        quantity: &Quantity,
        variant: usize,
        difference: &Difference,
        tolerance: Option<Tolerance>,
    ) -> Judged {
        let better = quantity.metric.better;
        let tolerance = tolerance.map(|tolerance| tolerance.amount(difference.baseline));
        let chance = match self.twins.contains(&(0, variant)) {
            true => Chance::Exact,
            false => self.chance,
        };
        match chance {
            Chance::Exact => judge_exact(better, difference, tolerance, self.confidence),
            Chance::Random => judge(better, difference, tolerance, self.confidence, self.family),
        }
    }
}

/// Every metric that some variant has, in the order of the dictionary.
fn quantities(summaries: &[Summary]) -> Vec<Quantity> {
    let lines = summaries.iter().flat_map(|summary| &summary.lines);
    let found: BTreeMap<_, Quantity> = lines
        .map(|line| {
            let quantity = Quantity {
                metric: line.metric,
                entity: line.entity.clone(),
            };
            (summary::place(line), quantity)
        })
        .collect();
    found.into_values().collect()
}

/// Gives the p-values of the family what Holm's rule makes of them.
fn adjust(rows: &mut [Row]) {
    let primary = rows.iter_mut().filter(|row| row.primary.is_some());
    let cells = primary.flat_map(|row| &mut row.cells);
    let mut family: Vec<&mut Against> = cells.filter_map(|cell| cell.against.as_mut()).collect();
    let p_values: Vec<f64> = family.iter().map(|against| against.p_value).collect();
    for (against, holm) in family.iter_mut().zip(stats::holm(&p_values)) {
        against.holm = Some(holm);
    }
}
