//! Whether a size is enough, shown by runs that no search has looked at.
//!
//! Sizes are tried in a fixed order, from the safest to the boldest, and trying ends with the first
//! that is not confirmed. If more is never worse, to confirm any size that is not enough, the first
//! of them has to be confirmed wrongly: so the error of all together is that of one, and needs no
//! correction for how many are tried (a fixed sequence: Maurer, Hothorn and Lehmacher, "Multiple
//! comparisons in drug clinical trials and preclinical assays: a-priori ordered hypotheses", 1995).
//!
//! Of each size there are up to [`LOOKS`] looks at its runs, each time at twice as many. Each look,
//! and each new start further on the safe side, spends half of the error that is left (Bonferroni):
//! the first one half of it, so that with 95 % of runs at 95 % confidence it takes 72 good runs of 72.

use std::collections::BTreeMap;

use crate::stats::{Confidence, at_least, at_most, fewest_trials};

/// Looks at the runs of one size.
pub const LOOKS: u32 = 3;

/// What is to be shown: that at least `quantile` of all runs are good, with `confidence`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    /// The share of runs, strictly between 0 and 1.
    pub quantile: f64,
    /// How sure that is to be.
    pub confidence: Confidence,
}

/// How many of some runs were good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Good ones.
    pub good: u32,
    /// All of them.
    pub runs: u32,
}

/// What the runs of a size say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is enough, with the confidence asked for.
    Confirmed,
    /// It is not, with the confidence asked for.
    Refuted,
    /// Neither can be said.
    Open,
}

/// What came of a walk.
#[derive(Clone, Debug, PartialEq)]
pub struct Walk<S> {
    /// The boldest size that is confirmed, together with all safer ones that were tried.
    pub answer: Option<S>,
    /// The verdict on each size that was tried.
    pub verdicts: BTreeMap<S, Verdict>,
}

/// How much error is left to spend.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    claim: Claim,
    left: f64,
}

impl Claim {
    /// The share of runs that makes a few of them look good enough.
    pub fn is_likely(self, tally: Tally) -> bool {
        f64::from(tally.good) >= self.quantile * f64::from(tally.runs)
    }

    /// Runs of the first look: the fewest that can confirm anything at it.
    pub fn first_runs(self) -> u32 {
        let half = 1.0 - (1.0 - self.confidence.level()) / 2.0;
        let half = Confidence::new(half).expect("between the confidence and 1");
        fewest_trials(self.quantile, half)
    }
}

impl Budget {
    /// All of the error that the claim allows.
    pub fn new(claim: Claim) -> Budget {
        Budget {
            claim,
            left: 1.0 - claim.confidence.level(),
        }
    }

    /// Confidence of the next look, which spends half of what is left.
    fn next(&mut self) -> Confidence {
        self.left /= 2.0;
        Confidence::new(1.0 - self.left).expect("some error is left")
    }
}

/// What tallies say about a size that is enough where each of them is good enough.
fn verdict(tallies: &[Tally], claim: Claim, confidence: Confidence) -> Verdict {
    let quantile = claim.quantile;
    let lowest = |tally: &Tally| at_least(tally.good.into(), tally.runs.into(), confidence);
    if tallies.iter().all(|tally| lowest(tally) >= quantile) {
        return Verdict::Confirmed;
    }
    // Any of them refutes it: each may err with its part of the error.
    let each = 1.0 - (1.0 - confidence.level()) / tallies.len() as f64;
    let each = Confidence::new(each).expect("between the confidence and 1");
    let highest = |tally: &Tally| at_most(tally.good.into(), tally.runs.into(), each);
    match tallies.iter().any(|tally| highest(tally) < quantile) {
        true => Verdict::Refuted,
        false => Verdict::Open,
    }
}

/// Whether one tally of so many refutes a size at any look, so that the others need not be known.
pub fn is_hopeless(tally: Tally, of: usize, claim: Claim) -> bool {
    let last = (1.0 - claim.confidence.level()) / f64::from(1 << LOOKS);
    let each = Confidence::new(1.0 - last / of as f64).expect("between the confidence and 1");
    at_most(tally.good.into(), tally.runs.into(), each) < claim.quantile
}

/// The same of a tally that is to grow to `wanted` runs: whether it is refuted even if all that are
/// missing are good.
pub fn is_lost(tally: Tally, wanted: u32, of: usize, claim: Claim) -> bool {
    let missing = wanted.saturating_sub(tally.runs);
    let best = Tally {
        good: tally.good + missing,
        runs: tally.runs + missing,
    };
    is_hopeless(best, of, claim)
}

/// Looks at one size until there is a verdict; `runs` gives its tallies at so many runs.
///
/// # Errors
/// The first error of `runs`.
pub fn judge<E>(
    budget: &mut Budget,
    mut runs: impl FnMut(u32) -> Result<Vec<Tally>, E>,
) -> Result<Verdict, E> {
    let claim = budget.claim;
    let mut wanted = claim.first_runs();
    for _ in 0..LOOKS {
        let confidence = budget.next();
        match verdict(&runs(wanted)?, claim, confidence) {
            Verdict::Open => wanted *= 2,
            said @ (Verdict::Confirmed | Verdict::Refuted) => return Ok(said),
        }
    }
    Ok(Verdict::Open)
}

/// Walks along `order`, which goes from the boldest to the safest, from the place `start` towards the
/// bold side, until a size is not confirmed. Where not even the first is, it starts again `further`
/// places on the safe side. `judge` says what a size is, and spends the error that it takes.
///
/// # Errors
/// The first error of `judge`.
pub fn walk<S: Copy + Ord, E>(
    order: &[S],
    start: usize,
    further: usize,
    claim: Claim,
    mut judge: impl FnMut(S, &mut Budget) -> Result<Verdict, E>,
) -> Result<Walk<S>, E> {
    let mut budget = Budget::new(claim);
    let mut verdicts = BTreeMap::new();
    let mut start = start;
    loop {
        // All sizes of one start are seen at the same looks: the error is that of one of them.
        let mut spent = budget;
        let mut answer = None;
        for &size in order[..=start].iter().rev() {
            let mut own = budget;
            let said = judge(size, &mut own)?;
            verdicts.insert(size, said);
            spent.left = spent.left.min(own.left);
            match said {
                Verdict::Confirmed => answer = Some(size),
                Verdict::Refuted | Verdict::Open => break,
            }
        }
        let is_last = start + 1 >= order.len();
        if answer.is_some() || is_last {
            return Ok(Walk { answer, verdicts });
        }
        budget = spent;
        start = (start + further.max(1)).min(order.len() - 1);
    }
}

/// Goes from the boldest of `order` towards the safe side as long as sizes are refuted, and gives the
/// last that is; `None` where not even the boldest is.
///
/// # Errors
/// The first error of `judge`.
pub fn refute<S: Copy, E>(
    order: &[S],
    claim: Claim,
    mut judge: impl FnMut(S, &mut Budget) -> Result<Verdict, E>,
) -> Result<Option<S>, E> {
    let mut refuted = None;
    for &size in order {
        match judge(size, &mut Budget::new(claim))? {
            Verdict::Refuted => refuted = Some(size),
            Verdict::Confirmed | Verdict::Open => break,
        }
    }
    Ok(refuted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{self, Purpose, Seed};
    use std::convert::Infallible;

    const CLAIM: Claim = Claim {
        quantile: 0.95,
        confidence: Confidence::NINETY_FIVE,
    };

    fn tally(good: u32, runs: u32) -> Vec<Tally> {
        vec![Tally { good, runs }]
    }

    /// A walk over sizes whose shares of good runs are these, from size 1 on, without any chance.
    fn walked(shares: &[f64], start: usize, further: usize) -> Walk<usize> {
        let order: Vec<usize> = (1..=shares.len()).collect();
        walk(&order, start - 1, further, CLAIM, |size, budget| {
            judge(budget, |runs| {
                let good = (shares[size - 1] * f64::from(runs)).round() as u32;
                Ok::<_, Infallible>(tally(good, runs))
            })
        })
        .unwrap()
    }

    #[test]
    fn seventy_two_good_runs_confirm_and_one_bad_one_asks_for_more() {
        assert_eq!(CLAIM.first_runs(), 72);
        let asked = |bad: u32| {
            let mut seen = Vec::new();
            let said = judge(&mut Budget::new(CLAIM), |runs| {
                seen.push(runs);
                Ok::<_, Infallible>(tally(runs - bad, runs))
            });
            (said.unwrap(), seen)
        };
        assert_eq!(asked(0), (Verdict::Confirmed, vec![72]));
        // One of 144 at 1.25 %: 0.95^144 (1 + 144 · 0.05/0.95) = 0.0053.
        assert_eq!(asked(1), (Verdict::Confirmed, vec![72, 144]));
        // Five of 288 at 0.625 %: P(X ≤ 5) of a binomial with mean 14.4 is 0.0035; six: 0.0094.
        assert_eq!(asked(5), (Verdict::Confirmed, vec![72, 144, 288]));
        assert_eq!(asked(6), (Verdict::Open, vec![72, 144, 288]));
        // Nine of 72, mean 3.6: P(X ≥ 9) = 0.0107 ≤ 2.5 %; of 8, 0.028.
        assert_eq!(asked(9), (Verdict::Refuted, vec![72]));
    }

    #[test]
    fn a_size_is_lost_once_good_runs_alone_could_not_save_it() {
        let lost = |good: u32, runs: u32| is_lost(Tally { good, runs }, 72, 1, CLAIM);
        // With 11 bad ones of 72, mean 3.6: P(X ≥ 11) = 0.0011 ≤ 0.625 %, the last look's error; of 9, 0.0107.
        assert!(lost(5, 16) && !lost(7, 16));
        // What is lost is refuted by the runs there are.
        for good in 0..=16 {
            let said = verdict(&tally(good, 16), CLAIM, Confidence::NINETY_FIVE);
            assert!(!lost(good, 16) || said == Verdict::Refuted, "{good}");
        }
    }

    #[test]
    fn every_case_must_be_good_enough_and_any_of_them_refutes() {
        let good = Tally { good: 72, runs: 72 };
        let bad = Tally { good: 30, runs: 72 };
        let say = |tallies: &[Tally]| verdict(tallies, CLAIM, Confidence::NINETY_FIVE);
        assert_eq!(say(&[good, good]), Verdict::Confirmed);
        assert_eq!(say(&[good, bad]), Verdict::Refuted);
        let odd = Tally { good: 70, runs: 72 };
        assert_eq!(say(&[good, odd]), Verdict::Open);
    }

    #[test]
    fn the_answer_is_the_least_from_which_all_larger_ones_tried_hold() {
        let walk = walked(&[0.0, 0.3, 1.0, 1.0, 1.0], 5, 2);
        assert_eq!(walk.answer, Some(3));
        assert_eq!(walk.verdicts[&2], Verdict::Refuted);
        assert!(!walk.verdicts.contains_key(&1), "it went no further");
        // 3 would do, but 4 does not.
        let walk = walked(&[0.0, 0.3, 1.0, 0.4, 1.0, 1.0], 6, 2);
        assert_eq!(walk.answer, Some(5));
        assert_eq!(walk.verdicts[&4], Verdict::Refuted);
    }

    #[test]
    fn where_the_first_one_does_not_hold_it_starts_again_on_the_safe_side() {
        let walk = walked(&[0.0, 0.0, 0.5, 1.0, 1.0, 1.0], 3, 2);
        assert_eq!(walk.answer, Some(4));
        let walk = walked(&[0.0, 0.2, 0.5], 2, 2);
        assert_eq!(walk.answer, None);
    }

    #[test]
    fn what_can_be_neither_shown_nor_ruled_out_is_open() {
        let walk = walked(&[0.96, 1.0], 2, 1);
        assert_eq!(walk.answer, Some(2));
        assert_eq!(walk.verdicts[&1], Verdict::Open);
    }

    #[test]
    fn refuting_comes_from_the_far_side() {
        let shares = [0.0, 0.2, 0.5, 0.96, 1.0];
        let refuted = refute(&[0, 1, 2, 3], CLAIM, |size, budget| {
            judge(budget, |runs| {
                let good = (shares[size] * f64::from(runs)) as u32;
                Ok::<_, Infallible>(tally(good, runs))
            })
        });
        assert_eq!(refuted, Ok(Some(2)));
    }

    #[test]
    fn a_size_that_is_just_not_enough_is_confirmed_in_at_most_one_of_twenty_cases() {
        // All sizes are a hair below the quantile, whatever is tried, so every answer is wrong.
        let wrong = (1..=400).filter(|&replication| {
            let seed = Seed {
                seed: 1,
                replication,
            };
            let mut dice: Vec<_> = (0..6)
                .map(|size| rng::stream(seed, Purpose::Arrivals, "capacity", size))
                .collect();
            let mut good: Vec<Vec<bool>> = vec![Vec::new(); 6];
            let walk = walk(&[0, 1, 2, 3, 4, 5], 3, 2, CLAIM, |size: usize, budget| {
                judge(budget, |runs| {
                    while good[size].len() < runs as usize {
                        good[size].push(rng::unit(&mut dice[size]) < 0.9499);
                    }
                    let count = good[size].iter().filter(|&&good| good).count();
                    Ok::<_, Infallible>(tally(count as u32, runs))
                })
            });
            walk.unwrap().answer.is_some()
        });
        // Clopper and Pearson are conservative: fewer than 20 + 3 · sqrt(20) of 400.
        assert!(wrong.count() <= 33);
    }
}
