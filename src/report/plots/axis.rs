//! Axes: from values to places, and ticks at round values.

use crate::report::figure::Unit;

/// One axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    /// The value at its start.
    pub(crate) from: f64,
    /// The value at its end, larger than `from`.
    pub(crate) to: f64,
    /// How values are laid out.
    pub(crate) scale: Scale,
    /// Values with a line and a label, ascending.
    pub(crate) ticks: Vec<(f64, String)>,
}

/// How values are laid out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scale {
    /// Evenly.
    Linear,
    /// Evenly up to `knee`, which takes a tenth of the axis, by powers beyond.
    ZeroAndPowers {
        /// Where powers begin, larger than zero.
        knee: f64,
    },
}

impl Axis {
    /// From zero to a round count at or above `max`, about `ticks` ticks, none of them a fraction.
    pub(crate) fn counts(max: f64, ticks: usize) -> Axis {
        // Means over cells are rounded.
        let most = (max - 1e-6).ceil().max(1.0);
        let wanted = (most / ticks as f64).max(1.0);
        let step = match round_step(wanted) {
            step if step.fract() == 0.0 => step,
            // 2.5
            _ => 5.0,
        };
        let steps = (most / step - 1e-9).ceil() as usize;
        let ticks = (0..=steps).map(|n| (n as f64 * step, number(n as f64 * step, step)));
        Axis {
            from: 0.0,
            to: steps as f64 * step,
            scale: Scale::Linear,
            ticks: ticks.collect(),
        }
    }

    /// From a round count at or below `min` to one at or above `max`, about `ticks` ticks, none of
    /// them a fraction.
    pub(crate) fn between(min: f64, max: f64, ticks: usize) -> Axis {
        let step = match round_step(((max - min) / ticks as f64).max(1.0)) {
            step if step.fract() == 0.0 => step,
            // 2.5
            _ => 5.0,
        };
        let first = (min / step + 1e-9).floor() as usize;
        let last = ((max / step - 1e-9).ceil() as usize).max(first + 1);
        let ticks = (first..=last).map(|n| n as f64 * step);
        Axis {
            from: first as f64 * step,
            to: last as f64 * step,
            scale: Scale::Linear,
            ticks: ticks.map(|value| (value, number(value, step))).collect(),
        }
    }

    /// From a round number at or below `min` to one at or above `max`, zero perhaps between them, about
    /// `count` ticks.
    pub(crate) fn signed(min: f64, max: f64, count: usize) -> Axis {
        let step = round_step((max - min) / count as f64);
        let first = (min / step + 1e-9).floor() as i64;
        let last = (max / step - 1e-9).ceil() as i64;
        let label = |n: i64| {
            let size = number(n.unsigned_abs() as f64 * step, step);
            match n {
                ..0 => format!("−{size}"),
                0 => size,
                1.. => format!("+{size}"),
            }
        };
        Axis {
            from: first as f64 * step,
            to: last as f64 * step,
            scale: Scale::Linear,
            ticks: (first..=last)
                .map(|n| (n as f64 * step, label(n)))
                .collect(),
        }
    }

    /// All of a whole, from 0 to 100 %.
    pub(crate) fn whole() -> Axis {
        let ticks = [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| (share, percent(share, 0.25)));
        Axis {
            from: 0.0,
            to: 1.0,
            scale: Scale::Linear,
            ticks: ticks.into(),
        }
    }

    /// Shares from nothing to a round one at or above `max`, about `count` ticks.
    pub(crate) fn shares(max: f64, count: usize) -> Axis {
        let step = round_step(max / count as f64);
        let steps = (max / step - 1e-9).ceil() as usize;
        let value = |n: usize| n as f64 * step;
        Axis {
            from: 0.0,
            to: value(steps),
            scale: Scale::Linear,
            ticks: (0..=steps)
                .map(|n| (value(n), percent(value(n), step)))
                .collect(),
        }
    }

    /// These values, ascending, each with its label: two of them differ.
    pub(crate) fn of_values(ticks: Vec<(f64, String)>) -> Axis {
        let ends = ticks.first().zip(ticks.last());
        let (from, to) = ends.map_or((0.0, 1.0), |(first, last)| (first.0, last.0));
        Axis {
            from,
            to,
            scale: Scale::Linear,
            ticks,
        }
    }

    /// From a round value at or below `min` to one at or above `max`, about `count` ticks, for a metric
    /// of this unit of the dictionary.
    pub(crate) fn around(min: f64, max: f64, count: usize, unit: &str) -> Axis {
        // All values may be the same.
        let span = match max - min {
            0.0 if min == 0.0 => 1.0,
            0.0 => 0.1 * min.abs(),
            span => span,
        };
        let is_share = unit == "ratio";
        let step = round_step(span / count as f64);
        let first = (min / step + 1e-9).floor() as i64;
        let last = ((max / step - 1e-9).ceil() as i64).max(first + 1);
        // No share is larger than all of it unless the data say so.
        let all = (1.0 / step).round() as i64;
        let beyond = is_share && max <= 1.0 && last > all;
        let (first, last) = if beyond {
            (first.min(all - 1), all)
        } else {
            (first, last)
        };
        let value = |n: i64| n as f64 * step;
        let label = |value: f64| match unit {
            "ratio" => percent(value, step),
            "s" => crate::report::figure::number(value, Unit::Seconds),
            "bytes" => crate::report::figure::number(value, Unit::Bytes),
            _ => number(value, step),
        };
        Axis {
            from: value(first),
            to: value(last),
            scale: Scale::Linear,
            ticks: (first..=last)
                .map(|n| (value(n), label(value(n))))
                .collect(),
        }
    }

    /// From a round share at or below `min` to 100 %.
    pub(crate) fn up_to_all(min: f64, count: usize) -> Axis {
        let gap = (1.0 - min).clamp(0.001, 1.0);
        let step = round_step(gap / count as f64);
        let steps = ((gap / step - 1e-9).ceil() as usize).min((1.0 / step).floor() as usize);
        let value = |n: usize| 1.0 - (steps - n) as f64 * step;
        let ticks = (0..=steps).map(|n| (value(n), percent(value(n), step)));
        Axis {
            from: value(0),
            to: 1.0,
            scale: Scale::Linear,
            ticks: ticks.collect(),
        }
    }

    /// Time in seconds, labelled in the unit that its length calls for, whose name comes with it.
    pub(crate) fn time(from: f64, to: f64, count: usize) -> (Axis, &'static str) {
        let (unit, name) = match to - from {
            span if span > 4.0 * 86_400.0 => (86_400.0, "days"),
            span if span > 2.0 * 3600.0 => (3600.0, "hours"),
            span if span > 180.0 => (60.0, "minutes"),
            _ => (1.0, "seconds"),
        };
        let wanted = (to - from) / unit / count as f64;
        let step = match unit {
            3600.0 => [0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 12.0, 24.0]
                .into_iter()
                .find(|&step| step >= wanted)
                .unwrap_or_else(|| round_step(wanted)),
            60.0 => [1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0]
                .into_iter()
                .find(|&step| step >= wanted)
                .unwrap_or_else(|| round_step(wanted)),
            _ => round_step(wanted),
        };
        let first = (from / unit / step - 1e-9).ceil() as i64;
        let last = (to / unit / step + 1e-9).floor() as i64;
        let ticks = (first..=last).map(|n| n as f64 * step);
        let axis = Axis {
            from,
            to,
            scale: Scale::Linear,
            ticks: ticks
                .map(|value| (value * unit, number(value, step)))
                .collect(),
        };
        (axis, name)
    }

    /// Waiting times in seconds from zero to `max`, by powers from `knee` on.
    pub(crate) fn waiting(knee: f64, max: f64) -> Axis {
        const ROUND: [(f64, &str); 15] = [
            (0.001, "1 ms"),
            (0.01, "10 ms"),
            (0.1, "100 ms"),
            (1.0, "1 s"),
            (10.0, "10 s"),
            (60.0, "1 min"),
            (600.0, "10 min"),
            (3600.0, "1 h"),
            (86_400.0, "1 d"),
            (864_000.0, "10 d"),
            (8_640_000.0, "100 d"),
            (31_536_000.0, "1 y"),
            (315_360_000.0, "10 y"),
            (3_153_600_000.0, "100 y"),
            (31_536_000_000.0, "1000 y"),
        ];
        let to = ROUND
            .iter()
            .map(|&(value, _)| value)
            .find(|&value| value >= max && value > knee);
        let to = to.unwrap_or(max);
        let ticks = ROUND
            .iter()
            .filter(|&&(value, _)| value >= knee && value <= to);
        let ticks = ticks.map(|&(value, label)| (value, label.to_owned()));
        Axis {
            from: 0.0,
            to,
            scale: Scale::ZeroAndPowers { knee },
            ticks: std::iter::once((0.0, "0".to_owned()))
                .chain(ticks)
                .collect(),
        }
    }

    /// Where a value lies: 0 at the start, 1 at the end.
    pub(crate) fn place(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => (value - self.from) / (self.to - self.from),
            Scale::ZeroAndPowers { knee } if value <= knee => 0.1 * value / knee,
            Scale::ZeroAndPowers { knee } => {
                0.1 + 0.9 * (value / knee).ln() / (self.to / knee).ln()
            }
        }
    }
}

/// The smallest of 1, 2, 2.5, 5 times a power of ten that is at least `wanted`.
fn round_step(wanted: f64) -> f64 {
    let power = 10_f64.powf(wanted.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|digit| digit * power);
    steps
        .into_iter()
        .find(|&step| step >= wanted * (1.0 - 1e-9))
        .unwrap_or(10.0 * power)
}

/// As many decimals as the step needs.
fn number(value: f64, step: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let decimals = (0..9)
        .find(|&n| is_whole(step * 10_f64.powi(n)))
        .unwrap_or(9) as usize;
    let text = format!("{value:.decimals$}");
    match text.split_once('.') {
        None if value >= 1e4 => crate::report::figure::thousands(value as u64),
        _ => text,
    }
}

fn percent(share: f64, step: f64) -> String {
    format!("{} %", number(100.0 * share, 100.0 * step))
}

fn is_whole(value: f64) -> bool {
    (value - value.round()).abs() < 1e-6 * value.abs().max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_and_cover_the_data() {
        let counts = |max| Axis::counts(max, 4);
        assert_eq!(labels(&counts(17.0)), ["0", "5", "10", "15", "20"]);
        assert_eq!(labels(&counts(10.0)), ["0", "5", "10"], "no 2.5");
        assert_eq!(labels(&counts(1.0)), ["0", "1"]);
        assert_eq!(labels(&counts(0.3)), ["0", "1"], "a mean over a cell");
        assert_eq!(labels(&counts(0.0)), ["0", "1"]);
        assert_eq!(
            labels(&counts(41_000.0)),
            ["0", "20,000", "40,000", "60,000"]
        );
        assert_eq!(
            labels(&Axis::up_to_all(0.655, 4)),
            ["60 %", "70 %", "80 %", "90 %", "100 %"]
        );
        assert_eq!(
            labels(&Axis::up_to_all(0.0, 4)),
            ["0 %", "25 %", "50 %", "75 %", "100 %"]
        );
        assert_eq!(Axis::up_to_all(0.9999, 4).from, 0.999);
        assert_eq!(
            labels(&Axis::between(1043.0, 1213.0, 4)),
            ["1000", "1050", "1100", "1150", "1200", "1250"]
        );
        assert_eq!(labels(&Axis::between(5.0, 5.0, 4)), ["5", "6"]);
        let shares = Axis::shares(1.29, 7);
        assert_eq!(labels(&shares)[5..], ["100 %", "120 %", "140 %"]);
        assert_eq!((shares.from, labels(&shares)[0]), (0.0, "0 %"));
    }

    #[test]
    fn a_range_of_any_metric_gets_round_ticks_in_its_unit() {
        let around = |min, max, unit| Axis::around(min, max, 4, unit);
        assert_eq!(
            labels(&around(0.981, 0.9999, "ratio")),
            ["98.0 %", "98.5 %", "99.0 %", "99.5 %", "100.0 %"]
        );
        assert_eq!(labels(&around(1.0, 1.0, "ratio")), ["97.5 %", "100.0 %"]);
        assert_eq!(
            labels(&around(110.6, 221.2, "currency")),
            ["100", "150", "200", "250"]
        );
        assert_eq!(labels(&around(0.0, 0.0, "count")), ["0", "0.25"]);
        assert_eq!(
            labels(&around(-0.4, 0.3, "1")),
            ["-0.4", "-0.2", "0", "0.2", "0.4"]
        );
    }

    #[test]
    fn a_signed_axis_has_round_ticks_to_both_sides_of_zero() {
        let axis = Axis::signed(-0.06, 0.052, 6);
        assert_eq!(
            labels(&axis),
            ["−0.06", "−0.04", "−0.02", "0", "+0.02", "+0.04", "+0.06"]
        );
        assert_eq!(axis.place(0.0), 0.5);
        assert_eq!(
            labels(&Axis::signed(-4.5, 0.3, 4)),
            ["−6", "−4", "−2", "0", "+2"]
        );
    }

    #[test]
    fn time_is_labelled_in_the_unit_of_its_length() {
        let (day, unit) = Axis::time(0.0, 86_400.0, 8);
        assert_eq!(
            labels(&day),
            ["0", "3", "6", "9", "12", "15", "18", "21", "24"]
        );
        assert_eq!(unit, "hours");
        let (late, _) = Axis::time(1800.0, 86_400.0, 8);
        assert_eq!(labels(&late)[0], "3");
        let (year, unit) = Axis::time(0.0, 31_536_000.0, 8);
        assert_eq!(
            labels(&year),
            ["0", "50", "100", "150", "200", "250", "300", "350"]
        );
        assert_eq!(unit, "days");
    }

    #[test]
    fn waiting_has_room_for_zero_and_powers_beyond() {
        let axis = Axis::waiting(1.0, 72.0);
        assert_eq!(labels(&axis), ["0", "1 s", "10 s", "1 min", "10 min"]);
        assert_eq!(
            [0.0, 1.0, 600.0].map(|value| axis.place(value)),
            [0.0, 0.1, 1.0]
        );
        // Half way between 1 s and 600 s by powers: √600 s.
        assert!((axis.place(600_f64.sqrt()) - 0.55).abs() < 1e-12);
    }
}
