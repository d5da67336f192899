//! Whether one metric became worse, from runs that come in pairs.

use super::Side;
use super::record::{self, Kept};
use crate::experiment::difference::Difference;
use crate::metrics::measured::{Amount, Measured};
use crate::stats::{self, Confidence, Estimate, Interval, Method};

/// Share of runs that may be worse by more than the tolerance, where a metric is the same in most runs.
///
/// Such a metric has no honest interval for its mean: few runs decide it. What can be bounded exactly,
/// whatever the few runs say, is how many runs are worse by more than the tolerance. One in ten is
/// ours: it takes 80 runs without any to rule it out with the confidence of one bound in a hundred.
pub const RARE: f64 = 0.1;

/// More runs than anybody would ask for.
const MOST_RUNS: f64 = 100_000.0;

/// What one comparison came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What the metric was, over the runs looked at that have it; absent where none has.
    pub before: Option<f64>,
    /// What it is.
    pub after: Option<f64>,
    /// The difference, with the interval of whose ends the verdict was made; absent where there is none.
    pub difference: Option<Estimate>,
    /// Where the metric is the same in most runs: what they say one by one.
    pub harmed: Option<Harmed>,
    /// Pairs of runs looked at.
    pub runs: u32,
    /// What is said of it.
    pub verdict: Verdict,
}

/// Pairs of runs, one by one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Harmed {
    /// Worse by more than the tolerance.
    pub beyond: u32,
    /// Worse.
    pub worse: u32,
    /// Better.
    pub better: u32,
    /// Of all runs that there could be, the share that is worse by more than the tolerance.
    pub share: Interval,
}

/// What is said of one metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The same to the last bit in every run.
    Identical,
    /// Not worse by more than the tolerance.
    Ok,
    /// Better, and not by chance.
    Better,
    /// Worse by more than the tolerance.
    Regressed,
    /// Nothing can be said yet.
    Undecided(Why),
}

/// Why nothing can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The interval reaches over the tolerance.
    Wide {
        /// Runs that would probably do; absent where that is not known, or too many.
        runs: Option<u32>,
    },
    /// Some runs have a value on one side only.
    Torn {
        /// How many had one in the record alone.
        before: u32,
        /// How many have one now alone.
        after: u32,
    },
    /// No difference can be told: too few runs have a value, or the metric is infinite.
    None,
    /// The record keeps the metric in another form: it was of another kind then.
    Form,
}

/// Runs of a record, and present ones of the same number.
#[derive(Clone, Copy)]
pub struct Pairs<'a> {
    /// What is gated, and what it was.
    pub kept: &'a Kept,
    /// What was measured now: the first replications.
    pub present: &'a [Measured],
    /// Keys the bootstrap.
    pub seed: u64,
    /// Runs of a baseline that would do where none is worse by more than the tolerance, and a metric is the
    /// same in most.
    pub runs_without_harm: u32,
}

/// Judges a scenario in which nothing is random: one run says all.
pub fn exact(pairs: &Pairs<'_>) -> Found {
    let judge = |harm: f64| match harm {
        harm if harm > pairs.kept.tolerance() => Verdict::Regressed,
        harm if harm < 0.0 => Verdict::Better,
        _ => Verdict::Ok,
    };
    pairs.found(Confidence::NINETY_FIVE, |difference| {
        (judge(pairs.harm(difference.value)), None)
    })
}

/// Judges runs that differ by chance. Harm is the difference towards the worse side: beyond the
/// tolerance with its lower bound, it is a regression; within it with the upper bound, it is not. Each
/// bound has `confidence`.
pub fn random(pairs: &Pairs<'_>, confidence: Confidence) -> Found {
    let both = confidence
        .one_sided()
        .expect("bounds are surer than a coin");
    pairs.found(both, |difference| match difference.interval {
        Some(interval) => (pairs.by_interval(difference.value, interval), None),
        None if difference.method == Method::MostlyConstant => {
            let harmed = pairs.harmed(both);
            let verdict = pairs.by_share(pairs.harm(difference.value), harmed);
            (verdict, Some(harmed))
        }
        None => (Verdict::Undecided(Why::None), None),
    })
}

impl Pairs<'_> {
    fn found(
        &self,
        both: Confidence,
        judge: impl FnOnce(&Estimate) -> (Verdict, Option<Harmed>),
    ) -> Found {
        let quantity = &self.kept.gated.quantity;
        let was = self.kept.measured(self.present.len());
        let (is_identical, is_comparable) = (self.is_identical(), self.has_one_form());
        let difference = (is_comparable && !is_identical)
            .then(|| Difference::of(quantity, self.present, &was, both, self.seed))
            .flatten()
            .map(|difference| difference.estimate(both));
        let (verdict, harmed) = match &difference {
            _ if is_identical => (Verdict::Identical, None),
            None if !is_comparable => (Verdict::Undecided(Why::Form), None),
            None => (Verdict::Undecided(Why::None), None),
            Some(difference) => judge(difference),
        };
        Found {
            before: record::pooled(quantity, &was),
            after: record::pooled(quantity, self.present),
            difference,
            harmed,
            runs: self.present.len() as u32,
            verdict: self.unless_torn(verdict),
        }
    }

    fn has_one_form(&self) -> bool {
        let quantity = &self.kept.gated.quantity;
        let was = self.kept.values.iter().flatten().map(|told| &told.amount);
        let is = self.present.iter().filter_map(|run| quantity.in_run(run));
        let percentile = |amount: &Amount| match amount {
            Amount::Percentile { p, .. } => Some(*p),
            Amount::Number(_) | Amount::Ratio { .. } => None,
        };
        let form = |amount: &Amount| (std::mem::discriminant(amount), percentile(amount));
        let mut forms = was.chain(is).map(form);
        let first = forms.next();
        forms.all(|form| Some(form) == first)
    }

    fn is_identical(&self) -> bool {
        let quantity = &self.kept.gated.quantity;
        let mut pairs = self.kept.values.iter().zip(self.present);
        pairs.all(|(was, run)| match (was, quantity.in_run(run)) {
            (None, None) => true,
            (Some(told), Some(amount)) => told.is(amount),
            (Some(_), None) | (None, Some(_)) => false,
        })
    }

    /// What only one side has cannot be called the same, whatever the other runs say.
    fn unless_torn(&self, verdict: Verdict) -> Verdict {
        let quantity = &self.kept.gated.quantity;
        let pairs = || self.kept.values.iter().zip(self.present);
        let has = |run: &Measured| quantity.in_run(run).is_some();
        let before = pairs()
            .filter(|(was, run)| was.is_some() && !has(run))
            .count();
        let after = pairs()
            .filter(|(was, run)| was.is_none() && has(run))
            .count();
        let (before, after) = (before as u32, after as u32);
        let is_torn = before + after > 0;
        match verdict {
            Verdict::Regressed | Verdict::Identical | Verdict::Undecided(Why::Form) => verdict,
            Verdict::Ok | Verdict::Better | Verdict::Undecided(_) => match is_torn {
                true => Verdict::Undecided(Why::Torn { before, after }),
                false => verdict,
            },
        }
    }

    /// A difference towards the worse side.
    fn harm(&self, difference: f64) -> f64 {
        match self.kept.gated.better {
            Side::Up => -difference,
            Side::Down => difference,
        }
    }

    fn by_interval(&self, value: f64, interval: Interval) -> Verdict {
        let tolerance = self.kept.tolerance();
        let ends = [interval.low, interval.high].map(|end| self.harm(end));
        let (low, high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
        match (low > tolerance, high <= tolerance) {
            (true, _) => Verdict::Regressed,
            (false, true) if high < 0.0 => Verdict::Better,
            (false, true) => Verdict::Ok,
            (false, false) => {
                let margin = (self.harm(value) - tolerance).abs();
                let runs = self.runs_needed(margin, (high - low) / 2.0);
                Verdict::Undecided(Why::Wide { runs })
            }
        }
    }

    /// Widths go by the root of the number of runs. Twice the width that would just do leaves room for
    /// a difference that turns out otherwise.
    fn runs_needed(&self, margin: f64, half: f64) -> Option<u32> {
        let runs = self.present.len() as f64 * (1.5 * half / margin).powi(2);
        let runs = (runs / 10.0).ceil() * 10.0;
        (runs.is_finite() && runs <= MOST_RUNS).then_some(runs as u32)
    }

    /// What the runs say one by one.
    fn harmed(&self, both: Confidence) -> Harmed {
        let quantity = &self.kept.gated.quantity;
        let pairs = self.kept.values.iter().zip(self.present);
        let harms = pairs.filter_map(|(was, run)| {
            let (was, is) = (was.as_ref()?, quantity.in_run(run)?);
            Some(self.harm(is.value() - was.amount.value()))
        });
        let harms: Vec<f64> = harms.collect();
        let tolerance = self.kept.tolerance();
        let count =
            |is: &dyn Fn(f64) -> bool| harms.iter().filter(|&&harm| is(harm)).count() as u32;
        let beyond = count(&|harm| harm > tolerance);
        let share = stats::clopper_pearson(u64::from(beyond), harms.len() as u64, both);
        Harmed {
            beyond,
            worse: count(&|harm| harm > 0.0),
            better: count(&|harm| harm < 0.0),
            share: share
                .and_then(|share| share.interval)
                .expect("most runs have a value, so there is one"),
        }
    }

    /// By the share of runs that are worse by more than the tolerance; the metric itself must say the
    /// same.
    fn by_share(&self, harm: f64, harmed: Harmed) -> Verdict {
        let is_within = harm <= self.kept.tolerance();
        let only_better = harmed.worse == 0 && harmed.better > 0;
        match harmed.share {
            share if share.low > RARE && !is_within => Verdict::Regressed,
            share if share.high <= RARE && is_within => {
                let often = f64::from(harmed.better) > self.present.len() as f64 / 2.0;
                if only_better && often {
                    Verdict::Better
                } else {
                    Verdict::Ok
                }
            }
            _ => Verdict::Undecided(Why::Wide {
                runs: (harmed.beyond == 0).then_some(self.runs_without_harm),
            }),
        }
    }
}
