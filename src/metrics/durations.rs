//! Durations by the million: exact while few are different, to three digits beyond.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::stats::{Ecdf, Histogram};
use crate::time::Duration;

/// Most different durations that are kept exactly.
const EXACT: usize = 4096;

/// Nanoseconds in one second.
const NANOS: f64 = 1e9;

/// How often each duration occurred.
#[derive(Clone, Debug, Default)]
pub(super) struct Durations {
    /// Nanoseconds, while few are different.
    exact: BTreeMap<u64, u64>,
    /// All of them, once many are.
    coarse: Option<Histogram>,
    /// Those that never ended.
    never: u64,
}

impl Durations {
    /// Counts one.
    pub(super) fn record(&mut self, duration: Duration) {
        if let Some(coarse) = &mut self.coarse {
            return coarse.record(duration.nanos());
        }
        *self.exact.entry(duration.nanos()).or_default() += 1;
        if self.exact.len() > EXACT {
            let mut coarse = Histogram::new();
            for (nanos, count) in std::mem::take(&mut self.exact) {
                (0..count).for_each(|_| coarse.record(nanos));
            }
            self.coarse = Some(coarse);
        }
    }

    /// Counts some that never ended.
    pub(super) fn record_never(&mut self, count: u64) {
        self.never += count;
    }

    /// How many ended.
    pub(super) fn count(&self) -> u64 {
        match &self.coarse {
            Some(coarse) => coarse.count(),
            None => self.exact.values().sum(),
        }
    }

    /// All of them in seconds, ascending, each with how often it occurred; never = infinity.
    pub(super) fn counts(&self) -> Arc<[(f64, u64)]> {
        let exact = self
            .exact
            .iter()
            .map(|(&nanos, &count)| (nanos as f64 / NANOS, count));
        let coarse = self.coarse.as_ref().map(Histogram::ecdf);
        let coarse = coarse.iter().flat_map(Ecdf::counted);
        let never = (self.never > 0).then_some((f64::INFINITY, self.never));
        exact.chain(coarse).chain(never).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_durations_are_kept_exactly_and_never_is_the_longest() {
        let mut durations = Durations::default();
        for secs in [10, 0, 10] {
            durations.record(Duration::from_secs(secs));
        }
        assert_eq!(durations.count(), 3);
        durations.record_never(2);
        assert_eq!(
            *durations.counts(),
            [(0.0, 1), (10.0, 2), (f64::INFINITY, 2)]
        );
    }

    #[test]
    fn many_durations_are_kept_to_three_digits() {
        let mut durations = Durations::default();
        let longest = 10 * EXACT as u64;
        for secs in 1..=longest {
            durations.record(Duration::from_secs(secs));
        }
        assert_eq!(durations.count(), longest);
        let counts = durations.counts();
        assert!(counts.len() < 2 * EXACT, "{} values are kept", counts.len());
        assert_eq!(counts.iter().map(|&(_, count)| count).sum::<u64>(), longest);
        // The median of 1, 2, …, 40,960 s is 20,480 s, overstated by less than a thousandth.
        let median = Ecdf::from_ascending(counts.iter().copied())
            .quantile(0.5)
            .unwrap();
        assert!((20_480.0..20_480.0 * 1.001).contains(&median), "{median}");
    }
}
