//! What a statistic was over runs drawn anew: intervals of any confidence and p-values.

use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::function::erf::{erfc, erfc_inv};

use super::student::t_quantile;
use super::{Confidence, Estimate, Interval, Method, sample_sd};
use crate::rng::{self, Stream};

/// How often the runs are drawn anew at 95 % and below, and one: the 2.5 % points are the 50th from
/// either end (Davison and Hinkley, "Bootstrap Methods and their Application", 1997, chapter 5),
/// known to 50 ± 7 ranks.
const ROUND: usize = 2000;

/// How far from either end the points of an interval are to lie, so that as much is known of them at
/// any confidence: in a family of nine, with tails of 0.28 %, that takes nine rounds.
const RANK: f64 = 50.0;

/// At most so many rounds: enough for a family of fifty at 95 %. Beyond, the ends are the known less
/// well.
const MOST_ROUNDS: f64 = 50.0;

/// A statistic of runs, and what it was when as many were drawn with replacement, again and again.
///
/// Its interval is the expanded percentile interval (Hesterberg, "What Teachers Should Know About
/// the Bootstrap", The American Statistician 69, 2015): the plain one is too narrow for few runs,
/// by √((n − 1)/n) and by the difference of t to the normal, so its levels move outwards by as much.
#[derive(Clone, Debug, PartialEq)]
pub struct Resampled {
    value: f64,
    runs: usize,
    method: Method,
    /// Where the statistic existed, ascending.
    drawn: Vec<f64>,
    /// How often it did not: any number might stand there.
    undefined: usize,
}

impl Resampled {
    /// `statistic` of `runs` indexes below `runs`, drawn as often as intervals of `finest` need.
    pub(super) fn draw(
        (value, runs, method): (f64, usize, Method),
        finest: Confidence,
        mut dice: Stream,
        statistic: impl Fn(&[usize]) -> Option<f64>,
    ) -> Resampled {
        let resamples = resamples(finest);
        let mut indexes = vec![0; runs];
        let mut drawn: Vec<f64> = (0..resamples)
            .filter_map(|_| {
                for index in &mut indexes {
                    *index = rng::below(&mut dice, runs as u64) as usize;
                }
                statistic(&indexes)
            })
            .collect();
        drawn.sort_by(f64::total_cmp);
        Resampled {
            value,
            runs,
            method,
            undefined: resamples - drawn.len(),
            drawn,
        }
    }

    /// The statistic of the runs as they are.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The standard deviation of one run, or pair, that would give a mean of as many the spread seen
    /// here: for [`runs_needed`](super::runs_needed) and its like. Absent where the statistic was infinite or
    /// undefined.
    pub fn sd(&self) -> Option<f64> {
        let sd = sample_sd(&self.drawn).filter(|sd| sd.is_finite() && self.undefined == 0)?;
        // The mean of runs drawn from n has variance (n − 1)/n · s²/n.
        let runs = self.runs as f64;
        Some(sd * runs / (runs - 1.0).sqrt())
    }

    /// The expanded percentile interval. Infinite ends mean that the statistic may not exist; where it
    /// did not, it counts as below the lower end and above the upper one.
    ///
    /// Ends are rougher at a higher confidence than the one drawn for.
    pub fn estimate(&self, confidence: Confidence) -> Estimate {
        let tail = expanded_tail(self.runs, confidence);
        let cut = ((tail * (self.resamples() + 1) as f64) as usize).max(1);
        let interval = match cut.checked_sub(self.undefined + 1) {
            None => Interval {
                low: f64::NEG_INFINITY,
                high: f64::INFINITY,
            },
            Some(below) => Interval {
                low: self.drawn[below],
                high: self.drawn[self.drawn.len() - 1 - below],
            },
        };
        Estimate::with(self.value, interval, self.method)
    }

    /// At most α where the interval of confidence 1 − α leaves `truth` out, as far as so many draws
    /// can tell.
    pub fn p_value(&self, truth: f64) -> f64 {
        let at_most = self.drawn.partition_point(|&value| value <= truth);
        let below = self.drawn.partition_point(|&value| value < truth);
        let at_least = self.drawn.len() - below;
        let rank = 1 + self.undefined + at_most.min(at_least);
        let tail = rank as f64 / (self.resamples() + 1) as f64;
        if tail >= 0.5 {
            return 1.0;
        }
        // Solves `expanded_tail` for the tail of t.
        let runs = self.runs as f64;
        let z = std::f64::consts::SQRT_2 * erfc_inv(2.0 * tail);
        let t = StudentsT::new(0.0, 1.0, runs - 1.0).expect("two runs at least");
        2.0 * t.sf(z * ((runs - 1.0) / runs).sqrt())
    }

    fn resamples(&self) -> usize {
        self.drawn.len() + self.undefined
    }
}

/// How often to draw so that the plain percentile interval ends [`RANK`] from either end.
fn resamples(confidence: Confidence) -> usize {
    let wanted = RANK / (confidence.tail() * ROUND as f64);
    wanted.ceil().clamp(1.0, MOST_ROUNDS) as usize * ROUND - 1
}

/// The tail to cut off either end for `n` runs: Φ(−t · √(n/(n − 1))).
fn expanded_tail(n: usize, confidence: Confidence) -> f64 {
    let n_runs = n as f64;
    let t = t_quantile(n - 1, confidence) * (n_runs / (n_runs - 1.0)).sqrt();
    erfc(t / std::f64::consts::SQRT_2) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::mean;
    use crate::stats::testing::{dice, normal};

    const P95: Confidence = Confidence::NINETY_FIVE;

    fn of_means(values: &[f64], finest: Confidence) -> Resampled {
        let value = mean(values).unwrap();
        let what = (value, values.len(), Method::Bootstrap);
        Resampled::draw(what, finest, dice("means"), |drawn| {
            let drawn: Vec<f64> = drawn.iter().map(|&index| values[index]).collect();
            mean(&drawn)
        })
    }

    #[test]
    fn the_tail_shrinks_by_the_factor_and_by_t() {
        // Φ(−2.446912 · √(7/6)) and Φ(−2.144787 · √(15/14)), with 25 digits.
        assert!((expanded_tail(7, P95) - 0.004_109_154).abs() < 1e-9);
        assert!((expanded_tail(15, P95) - 0.013_207_173).abs() < 1e-9);
    }

    #[test]
    fn a_higher_confidence_draws_more_often() {
        let of = |level| resamples(Confidence::new(level).unwrap());
        assert_eq!([0.5, 0.9, 0.95].map(of), [1999; 3]);
        // Tails of 0.5 % and, in a family of nine, 0.28 %: 50/0.005 and 50 · 18/0.05.
        assert_eq!(of(0.99), 9_999);
        assert!((17_999..=19_999).contains(&resamples(P95.bonferroni(9))));
        assert_eq!(of(0.999_999), 99_999);
    }

    #[test]
    fn the_p_value_is_small_exactly_where_the_interval_leaves_the_truth_out() {
        let mut dice = dice("resampled p");
        let values: Vec<f64> = (0..12).map(|_| normal(&mut dice)).collect();
        let found = of_means(&values, P95);
        let interval = found.estimate(P95).interval.unwrap();
        for truth in [interval.low, interval.high, found.value()] {
            assert!(found.p_value(truth) > 0.05, "{truth}");
        }
        for truth in [interval.low - 1e-9, interval.high + 1e-9, 100.0] {
            assert!(found.p_value(truth) <= 0.05, "{truth}");
        }
        assert!(found.p_value(found.value()) > 0.9);
    }

    #[test]
    fn the_spread_is_that_of_the_runs() {
        let mut dice = dice("resampled sd");
        let values: Vec<f64> = (0..30).map(|_| normal(&mut dice)).collect();
        let (found, sd) = (
            of_means(&values, P95).sd().unwrap(),
            sample_sd(&values).unwrap(),
        );
        // A standard deviation of 1,999 draws is known to 1/√(2 · 1999) = 1.6 %.
        assert!((found / sd - 1.0).abs() < 3.0 * 0.016, "{found} {sd}");
    }

    #[test]
    fn what_is_undefined_may_be_anything() {
        let known = |undefined| Resampled {
            value: 2.0,
            runs: 1000,
            method: Method::Bootstrap,
            drawn: (undefined..1999).map(|i| i as f64).collect(),
            undefined,
        };
        // Φ(−1.96234 · √(1000/999)) · 2000 = 49.6: the 49th of 1,999.
        let ends = |undefined| known(undefined).estimate(P95).interval.unwrap();
        assert_eq!((ends(0).low, ends(0).high), (48.0, 1950.0));
        assert_eq!((ends(10).low, ends(10).high), (48.0, 1960.0));
        assert_eq!((ends(48).low, ends(48).high), (48.0, 1998.0));
        assert_eq!(ends(49).low, f64::NEG_INFINITY);
        assert_eq!(ends(49).high, f64::INFINITY);
        assert!(known(49).p_value(-1.0) > 0.05 && known(48).p_value(-1.0) <= 0.05);
        assert_eq!(known(1).sd(), None);
    }
}
