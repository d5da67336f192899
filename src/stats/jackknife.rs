//! Ratios of sums over runs.

use super::student::t_interval;
use super::{Confidence, Estimate, Method, is_mostly_constant, sample_sd};

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
    let measured: Vec<Ratio> = runs.iter().copied().filter(Ratio::measures).collect();
    let total = measured
        .iter()
        .fold(Ratio::NOTHING, |sum, run| sum.plus(run));
    let value = total.value()?;
    // With one denominator only, the ratio does not exist without its run.
    let without: Option<Vec<f64>> = measured
        .iter()
        .map(|run| total.minus(run).value())
        .collect();
    let without = match without {
        Some(without) if without.len() > 1 => without,
        _ => return Some(Estimate::alone(value, Method::TooFew)),
    };
    let ratios: Vec<f64> = measured
        .iter()
        .map(|run| run.numerator / run.denominator)
        .collect();
    if is_mostly_constant(&ratios) {
        return Some(Estimate::alone(value, Method::MostlyConstant));
    }
    let n = without.len() as f64;
    let pseudo: Vec<f64> = without
        .iter()
        .map(|rest| n * value - (n - 1.0) * rest)
        .collect();
    let sd = sample_sd(&pseudo)?;
    let interval = t_interval(value, sd, pseudo.len(), confidence);
    Some(Estimate::with(value, interval, Method::Jackknife))
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
    use crate::stats::t_mean;
    use crate::stats::testing::{dice, exponential};

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
}
