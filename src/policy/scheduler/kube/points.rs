//! How sums of a scorer become points from 0 to 100.
//!
//! Source: kube-scheduler v1.34.1, `framework/plugins/helper/normalize_score.go`.

/// The highest number of points: 100 (`framework.MaxNodeScore`).
pub const MAX: i64 = 100;

/// Hundredths of the largest sum, rounded down. Where all are zero they stay zero.
pub fn of_largest(sums: &mut [i64]) {
    let largest = sums.iter().copied().max().unwrap_or(0);
    sums.iter_mut().for_each(|sum| *sum = share(*sum, largest));
}

/// Hundredths of the largest sum, rounded down. Where that is zero it stays as it is.
pub const fn share(sum: i64, largest: i64) -> i64 {
    if largest > 0 {
        MAX * sum / largest
    } else {
        sum
    }
}

/// What hundredths of the largest sum leave of 100. Where all are zero, all get 100.
pub fn of_smallest(sums: &mut [i64]) {
    of_largest(sums);
    sums.iter_mut().for_each(|sum| *sum = MAX - *sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_or_the_smallest_gets_all_points() {
        let mut sums = [0, 1, 3];
        of_largest(&mut sums);
        assert_eq!(sums, [0, 33, 100]);
        let mut sums = [0, 1, 3];
        of_smallest(&mut sums);
        assert_eq!(sums, [100, 67, 0]);
        let mut none = [0, 0];
        of_largest(&mut none);
        assert_eq!(none, [0, 0]);
        of_smallest(&mut none);
        assert_eq!(none, [100, 100]);
    }
}
