//! Numbers for readers: units always, and no more digits than the interval supports.

use crate::scenario::objective::Tolerance;
use crate::stats::{Estimate, Interval};
use crate::{time, units};

/// How a metric's numbers are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit<'a> {
    /// A share of a whole, shown in percent.
    Ratio,
    /// Seconds, shown in the units that fit best.
    Seconds,
    /// Bytes, shown in the binary unit that fits best.
    Bytes,
    /// Money, in this currency.
    Money(&'a str),
    /// Anything else, with the name to show.
    Plain(&'a str),
}

impl<'a> Unit<'a> {
    /// What the dictionary's unit means; money is in `currency`.
    pub(crate) fn of(unit: &'a str, currency: &'a str) -> Unit<'a> {
        match unit {
            "ratio" => Unit::Ratio,
            "s" => Unit::Seconds,
            "bytes" => Unit::Bytes,
            "currency" => Unit::Money(currency),
            "1" | "count" => Unit::Plain(""),
            other => Unit::Plain(other),
        }
    }
}

/// An estimate with its interval: `99.87 % ± 0.03`, `48 s (45 s to 52 s)`; without one the number.
pub(crate) fn estimate(estimate: &Estimate, unit: Unit<'_>) -> String {
    let Some(interval) = estimate.interval else {
        return number(estimate.value, unit);
    };
    let (below, above) = (
        estimate.value - interval.low,
        interval.high - estimate.value,
    );
    let width = below + above;
    if width == 0.0 {
        return number(estimate.value, unit);
    }
    let is_symmetric = width.is_finite() && (below - above).abs() <= 1e-6 * width;
    if is_symmetric {
        symmetric(estimate.value, width / 2.0, unit)
    } else {
        between(estimate.value, interval, unit)
    }
}

/// A difference with its interval: `−0.35 points ± 0.05`, `+83 s (70 s to 95 s)`; without one the number.
/// That of two shares is in points of per cent.
pub(crate) fn difference(difference: &Estimate, unit: Unit<'_>) -> String {
    let (scale, unit) = match unit {
        Unit::Ratio => (100.0, Unit::Plain(POINTS)),
        Unit::Seconds | Unit::Bytes | Unit::Money(_) | Unit::Plain(_) => (1.0, unit),
    };
    let value = scale * difference.value;
    let interval = difference.interval.map(|interval| Interval {
        low: scale * interval.low,
        high: scale * interval.high,
    });
    let signed = |text: String, value: f64| match value > 0.0 {
        true => format!("+{text}"),
        false => text,
    };
    let Some(interval) = interval.filter(|interval| interval.high > interval.low) else {
        return signed(bounded(value, unit, None), value);
    };
    let (below, above) = (value - interval.low, interval.high - value);
    let (half, shorter) = ((below + above) / 2.0, below.min(above));
    let is_symmetric = half.is_finite() && (below - above).abs() <= 2e-6 * half;
    if is_symmetric {
        let step = Some(half).filter(|half| *half >= 1e-6 * value.abs());
        let number = signed(bounded(value, unit, step), value);
        let (number, name) = match unit {
            Unit::Seconds => (number, String::new()),
            Unit::Ratio | Unit::Bytes | Unit::Money(_) | Unit::Plain(_) => {
                let (number, name) = number.split_once(' ').unwrap_or((&number, ""));
                (number.to_owned(), name.to_owned())
            }
        };
        let half = magnitude(half, value.abs().max(half), unit);
        let name = match name.as_str() {
            "" => name,
            name => format!(" {name}"),
        };
        return format!("{number}{name} ± {half}");
    }
    let known = [shorter, half]
        .into_iter()
        .find(|arm| *arm > 0.0 && arm.is_finite());
    let text = |value: f64| bounded(value, unit, known);
    let (low, high) = (text(interval.low), text(interval.high));
    format!("{} ({low} to {high})", signed(text(value), value))
}

/// A difference of two numbers, the larger of this size: none where all that is known of it is what
/// rounding leaves of their sums.
pub(crate) fn beyond_rounding(difference: &Estimate, size: f64) -> Estimate {
    let interval = difference.interval.as_slice().iter();
    let ends = interval.flat_map(|interval| [interval.low, interval.high]);
    let known = ends.fold(difference.value.abs(), |most, end| most.max(end.abs()));
    match known < ROUNDING * size {
        true => Estimate {
            value: 0.0,
            interval: None,
            ..*difference
        },
        false => *difference,
    }
}

/// What rounding leaves of sums, at most, as a share of what was added up.
const ROUNDING: f64 = 1e-9;

/// Points of per cent.
pub(crate) const POINTS: &str = "points";

/// A number of which so much is unknown, in no more digits than that supports.
fn bounded(value: f64, unit: Unit<'_>, unknown: Option<f64>) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "−∞" }.to_owned();
    }
    let Some(unknown) = unknown else {
        return number(value, unit);
    };
    let shown = Shown::of(value.abs().max(unknown), unit);
    let step = shown.step(unknown);
    shown.with_name(&shown.text(value, step))
}

/// Half the width of an interval around a number of this size, in the number's unit but without its
/// name, where the number shows that.
fn magnitude(half: f64, size: f64, unit: Unit<'_>) -> String {
    let shown = Shown::of(size, unit);
    shown.text(half, shown.step(half))
}

/// A number that stands alone.
pub(crate) fn number(value: f64, unit: Unit<'_>) -> String {
    if value.is_infinite() {
        return unbounded(unit).to_owned();
    }
    let shown = Shown::of(value, unit);
    shown.with_name(&shown.text(value, shown.alone_step(value)))
}

/// Two values of a metric, in one precision: the digits that `unknown` of them supports, or those of a
/// number that stands alone, and as many more as it takes to tell apart what is not equal.
pub(crate) fn pair(values: [f64; 2], unknown: Option<f64>, unit: Unit<'_>) -> [String; 2] {
    let finite = values.iter().copied().filter(|value| value.is_finite());
    let size = finite.clone().fold(0.0, |a: f64, b| a.max(b.abs()));
    let shown = Shown::of(size, unit);
    let alone = finite.map(|value| shown.alone_step(value));
    let mut step = match unknown {
        Some(unknown) => shown.step(unknown),
        None => alone.fold(f64::INFINITY, f64::min).min(1.0),
    };
    let text = |value: f64, step: f64| match value.is_infinite() {
        true => unbounded(unit).to_owned(),
        false => shown.with_name(&shown.text(value, step)),
    };
    loop {
        let texts = values.map(|value| text(value, step));
        let are_apart = texts[0] != texts[1] || values[0] == values[1];
        // What is not all must not read so beside what is.
        let reads_all = |(value, text): (&f64, &String)| {
            unit == Unit::Ratio && *value < 1.0 && text.starts_with("100")
        };
        let hides = values.iter().zip(&texts).any(reads_all) && values[0] != values[1];
        if (are_apart && !hides) || step < FINEST {
            return texts;
        }
        step = finer(step, unit);
    }
}

/// A step in which no digits are left that a double holds of what people measure.
const FINEST: f64 = 1e-12;

/// The next finer step.
fn finer(step: f64, unit: Unit<'_>) -> f64 {
    match unit {
        Unit::Seconds if step >= DAY => HOUR,
        Unit::Seconds if step >= HOUR => MINUTE,
        Unit::Seconds if step > 1.0 => 1.0,
        Unit::Seconds | Unit::Ratio | Unit::Bytes | Unit::Money(_) | Unit::Plain(_) => step / 10.0,
    }
}

/// A share that stands alone, in two digits of it or of what it lacks of all.
pub(crate) fn rough(share: f64) -> String {
    let shown = Shown::of(share, Unit::Ratio);
    let percent = (100.0 * share).abs();
    let step = match percent.min((100.0 - percent).abs()) {
        smaller if smaller < NOTHING => 1.0,
        smaller => digits_step(smaller, 2).clamp(1e-6, 1.0),
    };
    shown.with_name(&shown.text(share, step))
}

/// An upper bound in two digits, rounded up to stay one.
pub(crate) fn bound(most: f64) -> String {
    let step = digits_step(most, 2);
    plain((most / step - 1e-9).ceil() * step, decimals(step))
}

/// What [`estimate`] gives, with its interval, if there is one, apart.
pub(crate) fn apart(shown: &str) -> (&str, &str) {
    let at = shown.find(" ±").or_else(|| shown.find(" ("));
    shown.split_at(at.unwrap_or(shown.len()))
}

/// An infinite number: of seconds, one beyond the end of the run.
const fn unbounded(unit: Unit<'_>) -> &'static str {
    match unit {
        Unit::Seconds => "> end",
        Unit::Ratio | Unit::Bytes | Unit::Money(_) | Unit::Plain(_) => "∞",
    }
}

/// A share as it was written down: `99.9 %`.
pub(crate) fn exact_percent(share: f64) -> String {
    // Nine decimals are more than anybody writes, and fewer than a double's rounding shows.
    let text = format!("{:.9}", 100.0 * share);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A difference of shares as it was written down: `0.05 points`.
fn exact_points(share: f64) -> String {
    exact_percent(share).replace('%', POINTS)
}

/// How much of a metric does not matter, which comes to `amount` of it: as it was written down, or as the
/// amount that a share of it is.
pub(crate) fn tolerance(tolerance: Tolerance, amount: f64, unit: Unit<'_>) -> String {
    match (tolerance, unit) {
        (Tolerance::Absolute(amount), Unit::Ratio) => exact_points(amount),
        (Tolerance::Relative(_), Unit::Ratio) => points(amount),
        (_, Unit::Seconds | Unit::Bytes | Unit::Money(_) | Unit::Plain(_)) => number(amount, unit),
    }
}

/// A difference of shares that stands alone: `1.2 points`.
fn points(share: f64) -> String {
    number(100.0 * share, Unit::Plain(POINTS))
}

fn symmetric(value: f64, half: f64, unit: Unit<'_>) -> String {
    let shown = Shown::of(value, unit);
    // An interval narrower than what anybody reads is said to be so.
    let step = shown.step(half).max(shown.finest_step(value));
    let step = step.min(shown.coarsest_step(value));
    let half = match half * shown.factor {
        half if half > 0.0 && half < step / 2.0 => format!("< {}", shown.scaled(step, step)),
        half => shown.scaled(half, step),
    };
    match unit {
        Unit::Ratio => format!("{} % ± {half}", shown.text(value, step)),
        Unit::Seconds => format!("{} ± {half}", shown.text(value, step)),
        Unit::Bytes | Unit::Money(_) | Unit::Plain(_) => {
            shown.with_name(&format!("{} ± {half}", shown.text(value, step)))
        }
    }
}

fn between(value: f64, interval: Interval, unit: Unit<'_>) -> String {
    let Interval { low, high } = interval;
    // The shorter arm says how much is known.
    let arms = [value - low, high - value].into_iter();
    let arm = arms.filter(|arm| *arm > 0.0).fold(f64::INFINITY, f64::min);
    let text = |value: f64| {
        let shown = Shown::of(value, unit);
        let step = shown.step(arm).max(shown.finest_step(value));
        let text = match value {
            value if value.is_infinite() => return unbounded(unit).to_owned(),
            value => shown.text(value, step.min(shown.coarsest_step(value))),
        };
        // Ends may be in another unit than the value where units go by size.
        if unit == Unit::Bytes {
            shown.with_name(&text)
        } else {
            text
        }
    };
    let number = match unit {
        Unit::Bytes => text(value),
        Unit::Ratio | Unit::Seconds | Unit::Money(_) | Unit::Plain(_) => {
            Shown::of(value, unit).with_name(&text(value))
        }
    };
    format!("{number} ({} to {})", text(low), text(high))
}

/// How one number is written: in which unit, and how fine. A step is the place value of the last
/// digit, in that unit.
struct Shown<'a> {
    unit: Unit<'a>,
    /// What one of the metric's units is in the unit shown.
    factor: f64,
    /// The unit shown.
    name: &'a str,
}

impl<'a> Shown<'a> {
    fn of(value: f64, unit: Unit<'a>) -> Shown<'a> {
        let (factor, name) = match unit {
            Unit::Ratio => (100.0, "%"),
            Unit::Seconds => (1.0, ""),
            Unit::Bytes => match value.abs() {
                value if value >= 1024.0 * GIB => (1.0 / (1024.0 * GIB), "TiB"),
                value if value >= GIB => (1.0 / GIB, "GiB"),
                _ => (1024.0 / GIB, "MiB"),
            },
            Unit::Money(name) | Unit::Plain(name) => (1.0, name),
        };
        Shown { unit, factor, name }
    }

    fn text(&self, value: f64, step: f64) -> String {
        self.scaled(value * self.factor, step)
    }

    fn scaled(&self, scaled: f64, step: f64) -> String {
        match self.unit {
            Unit::Seconds => duration(scaled, step),
            Unit::Ratio | Unit::Bytes | Unit::Money(_) | Unit::Plain(_) => {
                let rounded = match step > 1.0 {
                    true => (scaled / step).round() * step,
                    false => scaled,
                };
                plain(rounded, decimals(step))
            }
        }
    }

    /// The step of a number of which so much is unknown: the place of the first digit of that, and
    /// before the point of its second: 0.41 ± 0.03, 131 ± 12, 1,170,000 ± 520,000.
    fn step(&self, unknown: f64) -> f64 {
        let scaled = unknown * self.factor;
        match self.unit {
            Unit::Seconds => digit_step(scaled),
            Unit::Ratio | Unit::Bytes | Unit::Money(_) | Unit::Plain(_) => {
                digits_step(scaled, 2).max(digit_step(scaled).min(1.0))
            }
        }
    }

    /// The step of a number that stands alone.
    fn alone_step(&self, value: f64) -> f64 {
        let scaled = (value * self.factor).abs();
        match self.unit {
            Unit::Ratio => share_step(scaled),
            Unit::Seconds => duration_step(scaled),
            Unit::Money(_) => digits_step(scaled, 3).clamp(0.01, 1.0),
            Unit::Bytes | Unit::Plain(_) if scaled.fract() == 0.0 => 1.0,
            Unit::Bytes | Unit::Plain(_) => digits_step(scaled, 3).min(1.0),
        }
    }

    /// The finest step that anybody reads, however narrow the interval.
    fn finest_step(&self, value: f64) -> f64 {
        let scaled = (value * self.factor).abs();
        match self.unit {
            Unit::Ratio => share_step(scaled),
            Unit::Seconds => duration_step(scaled),
            Unit::Money(_) => digits_step(scaled, 4).clamp(0.01, 1.0),
            Unit::Bytes | Unit::Plain(_) => digits_step(scaled, 4).min(1.0),
        }
    }

    /// The coarsest step that leaves something of the number, however wide the interval: a share
    /// that is neither nothing nor all never reads so.
    fn coarsest_step(&self, value: f64) -> f64 {
        let scaled = (value * self.factor).abs();
        match self.unit {
            Unit::Ratio => match scaled.min((100.0 - scaled).abs()) {
                smaller if smaller < NOTHING => 1.0,
                smaller => digits_step(smaller, 1),
            },
            Unit::Seconds => digits_step(scaled, 2),
            Unit::Bytes | Unit::Money(_) | Unit::Plain(_) => digits_step(scaled, 1),
        }
    }

    fn with_name(&self, number: &str) -> String {
        match self.name {
            "" => number.to_owned(),
            name => format!("{number} {name}"),
        }
    }
}

/// Less, in percent, is what rounding leaves of a sum that is all or nothing.
const NOTHING: f64 = 1e-7;

const GIB: f64 = (1_u64 << 30) as f64;

/// The place value of the first digit of `half`, once it is rounded to one digit: 0.096 gives 0.1.
fn digit_step(half: f64) -> f64 {
    digits_step(half, 1)
}

/// The place value of the last of so many digits of `value`; no coarser than 1 for zero.
fn digits_step(value: f64, digits: i32) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return 1.0;
    }
    let places = usize::try_from(digits - 1).expect("at least one digit");
    let text = format!("{value:.places$e}");
    let (_, exponent) = text
        .split_once('e')
        .expect("scientific notation has an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent is a whole number");
    power_of_ten(exponent + 1 - digits)
}

/// 10^`exponent`, rounded once.
fn power_of_ten(exponent: i32) -> f64 {
    format!("1e{exponent}")
        .parse()
        .expect("a power of ten is a number")
}

/// Decimals of a number whose last digit has this place value.
fn decimals(step: f64) -> usize {
    (0..12)
        .find(|&places| step * 10_f64.powi(places) > 0.9)
        .unwrap_or(12) as usize
}

/// The step of a percentage: two digits of the smaller of it and its complement.
fn share_step(percent: f64) -> f64 {
    match percent.min((100.0 - percent).abs()) {
        smaller if smaller < NOTHING => 1.0,
        smaller => digits_step(smaller, 2).clamp(1e-6, 0.1),
    }
}

/// The step of a length of time that stands alone: two units, or three digits below a minute.
fn duration_step(seconds: f64) -> f64 {
    match seconds {
        seconds if seconds >= 2.0 * DAY => HOUR,
        seconds if seconds >= HOUR => MINUTE,
        seconds if seconds >= MINUTE => 1.0,
        seconds if seconds.fract() == 0.0 => 1.0,
        seconds => digits_step(seconds, 3),
    }
}

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;

/// A length of time in seconds, rounded to `step`: `47 s`, `5 m 2 s`, `24 h`, `3 d 4 h`.
pub(crate) fn duration(seconds: f64, step: f64) -> String {
    if seconds < 0.0 {
        return format!("−{}", duration(-seconds, step));
    }
    // Beyond ten seconds, the step of a clock.
    let step = match step {
        step if step > 10_000.0 => DAY,
        step if step > 1000.0 => HOUR,
        step if step > 100.0 => 10.0 * MINUTE,
        step if step > 10.0 => MINUTE,
        step => step,
    };
    let rounded = (seconds / step).round() * step;
    if 0.0 < rounded && rounded < 1.0 && step < 0.1 {
        return format!("{} ms", fixed(1000.0 * rounded, decimals(1000.0 * step)));
    }
    if rounded < MINUTE {
        return format!("{} s", fixed(rounded, decimals(step)));
    }
    let whole = rounded.round() as u64;
    // Each unit with the length of the next: a step as long as that leaves nothing of it.
    let parts = time::in_units(whole).into_iter();
    let parts = parts.zip([f64::INFINITY, DAY, HOUR, MINUTE]);
    let parts = parts.filter(|&((count, _), next)| count > 0 && step < next);
    let parts: Vec<String> = parts
        .map(|((count, name), _)| format!("{count} {name}"))
        .collect();
    parts.join(" ")
}

/// `1234567` as `1,234,567`.
pub(crate) fn thousands(number: u64) -> String {
    units::thousands(number)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Method;

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
        assert_eq!(
            around(0.995, 0.032, Unit::Ratio),
            "99.5 % ± 3.2",
            "100 % would be wrong"
        );
        assert_eq!(around(131.4, 12.3, Unit::Plain("")), "131 ± 12");
        let requests = Unit::Plain("requests");
        assert_eq!(
            around(1_165_275.0, 523_244.0, requests),
            "1,170,000 ± 520,000 requests"
        );
        assert_eq!(
            around(1_165_275.0, 12.0, requests),
            "1,165,275 ± 12 requests"
        );
        assert_eq!(
            around(1_234.0, 245.0, Unit::Money("USD")),
            "1,230 ± 250 USD"
        );
        assert_eq!(number(1_165_275.0, requests), "1,165,275 requests");
        assert_eq!(number(12_345.6, Unit::Money("USD")), "12,346 USD");
        assert_eq!(around(1234.56, 96.0, Unit::Money("USD")), "1,235 ± 96 USD");
        assert_eq!(
            around(221.183, 0.032, Unit::Money("USD")),
            "221.2 ± < 0.1 USD"
        );
        assert_eq!(around(362.2, 6.4, Unit::Seconds), "6 m 2 s ± 6 s");
        assert_eq!(around(4321.0, 490.0, Unit::Seconds), "1 h 12 m ± 8 m");
        assert_eq!(around(1920.0, 49.6, Unit::Seconds), "32 m ± 50 s");
        assert_eq!(around(3666.0, 1090.0, Unit::Seconds), "1 h 1 m ± 18 m");
        assert_eq!(around(48.27, 0.31, Unit::Seconds), "48.3 s ± 0.3 s");
        assert_eq!(around(1.5 * GIB, 0.27 * GIB, Unit::Bytes), "1.5 ± 0.3 GiB");
    }

    #[test]
    fn two_values_that_differ_are_told_apart() {
        let of = |a: f64, b: f64, unknown, unit| pair([a, b], unknown, unit).join(" → ");
        assert_eq!(of(0.9987, 0.9971, None, Unit::Ratio), "99.87 % → 99.71 %");
        assert_eq!(
            of(0.998_712, 0.998_709, None, Unit::Ratio),
            "99.8712 % → 99.8709 %"
        );
        assert_eq!(of(0.5, 0.5, None, Unit::Ratio), "50.0 % → 50.0 %");
        // As fine as what is known of them.
        assert_eq!(
            of(0.5, 0.51, Some(0.000_5), Unit::Ratio),
            "50.00 % → 51.00 %"
        );
        assert_eq!(of(0.5123, 0.6141, Some(0.1), Unit::Ratio), "51 % → 61 %");
        assert_eq!(
            of(90_000.0, 90_030.0, None, Unit::Seconds),
            "25 h → 25 h 30 s"
        );
        assert_eq!(of(4.0, f64::INFINITY, None, Unit::Seconds), "4 s → > end");
        let lost = of(0.999_995, 0.999_991_9, Some(0.000_01), Unit::Ratio);
        assert_eq!(lost, "99.9995 % → 99.9992 %");
        let usd = Unit::Money("USD");
        assert_eq!(of(217.2, 217.4, None, usd), "217.2 USD → 217.4 USD");
        let large = "1,000,000,000,000.0 → 1,000,000,000,000.2";
        assert_eq!(of(1e12, 1e12 + 0.25, None, Unit::Plain("")), large);
    }

    #[test]
    fn a_difference_has_a_sign_and_that_of_shares_is_in_points() {
        let of = |value: f64, low: f64, high: f64, unit| {
            let interval = Some(Interval { low, high });
            let method = Method::PairedT;
            difference(
                &Estimate {
                    value,
                    interval,
                    method,
                },
                unit,
            )
        };
        let around = |value: f64, half: f64, unit| of(value, value - half, value + half, unit);
        assert_eq!(
            around(-0.003_51, 0.000_52, Unit::Ratio),
            "−0.35 points ± 0.05"
        );
        assert_eq!(
            around(0.000_000_2, 0.000_004, Unit::Ratio),
            "+0.0000 points ± 0.0004"
        );
        assert_eq!(around(0.0, 0.5, Unit::Plain("nodes")), "0.0 nodes ± 0.5");
        assert_eq!(around(83.2, 12.0, Unit::Seconds), "+1 m 20 s ± 10 s");
        assert_eq!(around(-12.34, 0.8, Unit::Money("USD")), "−12.3 USD ± 0.8");
        assert_eq!(
            of(83.2, 70.1, 95.4, Unit::Seconds),
            "+1 m 20 s (1 m 10 s to 1 m 40 s)"
        );
        let never = of(f64::INFINITY, 3.0, f64::INFINITY, Unit::Seconds);
        assert_eq!(never, "+∞ (3 s to ∞)");
        assert_eq!(of(0.5, 0.5, 0.5, Unit::Ratio), "+50 points");
    }

    #[test]
    fn what_rounding_leaves_is_no_difference() {
        let of = |value: f64, half: f64, size: f64| {
            let interval = Some(Interval {
                low: value - half,
                high: value + half,
            });
            let method = Method::WelchT;
            let estimate = Estimate {
                value,
                interval,
                method,
            };
            difference(&beyond_rounding(&estimate, size), Unit::Plain(""))
        };
        assert_eq!(of(1.2e-13, 0.0, 0.005), "0");
        assert_eq!(of(-1.2e-13, 3e-13, 0.005), "0");
        assert_eq!(of(1.2e-13, 0.2, 0.005), "+0.0 ± 0.2");
        assert_eq!(of(0.0002, 0.0, 0.005), "+0.000200");
    }

    #[test]
    fn no_digits_that_nobody_reads_however_narrow_the_interval() {
        assert_eq!(around(0.213_478, 0.000_001, Unit::Ratio), "21.3 % ± < 0.1");
        assert_eq!(
            around(0.999_667, 0.000_007, Unit::Ratio),
            "99.967 % ± 0.001"
        );
        assert_eq!(around(714.893, 0.012, Unit::Plain("")), "714.9 ± < 0.1");
        assert_eq!(around(4321.0, 4.0, Unit::Seconds), "1 h 12 m ± < 1 m");
        assert_eq!(around(0.0, 0.0, Unit::Ratio), "0 %");
    }

    #[test]
    fn a_bound_is_rounded_up_and_a_rough_share_to_two_digits() {
        let bounds = [91.83, 0.0123, 1234.0, 50.0, 0.0982].map(bound);
        assert_eq!(bounds, ["92", "0.013", "1,300", "50", "0.099"]);
        let shares = [0.0, 0.431, 0.0087, 0.9987, 1.0, 0.932].map(rough);
        assert_eq!(
            shares,
            ["0 %", "43 %", "0.87 %", "99.87 %", "100 %", "93.2 %"]
        );
        assert_eq!(apart("99.87 % ± 0.03"), ("99.87 %", " ± 0.03"));
        assert_eq!(apart("48 s (45 s to > end)"), ("48 s", " (45 s to > end)"));
        assert_eq!(apart("43 %"), ("43 %", ""));
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
        assert_eq!(
            skewed(f64::INFINITY, 45.0, f64::INFINITY, Unit::Seconds),
            "> end (45 s to > end)"
        );
        assert_eq!(
            skewed(3666.0, 1500.0, 5800.0, Unit::Seconds),
            "1 h 1 m (25 m to 1 h 37 m)"
        );
        assert_eq!(
            skewed(3235.0, 3226.0, 3240.0, Unit::Seconds),
            "53 m 55 s (53 m 46 s to 54 m)"
        );
        assert_eq!(skewed(0.0, 0.0, 0.0, Unit::Seconds), "0 s");
        assert_eq!(skewed(0.05, 0.001, 0.249, Unit::Ratio), "5 % (0.1 to 25)");
    }

    #[test]
    fn a_number_alone_shows_three_digits_and_a_share_what_it_lacks() {
        let shares = [0.0, 1.0 - 1e-12, 0.9987, 0.612_34, 0.999_987_1, 0.000_123];
        let shown = shares.map(|share| number(share, Unit::Ratio));
        assert_eq!(
            shown,
            ["0 %", "100 %", "99.87 %", "61.2 %", "99.9987 %", "0.012 %"]
        );
        let counts = [0.0, 3.0, 41_234.0, 2.345_6, 0.012_345, -1.5];
        let shown = counts.map(|count| number(count, Unit::Plain("")));
        assert_eq!(shown, ["0", "3", "41,234", "2.35", "0.0123", "−1.50"]);
        let spans = [
            0.0, 0.0123, 0.25, 47.0, 47.26, 302.4, 4321.0, 86_400.0, 273_600.0,
        ];
        let shown = spans.map(|span| number(span, Unit::Seconds));
        let expected = [
            "0 s", "12.3 ms", "250 ms", "47 s", "47.3 s", "5 m 2 s", "1 h 12 m", "24 h", "3 d 4 h",
        ];
        assert_eq!(shown, expected);
        assert_eq!(number(f64::INFINITY, Unit::Seconds), "> end");
        let objectives = [0.999, 0.9995, 0.995, 0.99999].map(exact_percent);
        assert_eq!(objectives, ["99.9 %", "99.95 %", "99.5 %", "99.999 %"]);
    }
}
