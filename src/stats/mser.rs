//! Where a run that begins in an unusual state has settled.

use super::mean;

/// The length of a batch.
const BATCH: usize = 5;

/// No cut leaves this many batch means or fewer: the spread of so few is small by chance, and a cut
/// among them says nothing (Hoad, Robinson and Davies, "Automating Warm-Up Length Estimation",
/// Proceedings of the Winter Simulation Conference, 2008).
const LAST: usize = 5;

/// The shortest run, in batches: half of it is the last cut allowed, and leaves more than [`LAST`].
const SHORTEST: usize = 2 * (LAST + 1);

/// Why a run has no cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSettled {
    /// Fewer than `least` values.
    TooShort {
        /// How many would do.
        least: usize,
    },
    /// The best cut, after this many values, passes half of the run: it has not settled early enough
    /// to tell.
    TooLate {
        /// How many values the cut would drop.
        cut: usize,
    },
}

/// How many values at the begin of one long run to drop as its warm-up, by the rule MSER-5 (White, Cobb
/// and Spratt, "A Comparison of Five Steady-State Truncation Heuristics for Simulation",
/// Proceedings of the Winter Simulation Conference, 2000).
///
/// `values` are taken at even steps of time, from the begin. Of the means of batches of five, the
/// first d are dropped, for the d at which Σ (mean − their mean)² ÷ (how many are left)² is least;
/// of equal ones the first. Values beyond the last whole batch are not used. Only for a run that does settle:
/// periodic load never does. Panics when a value is not finite.
pub fn mser5(values: &[f64]) -> Result<usize, NotSettled> {
    assert!(
        values.iter().all(|value| value.is_finite()),
        "a mean needs finite values"
    );
    let batches: Vec<f64> = values
        .chunks_exact(BATCH)
        .map(|batch| mean(batch).expect("a batch has values"))
        .collect();
    if batches.len() < SHORTEST {
        let least = SHORTEST * BATCH;
        return Err(NotSettled::TooShort { least });
    }
    let dropped = best_cut(&batches);
    let cut = dropped * BATCH;
    match 2 * dropped > batches.len() {
        true => Err(NotSettled::TooLate { cut }),
        false => Ok(cut),
    }
}

/// How many of the first to drop so that the rest has the least Σ (x − mean)² ÷ count².
///
/// From the end on, each value is added to mean and squares (Welford, "Note on a Method for
/// Calculating Corrected Sums of Squares and Products", Technometrics 4, 1962).
fn best_cut(batches: &[f64]) -> usize {
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    let (mut best, mut least) = (0, f64::INFINITY);
    for (dropped, value) in batches.iter().enumerate().rev() {
        count += 1.0;
        let off = value - mean;
        mean += off / count;
        squares += off * (value - mean);
        let statistic = squares / (count * count);
        if count > LAST as f64 && statistic <= least {
            (best, least) = (dropped, statistic);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::{dice, normal};

    /// Batches of five equal values.
    fn batches(means: &[f64]) -> Vec<f64> {
        means.iter().flat_map(|&mean| [mean; BATCH]).collect()
    }

    #[test]
    fn the_cut_falls_where_the_statistic_is_least() {
        // Two batches at 10, then ten by turns 1 and −1. With k left: 12 of mean 20/12 and squares
        // 210 − 400/12 = 176.7 give 1.227; 11 of mean 10/11 and squares 110 − 100/11 = 100.9 give
        // 0.834; 10 give 10/100 = 0.1; 9 of mean ∓1/9 give (9 − 1/9)/81 = 0.1097.
        let mut means = vec![10.0, 10.0];
        means.extend((0..10).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }));
        assert_eq!(mser5(&batches(&means)), Ok(10));
    }

    #[test]
    fn a_run_that_begins_settled_loses_nothing() {
        assert_eq!(mser5(&[4.0; 60]), Ok(0));
        let means: Vec<f64> = (0..20).map(|i| f64::from(i % 2)).collect();
        assert_eq!(mser5(&batches(&means)), Ok(0));
    }

    #[test]
    fn a_run_that_never_settles_has_no_cut() {
        // A ramp: k left have squares k(k² − 1)/12, over k² about k/12: best is the last cut allowed,
        // six of twenty left.
        let means: Vec<f64> = (0..20).map(f64::from).collect();
        assert_eq!(
            mser5(&batches(&means)),
            Err(NotSettled::TooLate { cut: 14 * 5 })
        );
    }

    #[test]
    fn a_short_run_says_nothing() {
        let short = NotSettled::TooShort { least: 60 };
        assert_eq!(mser5(&[1.0; 59]), Err(short));
        assert_eq!(mser5(&[]), Err(short));
    }

    #[test]
    fn values_beyond_the_last_batch_are_not_used() {
        let mut values = batches(&[0.0, 1.0].repeat(6));
        let before = mser5(&values);
        values.extend([1e6; 4]);
        assert_eq!(mser5(&values), before);
    }

    #[test]
    fn a_transient_of_known_length_is_cut_and_not_much_more() {
        // An autoregressive series of lag correlation 0.5 around 20·exp(−t/40): at t = 150 the mean
        // is 0.47 off, less than its standard deviation of 1.15; at t = 60 it is 4.5 off.
        let mut dice = dice("mser");
        let mut cuts: Vec<usize> = (0..200)
            .map(|_| {
                let mut state = 0.0;
                let values: Vec<f64> = (0..2000)
                    .map(|t| {
                        state = 0.5 * state + normal(&mut dice);
                        state + 20.0 * (-f64::from(t) / 40.0).exp()
                    })
                    .collect();
                mser5(&values).unwrap()
            })
            .collect();
        cuts.sort_unstable();
        // All but ten: a late cut happens by chance.
        assert!(cuts[0] >= 60, "{cuts:?}");
        assert!(cuts[189] <= 300, "{cuts:?}");
    }
}
