//! Simulated time: whole nanoseconds since the start of a run.

use std::fmt;
use std::ops::{Add, AddAssign, Mul, Sub};

/// Nanoseconds in one second.
const NANOS: u64 = 1_000_000_000;

/// An instant, in nanoseconds since the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

/// A length of time, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(u64);

impl Time {
    /// The start of the run.
    pub const ZERO: Time = Time(0);
    /// Later than every event: "never".
    pub const MAX: Time = Time(u64::MAX);

    /// The instant `nanos` nanoseconds after the start.
    pub const fn from_nanos(nanos: u64) -> Time {
        Time(nanos)
    }

    /// The instant `seconds` seconds after the start.
    pub const fn from_secs(seconds: u64) -> Time {
        Time(seconds * NANOS)
    }

    /// The instant nearest to `seconds` seconds after the start; negative or not a number is the
    /// start, beyond the range is [`Time::MAX`].
    pub fn from_secs_f64(seconds: f64) -> Time {
        Time((seconds * NANOS as f64).round() as u64)
    }

    /// Nanoseconds since the start.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the start.
    pub fn secs_f64(self) -> f64 {
        self.0 as f64 / NANOS as f64
    }

    /// Time passed since `earlier`; zero if `earlier` is later.
    pub const fn since(self, earlier: Time) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }

    /// Time passed since the start.
    pub const fn since_start(self) -> Duration {
        Duration(self.0)
    }

    /// The instant `by` earlier, at least the start of the run.
    pub const fn saturating_sub(self, by: Duration) -> Time {
        Time(self.0.saturating_sub(by.0))
    }
}

/// Whole seconds as days, hours, minutes and seconds. Up to two days are easier to read in hours.
pub fn in_units(seconds: u64) -> [(u64, &'static str); 4] {
    const DAY: u64 = 86_400;
    let days = if seconds < 2 * DAY { 0 } else { seconds / DAY };
    [
        (days, "d"),
        ((seconds - DAY * days) / 3600, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ]
}

impl Duration {
    /// No time at all.
    pub const ZERO: Duration = Duration(0);
    /// For ever.
    pub const MAX: Duration = Duration(u64::MAX);

    /// `nanos` nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Duration {
        Duration(nanos)
    }

    /// `millis` milliseconds.
    pub const fn from_millis(millis: u64) -> Duration {
        Duration(millis * 1_000_000)
    }

    /// `seconds` seconds.
    pub const fn from_secs(seconds: u64) -> Duration {
        Duration(seconds * NANOS)
    }

    /// The length nearest to `seconds` seconds; negative or not a number is zero, beyond the range
    /// is [`Duration::MAX`].
    pub fn from_secs_f64(seconds: f64) -> Duration {
        Duration((seconds * NANOS as f64).round() as u64)
    }

    /// Whole nanoseconds.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Seconds.
    pub fn secs_f64(self) -> f64 {
        self.0 as f64 / NANOS as f64
    }

    /// In the units that say it exactly: `24 h`, `5 m 2 s`, `1.5 s`, `3 d 4 h`.
    pub fn words(self) -> String {
        let (seconds, rest) = (self.0 / NANOS, self.0 % NANOS);
        let [days, hours, minutes, (left, _)] = in_units(seconds);
        let last = Duration(left * NANOS + rest);
        let whole = [days, hours, minutes].into_iter();
        let whole = whole.filter(|&(count, _)| count > 0);
        let mut parts: Vec<String> = whole
            .map(|(count, unit)| format!("{count} {unit}"))
            .collect();
        if !last.is_zero() || parts.is_empty() {
            parts.push(format!("{last} s"));
        }
        parts.join(" ")
    }

    /// Whether the length is zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `self` less `other`, at least zero.
    pub const fn saturating_sub(self, other: Duration) -> Duration {
        Duration(self.0.saturating_sub(other.0))
    }
}

/// Saturates at [`Time::MAX`]: "never" plus anything stays "never".
impl Add<Duration> for Time {
    type Output = Time;
    fn add(self, by: Duration) -> Time {
        Time(self.0.saturating_add(by.0))
    }
}

impl AddAssign<Duration> for Time {
    fn add_assign(&mut self, by: Duration) {
        *self = *self + by;
    }
}

/// The time between two instants; panics when the right one is later.
impl Sub for Time {
    type Output = Duration;
    fn sub(self, earlier: Time) -> Duration {
        Duration(self.0.checked_sub(earlier.0).expect("time runs forward"))
    }
}

impl Add for Duration {
    type Output = Duration;
    fn add(self, other: Duration) -> Duration {
        Duration(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Duration {
    fn add_assign(&mut self, other: Duration) {
        *self = *self + other;
    }
}

impl Mul<u64> for Duration {
    type Output = Duration;
    fn mul(self, times: u64) -> Duration {
        Duration(self.0.saturating_mul(times))
    }
}

/// Seconds with up to nine decimals, without trailing zeros: `12.5`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Duration(self.0).fmt(f)
    }
}

/// Seconds with up to nine decimals, without trailing zeros: `12.5`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / NANOS, self.0 % NANOS);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        let digits = format!("{rest:09}");
        write!(f, "{whole}.{}", digits.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_plus_anything_is_never() {
        assert_eq!(Time::MAX + Duration::from_secs(1), Time::MAX);
    }

    #[test]
    fn seconds_are_written_without_trailing_zeros() {
        assert_eq!(Duration::from_millis(12_500).to_string(), "12.5");
        assert_eq!(Time::from_secs(3).to_string(), "3");
        assert_eq!(Duration::from_nanos(1).to_string(), "0.000000001");
    }

    #[test]
    fn lengths_are_told_in_units_that_say_them_exactly() {
        let words = |seconds| Duration::from_secs(seconds).words();
        assert_eq!(words(86_400), "24 h");
        assert_eq!(words(86_400 * 3 + 7201), "3 d 2 h 1 s");
        assert_eq!(words(302), "5 m 2 s");
        assert_eq!(words(0), "0 s");
        assert_eq!(Duration::from_millis(61_500).words(), "1 m 1.5 s");
    }

    #[test]
    fn impossible_seconds_are_clamped() {
        assert_eq!(Duration::from_secs_f64(-1.0), Duration::ZERO);
        assert_eq!(Duration::from_secs_f64(f64::NAN), Duration::ZERO);
        assert_eq!(Duration::from_secs_f64(1e300), Duration::MAX);
    }
}
