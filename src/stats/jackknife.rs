//! Ratios of sums over runs.

use super::student::at;
use super::{Confidence, Estimate, Method, Standard, is_mostly_constant, sample_sd};

/// What one run adds to a ratio of sums.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// Added above the line.
    pub numerator: f64,
    /// Added below the line, not negative.
    pub denominator: f64,
}

/// Σ numerator ÷ Σ denominator over independent runs, with the jackknife's t-interval (Miller, "The
/// Jackknife: A Review", Biometrika 61, 1974): pseudo-value i of n is n·θ − (n − 1)·θ without run i.
///
/// Runs in which numerator and denominator are zero measured nothing; they do not count as runs.
/// Without an interval when fewer than two runs measured anything, or when most of those have the
/// same ratio; absent when Σ denominator is zero. Panics when an addend is not finite or a
/// denominator is negative.
pub fn jackknife_ratio(runs: &[Ratio], confidence: Confidence) -> Option<Estimate> {
    standard_ratio(runs).map(|ratio| at(ratio, confidence))
}

/// What [`jackknife_ratio`] rests on, for intervals of any confidence and p-values; or the ratio
/// alone and why it has none.
pub fn standard_ratio(runs: &[Ratio]) -> Option<Result<Standard, Estimate>> {
    let measured: Vec<Ratio> = runs.iter().copied().filter(Ratio::measures).collect();
    let total = Ratio::total(&measured);
    let value = total.value()?;
    let without = measured.iter().map(|run| total.minus(run).value());
    let own: Vec<f64> = measured.iter().map(|run| run.own()).collect();
    Some(jackknife(value, without.collect(), &own, Method::Jackknife))
}

/// The ratio of sums of `runs` − that of `baseline`, with the jackknife over pairs: both ratios
/// leave out the same replication, so what it did to both cancels.
///
/// The runs of one index share a seed. Pairs in which neither measured anything do not count.
/// Without an interval when fewer than two pairs count, when in half of those or more one of the
/// two measured nothing, or when most pairs differ by the same amount; absent when either ratio is.
/// Panics when the lengths differ, and as [`jackknife_ratio`].
pub fn ratio_difference(runs: &[Ratio], baseline: &[Ratio]) -> Option<Result<Standard, Estimate>> {
    assert_eq!(runs.len(), baseline.len(), "runs come in pairs");
    let pairs = runs.iter().copied().zip(baseline.iter().copied());
    let measures = |pair: &(Ratio, Ratio)| [pair.0.measures(), pair.1.measures()];
    let (ours, theirs): (Vec<Ratio>, Vec<Ratio>) =
        pairs.filter(|pair| measures(pair).contains(&true)).unzip();
    let (total, total_theirs) = (Ratio::total(&ours), Ratio::total(&theirs));
    let value = total.value()? - total_theirs.value()?;
    let pairs = || ours.iter().zip(&theirs);
    let whole = pairs().filter(|&(a, b)| a.measures() && b.measures());
    if 2 * whole.count() <= ours.len() {
        return Some(Err(Estimate::alone(value, Method::TooFew)));
    }
    let without =
        pairs().map(|(a, b)| Some(total.minus(a).value()? - total_theirs.minus(b).value()?));
    let own: Vec<f64> = pairs().map(|(a, b)| a.own() - b.own()).collect();
    let method = Method::PairedJackknife;
    Some(jackknife(value, without.collect(), &own, method))
}

/// The jackknife of an estimate `value`, from the estimates `without` each run, all of which must
/// exist, and what each run says of its `own`.
fn jackknife(
    value: f64,
    without: Option<Vec<f64>>,
    own: &[f64],
    method: Method,
) -> Result<Standard, Estimate> {
    // With one denominator only, the ratio does not exist without its run.
    let without = match without {
        Some(without) if without.len() > 1 => without,
        _ => return Err(Estimate::alone(value, Method::TooFew)),
    };
    if is_mostly_constant(own) {
        return Err(Estimate::alone(value, Method::MostlyConstant));
    }
    let n = without.len() as f64;
    let pseudo: Vec<f64> = without
        .iter()
        .map(|rest| n * value - (n - 1.0) * rest)
        .collect();
    Ok(Standard {
        value,
        sd: sample_sd(&pseudo).expect("there are two runs at least"),
        runs: pseudo.len(),
        method,
    })
}

impl Ratio {
    const NOTHING: Ratio = Ratio {
        numerator: 0.0,
        denominator: 0.0,
    };

    fn measures(&self) -> bool {
        assert!(
            self.numerator.is_finite() && self.denominator.is_finite() && self.denominator >= 0.0,
            "{self:?} is no part of a ratio of sums"
        );
        *self != Ratio::NOTHING
    }

    fn value(self) -> Option<f64> {
        (self.denominator > 0.0).then(|| self.numerator / self.denominator)
    }

    /// What a run says of its own; not a number when it measured nothing.
    fn own(self) -> f64 {
        self.numerator / self.denominator
    }

    fn total(runs: &[Ratio]) -> Ratio {
        runs.iter().fold(Ratio::NOTHING, |sum, run| sum.plus(run))
    }

    fn plus(self, other: &Ratio) -> Ratio {
        Ratio {
            numerator: self.numerator + other.numerator,
            denominator: self.denominator + other.denominator,
        }
    }

    fn minus(self, other: &Ratio) -> Ratio {
        Ratio {
            numerator: self.numerator - other.numerator,
            denominator: self.denominator - other.denominator,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng;
    use crate::stats::testing::{dice, exponential};
    use crate::stats::{paired_mean, t_mean};

    const P95: Confidence = Confidence::NINETY_FIVE;

    fn ratios(pairs: &[(f64, f64)]) -> Vec<Ratio> {
        pairs
            .iter()
            .map(|&(numerator, denominator)| Ratio {
                numerator,
                denominator,
            })
            .collect()
    }

    #[track_caller]
    fn assert_alone(pairs: &[(f64, f64)], value: f64, why: Method) {
        let estimate = jackknife_ratio(&ratios(pairs), P95);
        assert_eq!(estimate, Some(Estimate::alone(value, why)));
    }

    #[test]
    fn the_interval_is_that_of_the_pseudo_values() {
        // θ = 9/10; without one run 8/8, 6/6, 4/6; pseudo-values 3·0.9 − 2·(1, 1, 2/3) =
        // 0.7, 0.7, 1.3667 with sd 0.384900; t(2) = 4.302653: ± 4.302653 · 0.384900/√3.
        let runs = ratios(&[(1.0, 2.0), (3.0, 4.0), (5.0, 4.0)]);
        let estimate = jackknife_ratio(&runs, P95).unwrap();
        let interval = estimate.interval.unwrap();
        assert_eq!((estimate.value, estimate.method), (0.9, Method::Jackknife));
        assert!(
            (interval.low - (0.9 - 0.956_145)).abs() < 1e-6,
            "{interval:?}"
        );
        assert!(
            (interval.high - (0.9 + 0.956_145)).abs() < 1e-6,
            "{interval:?}"
        );
    }

    #[test]
    fn with_equal_denominators_it_is_the_t_interval() {
        let runs = ratios(&[(1.0, 4.0), (2.0, 4.0), (4.0, 4.0), (7.0, 4.0)]);
        let pooled = jackknife_ratio(&runs, P95).unwrap().interval.unwrap();
        let t = t_mean(&[0.25, 0.5, 1.0, 1.75], P95)
            .unwrap()
            .interval
            .unwrap();
        assert!((pooled.low - t.low).abs() < 1e-12, "{pooled:?} {t:?}");
        assert!((pooled.high - t.high).abs() < 1e-12, "{pooled:?} {t:?}");
    }

    #[test]
    fn runs_that_measured_nothing_do_not_count() {
        let measured = [(1.0, 2.0), (3.0, 4.0), (5.0, 4.0)];
        let padded = [&measured[..], &[(0.0, 0.0); 17]].concat();
        assert_eq!(
            jackknife_ratio(&ratios(&measured), P95),
            jackknife_ratio(&ratios(&padded), P95)
        );
    }

    #[test]
    fn an_empty_base_has_no_ratio() {
        assert_eq!(jackknife_ratio(&[], P95), None);
        assert_eq!(
            jackknife_ratio(&ratios(&[(0.0, 0.0), (1.0, 0.0)]), P95),
            None
        );
    }

    #[test]
    fn one_measured_run_has_no_interval() {
        assert_alone(&[(1.0, 2.0), (0.0, 0.0)], 0.5, Method::TooFew);
        assert_alone(&[(1.0, 2.0), (1.0, 0.0)], 1.0, Method::TooFew);
    }

    #[test]
    fn a_ratio_that_is_the_same_in_most_runs_has_no_interval() {
        // Nothing lost in four of five runs.
        let lost = [
            (0.0, 9.0),
            (0.0, 11.0),
            (0.0, 10.0),
            (5.0, 10.0),
            (0.0, 10.0),
        ];
        assert_alone(&lost, 0.1, Method::MostlyConstant);
    }

    #[test]
    fn intervals_contain_the_pooled_ratio_as_often_as_they_say() {
        // Denominators b uniform on [0.5, 1.5], numerators b² times noise of mean 1:
        // E[b²]/E[b] = 1 + 1/12, while the mean of the ratios would be E[b] = 1.
        const SETS: u32 = 4000;
        let mut dice = dice("jackknife coverage");
        let hits = (0..SETS).filter(|_| {
            let runs: [Ratio; 20] = std::array::from_fn(|_| {
                let base = 0.5 + rng::unit(&mut dice);
                let noise = 0.8 + 0.2 * exponential(&mut dice);
                Ratio {
                    numerator: base * base * noise,
                    denominator: base,
                }
            });
            let estimate = jackknife_ratio(&runs, P95).unwrap();
            estimate.interval.unwrap().contains(13.0 / 12.0)
        });
        let covered = hits.count() as f64 / f64::from(SETS);
        // Standard error sqrt(0.95 · 0.05 / 4000) = 0.0034; skewed noise costs about a point.
        assert!((covered - 0.945).abs() < 0.015, "{covered}");
    }

    fn check_difference(
        runs: &[(f64, f64)],
        baseline: &[(f64, f64)],
    ) -> Result<Standard, Estimate> {
        ratio_difference(&ratios(runs), &ratios(baseline)).unwrap()
    }

    #[test]
    fn a_difference_leaves_the_same_run_out_of_both() {
        // 9/10 − 6/12 = 0.4; without one run 8/8 − 5/9 = 4/9, 6/6 − 4/8 = 1/2, 4/6 − 3/7 = 5/21;
        // pseudo-values 1.2 − 2 · those = 0.311111, 0.2, 0.723810, sd 0.275996.
        let runs = [(1.0, 2.0), (3.0, 4.0), (5.0, 4.0)];
        let found = check_difference(&runs, &[(1.0, 3.0), (2.0, 4.0), (3.0, 5.0)]).unwrap();
        assert_eq!((found.runs, found.method), (3, Method::PairedJackknife));
        assert!((found.value - 0.4).abs() < 1e-15);
        assert!((found.sd - 0.275_996).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn with_equal_denominators_a_difference_is_the_paired_t_interval() {
        let runs = [(1.0, 4.0), (2.0, 4.0), (4.0, 4.0), (7.0, 4.0)];
        let baseline = [(1.0, 2.0), (0.5, 2.0), (3.0, 2.0), (2.0, 2.0)];
        let found = check_difference(&runs, &baseline).unwrap();
        let t = paired_mean(&[0.25, 0.5, 1.0, 1.75], &[0.5, 0.25, 1.5, 1.0]);
        let t = t.unwrap().unwrap();
        assert!((found.value - t.value).abs() < 1e-12 && (found.sd - t.sd).abs() < 1e-12);
    }

    #[test]
    fn pairs_that_measured_nothing_do_not_count() {
        let runs = [(1.0, 2.0), (3.0, 4.0), (5.0, 4.0)];
        let baseline = [(1.0, 3.0), (2.0, 4.0), (3.0, 5.0)];
        let padded = |pairs: &[(f64, f64)]| [pairs, &[(0.0, 0.0); 17]].concat();
        assert_eq!(
            check_difference(&runs, &baseline),
            check_difference(&padded(&runs), &padded(&baseline))
        );
    }

    #[test]
    fn a_difference_that_few_pairs_know_has_no_interval() {
        let runs = [(1.0, 2.0), (3.0, 4.0), (0.0, 0.0), (0.0, 0.0)];
        let baseline = [(1.0, 2.0), (1.0, 4.0), (2.0, 4.0), (1.0, 2.0)];
        let alone = check_difference(&runs, &baseline).unwrap_err();
        assert_eq!(alone.method, Method::TooFew);
        // Three of five pairs lost the same in both.
        let lost = [
            (0.0, 9.0),
            (1.0, 8.0),
            (2.0, 10.0),
            (5.0, 10.0),
            (0.0, 10.0),
        ];
        let lost_before = [
            (0.0, 9.0),
            (1.0, 8.0),
            (2.0, 10.0),
            (4.0, 10.0),
            (1.0, 10.0),
        ];
        let alone = check_difference(&lost, &lost_before).unwrap_err();
        assert_eq!((alone.value, alone.method), (0.0, Method::MostlyConstant));
        assert_eq!(
            ratio_difference(&ratios(&runs), &ratios(&[(0.0, 0.0); 4])),
            None
        );
    }

    #[test]
    fn paired_intervals_contain_the_difference_as_often_as_they_say() {
        // As above, and a baseline of the same denominators b and of noise that is half shared:
        // E[b²]/E[b] − E[b]/E[b] = 1/12.
        const SETS: u32 = 4000;
        let mut dice = dice("paired jackknife coverage");
        let hits = (0..SETS).filter(|_| {
            let pairs: [(Ratio, Ratio); 20] = std::array::from_fn(|_| {
                let base = 0.5 + rng::unit(&mut dice);
                let shared = 0.1 * exponential(&mut dice);
                let mut noise = || 0.8 + shared + 0.1 * exponential(&mut dice);
                let ratio = |numerator| Ratio {
                    numerator,
                    denominator: base,
                };
                (ratio(base * base * noise()), ratio(base * noise()))
            });
            let (runs, baseline): (Vec<Ratio>, Vec<Ratio>) = pairs.into_iter().unzip();
            let found = ratio_difference(&runs, &baseline).unwrap().unwrap();
            let interval = found.estimate(P95).interval.unwrap();
            interval.contains(1.0 / 12.0)
        });
        let covered = hits.count() as f64 / f64::from(SETS);
        // Standard error sqrt(0.95 · 0.05 / 4000) = 0.0034.
        assert!((covered - 0.947).abs() < 0.012, "{covered}");
    }
}
