//! How an openb trace is to be imported.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use crate::import::folder::Existing;
use crate::time::Duration;

/// How an openb trace is to be imported.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Which pods arrive when.
    pub mode: Mode,
    /// The part of the nodes that is kept, each GPU model in proportion.
    pub nodes: Share,
    /// Seed of every random choice.
    pub seed: u64,
    /// What to do if the folder exists.
    pub existing: Existing,
}

/// Which pods arrive when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    /// The trace's own arrivals and durations.
    Times {
        /// How many times the trace is laid over itself; every copy after the first is later by a
        /// random time within one day.
        copies: NonZeroU32,
        /// How long the pods run that were never scheduled; `None` leaves them out.
        assume_duration: Option<Duration>,
    },
    /// The procedure of "Beware of Fragmentation": pods arrive one by one in a random order and
    /// never leave.
    ArrivalsOnly {
        /// What the pods ask for in all ÷ the GPUs of the kept nodes.
        fill: Fill,
    },
}

/// A part of a whole: above 0, at most 1. Written `1%` or `0.01`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share(f64);

/// A multiple of the cluster's GPUs: above 0. Written `1.3` or `130%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fill(f64);

/// A text that is no [`Share`] or no [`Fill`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRatio {
    text: String,
    expected: &'static str,
}

impl Share {
    /// Everything.
    pub const ALL: Share = Share(1.0);

    /// The ratio.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl Fill {
    /// The ratio of the published experiment.
    pub const PUBLISHED: Fill = Fill(1.3);

    /// The ratio.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl FromStr for Share {
    type Err = BadRatio;
    fn from_str(text: &str) -> Result<Share, BadRatio> {
        let expected = "a share above 0 and at most 1, such as `1%` or `0.01`";
        ratio(text, 1.0, expected).map(Share)
    }
}

impl FromStr for Fill {
    type Err = BadRatio;
    fn from_str(text: &str) -> Result<Fill, BadRatio> {
        ratio(text, f64::MAX, "a ratio above 0, such as `1.3` or `130%`").map(Fill)
    }
}

fn ratio(text: &str, max: f64, expected: &'static str) -> Result<f64, BadRatio> {
    let number = match text.strip_suffix('%') {
        Some(percent) => percent
            .trim_end()
            .parse()
            .map(|percent: f64| percent / 100.0),
        None => text.parse(),
    };
    match number {
        Ok(ratio) if ratio > 0.0 && ratio <= max => Ok(ratio),
        Ok(_) | Err(_) => Err(BadRatio {
            text: text.to_owned(),
            expected,
        }),
    }
}

impl fmt::Display for BadRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not {}", self.text, self.expected)
    }
}

impl std::error::Error for BadRatio {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_percentage_or_a_ratio_of_at_most_one() {
        let share = |text: &str| text.parse::<Share>().map(Share::get).ok();
        assert_eq!(share("1%"), Some(0.01));
        assert_eq!(share("2.5 %"), Some(0.025));
        assert_eq!(share("0.5"), Some(0.5));
        assert_eq!(share("1"), Some(1.0));
        for text in ["0", "-1%", "101%", "1.1", "NaN", "inf", "", "%", "half"] {
            assert_eq!(share(text), None, "{text}");
        }
        assert_eq!(
            "101%".parse::<Share>().unwrap_err().to_string(),
            "`101%` is not a share above 0 and at most 1, such as `1%` or `0.01`"
        );
    }

    #[test]
    fn a_fill_may_exceed_one_but_is_finite() {
        let fill = |text: &str| text.parse::<Fill>().map(Fill::get).ok();
        assert_eq!(fill("1.3"), Some(1.3));
        assert_eq!(fill("130%"), Some(1.3));
        for text in ["0", "-1", "NaN", "inf", ""] {
            assert_eq!(fill(text), None, "{text}");
        }
    }
}
