//! Student's t intervals for means over independent runs.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{
    Confidence, Estimate, Interval, Method, Standard, is_mostly_constant, mean, sample_sd,
};

/// The mean of independent runs with its t-interval, mean ± t · sd/√n with n − 1 degrees of freedom
/// (Student, "The Probable Error of a Mean", Biometrika 6, 1908).
///
/// Without an interval when there are fewer than two values or most of them are equal; absent for
/// no values. Panics when a value is not finite: quantiles that may be infinite are pooled instead.
pub fn t_mean(values: &[f64], confidence: Confidence) -> Option<Estimate> {
    standard_mean(values).map(|mean| at(mean, confidence))
}

/// The mean of `values` − `baseline`, run by run, with the t-interval of the differences.
///
/// The runs of one index share a seed; what both met alike cancels (Law, "Simulation Modeling and
/// Analysis", 5th ed., §10.2.1). Conditions as for [`t_mean`]; panics when the lengths differ.
pub fn paired_t(values: &[f64], baseline: &[f64], confidence: Confidence) -> Option<Estimate> {
    paired_mean(values, baseline).map(|mean| at(mean, confidence))
}

/// What [`t_mean`] rests on, for intervals of any confidence and p-values; or the mean alone and why
/// it has none.
pub fn standard_mean(values: &[f64]) -> Option<Result<Standard, Estimate>> {
    assert!(
        values.iter().all(|value| value.is_finite()),
        "a mean needs finite values"
    );
    let value = mean(values)?;
    Some(match sample_sd(values) {
        None => Err(Estimate::alone(value, Method::TooFew)),
        Some(_) if is_mostly_constant(values) => {
            Err(Estimate::alone(value, Method::MostlyConstant))
        }
        Some(sd) => Ok(Standard {
            value,
            sd,
            runs: values.len(),
            method: Method::StudentT,
        }),
    })
}

/// What [`paired_t`] rests on, for intervals of any confidence and p-values; or the mean difference
/// alone and why it has none.
pub fn paired_mean(values: &[f64], baseline: &[f64]) -> Option<Result<Standard, Estimate>> {
    assert_eq!(values.len(), baseline.len(), "runs come in pairs");
    let differences: Vec<f64> = values.iter().zip(baseline).map(|(a, b)| a - b).collect();
    let mean = standard_mean(&differences)?;
    Some(mean.map(|mean| Standard {
        method: Method::PairedT,
        ..mean
    }))
}

/// The estimate of what has an interval, and of what has none.
pub(super) fn at(standard: Result<Standard, Estimate>, confidence: Confidence) -> Estimate {
    standard.map_or_else(|alone| alone, |standard| standard.estimate(confidence))
}

/// centre ± t · sd/√n, for the standard deviation `sd` of `n` values.
pub(super) fn t_interval(centre: f64, sd: f64, n: usize, confidence: Confidence) -> Interval {
    Interval::around(
        centre,
        t_quantile(n - 1, confidence) * sd / (n as f64).sqrt(),
    )
}

/// What a t-distributed number exceeds with probability (1 − confidence)/2.
pub(super) fn t_quantile(freedom: usize, confidence: Confidence) -> f64 {
    let t = StudentsT::new(0.0, 1.0, freedom as f64).expect("at least one degree of freedom");
    t.inverse_cdf(1.0 - confidence.tail())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::{dice, normal};

    const P95: Confidence = Confidence::NINETY_FIVE;

    #[test]
    fn t_quantiles_are_those_of_the_table() {
        // NIST/SEMATECH e-Handbook of Statistical Methods, §1.3.6.7.2.
        let table = [
            (1, 6.314, 12.706, 63.657),
            (2, 2.920, 4.303, 9.925),
            (5, 2.015, 2.571, 4.032),
            (10, 1.812, 2.228, 3.169),
            (19, 1.729, 2.093, 2.861),
            (30, 1.697, 2.042, 2.750),
            (100, 1.660, 1.984, 2.626),
        ];
        for (freedom, p90, p95, p99) in table {
            for (level, expected) in [(0.90, p90), (0.95, p95), (0.99, p99)] {
                let t = t_quantile(freedom, Confidence::new(level).unwrap());
                assert!((t - expected).abs() < 0.000_51, "{freedom} {level}: {t}");
            }
        }
    }

    #[test]
    fn a_mean_has_the_interval_of_the_formula() {
        // Mean 3, sd sqrt(10/4), t(4) = 2.776445: 3 ± 2.776445 · 1.581139/√5 = 3 ± 1.963243.
        let estimate = t_mean(&[1.0, 2.0, 3.0, 4.0, 5.0], P95).unwrap();
        let interval = estimate.interval.unwrap();
        assert_eq!((estimate.value, estimate.method), (3.0, Method::StudentT));
        assert!((interval.low - 1.036_757).abs() < 1e-6, "{interval:?}");
        assert!((interval.high - 4.963_243).abs() < 1e-6, "{interval:?}");
    }

    #[test]
    fn what_both_runs_met_alike_cancels() {
        let baseline = [10.0, 200.0, 3000.0];
        let estimate = paired_t(&[11.0, 202.0, 3003.0], &baseline, P95).unwrap();
        // Differences 1, 2, 3: 2 ± 4.302653 · 1/√3.
        let interval = estimate.interval.unwrap();
        assert_eq!((estimate.value, estimate.method), (2.0, Method::PairedT));
        assert!(
            (interval.low - (2.0 - 2.484_138)).abs() < 1e-6,
            "{interval:?}"
        );
    }

    #[test]
    fn few_or_constant_values_get_no_interval() {
        assert_eq!(t_mean(&[], P95), None);
        assert_eq!(
            t_mean(&[7.0], P95),
            Some(Estimate::alone(7.0, Method::TooFew))
        );
        let rare = Estimate::alone(3.0, Method::MostlyConstant);
        assert_eq!(t_mean(&[0.0, 0.0, 9.0], P95), Some(rare));
        assert_eq!(
            paired_t(&[4.0, 5.0, 15.0], &[4.0, 5.0, 6.0], P95),
            Some(rare)
        );
    }

    #[test]
    fn intervals_of_normal_runs_contain_the_mean_as_often_as_they_say() {
        const SETS: u32 = 4000;
        let mut dice = dice("t coverage");
        for level in [0.8, 0.95] {
            let confidence = Confidence::new(level).unwrap();
            let hits = (0..SETS).filter(|_| {
                let values: [f64; 5] = std::array::from_fn(|_| 10.0 + 3.0 * normal(&mut dice));
                t_mean(&values, confidence)
                    .unwrap()
                    .interval
                    .unwrap()
                    .contains(10.0)
            });
            let hits = f64::from(u32::try_from(hits.count()).unwrap());
            // Standard deviation of the count: sqrt(4000 · level · (1 − level)), 25 and 14.
            let sd = (f64::from(SETS) * level * (1.0 - level)).sqrt();
            assert!(
                (hits - level * f64::from(SETS)).abs() < 4.0 * sd,
                "{level}: {hits}"
            );
        }
    }

    #[test]
    fn a_t_interval_would_lie_about_rare_events() {
        // An outage costs 1 in 5 % of the runs. Of 20 runs, k have one with probability
        // C(20,k) 0.05^k 0.95^(20−k); the interval misses the mean for k = 0, which has 36 %.
        let covered: f64 = (0..=20)
            .filter(|&k| {
                let runs: Vec<f64> = (0..20).map(|run| f64::from(u8::from(run < k))).collect();
                let (mean, sd) = (mean(&runs).unwrap(), sample_sd(&runs).unwrap());
                assert!(k > 9 || is_mostly_constant(&runs));
                t_interval(mean, sd, 20, P95).contains(0.05)
            })
            .map(|k| {
                let ways: f64 = (0..k)
                    .map(|i| f64::from(20 - i) / f64::from(i + 1))
                    .product();
                ways * 0.05_f64.powi(k) * 0.95_f64.powi(20 - k)
            })
            .sum();
        assert!((covered - 0.641).abs() < 0.001, "{covered}");
    }
}
