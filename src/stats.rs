//! Estimates and their intervals: slices in, numbers out.
//!
//! Values keep the caller's unit, except that simulated time goes in as whole nanoseconds
//! ([`Histogram`], [`StepIntegral`]) and comes out in seconds. What cannot be estimated, such as
//! the mean of nothing, is absent. What can be estimated but has no honest interval keeps its value,
//! and [`Estimate::method`] says why it stands alone.

pub use bootstrap::{bootstrap_quantile, quantile_difference};
pub use describe::{is_mostly_constant, mean, sample_sd, sample_variance};
pub use ecdf::Ecdf;
pub use histogram::Histogram;
pub use jackknife::{Ratio, jackknife_ratio, ratio_difference, standard_ratio};
pub use mser::{NotSettled, mser5};
pub use multiple::holm;
pub use paired_events::PairedEvents;
pub use pairing::variance_ratio;
pub use power::{
    MOST_RUNS, equivalence_power, power, runs_for_equivalence, runs_for_half_width, runs_needed,
    smallest_detectable,
};
pub use precision::{Basis, LEAST_FIRST_LOOK, next_look};
pub use proportion::{at_least, at_most, clopper_pearson, fewest_trials, rule_of_three};
pub use resampled::Resampled;
pub use standard::Standard;
pub use step::StepIntegral;
pub use student::{paired_mean, paired_t, standard_mean, t_mean};
pub use trend::{Trend, trend};
pub use welch::welch_t;

mod bootstrap;
mod describe;
mod ecdf;
mod equivalence;
mod histogram;
mod jackknife;
mod mser;
mod multiple;
mod paired_events;
mod pairing;
mod power;
mod precision;
mod proportion;
mod resampled;
mod standard;
mod step;
mod student;
#[cfg(test)]
mod testing;
mod trend;
mod welch;

/// How often a method's intervals are to contain the truth, strictly between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Confidence(f64);

/// A closed interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// A number estimated from runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The best single number.
    pub value: f64,
    /// Where the truth lies with the confidence asked for; absent where `method` says that no
    /// method applies.
    pub interval: Option<Interval>,
    /// How the interval was made, or why there is none.
    pub method: Method,
}

/// How an interval was made, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Student's t over independent runs.
    StudentT,
    /// Student's t over the differences of paired runs.
    PairedT,
    /// Welch's t over two sets of runs that are not paired.
    WelchT,
    /// Jackknife over runs for a ratio of sums.
    Jackknife,
    /// Jackknife over paired runs for the difference of two ratios of sums.
    PairedJackknife,
    /// Percentile bootstrap over runs.
    Bootstrap,
    /// Percentile bootstrap over paired runs.
    PairedBootstrap,
    /// Clopper and Pearson's exact interval for a proportion.
    ClopperPearson,
    /// Exact intervals for how often paired runs disagree, and in whose favour.
    PairedExact,
    /// The bound on a rate of which no event was seen ("rule of three").
    RuleOfThree,
    /// No interval: fewer than two runs have anything to measure, or too few pairs of runs.
    TooFew,
    /// No interval: the value is the same in most runs, so their spread says little about the truth.
    MostlyConstant,
}

impl Confidence {
    /// 95 %.
    pub const NINETY_FIVE: Confidence = Confidence(0.95);

    /// The confidence `level`, if it lies strictly between 0 and 1.
    pub fn new(level: f64) -> Option<Confidence> {
        (level > 0.0 && level < 1.0).then_some(Confidence(level))
    }

    /// The share of intervals that are to contain the truth.
    pub const fn level(self) -> f64 {
        self.0
    }

    /// The share of intervals that may lie wholly on one given side of the truth.
    const fn tail(self) -> f64 {
        (1.0 - self.0) / 2.0
    }
}

impl Interval {
    /// The interval from `centre − half_width` to `centre + half_width`.
    const fn around(centre: f64, half_width: f64) -> Interval {
        Interval {
            low: centre - half_width,
            high: centre + half_width,
        }
    }

    /// Whether `value` lies in the interval or at one of its ends.
    pub fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// The part within [low, high], for a quantity that cannot lie outside, such as a share.
    pub const fn clamped(self, low: f64, high: f64) -> Interval {
        Interval {
            low: self.low.clamp(low, high),
            high: self.high.clamp(low, high),
        }
    }
}

impl Method {
    /// All of them.
    pub const ALL: [Method; 12] = [
        Method::StudentT,
        Method::PairedT,
        Method::WelchT,
        Method::Jackknife,
        Method::PairedJackknife,
        Method::Bootstrap,
        Method::PairedBootstrap,
        Method::ClopperPearson,
        Method::PairedExact,
        Method::RuleOfThree,
        Method::TooFew,
        Method::MostlyConstant,
    ];

    /// Its name in files: words that stay.
    pub const fn name(self) -> &'static str {
        match self {
            Method::StudentT => "student_t",
            Method::PairedT => "paired_t",
            Method::WelchT => "welch_t",
            Method::Jackknife => "jackknife",
            Method::PairedJackknife => "paired_jackknife",
            Method::Bootstrap => "bootstrap",
            Method::PairedBootstrap => "paired_bootstrap",
            Method::ClopperPearson => "clopper_pearson",
            Method::PairedExact => "paired_exact",
            Method::RuleOfThree => "rule_of_three",
            Method::TooFew => "none_too_few_runs",
            Method::MostlyConstant => "none_mostly_constant",
        }
    }
}

impl Estimate {
    const fn with(value: f64, interval: Interval, method: Method) -> Estimate {
        Estimate {
            value,
            interval: Some(interval),
            method,
        }
    }

    const fn alone(value: f64, why: Method) -> Estimate {
        Estimate {
            value,
            interval: None,
            method: why,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confidence_lies_strictly_between_never_and_always() {
        assert_eq!(Confidence::new(0.95), Some(Confidence::NINETY_FIVE));
        assert_eq!([0.0, 1.0, 95.0, f64::NAN].map(Confidence::new), [None; 4]);
    }

    #[test]
    fn a_share_is_clamped_to_what_is_possible() {
        let wide = Interval {
            low: -0.1,
            high: 1.2,
        };
        assert_eq!(
            wide.clamped(0.0, 1.0),
            Interval {
                low: 0.0,
                high: 1.0
            }
        );
        assert!(wide.contains(1.2) && !wide.contains(1.3));
    }
}
