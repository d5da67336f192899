//! Quantiles of what all runs saw together.

use statrs::function::erf::erfc;

use super::ecdf::nearest_rank;
use super::student::t_quantile;
use super::{Confidence, Ecdf, Estimate, Interval, Method};
use crate::rng::{self, Stream};

/// How often the runs are drawn anew: with one less than 2,000 the 2.5 % points are the 50th from
/// either end (Davison and Hinkley, "Bootstrap Methods and their Application", 1997, chapter 5),
/// known to 50 ± 7 ranks.
const RESAMPLES: usize = 1999;

/// The `p`-quantile of the values of all runs together, with a bootstrap interval over runs.
///
/// Runs, not values, are drawn with replacement, because the values of one run depend on each other.
/// The interval is the expanded percentile interval (Hesterberg, "What Teachers Should Know About
/// the Bootstrap", The American Statistician 69, 2015): the plain one is too narrow for few runs,
/// by √((n − 1)/n) and by the difference of t to the normal, so its levels move outwards by as much.
///
/// An infinite end means that the quantile may not exist. Runs without values do not count as runs.
/// Without an interval for fewer than two; absent when no run has values. `dice` belong to this
/// estimate alone: a stream of `Purpose::Bootstrap` named after the metric. Panics unless
/// 0 ≤ p ≤ 1.
pub fn bootstrap_quantile(
    runs: &[Ecdf],
    p: f64,
    confidence: Confidence,
    mut dice: Stream,
) -> Option<Estimate> {
    let runs: Vec<&Ecdf> = runs.iter().filter(|run| run.count() > 0).collect();
    let mut values: Vec<f64> = runs.iter().flat_map(|run| run.values()).copied().collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let value = pooled_quantile(&values, &runs, p)?;
    if runs.len() < 2 {
        return Some(Estimate::alone(value, Method::TooFew));
    }
    let mut drawn = runs.clone();
    let mut quantiles: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            for slot in &mut drawn {
                *slot = runs[rng::below(&mut dice, runs.len() as u64) as usize];
            }
            pooled_quantile(&values, &drawn, p).expect("every run that counts has values")
        })
        .collect();
    quantiles.sort_by(f64::total_cmp);
    let cut = (expanded_tail(runs.len(), confidence) * (RESAMPLES + 1) as f64) as usize;
    let cut = cut.max(1);
    let interval = Interval {
        low: quantiles[cut - 1],
        high: quantiles[RESAMPLES - cut],
    };
    Some(Estimate::with(value, interval, Method::Bootstrap))
}

/// The `p`-quantile of all values of `runs`; `values` are those of them all, ascending.
fn pooled_quantile(values: &[f64], runs: &[&Ecdf], p: f64) -> Option<f64> {
    let rank = nearest_rank(p, runs.iter().map(|run| run.count()).sum())?;
    let at_most = |bound: f64| -> u64 { runs.iter().map(|run| run.count_at_most(bound)).sum() };
    Some(values[values.partition_point(|&value| at_most(value) < rank)])
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
    use crate::stats::Histogram;
    use crate::stats::testing::dice;

    const P95: Confidence = Confidence::NINETY_FIVE;
    const NEVER: f64 = f64::INFINITY;

    fn ecdfs(runs: &[&[f64]]) -> Vec<Ecdf> {
        runs.iter().map(|run| Ecdf::new(run.to_vec())).collect()
    }

    fn median(runs: &[Ecdf]) -> Option<Estimate> {
        bootstrap_quantile(runs, 0.5, P95, dice("median"))
    }

    #[track_caller]
    fn check(estimate: Option<Estimate>, low: f64, value: f64, high: f64) {
        let expected = Estimate::with(value, Interval { low, high }, Method::Bootstrap);
        assert_eq!(estimate, Some(expected));
    }

    fn single_values(n: u32) -> Vec<Ecdf> {
        (1..=n)
            .map(|value| Ecdf::new(vec![f64::from(value)]))
            .collect()
    }

    #[test]
    fn the_interval_ends_where_the_tails_of_the_resampled_medians_do() {
        // 15 runs of one value each, 1 to 15. A resampled median is at most k with P(Bin(15, k/15) ≥ 8):
        // 8.5 of 1,999 for k = 3 and 50.9 for k = 4. Cut off are Φ(−2.1448 · √(15/14)) · 2000 = 26.
        check(median(&single_values(15)), 4.0, 8.0, 12.0);
    }

    #[test]
    fn few_runs_widen_the_interval() {
        // 7 runs: 20.3 of 1,999 medians are at most 1 and 216 at most 2. Cut off are
        // Φ(−2.4469 · √(7/6)) · 2000 = 8; the plain percentile interval would cut 50 and begin at 2.
        check(median(&single_values(7)), 1.0, 4.0, 7.0);
    }

    #[test]
    fn the_tail_shrinks_by_the_factor_and_by_t() {
        // Φ(−2.446912 · √(7/6)) and Φ(−2.144787 · √(15/14)), with 25 digits.
        assert!((expanded_tail(7, P95) - 0.004_109_154).abs() < 1e-9);
        assert!((expanded_tail(15, P95) - 0.013_207_173).abs() < 1e-9);
    }

    #[test]
    fn values_are_pooled_not_averaged() {
        // Pooled 1, 2, 3, 10, 11: rank ceil(2.5) = 3. Two runs: all of the one, all of the other.
        check(
            median(&ecdfs(&[&[1.0, 2.0, 3.0], &[10.0, 11.0]])),
            2.0,
            3.0,
            10.0,
        );
    }

    #[test]
    fn an_end_may_be_never() {
        check(
            median(&ecdfs(&[&[1.0, 2.0], &[NEVER, NEVER], &[3.0]])),
            1.0,
            3.0,
            NEVER,
        );
    }

    #[test]
    fn runs_without_values_do_not_count() {
        let runs = ecdfs(&[&[1.0], &[], &[2.0], &[3.0], &[]]);
        assert_eq!(median(&runs), median(&ecdfs(&[&[1.0], &[2.0], &[3.0]])));
        let one = Estimate::alone(1.0, Method::TooFew);
        assert_eq!(median(&ecdfs(&[&[1.0], &[]])), Some(one));
        assert_eq!(median(&ecdfs(&[&[], &[]])), None);
    }

    #[test]
    fn the_same_dice_give_the_same_interval() {
        let runs: Vec<Ecdf> = single_values(40);
        let of = |name| bootstrap_quantile(&runs, 0.9, P95, dice(name)).unwrap();
        assert_eq!(of("a"), of("a"));
    }

    #[test]
    fn histograms_are_pooled_like_values() {
        let mut histograms = [Histogram::new(), Histogram::new(), Histogram::new()];
        for (histogram, nanos) in histograms
            .iter_mut()
            .zip([[100, 200], [300, 400], [500, 600]])
        {
            nanos.into_iter().for_each(|nanos| histogram.record(nanos));
        }
        let runs: Vec<Ecdf> = histograms.iter().map(Histogram::ecdf).collect();
        check(median(&runs), 1e-7, 3e-7, 5e-7);
    }

    #[test]
    fn intervals_contain_the_quantile_though_values_of_a_run_depend_on_each_other() {
        // A run's values lie within 1 above its own begin, which is uniform on [0, 10]: the pooled
        // median is 5.5. Drawing values instead of runs would cover it in about half of the sets.
        const SETS: u32 = 100;
        let mut begins = dice("bootstrap coverage");
        let hits = (0..SETS).filter(|set| {
            let runs: [Ecdf; 20] = std::array::from_fn(|_| {
                let begin = 10.0 * rng::unit(&mut begins);
                Ecdf::new((0..10).map(|_| begin + rng::unit(&mut begins)).collect())
            });
            let estimate = bootstrap_quantile(&runs, 0.5, P95, dice(&set.to_string())).unwrap();
            estimate.interval.unwrap().contains(5.5)
        });
        let covered = hits.count() as f64 / f64::from(SETS);
        // Standard error sqrt(0.95 · 0.05 / 100) = 0.022.
        assert!((covered - 0.95).abs() < 3.0 * 0.022, "{covered}");
    }
}
