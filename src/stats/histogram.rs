//! Durations by the million, to three significant digits.

use super::Ecdf;

/// How many binary digits a bucket keeps after the leading one: 2^10 is the first power of two
/// beyond three decimal digits.
const BITS: u32 = 10;

/// Nanoseconds in one second.
const NANOS: f64 = 1e9;

/// Counts of durations, each remembered to less than a thousandth of itself.
///
/// Up to 2,047 ns every number has its own bucket; from there each doubling is cut into 1,024 equal
/// ones, as in Tene's HdrHistogram. However many durations are recorded, the counts take at most
/// 56,320 words. Durations that never ended are counted apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Durations per bucket, up to the last one that is not empty.
    counts: Vec<u64>,
    /// Finite durations.
    finite: u64,
    /// Their sum in nanoseconds.
    sum: u128,
    /// The longest of them in nanoseconds.
    max: u64,
    /// Durations that never ended.
    infinite: u64,
}

impl Histogram {
    /// No durations.
    pub fn new() -> Histogram {
        Histogram::default()
    }

    /// Counts a duration of `nanos` nanoseconds.
    pub fn record(&mut self, nanos: u64) {
        let bucket = bucket_of(nanos);
        if bucket >= self.counts.len() {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        self.finite += 1;
        self.sum += u128::from(nanos);
        self.max = self.max.max(nanos);
    }

    /// Counts a duration that never ended.
    pub fn record_infinite(&mut self) {
        self.infinite += 1;
    }

    /// Adds all that `other` counted.
    pub fn merge(&mut self, other: &Histogram) {
        if other.counts.len() > self.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.finite += other.finite;
        self.sum += other.sum;
        self.max = self.max.max(other.max);
        self.infinite += other.infinite;
    }

    /// How many durations were counted, those that never ended included.
    pub fn count(&self) -> u64 {
        self.finite + self.infinite
    }

    /// How many never ended.
    pub fn infinite(&self) -> u64 {
        self.infinite
    }

    /// The exact mean in seconds, infinite if one never ended; absent for no durations.
    pub fn mean_secs(&self) -> Option<f64> {
        match (self.finite, self.infinite) {
            (0, 0) => None,
            (finite, 0) => Some(self.sum as f64 / finite as f64 / NANOS),
            _ => Some(f64::INFINITY),
        }
    }

    /// The exact longest duration in seconds, infinite if one never ended; absent for no durations.
    pub fn max_secs(&self) -> Option<f64> {
        match (self.finite, self.infinite) {
            (0, 0) => None,
            (_, 0) => Some(self.max as f64 / NANOS),
            _ => Some(f64::INFINITY),
        }
    }

    /// The distribution in seconds. Each duration stands at the upper end of its bucket, so that a
    /// quantile is never understated, and overstated by less than a thousandth.
    pub fn ecdf(&self) -> Ecdf {
        let tops = (0..self.counts.len()).map(|bucket| top_of(bucket).min(self.max) as f64 / NANOS);
        let finite = tops.zip(self.counts.iter().copied());
        Ecdf::from_ascending(finite.chain([(f64::INFINITY, self.infinite)]))
    }
}

/// The bucket of a duration: its leading BITS + 1 binary digits, and how many follow them.
fn bucket_of(nanos: u64) -> usize {
    let dropped = (nanos >> BITS).checked_ilog2().unwrap_or(0);
    ((dropped as usize) << BITS) + (nanos >> dropped) as usize
}

/// The longest duration of a bucket.
fn top_of(bucket: usize) -> u64 {
    let dropped = (bucket >> BITS).saturating_sub(1);
    let leading = (bucket - (dropped << BITS)) as u64;
    (leading << dropped) | ((1 << dropped) - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(durations: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::new();
        durations
            .into_iter()
            .for_each(|nanos| histogram.record(nanos));
        histogram
    }

    #[test]
    fn buckets_are_numbered_without_gaps() {
        for nanos in 0..10_000_u64 {
            let step = bucket_of(nanos + 1) - bucket_of(nanos);
            assert_eq!(
                step,
                usize::from(top_of(bucket_of(nanos)) == nanos),
                "{nanos}"
            );
        }
        // 2,048 single numbers, then 1,024 buckets for each of the doublings from 2^11 to 2^64.
        assert_eq!(bucket_of(u64::MAX) + 1, 2048 + 53 * 1024);
        assert_eq!(top_of(bucket_of(u64::MAX)), u64::MAX);
    }

    proptest! {
        #[test]
        fn a_bucket_is_narrower_than_a_thousandth(nanos: u64, dropped in 0..64_u32) {
            let nanos = nanos >> dropped;
            let top = top_of(bucket_of(nanos));
            prop_assert!(top >= nanos);
            prop_assert!(top - nanos <= nanos / 1024);
        }
    }

    #[test]
    fn quantiles_agree_with_the_exact_ones_to_three_digits() {
        // From 1 µs to 1,000 s in 30,000 equal ratios.
        let durations: Vec<u64> = (0..30_000)
            .map(|i| (1000.0 * 10_f64.powf(f64::from(i) / 30_000.0 * 9.0)) as u64)
            .collect();
        let exact = Ecdf::new(durations.iter().map(|&nanos| nanos as f64 / 1e9).collect());
        let rough = of(durations).ecdf();
        for thousandths in 0..=1000 {
            let p = f64::from(thousandths) / 1000.0;
            let (rough, exact) = (rough.quantile(p).unwrap(), exact.quantile(p).unwrap());
            assert!(
                (exact..exact * 1.001).contains(&rough),
                "{p}: {rough} {exact}"
            );
        }
    }

    #[test]
    fn mean_and_maximum_are_exact() {
        let histogram = of([1_000_001, 2_000_002, 6_000_006]);
        assert_eq!(histogram.mean_secs(), Some(0.003_000_003));
        assert_eq!(histogram.max_secs(), Some(0.006_000_006));
        assert_eq!(histogram.ecdf().quantile(1.0), Some(0.006_000_006));
    }

    #[test]
    fn what_never_ended_ranks_last() {
        let mut histogram = of([1, 2, 3]);
        histogram.record_infinite();
        assert_eq!((histogram.count(), histogram.infinite()), (4, 1));
        assert_eq!(histogram.ecdf().quantile(0.75), Some(3e-9));
        assert_eq!(histogram.ecdf().quantile(0.76), Some(f64::INFINITY));
        assert_eq!(histogram.mean_secs(), Some(f64::INFINITY));
        assert_eq!(histogram.max_secs(), Some(f64::INFINITY));
    }

    #[test]
    fn nothing_has_no_mean_and_no_quantile() {
        let histogram = Histogram::new();
        assert_eq!((histogram.mean_secs(), histogram.max_secs()), (None, None));
        assert_eq!(histogram.ecdf().quantile(0.5), None);
    }

    #[test]
    fn merging_is_recording_in_one() {
        let mut merged = of([5, 7_000]);
        let mut other = of([9_000_000, 5]);
        other.record_infinite();
        merged.merge(&other);
        let mut whole = of([5, 7_000, 9_000_000, 5]);
        whole.record_infinite();
        assert_eq!(merged, whole);
    }
}
