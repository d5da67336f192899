//! Several intervals or tests that are to hold together.

use super::Confidence;

impl Confidence {
    /// What each of `family` intervals needs so that all of them together contain their truths as
    /// often as `self` says: 1 − (1 − level)/family, however they depend on each other (Dunn,
    /// "Multiple Comparisons Among Means", JASA 56, 1961, by Bonferroni's inequality).
    ///
    /// Panics when the family is empty.
    pub fn bonferroni(self, family: usize) -> Confidence {
        assert!(family > 0, "a family has members");
        Confidence(1.0 - (1.0 - self.0) / family as f64)
    }
}

/// The p-values of a family, each adjusted by Holm's step-down rule and in its own place: those at
/// most α may be called significant together, and with probability α or less one of them wrongly
/// (Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of
/// Statistics 6, 1979).
///
/// The i-th smallest of m, from 0, is multiplied by m − i, at least as large as those before it and at
/// most 1. Panics when a number is no probability.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    assert!(
        p_values.iter().all(|p| (0.0..=1.0).contains(p)),
        "p-values lie between 0 and 1"
    );
    let mut ascending: Vec<usize> = (0..p_values.len()).collect();
    ascending.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut least: f64 = 0.0;
    for (rank, &place) in ascending.iter().enumerate() {
        let hypotheses_left = (p_values.len() - rank) as f64;
        least = least.max(hypotheses_left * p_values[place]).min(1.0);
        adjusted[place] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::standard_mean;
    use crate::stats::testing::{dice, normal};

    const P95: Confidence = Confidence::NINETY_FIVE;

    #[test]
    fn a_family_shares_what_may_go_wrong() {
        // 1 − 0.05/9 = 0.994444….
        assert!((P95.bonferroni(9).level() - (1.0 - 0.05 / 9.0)).abs() < 1e-15);
        assert_eq!(P95.bonferroni(1), P95);
    }

    #[test]
    fn holm_multiplies_by_what_is_left() {
        // Ascending 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1 = 0.02, 0.03, 0.06, 0.04; the last
        // is raised to the one before it. R's p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") agrees.
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        let expected = [0.03, 0.06, 0.06, 0.02];
        for (found, expected) in adjusted.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15, "{adjusted:?}");
        }
        assert_eq!(holm(&[0.6, 0.7]), [1.0, 1.0]);
        assert_eq!(holm(&[0.2]), [0.2]);
        assert_eq!(holm(&[]), [0.0; 0]);
    }

    #[test]
    fn a_family_contains_all_its_truths_as_often_as_one_interval_would() {
        // Three independent members: (1 − 0.05/3)³ = 0.9508.
        const SETS: u32 = 4000;
        let each = P95.bonferroni(3);
        let mut dice = dice("bonferroni coverage");
        let hits = (0..SETS).filter(|_| {
            // All members are drawn, whether or not one missed.
            let member = |_| {
                let runs: [f64; 6] = std::array::from_fn(|_| normal(&mut dice));
                let mean = standard_mean(&runs).unwrap().unwrap();
                mean.estimate(each).interval.unwrap().contains(0.0)
            };
            [0, 1, 2].map(member).into_iter().all(|hit| hit)
        });
        let covered = hits.count() as f64 / f64::from(SETS);
        // Standard error sqrt(0.95 · 0.05 / 4000) = 0.0034.
        assert!((covered - 0.9508).abs() < 3.0 * 0.0034, "{covered}");
    }

    #[test]
    fn holm_seldom_calls_anything_among_nothing() {
        // Five independent tests without effect: one at least is called with 1 − (1 − 0.05/5)⁵ = 4.9 %.
        const SETS: u32 = 4000;
        let mut dice = dice("holm level");
        let false_alarms = (0..SETS).filter(|_| {
            let p_values: [f64; 5] = std::array::from_fn(|_| {
                let runs: [f64; 6] = std::array::from_fn(|_| normal(&mut dice));
                standard_mean(&runs).unwrap().unwrap().p_value(0.0)
            });
            holm(&p_values).into_iter().any(|p| p <= 0.05)
        });
        let share = false_alarms.count() as f64 / f64::from(SETS);
        assert!((share - 0.049).abs() < 3.0 * 0.0034, "{share}");
    }

    #[test]
    #[should_panic(expected = "p-values lie between 0 and 1")]
    fn what_is_no_probability_is_refused() {
        holm(&[0.5, f64::NAN]);
    }
}
