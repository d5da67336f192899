//! An estimate whose error is that of a mean over runs: intervals of any confidence and p-values.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::student::t_interval;
use super::{Confidence, Estimate, Method};

/// A number with the spread of what one run says about it, from which Student's t tells intervals
/// and p-values ("The Probable Error of a Mean", Biometrika 6, 1908).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standard {
    /// The best single number.
    pub value: f64,
    /// The standard deviation over runs: of values, of paired differences, or of pseudo-values.
    pub sd: f64,
    /// How many runs, or pairs of runs; two at least.
    pub runs: usize,
    /// What was made of the runs.
    pub method: Method,
}

impl Standard {
    /// The standard error, sd/√runs.
    pub fn error(self) -> f64 {
        self.sd / (self.runs as f64).sqrt()
    }

    /// value ± t · sd/√runs with runs − 1 degrees of freedom.
    pub fn estimate(self, confidence: Confidence) -> Estimate {
        let interval = t_interval(self.value, self.sd, self.runs, confidence);
        Estimate::with(self.value, interval, self.method)
    }

    /// How likely a value at least this far from `truth`, to either side, would be if it were the
    /// truth. At most α exactly where the interval of confidence 1 − α leaves `truth` out.
    pub fn p_value(self, truth: f64) -> f64 {
        let p = 2.0 * self.exceeds((self.value - truth).abs());
        p.min(1.0)
    }

    /// The p-value of Schuirmann's two one-sided tests of |truth| ≥ `tolerance` ("A Comparison of
    /// the Two One-Sided Tests Procedure and the Power Approach …", Journal of Pharmacokinetics and
    /// Biopharmaceutics 15, 1987): the larger one.
    ///
    /// At most α exactly where the interval of [`Confidence::one_sided`] of 1 − α lies within
    /// ± tolerance. Panics when the tolerance is negative.
    pub fn equivalence_p_value(self, tolerance: f64) -> f64 {
        assert!(tolerance >= 0.0, "a tolerance is not negative");
        let above = self.exceeds(self.value + tolerance);
        let below = self.exceeds(tolerance - self.value);
        above.max(below)
    }

    /// P(T · error ≥ distance).
    fn exceeds(self, distance: f64) -> f64 {
        if distance == 0.0 {
            return 0.5;
        }
        let t = StudentsT::new(0.0, 1.0, (self.runs - 1) as f64).expect("two runs at least");
        t.sf(distance / self.error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P95: Confidence = Confidence::NINETY_FIVE;

    fn standard(value: f64, sd: f64, runs: usize) -> Standard {
        Standard {
            value,
            sd,
            runs,
            method: Method::PairedT,
        }
    }

    #[test]
    fn p_values_are_those_of_the_table() {
        // NIST/SEMATECH e-Handbook of Statistical Methods, §1.3.6.7.2: t(10) = 1.812 has 5 % above it,
        // 2.228 2.5 %. Eleven runs with sd √11 have an error of 1.
        for (t, p) in [(1.812, 0.10), (2.228, 0.05), (-2.228, 0.05), (3.169, 0.01)] {
            let found = standard(7.0 + t, 11.0_f64.sqrt(), 11).p_value(7.0);
            assert!((found - p).abs() < 0.000_1, "{t}: {found}");
        }
        // Two runs: P(|T| > 1) = ½ (Cauchy's distribution).
        assert!((standard(1.0, 2.0_f64.sqrt(), 2).p_value(0.0) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn the_p_value_and_the_interval_agree() {
        let found = standard(2.0, 3.0, 9);
        let interval = found.estimate(P95).interval.unwrap();
        for end in [interval.low, interval.high] {
            assert!((found.p_value(end) - 0.05).abs() < 1e-9);
        }
        assert_eq!(found.p_value(2.0), 1.0);
    }

    #[test]
    fn equivalence_is_the_harder_of_two_one_sided_tests() {
        // Error 1, ten degrees: value 0.5 within ± 2.728 is t = 2.228 to the nearer side: 2.5 %.
        let found = standard(0.5, 11.0_f64.sqrt(), 11);
        assert!((found.equivalence_p_value(2.728) - 0.025).abs() < 0.000_1);
        let mirrored = standard(-0.5, 11.0_f64.sqrt(), 11);
        assert_eq!(
            found.equivalence_p_value(2.728),
            mirrored.equivalence_p_value(2.728)
        );
        // Outside the tolerance more likely than not.
        assert!(found.equivalence_p_value(0.4) > 0.5);
    }

    #[test]
    fn runs_without_spread_leave_no_doubt() {
        assert_eq!(standard(2.0, 0.0, 3).p_value(2.0), 1.0);
        assert_eq!(standard(2.0, 0.0, 3).p_value(1.0), 0.0);
    }
}
