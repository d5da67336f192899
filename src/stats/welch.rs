//! The difference of two means over runs that are not paired.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{Confidence, Estimate, Interval, Method, is_mostly_constant, mean, sample_variance};

/// The mean of `values` less that of `others`, with Welch's t-interval and Satterthwaite's degrees of
/// freedom (Welch, "The Generalization of 'Student's' Problem when Several Different Population Variances
/// Are Involved", Biometrika 34, 1947).
///
/// Without an interval when one of the two has fewer than two values, when one of them varies in few
/// of its runs only, and when neither varies at all; absent when one has none. Panics when a value is
/// not finite.
pub fn welch_t(values: &[f64], others: &[f64], confidence: Confidence) -> Option<Estimate> {
    assert!(
        values.iter().chain(others).all(|value| value.is_finite()),
        "a mean needs finite values"
    );
    let value = mean(values)? - mean(others)?;
    let (Some(here), Some(there)) = (error(values), error(others)) else {
        return Some(Estimate::alone(value, Method::TooFew));
    };
    let seldom = |values: &[f64], error: Error| error.square > 0.0 && is_mostly_constant(values);
    let square = here.square + there.square;
    if square == 0.0 || seldom(values, here) || seldom(others, there) {
        return Some(Estimate::alone(value, Method::MostlyConstant));
    }
    let freedom = square * square / (here.share() + there.share());
    let t = StudentsT::new(0.0, 1.0, freedom).expect("at least one degree of freedom");
    let half = t.inverse_cdf(1.0 - confidence.tail()) * square.sqrt();
    let interval = Interval::around(value, half);
    Some(Estimate::with(value, interval, Method::WelchT))
}

/// The square of a mean's standard error, of so many values.
#[derive(Clone, Copy)]
struct Error {
    square: f64,
    values: usize,
}

impl Error {
    /// What it adds to the lower part of Satterthwaite's formula.
    fn share(self) -> f64 {
        self.square * self.square / (self.values - 1) as f64
    }
}

fn error(values: &[f64]) -> Option<Error> {
    Some(Error {
        square: sample_variance(values)? / values.len() as f64,
        values: values.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::{dice, normal};

    const P95: Confidence = Confidence::NINETY_FIVE;

    #[test]
    fn the_interval_is_that_of_the_formula() {
        // Variances 2.5 of 5 and 40 of 5: error² = 0.5 + 8 = 8.5; degrees 8.5² ÷ (0.5² + 8²) · 4 = 4.498;
        // t = 2.658 (between t(4) = 2.776 and t(5) = 2.571).
        let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 6.0, 10.0, 14.0, 18.0]);
        let estimate = welch_t(&a, &b, P95).unwrap();
        let interval = estimate.interval.unwrap();
        assert_eq!((estimate.value, estimate.method), (-7.0, Method::WelchT));
        let t = (interval.high - estimate.value) / 8.5_f64.sqrt();
        assert!(
            (2.571..2.776).contains(&t) && (t - 2.658).abs() < 0.01,
            "{t}"
        );
    }

    #[test]
    fn what_does_not_vary_has_no_interval() {
        let alone = |value, why| Some(Estimate::alone(value, why));
        assert_eq!(welch_t(&[], &[1.0], P95), None);
        assert_eq!(
            welch_t(&[3.0], &[1.0, 2.0], P95),
            alone(1.5, Method::TooFew)
        );
        let constant = Method::MostlyConstant;
        assert_eq!(welch_t(&[3.0; 4], &[1.0; 4], P95), alone(2.0, constant));
        let rare = [0.0, 0.0, 0.0, 8.0];
        assert_eq!(welch_t(&rare, &[1.0, 2.0, 3.0], P95), alone(0.0, constant));
        // Against something exact, what varies is as sure as its own mean.
        let sure = welch_t(&[1.0, 2.0, 3.0, 4.0, 5.0], &[0.0; 9], P95).unwrap();
        let interval = sure.interval.unwrap();
        assert!((interval.low - 1.036_757).abs() < 1e-6, "{interval:?}");
    }

    #[test]
    fn intervals_of_unlike_runs_contain_the_difference_as_often_as_they_say() {
        const SETS: u32 = 4000;
        let mut dice = dice("welch coverage");
        let hits = (0..SETS).filter(|_| {
            let few: [f64; 5] = std::array::from_fn(|_| 10.0 + 4.0 * normal(&mut dice));
            let many: [f64; 30] = std::array::from_fn(|_| 7.0 + normal(&mut dice));
            let found = welch_t(&few, &many, P95).unwrap();
            found.interval.unwrap().contains(3.0)
        });
        let hits = f64::from(u32::try_from(hits.count()).unwrap());
        // 95 % of 4,000, standard deviation 14.
        assert!((hits - 3800.0).abs() < 4.0 * 14.0, "{hits}");
    }
}
