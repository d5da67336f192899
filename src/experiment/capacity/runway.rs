//! How much the load may grow until an objective breaks, and when that is.

use super::confirm::{Claim, refute, walk};
use super::search::halve;
use super::trials::{Failed, Lab};

/// From one factor of the load to the next that is tried: one per cent.
pub const STEP: f64 = 1.01;

/// How many steps apart factors are confirmed and ruled out: near the answer one by one.
const OFFSETS: [u32; 8] = [0, 1, 2, 4, 8, 16, 32, 64];

/// Growth of the load, as a share in a month.
#[derive(Clone, Debug, PartialEq)]
pub struct Growth {
    /// At least.
    pub low: f64,
    /// The best single number.
    pub value: f64,
    /// At most.
    pub high: f64,
    /// Where that is from.
    pub from: Source,
}

/// Where growth is from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// One number, as if it were known: it has no interval.
    Exactly,
    /// A range that is taken as it is.
    Range,
    /// A line through the logarithms of measured load.
    Fit {
        /// Values it is fitted to.
        values: usize,
        /// Months from the first to the last.
        months: f64,
        /// How like each residual is to the one before it.
        autocorrelation: f64,
        /// Residuals that are taken to be alike.
        lag: usize,
    },
}

/// A factor of the load, as a number of steps of [`STEP`].
pub type Step = u32;

/// How much the load may grow.
#[derive(Clone, Debug, PartialEq)]
pub struct Runway {
    /// What is to be shown on either side.
    pub claim: Claim,
    /// Whether one run of a factor says everything.
    pub is_exact: bool,
    /// The largest factor that is tried.
    pub most: Step,
    /// The largest factor that is confirmed together with the smaller ones that were tried; `None`:
    /// not even the load as it is.
    pub holds: Option<Step>,
    /// The smallest factor that is ruled out; `None` where none is.
    pub breaks: Option<Step>,
    /// Runs made.
    pub runs: u64,
}

/// The factor of so many steps.
pub fn factor(step: Step) -> f64 {
    STEP.powi(i32::try_from(step).unwrap_or(i32::MAX))
}

/// The fewest steps to at least this factor.
pub fn steps_to(factor: f64) -> Step {
    (factor.ln() / STEP.ln()).ceil().max(0.0) as Step
}

/// Months until the load has grown to a factor; infinite without growth.
pub fn months(factor: f64, growth: f64) -> f64 {
    if factor <= 1.0 {
        return 0.0;
    }
    match growth > 0.0 {
        true => factor.ln() / growth.ln_1p(),
        false => f64::INFINITY,
    }
}

/// Searches the factors up to `most` under the first `cases` conditions; then confirms from below, and
/// rules out from above, each with fresh runs and the claim's confidence. Either side begins where it
/// is safest to: none of its error is spent on a factor from which it would have to turn back.
///
/// # Errors
/// When a factor cannot be run.
pub fn runway<W>(
    lab: &mut Lab<'_, Step, W>,
    most: Step,
    cases: usize,
    claim: Claim,
) -> Result<Runway, Failed<W>> {
    // Sizes of the search are steps that are left out: the largest is the load as it is.
    let sizes = most as usize + 1;
    let step = |place: usize| most - place as Step;
    let likely = step(halve(0, sizes - 1, |place| {
        lab.is_likely(step(place), cases, claim)
    })?);
    let bolder = OFFSETS.iter().rev().map(|offset| likely + offset);
    let safer = OFFSETS[1..]
        .iter()
        .map_while(|offset| likely.checked_sub(*offset));
    let mut order: Vec<Step> = bolder.chain(safer).chain([0]).collect();
    order.retain(|&step| step <= most);
    order.dedup();
    let start = order.len() - 1;
    let walked = walk(&order, start, 1, claim, |step, budget| {
        lab.judge_early(step, cases, claim, budget)
    })?;
    let above: Vec<Step> = order
        .iter()
        .copied()
        .filter(|step| walked.answer.is_none_or(|holds| *step > holds))
        .collect();
    let breaks = refute(&above, claim, |step, budget| {
        lab.judge_early(step, cases, claim, budget)
    })?;
    Ok(Runway {
        claim,
        is_exact: lab.is_exact,
        most,
        holds: walked.answer,
        breaks,
        runs: lab.runs(),
    })
}

impl Growth {
    /// The share of all error that may be that of the factor: all of it, or half where growth is an
    /// estimate too; on either side half of that.
    pub fn error_of_factor(&self, confidence: f64) -> f64 {
        let all = 1.0 - confidence;
        match self.from {
            Source::Exactly | Source::Range => all / 2.0,
            Source::Fit { .. } => all / 4.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_turns_a_factor_into_time() {
        // 1.02^36 = 2.0399: at 2 % a month the load doubles in ln 2/ln 1.02 = 35.003 months.
        assert!((months(2.0, 0.02) - 35.002_8).abs() < 1e-4);
        assert_eq!(months(2.0, 0.0), f64::INFINITY);
        assert_eq!(months(1.0, 0.02), 0.0);
        // 1.01^69 = 1.987, 1.01^70 = 2.007.
        assert_eq!(steps_to(2.0), 70);
        assert!((factor(70) - 2.006_76).abs() < 1e-5);
        assert_eq!((steps_to(1.0), steps_to(0.5)), (0, 0));
    }
}
