//! Whether a difference is small enough not to matter.

use super::{Confidence, Interval};

impl Confidence {
    /// The confidence of the interval each end of which alone, as a bound, has confidence `self`:
    /// 2 · level − 1, so 90 % for 95 %.
    ///
    /// The interval for tests to one side (harm above a tolerance, harm below it) and for
    /// equivalence: with error α, a difference is equivalent where the interval of confidence
    /// 1 − 2α lies [within](Interval::within) the tolerance (Schuirmann, "A Comparison of the Two
    /// One-Sided Tests Procedure and the Power Approach …", Journal of Pharmacokinetics and
    /// Biopharmaceutics 15, 1987). For a family, `bonferroni` comes first. Absent for a level of
    /// one half or less.
    pub fn one_sided(self) -> Option<Confidence> {
        Confidence::new(2.0 * self.0 - 1.0)
    }
}

impl Interval {
    /// Whether all of it lies from −tolerance to tolerance. Panics when the tolerance is negative.
    pub fn within(self, tolerance: f64) -> bool {
        assert!(tolerance >= 0.0, "a tolerance is not negative");
        -tolerance <= self.low && self.high <= tolerance
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::{dice, normal};
    use crate::stats::{Standard, paired_mean};

    const P95: Confidence = Confidence::NINETY_FIVE;

    #[test]
    fn equivalence_at_95_percent_asks_for_the_90_percent_interval() {
        let ninety = P95.one_sided().unwrap().level();
        assert!((ninety - 0.9).abs() < 1e-15);
        // 0.05 over three is 1.667 % to each side.
        let family = P95.bonferroni(3).one_sided().unwrap().level();
        assert!((family - (1.0 - 0.1 / 3.0)).abs() < 1e-15);
        assert_eq!(Confidence::new(0.5).unwrap().one_sided(), None);
    }

    #[test]
    fn an_interval_within_the_tolerance_may_touch_it() {
        let interval = Interval {
            low: -1.0,
            high: 0.5,
        };
        assert!(interval.within(1.0) && !interval.within(0.99));
        let never = Interval {
            low: 0.0,
            high: f64::INFINITY,
        };
        assert!(!never.within(1e300));
    }

    fn of_pairs(dice: &mut crate::rng::Stream, difference: f64) -> Standard {
        let runs: [(f64, f64); 10] = std::array::from_fn(|_| {
            let shared = 5.0 * normal(dice);
            (shared + difference + normal(dice), shared + normal(dice))
        });
        let (values, baseline): (Vec<f64>, Vec<f64>) = runs.into_iter().unzip();
        paired_mean(&values, &baseline).unwrap().unwrap()
    }

    #[test]
    fn the_interval_and_the_p_value_say_the_same() {
        let mut dice = dice("tost agrees");
        let mut equivalent = 0;
        for _ in 0..500 {
            let found = of_pairs(&mut dice, 0.3);
            let interval = found.estimate(P95.one_sided().unwrap()).interval.unwrap();
            let by_p_value = found.equivalence_p_value(1.2) <= 0.05;
            assert_eq!(interval.within(1.2), by_p_value);
            equivalent += u32::from(by_p_value);
        }
        assert!((50..450).contains(&equivalent), "{equivalent}");
    }

    #[test]
    fn what_lies_at_the_tolerance_is_seldom_called_equivalent() {
        const SETS: u32 = 4000;
        let mut dice = dice("tost level");
        let wrong = (0..SETS).filter(|_| {
            let found = of_pairs(&mut dice, 2.0);
            let interval = found.estimate(P95.one_sided().unwrap()).interval.unwrap();
            interval.within(2.0)
        });
        let share = wrong.count() as f64 / f64::from(SETS);
        // Standard error sqrt(0.95 · 0.05 / 4000) = 0.0034; the other side is out of reach.
        assert!((share - 0.05).abs() < 3.0 * 0.0034, "{share}");
    }
}
