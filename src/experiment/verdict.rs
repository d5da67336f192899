//! Whether a variant is better or worse than its baseline, and how sure that is.

use super::difference::Difference;
use super::gate::decide::RARE;
use crate::metrics::dictionary::Better;
use crate::stats::{self, Confidence, Estimate, Method};

/// The power with which the runs that an undecided difference needs would decide it: what is
/// customary (Cohen, "Statistical Power Analysis for the Behavioral Sciences", 2nd ed., 1988, §2.4).
pub const POWER: f64 = 0.8;

/// What is said of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// To the better side of the metric.
    Better {
        /// Whether all of the interval lies within the tolerance; absent where there is none.
        within_tolerance: Option<bool>,
    },
    /// To the worse side of the metric.
    Worse {
        /// Whether all of the interval lies within the tolerance; absent where there is none.
        within_tolerance: Option<bool>,
    },
    /// Different, in a metric of which neither side is better.
    Different {
        /// Whether all of the interval lies within the tolerance; absent where there is none.
        within_tolerance: Option<bool>,
    },
    /// Small enough not to matter.
    Equivalent,
    /// Nothing can be said yet.
    Undecided {
        /// Runs that would probably decide it; absent where that is not known, or too many.
        runs: Option<usize>,
    },
    /// The same to the last bit.
    Identical {
        /// Runs that show it: so many that fewer than [`RARE`] of all can differ. Absent where none can.
        runs: Option<u32>,
    },
}

impl Verdict {
    /// Runs that would probably decide what is undecided, where that is known.
    pub const fn runs_needed(self) -> Option<usize> {
        match self {
            Verdict::Undecided { runs } => runs,
            Verdict::Better { .. }
            | Verdict::Worse { .. }
            | Verdict::Different { .. }
            | Verdict::Equivalent
            | Verdict::Identical { .. } => None,
        }
    }
}

/// A verdict and the interval that it was made from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// What is said.
    pub verdict: Verdict,
    /// The difference, with the interval that decided.
    pub estimate: Estimate,
    /// The confidence of that interval, by itself.
    pub confidence: Confidence,
}

/// Judges a difference as one of a `family`, of which all verdicts hold together with `confidence`.
///
/// The difference is real where its simultaneous interval (Bonferroni) leaves zero out; where most
/// pairs differ by the same amount, where the exact test of signs says so as surely. Too few pairs
/// leave it undecided. It is
/// equivalent where the interval of the two one-sided tests lies within the tolerance, an amount in
/// the metric's unit; without a tolerance nothing is. That no pair differs is no identity by itself,
/// for others might: few of them leave it undecided.
pub fn judge(
    better: Better,
    difference: &Difference,
    tolerance: Option<f64>,
    confidence: Confidence,
    family: usize,
) -> Judged {
    let each = confidence.bonferroni(family);
    let wide = difference.estimate(each);
    let judged = |verdict, estimate, confidence| Judged {
        verdict,
        estimate,
        confidence,
    };
    let is_alike = difference.is_nothing();
    if is_alike && stats::at_most(0, difference.pairs.into(), each) <= RARE {
        let runs = Some(difference.pairs);
        return judged(Verdict::Identical { runs }, wide, each);
    }
    if !is_alike && is_real(difference, &wide, each) {
        let within = |tolerance| wide.interval.is_some_and(|i| i.within(tolerance));
        let within_tolerance = tolerance.map(within);
        return judged(side(better, &wide, within_tolerance), wide, each);
    }
    let one_sided = each.one_sided();
    if let (Some(tolerance), Some(narrow)) = (tolerance, one_sided) {
        let estimate = difference.estimate(narrow);
        // Runs drawn anew from runs that are all alike show no spread, whatever there is.
        let has_spread = !is_alike || estimate.method == Method::PairedExact;
        if has_spread && estimate.interval.is_some_and(|i| i.within(tolerance)) {
            return judged(Verdict::Equivalent, estimate, narrow);
        }
    }
    let runs = match is_alike {
        true => Some(stats::fewest_trials(1.0 - RARE, each) as usize),
        false => runs_needed(difference, tolerance, each),
    };
    judged(Verdict::Undecided { runs }, wide, each)
}

/// Judges the difference of two variants between which chance can make none: nothing is random, or
/// they are the same input under the same policies.
pub fn judge_exact(
    better: Better,
    difference: &Difference,
    tolerance: Option<f64>,
    confidence: Confidence,
) -> Judged {
    let estimate = difference.estimate(confidence);
    let within_tolerance = tolerance.map(|tolerance| estimate.value.abs() <= tolerance);
    Judged {
        verdict: match difference.is_nothing() {
            true => Verdict::Identical { runs: None },
            false => side(better, &estimate, within_tolerance),
        },
        estimate,
        confidence,
    }
}

/// Whether there is a difference, to either side.
fn is_real(difference: &Difference, estimate: &Estimate, each: Confidence) -> bool {
    match estimate.interval {
        Some(interval) => !interval.contains(0.0),
        // Signs tell of a difference only where they and its value point to one side.
        None if estimate.method == Method::MostlyConstant => {
            let (up, down) = (difference.signs.only_here, difference.signs.only_baseline);
            let agree = (up > down) == (estimate.value > 0.0);
            agree && difference.p_value() <= 1.0 - each.level()
        }
        None => false,
    }
}

fn side(better: Better, estimate: &Estimate, within_tolerance: Option<bool>) -> Verdict {
    let is_up = estimate.value > 0.0;
    match (better, is_up) {
        (Better::Up, true) | (Better::Down, false) => Verdict::Better { within_tolerance },
        (Better::Up, false) | (Better::Down, true) => Verdict::Worse { within_tolerance },
        (Better::Neither, _) => Verdict::Different { within_tolerance },
    }
}

/// How many runs would decide, if differences stay what they are: show that there is one, or that it
/// does not matter, whichever takes fewer.
fn runs_needed(difference: &Difference, tolerance: Option<f64>, each: Confidence) -> Option<usize> {
    if difference.is_told_by_signs() {
        // One pair says nothing of how often.
        return (difference.pairs > 1).then(|| difference.signs.runs_needed(POWER, each))?;
    }
    let (value, sd) = (difference.value(), difference.sd()?);
    if !value.is_finite() {
        return None;
    }
    let found = match value == 0.0 {
        true => None,
        false => stats::runs_needed(value, sd, POWER, each),
    };
    let equivalent = tolerance
        .filter(|_| each.one_sided().is_some())
        .and_then(|tolerance| stats::runs_for_equivalence(value, sd, tolerance, POWER, each));
    found.into_iter().chain(equivalent).min()
}
