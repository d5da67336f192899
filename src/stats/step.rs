//! The integral of a quantity that changes in steps.

/// Nanoseconds in one second.
const NANOS: f64 = 1e9;

/// ∫ value dt of a step function of simulated time, and its mean over time.
#[derive(Clone, Debug, PartialEq)]
pub struct StepIntegral {
    /// Where the integral begins, in nanoseconds.
    start: u64,
    /// When the value was last set, in nanoseconds.
    since: u64,
    /// The value from `since` on.
    value: f64,
    /// ∫ value dt from `start` to `since`, in value × nanoseconds.
    area: Sum,
}

impl StepIntegral {
    /// Begins at `at` nanoseconds with `value`.
    pub fn new(at: u64, value: f64) -> StepIntegral {
        StepIntegral {
            start: at,
            since: at,
            value,
            area: Sum::default(),
        }
    }

    /// The quantity is `value` from `at` nanoseconds on; not before the time of the last step.
    pub fn set(&mut self, at: u64, value: f64) {
        self.area = self.area_until(at);
        self.since = at;
        self.value = value;
    }

    /// Begins anew at `at` nanoseconds with the present value: the end of a warm-up.
    pub fn restart(&mut self, at: u64) {
        assert!(at >= self.since, "time runs forward");
        *self = StepIntegral::new(at, self.value);
    }

    /// The present value.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// ∫ value dt from the begin to `end` nanoseconds, in value × seconds; `end` is not before the
    /// last step.
    pub fn integral(&self, end: u64) -> f64 {
        self.area_until(end).value() / NANOS
    }

    /// The mean of the value over the time from the begin to `end` nanoseconds; absent when no time
    /// has passed.
    pub fn mean(&self, end: u64) -> Option<f64> {
        let area = self.area_until(end);
        (end > self.start).then(|| area.value() / (end - self.start) as f64)
    }

    fn area_until(&self, end: u64) -> Sum {
        let passed = end.checked_sub(self.since).expect("time runs forward");
        self.area.plus(self.value * passed as f64)
    }
}

/// A sum that keeps what rounding loses (Neumaier, "Rundungsfehleranalyse einiger Verfahren zur
/// Summation endlicher Summen", ZAMM 54, 1974): a year has too many steps for a plain one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sum {
    rounded: f64,
    lost: f64,
}

impl Sum {
    fn plus(self, term: f64) -> Sum {
        let rounded = self.rounded + term;
        let lost = if self.rounded.abs() >= term.abs() {
            (self.rounded - rounded) + term
        } else {
            (term - rounded) + self.rounded
        };
        Sum {
            rounded,
            lost: self.lost + lost,
        }
    }

    fn value(self) -> f64 {
        self.rounded + self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn the_integral_is_the_area_under_the_steps() {
        let mut busy = StepIntegral::new(10 * SECOND, 2.0);
        busy.set(13 * SECOND, 5.0);
        busy.set(13 * SECOND, 4.0);
        busy.set(15 * SECOND, 0.0);
        // 3 s · 2 + 2 s · 4 + 5 s · 0 = 14 over 10 s.
        assert_eq!(busy.integral(20 * SECOND), 14.0);
        assert_eq!(busy.mean(20 * SECOND), Some(1.4));
        // 3 s · 2 + 2 s · 4 over the 5 s that end with the last step.
        assert_eq!(busy.mean(15 * SECOND), Some(2.8));
    }

    #[test]
    fn the_last_value_holds_until_the_end() {
        let busy = StepIntegral::new(0, 0.5);
        assert_eq!(busy.integral(SECOND / 2), 0.25);
        assert_eq!(busy.value(), 0.5);
    }

    #[test]
    fn no_time_has_no_mean() {
        let busy = StepIntegral::new(SECOND, 1.0);
        assert_eq!(busy.mean(SECOND), None);
        assert_eq!(busy.integral(SECOND), 0.0);
    }

    #[test]
    fn a_restart_keeps_the_value_and_forgets_the_area() {
        let mut busy = StepIntegral::new(0, 7.0);
        busy.set(SECOND, 3.0);
        busy.restart(4 * SECOND);
        assert_eq!(busy.integral(6 * SECOND), 6.0);
        assert_eq!(busy.mean(6 * SECOND), Some(3.0));
    }

    #[test]
    fn a_million_small_steps_lose_nothing() {
        // A plain sum of a million tenths is off by 1.3e-11 of its value.
        let mut share = StepIntegral::new(0, 0.1);
        for nanos in 1..=1_000_000 {
            share.set(nanos, 0.1);
        }
        let mean = share.mean(1_000_000).unwrap();
        assert!((mean - 0.1).abs() < 1e-16, "{mean}");
    }

    #[test]
    #[should_panic(expected = "time runs forward")]
    fn time_never_runs_back() {
        let mut busy = StepIntegral::new(SECOND, 1.0);
        busy.set(SECOND - 1, 2.0);
    }
}
