//! Running until an interval is narrow enough.

use super::Estimate;

/// The least first look: of fewer runs, the spread that decides when to stop is itself too rough.
///
/// Stopping at the first narrow interval favours sets of runs that happen to vary little; with
/// more runs at the first look that costs less coverage (Law, "Simulation Modeling and Analysis",
/// 5th ed., §9.4.1).
pub const LEAST_FIRST_LOOK: usize = 20;

/// What an interval's width is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The value itself.
    Value,
    /// 1 − value: of 99.9 % served, the 0.1 % lost is what matters.
    Complement,
}

impl Estimate {
    /// How far the interval's farther end lies from the value, as a share of the basis.
    ///
    /// Absent, and so never precise enough, without an interval, with one that has no width or an
    /// infinite end, and where the basis is zero.
    pub fn precision(&self, basis: Basis) -> Option<f64> {
        let interval = self.interval?;
        let width = (self.value - interval.low).max(interval.high - self.value);
        let basis = match basis {
            Basis::Value => self.value.abs(),
            Basis::Complement => (1.0 - self.value).abs(),
        };
        let relative = width / basis;
        (interval.high > interval.low && relative.is_finite()).then_some(relative)
    }
}

/// How many runs there are to be at the next look, after `done` runs: `first`, twice that, four times
/// that …, the last time `cap`. Absent when all looks are over.
///
/// Panics when there is no first look.
pub fn next_look(done: usize, first: usize, cap: usize) -> Option<usize> {
    assert!(first > 0, "a first look needs runs");
    let mut look = first;
    while look <= done && look < cap {
        look = look.saturating_mul(2);
    }
    let look = look.min(cap);
    (look > done).then_some(look)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::{dice, normal};
    use crate::stats::{Confidence, Interval, Method, t_mean};

    const P95: Confidence = Confidence::NINETY_FIVE;

    fn of(value: f64, low: f64, high: f64) -> Estimate {
        Estimate::with(value, Interval { low, high }, Method::StudentT)
    }

    #[test]
    fn the_basis_is_the_value_or_what_is_missing_to_one() {
        assert_eq!(of(8.0, 6.0, 10.0).precision(Basis::Value), Some(0.25));
        assert_eq!(of(-8.0, -10.0, -6.0).precision(Basis::Value), Some(0.25));
        assert_eq!(
            of(0.75, 0.625, 0.875).precision(Basis::Complement),
            Some(0.5)
        );
    }

    #[test]
    fn a_lopsided_interval_is_as_wide_as_its_longer_arm() {
        // An availability clamped at 1: the arm below is the honest one.
        assert_eq!(of(0.75, 0.25, 1.0).precision(Basis::Complement), Some(2.0));
    }

    #[test]
    fn what_does_not_vary_is_never_precise_enough() {
        assert_eq!(of(5.0, 5.0, 5.0).precision(Basis::Value), None);
        let alone = Estimate::alone(5.0, Method::MostlyConstant);
        assert_eq!(alone.precision(Basis::Value), None);
        assert_eq!(of(0.0, -1.0, 1.0).precision(Basis::Value), None);
        assert_eq!(of(1.0, 0.9, 1.0).precision(Basis::Complement), None);
        assert_eq!(of(5.0, 4.0, f64::INFINITY).precision(Basis::Value), None);
    }

    #[test]
    fn looks_double_up_to_the_cap() {
        let mut looks = vec![];
        while let Some(next) = next_look(looks.last().copied().unwrap_or(0), 20, 100) {
            looks.push(next);
        }
        assert_eq!(looks, [20, 40, 80, 100]);
        // Runs that are there already do not shift the looks.
        assert_eq!(next_look(30, 20, 100), Some(40));
        assert_eq!(next_look(0, 20, 10), Some(10));
        assert_eq!(next_look(10, 20, 10), None);
        assert_eq!(next_look(500, 20, usize::MAX), Some(640));
    }

    #[test]
    fn stopping_on_width_costs_little_coverage() {
        // Mean 10, sd 2: 5 % are met near (1.96 · 2/0.5)² = 61 runs, so looks fall at 20, 40, 80.
        const SETS: u32 = 4000;
        let mut dice = dice("sequential coverage");
        let hits = (0..SETS).filter(|_| {
            let mut runs: Vec<f64> = vec![];
            loop {
                let next = next_look(runs.len(), LEAST_FIRST_LOOK, 320).unwrap();
                runs.resize_with(next, || 10.0 + 2.0 * normal(&mut dice));
                let estimate = t_mean(&runs, P95).unwrap();
                if estimate.precision(Basis::Value).unwrap() <= 0.05 {
                    return estimate.interval.unwrap().contains(10.0);
                }
            }
        });
        let covered = hits.count() as f64 / f64::from(SETS);
        assert!((0.935..0.96).contains(&covered), "{covered}");
    }
}
