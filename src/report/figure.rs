//! Numbers for readers: units always, and no more digits than the interval supports.

use crate::stats::{Estimate, Interval, Method};

/// How a metric's numbers are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit<'a> {
    /// A share of a whole, shown in percent.
    Ratio,
    /// Seconds, shown in the two units that fit best.
    Seconds,
    /// Anything else, with the name to show.
    Plain(&'a str),
}

impl<'a> Unit<'a> {
    /// What the dictionary's unit means; money is shown in `currency`.
    pub(crate) fn of(unit: &'a str, currency: &'a str) -> Unit<'a> {
        match unit {
            "ratio" => Unit::Ratio,
            "s" => Unit::Seconds,
            "1" | "count" => Unit::Plain(""),
            "currency" => Unit::Plain(currency),
            other => Unit::Plain(other),
        }
    }
}

/// An estimate with its interval: `99.87 % ± 0.03`, `48 s (45 to 52)`; without one just the number.
pub(crate) fn estimate(estimate: &Estimate, unit: Unit<'_>) -> String {
    let Some(interval) = estimate.interval else {
        return number(estimate.value, unit);
    };
    let is_symmetric = matches!(
        estimate.method,
        Method::StudentT | Method::PairedT | Method::Jackknife
    );
    if is_symmetric && estimate.value.is_finite() {
        let half = (interval.high - interval.low) / 2.0;
        symmetric(estimate.value, half, unit)
    } else {
        between(estimate.value, interval, unit)
    }
}

/// A number that stands alone.
pub(crate) fn number(value: f64, unit: Unit<'_>) -> String {
    if value.is_infinite() {
        return "> end".to_owned();
    }
    match unit {
        Unit::Ratio => format!("{} %", fixed(100.0 * value, share_decimals(100.0 * value))),
        Unit::Seconds => duration(value, alone_resolution(value)),
        Unit::Plain(name) => with_name(&plain(value, alone_decimals(value)), name),
    }
}

fn symmetric(value: f64, half: f64, unit: Unit<'_>) -> String {
    match unit {
        Unit::Ratio => {
            let decimals = interval_decimals(100.0 * half);
            let (value, half) = (
                fixed(100.0 * value, decimals),
                fixed(100.0 * half, decimals),
            );
            format!("{value} % ± {half}")
        }
        Unit::Seconds => {
            let resolution = interval_resolution(half);
            let half = match half {
                half if value >= 1.0 && half < 1.0 => {
                    format!("{} s", fixed(half, interval_decimals(resolution)))
                }
                half => duration(half, resolution),
            };
            let value = duration(value, resolution);
            format!("{value} ± {half}")
        }
        Unit::Plain(name) => {
            let decimals = interval_decimals(half);
            let (value, half) = (plain(value, decimals), plain(half, decimals));
            with_name(&format!("{value} ± {half}"), name)
        }
    }
}

fn between(value: f64, interval: Interval, unit: Unit<'_>) -> String {
    let Interval { low, high } = interval;
    // The shorter arm says how much is known.
    let arm = [value - low, high - value]
        .into_iter()
        .filter(|arm| *arm > 0.0 && arm.is_finite());
    let arm = arm.fold(f64::INFINITY, f64::min);
    let show = |value: f64| match unit {
        _ if value.is_infinite() => "> end".to_owned(),
        Unit::Ratio => fixed(100.0 * value, interval_decimals(100.0 * arm)),
        Unit::Seconds => duration(value, interval_resolution(arm)),
        Unit::Plain(_) => plain(value, interval_decimals(arm)),
    };
    let range = format!("({} to {})", show(low), show(high));
    match unit {
        Unit::Ratio => format!("{} % {range}", show(value)),
        Unit::Seconds => format!("{} {range}", show(value)),
        Unit::Plain(name) => format!("{} {range}", with_name(&show(value), name)),
    }
}

/// The decimals of a number known to ± `half`: those of the first digit of `half` that is not zero.
fn interval_decimals(half: f64) -> usize {
    if half <= 0.0 || !half.is_finite() {
        return 0;
    }
    // Rounded to one digit first: 0.096 counts as 0.1.
    let exponent: i32 = {
        let text = format!("{half:.0e}");
        let (_, exponent) = text
            .split_once('e')
            .expect("scientific notation has an exponent");
        exponent.parse().expect("an exponent is a whole number")
    };
    usize::try_from(-exponent).unwrap_or(0)
}

/// Two digits of the smaller of a percentage and its complement; at least one decimal.
fn share_decimals(percent: f64) -> usize {
    let smaller = percent.abs().min((100.0 - percent).abs());
    if smaller <= 0.0 {
        return 0;
    }
    (interval_decimals(smaller) + 1).clamp(1, 6)
}

/// Three digits of a number that stands alone, all of a whole one.
fn alone_decimals(value: f64) -> usize {
    if value.fract() == 0.0 {
        return 0;
    }
    let digits_before = value.abs().log10().floor() as i32 + 1;
    usize::try_from(3 - digits_before).unwrap_or(0).min(6)
}

/// The step, in seconds, to which a length of time known to ± `half` is shown.
fn interval_resolution(half: f64) -> f64 {
    match half {
        half if half >= 2.0 * DAY => DAY,
        half if half >= 2.0 * HOUR => HOUR,
        half if half >= 2.0 * MINUTE => MINUTE,
        half => 10_f64.powi(-(interval_decimals(half).min(9) as i32)),
    }
}

/// The step, in seconds, to which a length of time that stands alone is shown.
fn alone_resolution(value: f64) -> f64 {
    match value.abs() {
        value if value >= DAY => HOUR,
        value if value >= HOUR => MINUTE,
        value if value >= MINUTE => 1.0,
        value => 10_f64.powi(-(alone_decimals(value) as i32)),
    }
}

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;

/// A length of time in seconds, rounded to `resolution`: `47 s`, `5 m 2 s`, `1 h 12 m`, `3 d 4 h`.
pub(crate) fn duration(seconds: f64, resolution: f64) -> String {
    if seconds < 0.0 {
        return format!("−{}", duration(-seconds, resolution));
    }
    let rounded = (seconds / resolution).round() * resolution;
    let decimals = interval_decimals(resolution);
    if 0.0 < rounded && rounded < 1.0 {
        return format!("{} ms", fixed(1000.0 * rounded, decimals.saturating_sub(3)));
    }
    if rounded < MINUTE {
        return format!("{} s", fixed(rounded, decimals));
    }
    let whole = rounded.round() as u64;
    let parts = [
        (whole / 86_400, "d", DAY),
        (whole / 3600 % 24, "h", HOUR),
        (whole / 60 % 60, "m", MINUTE),
        (whole % 60, "s", 1.0),
    ];
    let parts = parts
        .into_iter()
        .filter(|&(count, _, length)| count > 0 && length >= resolution);
    let parts: Vec<String> = parts
        .map(|(count, name, _)| format!("{count} {name}"))
        .collect();
    parts.join(" ")
}

/// `1234567` as `1,234,567`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with that many decimals, a proper minus and grouped thousands.
fn plain(value: f64, decimals: usize) -> String {
    let text = fixed(value, decimals);
    let (sign, digits) = match text.strip_prefix('−') {
        Some(digits) => ("−", digits),
        None => ("", text.as_str()),
    };
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    match whole.parse() {
        Ok(whole) => format!("{sign}{}{fraction}", thousands(whole)),
        Err(_) => text,
    }
}

fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        // What rounds to zero has no sign.
        Some(digits) if digits.bytes().all(|byte| matches!(byte, b'0' | b'.')) => digits.to_owned(),
        Some(digits) => format!("−{digits}"),
        None => text,
    }
}

fn with_name(number: &str, name: &str) -> String {
    if name.is_empty() {
        number.to_owned()
    } else {
        format!("{number} {name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(value: f64, half: f64, unit: Unit<'_>) -> String {
        let interval = Some(Interval {
            low: value - half,
            high: value + half,
        });
        estimate(
            &Estimate {
                value,
                interval,
                method: Method::StudentT,
            },
            unit,
        )
    }

    #[test]
    fn no_more_digits_than_the_interval_supports() {
        assert_eq!(around(0.998_71, 0.000_32, Unit::Ratio), "99.87 % ± 0.03");
        assert_eq!(around(0.612_34, 0.004_1, Unit::Ratio), "61.2 % ± 0.4");
        assert_eq!(around(0.612_34, 0.096, Unit::Ratio), "61 % ± 10");
        assert_eq!(around(131.4, 12.3, Unit::Plain("")), "131 ± 12");
        assert_eq!(
            around(1234.56, 0.096, Unit::Plain("USD")),
            "1,234.6 ± 0.1 USD"
        );
        assert_eq!(around(362.2, 6.4, Unit::Seconds), "6 m 2 s ± 6 s");
        assert_eq!(around(4321.0, 490.0, Unit::Seconds), "1 h 12 m ± 8 m");
        assert_eq!(around(48.27, 0.31, Unit::Seconds), "48.3 s ± 0.3 s");
    }

    #[test]
    fn a_skewed_interval_is_given_by_its_ends() {
        let skewed = |value, low, high, unit| {
            let interval = Some(Interval { low, high });
            estimate(
                &Estimate {
                    value,
                    interval,
                    method: Method::Bootstrap,
                },
                unit,
            )
        };
        assert_eq!(
            skewed(48.0, 45.0, 61.0, Unit::Seconds),
            "48 s (45 s to 1 m 1 s)"
        );
        assert_eq!(
            skewed(48.0, 45.0, f64::INFINITY, Unit::Seconds),
            "48 s (45 s to > end)"
        );
        assert_eq!(skewed(0.05, 0.001, 0.249, Unit::Ratio), "5 % (0 to 25)");
    }

    #[test]
    fn a_number_alone_shows_three_digits_and_a_share_what_it_lacks() {
        let shares = [0.0, 1.0, 0.9987, 0.612_34, 0.999_987_1, 0.000_123];
        let shown = shares.map(|share| number(share, Unit::Ratio));
        assert_eq!(
            shown,
            ["0 %", "100 %", "99.87 %", "61.2 %", "99.9987 %", "0.012 %"]
        );
        let counts = [0.0, 3.0, 41_234.0, 2.345_6, 0.012_345, -1.5];
        let shown = counts.map(|count| number(count, Unit::Plain("")));
        assert_eq!(shown, ["0", "3", "41,234", "2.35", "0.0123", "−1.50"]);
        let spans = [
            0.0,
            0.0123,
            47.0,
            47.26,
            302.4,
            4321.0,
            273_600.0,
            f64::INFINITY,
        ];
        let shown = spans.map(|span| number(span, Unit::Seconds));
        let expected = [
            "0 s", "12.3 ms", "47 s", "47.3 s", "5 m 2 s", "1 h 12 m", "3 d 4 h", "> end",
        ];
        assert_eq!(shown, expected);
    }
}
