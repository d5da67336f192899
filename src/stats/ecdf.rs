//! The empirical distribution function, and quantiles by nearest rank.

/// How many of a set of values lie at or below each of them. Values may be infinite: "never".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ecdf {
    /// Ascending, without repeats.
    values: Vec<f64>,
    /// How many lie at or below the value of the same index.
    upto: Vec<u64>,
}

impl Ecdf {
    /// The distribution of `values`, in any order. Panics when one is not a number.
    pub fn new(mut values: Vec<f64>) -> Ecdf {
        values.sort_by(f64::total_cmp);
        Ecdf::from_ascending(values.into_iter().map(|value| (value, 1)))
    }

    /// The distribution of (value, how often) pairs in ascending order.
    pub fn from_ascending(counted: impl Iterator<Item = (f64, u64)>) -> Ecdf {
        let mut ecdf = Ecdf::default();
        let mut total = 0;
        for (value, count) in counted.filter(|&(_, count)| count > 0) {
            assert!(!value.is_nan(), "only numbers have a rank");
            total += count;
            if ecdf.values.last() == Some(&value) {
                ecdf.upto.pop();
            } else {
                ecdf.values.push(value);
            }
            ecdf.upto.push(total);
        }
        ecdf
    }

    /// The values in ascending order, each with how often it occurred.
    pub fn counted(&self) -> impl Iterator<Item = (f64, u64)> {
        let before = std::iter::once(0).chain(self.upto.iter().copied());
        let counts = self
            .upto
            .iter()
            .zip(before)
            .map(|(upto, before)| upto - before);
        self.values.iter().copied().zip(counts)
    }

    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.upto.last().copied().unwrap_or(0)
    }

    /// The `p`-quantile by nearest rank: the smallest value that at least a share `p` of all values
    /// does not exceed, always one of them (definition 1 of Hyndman and Fan, "Sample Quantiles in
    /// Statistical Packages", The American Statistician 50, 1996).
    ///
    /// Unlike the definitions that interpolate, it stays defined when some values are infinite.
    /// Absent for no values. Panics unless 0 ≤ p ≤ 1.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        let rank = nearest_rank(p, self.count())?;
        Some(self.values[self.upto.partition_point(|&upto| upto < rank)])
    }

    /// How many values do not exceed `bound`.
    pub(super) fn count_at_most(&self, bound: f64) -> u64 {
        match self.values.partition_point(|&value| value <= bound) {
            0 => 0,
            distinct => self.upto[distinct - 1],
        }
    }

    /// The distinct values, ascending.
    pub(super) fn values(&self) -> &[f64] {
        &self.values
    }
}

/// The rank, from 1, of the `p`-quantile of `count` values: p · count rounded up.
pub(super) fn nearest_rank(p: f64, count: u64) -> Option<u64> {
    assert!(
        (0.0..=1.0).contains(&p),
        "a share lies between 0 and 1, not {p}"
    );
    // A decimal share and its product are each off by up to half an epsilon: 0.07 · 100 must stay 7.
    let rank = (p * count as f64 * (1.0 - 4.0 * f64::EPSILON)).ceil() as u64;
    (count > 0).then(|| rank.clamp(1, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[f64], quantiles: &[(f64, f64)]) {
        let ecdf = Ecdf::new(values.to_vec());
        for &(p, expected) in quantiles {
            assert_eq!(ecdf.quantile(p), Some(expected), "p = {p}");
        }
    }

    #[test]
    fn a_quantile_is_the_value_at_the_rank_rounded_up() {
        // Ranks ceil(5p): 1, 1, 2, 2, 3, 5, 5.
        let quantiles = [
            (0.0, 15.0),
            (0.05, 15.0),
            (0.3, 20.0),
            (0.4, 20.0),
            (0.5, 35.0),
            (0.81, 50.0),
            (1.0, 50.0),
        ];
        check(&[50.0, 15.0, 40.0, 20.0, 35.0], &quantiles);
    }

    #[test]
    fn values_are_told_once_with_their_counts() {
        let ecdf = Ecdf::new(vec![2.0, f64::INFINITY, 1.0, 2.0]);
        let counted: Vec<_> = ecdf.counted().collect();
        assert_eq!(counted, [(1.0, 1), (2.0, 2), (f64::INFINITY, 1)]);
        assert_eq!(Ecdf::from_ascending(counted.into_iter()), ecdf);
    }

    #[test]
    fn rounding_of_the_share_never_moves_the_rank() {
        for hundredths in 1..=100_u32 {
            let p = f64::from(hundredths) / 100.0;
            for hundreds in [1, 3, 10, 1_000_000_u64] {
                let exact = u64::from(hundredths) * hundreds;
                assert_eq!(nearest_rank(p, 100 * hundreds), Some(exact), "p = {p}");
                let one_less = 100 * hundreds - 1;
                assert_eq!(
                    nearest_rank(p, one_less),
                    Some(exact.min(one_less)),
                    "p = {p}"
                );
            }
        }
    }

    #[test]
    fn values_that_never_came_rank_last() {
        let never = f64::INFINITY;
        check(&[never, 1.0, 2.0, never], &[(0.5, 2.0), (0.51, never)]);
        check(&[never], &[(0.0, never)]);
    }

    #[test]
    fn nothing_has_no_quantile() {
        assert_eq!(Ecdf::new(vec![]).quantile(0.5), None);
    }

    #[test]
    fn repeats_count_as_often_as_they_occur() {
        let ecdf = Ecdf::new(vec![2.0, 1.0, 2.0, 2.0]);
        assert_eq!(
            ecdf,
            Ecdf::from_ascending([(1.0, 1), (1.5, 0), (2.0, 3)].into_iter())
        );
        assert_eq!(
            [0.5, 1.0, 1.9, 2.0, 3.0].map(|x| ecdf.count_at_most(x)),
            [0, 1, 1, 4, 4]
        );
        assert_eq!(ecdf.quantile(0.25), Some(1.0));
        assert_eq!(ecdf.quantile(0.26), Some(2.0));
    }

    #[test]
    #[should_panic(expected = "only numbers have a rank")]
    fn what_is_not_a_number_is_refused() {
        Ecdf::new(vec![1.0, f64::NAN]);
    }
}
