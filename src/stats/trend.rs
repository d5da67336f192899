//! A straight line through values over time.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{Confidence, Interval};

/// A line through values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// What the value grows by in one unit of x.
    pub slope: f64,
    /// Where the slope lies, with the confidence asked for.
    pub interval: Interval,
    /// How like each residual is to the one before it, from −1 to 1.
    pub autocorrelation: f64,
    /// Residuals so far apart are taken to be alike.
    pub lag: usize,
}

/// The least-squares line through (x, y), in order of x, with an interval of its slope that allows for
/// residuals that vary and are like their neighbours.
///
/// The variance of the slope is that of Newey and West ("A Simple, Positive Semi-Definite,
/// Heteroskedasticity and Autocorrelation Consistent Covariance Matrix", Econometrica 55, 1987), with
/// the lag ⌊4 (n/100)^(2/9)⌋ of the same authors (Review of Economic Studies 61, 1994) and the factor
/// n/(n − 2) for small samples; the quantile is Student's with n − 2 degrees of freedom. It takes
/// neighbours for equally far apart. With few values, or residuals that stay alike for longer than the
/// lag, it is too narrow.
///
/// Absent for fewer than three values, or where all x are equal.
pub fn trend(points: &[(f64, f64)], confidence: Confidence) -> Option<Trend> {
    let n = points.len() as f64;
    if points.len() < 3 {
        return None;
    }
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / n;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / n;
    let spread: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    if spread <= 0.0 || !spread.is_finite() {
        return None;
    }
    let together = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y));
    let slope = together.sum::<f64>() / spread;
    let residual = |(x, y): &(f64, f64)| y - mean_y - slope * (x - mean_x);
    let residuals: Vec<f64> = points.iter().map(residual).collect();
    // What each point adds to the slope's error.
    let scores = points.iter().zip(&residuals);
    let scores: Vec<f64> = scores.map(|((x, _), r)| (x - mean_x) * r).collect();
    let lag = (4.0 * (n / 100.0).powf(2.0 / 9.0)).floor() as usize;
    let products = |values: &[f64], apart: usize| -> f64 {
        let pairs = values.iter().zip(&values[apart..]);
        pairs.map(|(a, b)| a * b).sum()
    };
    let lag = lag.min(points.len() - 1);
    let mut sum = products(&scores, 0);
    for apart in 1..=lag {
        let weight = 1.0 - apart as f64 / (lag as f64 + 1.0);
        sum += 2.0 * weight * products(&scores, apart);
    }
    let variance = (sum * n / (n - 2.0)).max(0.0) / spread.powi(2);
    let student = StudentsT::new(0.0, 1.0, n - 2.0).expect("at least one degree of freedom");
    let half = student.inverse_cdf(1.0 - confidence.tail()) * variance.sqrt();
    let own = products(&residuals, 0);
    Some(Trend {
        slope,
        interval: Interval::around(slope, half),
        autocorrelation: match own > 0.0 {
            true => products(&residuals, 1) / own,
            false => 0.0,
        },
        lag,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(ys: &[f64]) -> Trend {
        let points: Vec<(f64, f64)> = (0..).map(f64::from).zip(ys.iter().copied()).collect();
        trend(&points, Confidence::NINETY_FIVE).unwrap()
    }

    #[test]
    fn a_straight_line_is_found_without_any_doubt() {
        let line = fitted(&[1.0, 3.0, 5.0, 7.0, 9.0]);
        assert!((line.slope - 2.0).abs() < 1e-12);
        assert!((line.interval.high - line.interval.low).abs() < 1e-9);
    }

    #[test]
    fn the_interval_is_that_of_newey_and_west() {
        // x = 0..3, y = 0, 2, 1, 3: slope 4/5, residuals −0.3, 0.9, −0.9, 0.3; n = 4, lag ⌊4·0.04^(2/9)⌋ =
        // ⌊1.956⌋ = 1. Scores: 0.45, −0.45, −0.45, 0.45; Σ squares 0.81, neighbours −0.2025 + 0.2025 −
        // 0.2025 = −0.2025 with twice the weight 1/2: 0.6075. Times 4/2, over 5² = 0.0486; its root
        // 0.220454, times t(2, 97.5 %) = 4.302653: 0.948539.
        let line = fitted(&[0.0, 2.0, 1.0, 3.0]);
        assert_eq!(line.lag, 1);
        assert!((line.slope - 0.8).abs() < 1e-12);
        assert!(
            (line.interval.high - 0.8 - 0.948_539).abs() < 1e-5,
            "{line:?}"
        );
        // (−0.27 − 0.81 − 0.27)/1.8.
        assert!((line.autocorrelation + 0.75).abs() < 1e-12);
    }

    #[test]
    fn two_values_or_one_time_are_no_trend() {
        assert_eq!(
            trend(&[(0.0, 1.0), (1.0, 2.0)], Confidence::NINETY_FIVE),
            None
        );
        assert_eq!(trend(&[(1.0, 1.0); 5], Confidence::NINETY_FIVE), None);
    }
}
