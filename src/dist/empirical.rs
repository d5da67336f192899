//! Observed values, drawn in proportion to their weights.

/// Distinct values with their cumulative shares.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table {
    /// Ascending, without repeats.
    values: Vec<f64>,
    /// The share of draws at or below the value of the same index; ends with exactly 1.
    shares: Vec<f64>,
}

impl Table {
    /// The table of (value, weight) pairs in any order, or nothing when all weights are zero.
    pub(super) fn new(mut pairs: Vec<(f64, f64)>) -> Option<Table> {
        pairs.retain(|&(_, weight)| weight > 0.0);
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        // Scaled by the largest weight, so that the sum of finite weights is finite.
        let largest = pairs.iter().map(|pair| pair.1).reduce(f64::max)?;
        let mut values: Vec<f64> = Vec::new();
        let mut shares: Vec<f64> = Vec::new();
        let mut total = 0.0;
        for (value, weight) in pairs {
            total += weight / largest;
            if values.last() == Some(&value) {
                shares.pop();
            } else {
                values.push(value);
            }
            shares.push(total);
        }
        for share in &mut shares {
            *share /= total;
        }
        Some(Table { values, shares })
    }

    /// Every value multiplied by a factor above zero.
    pub(super) fn scaled(&self, factor: f64) -> Table {
        Table {
            values: self.values.iter().map(|value| value * factor).collect(),
            shares: self.shares.clone(),
        }
    }

    /// The smallest value whose cumulative share is at least `p`, for p ≤ 1.
    pub(super) fn quantile(&self, p: f64) -> f64 {
        self.values[self.shares.partition_point(|&share| share < p)]
    }

    pub(super) fn mean(&self) -> f64 {
        self.expected(|value| value)
    }

    /// The variance of a draw: divided by the number of values, not by one less.
    pub(super) fn variance(&self) -> f64 {
        let mean = self.mean();
        self.expected(|value| (value - mean).powi(2))
    }

    fn expected(&self, of: impl Fn(f64) -> f64) -> f64 {
        let below = std::iter::once(&0.0).chain(&self.shares);
        let masses = self
            .shares
            .iter()
            .zip(below)
            .map(|(upto, below)| upto - below);
        self.values
            .iter()
            .zip(masses)
            .map(|(&value, mass)| of(value) * mass)
            .sum()
    }
}
