//! Quantities as people write them: `"500m"`, `"64Gi"`, `"1h30m"`, `"30/h"`.
//!
//! CPU, memory and sizes follow the grammar of Kubernetes' `resource.Quantity` (apimachinery
//! `pkg/api/resource/quantity.go`, v1.34): a number, then a suffix or a decimal exponent. All
//! arithmetic is in whole numbers, so that no quantity is rounded unseen.

use crate::time::Duration;
use crate::units::{Bytes, MilliCpu};

/// Why a text is not a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bad {
    /// What is wrong, to follow the text: `is not a quantity`.
    pub what: &'static str,
    /// What was probably meant, as a question.
    pub meant: Option<&'static str>,
    /// How such a quantity is written.
    pub form: &'static str,
}

/// Most CPU of one quantity: a billion cores, in thousandths.
const CPU_MAX: u128 = 1_000_000_000_000;
/// Most memory of one quantity: 1 PiB.
const MEMORY_MAX: u128 = 1 << 50;

/// How memory is written.
const MEMORY_FORM: &str = "a size is a number and a suffix: Ki, Mi, Gi, Ti (powers of 1024) or \
                           k, M, G, T (powers of 1000), such as \"64Gi\"";
/// How CPU is written.
const CPU_FORM: &str =
    "CPU is cores such as \"2\" or 0.5, or thousandths of a core such as \"500m\"";
/// How a length of time is written.
const DURATION_FORM: &str =
    "a length of time is numbers with units ns, us, ms, s, m, h or d, such as \"1h30m\"";
/// How a rate is written.
const RATE_FORM: &str = "a rate is a number per s, min, h or d, such as \"30/h\"";
/// How a bandwidth is written.
const BANDWIDTH_FORM: &str = "a bandwidth is a size per second, such as \"100Mi/s\"";

impl Bad {
    const fn new(what: &'static str, form: &'static str) -> Bad {
        Bad {
            what,
            meant: None,
            form,
        }
    }
}

/// CPU: whole thousandths of a core. Kubernetes allows no finer precision either (Kubernetes
/// documentation, "Resource Management for Pods and Containers", v1.34).
///
/// # Errors
/// When the text is no such quantity.
pub fn cpu(text: &str) -> Result<MilliCpu, Bad> {
    let bad = |what| Bad::new(what, CPU_FORM);
    if text.starts_with('-') {
        return Err(bad("is negative"));
    }
    let (number, suffix) = Decimal::split(text).ok_or(bad("is not a quantity"))?;
    let scale = scale(suffix).ok_or(bad("is not a quantity"))?;
    let (milli, rest) = number.times(scale, 1000).ok_or(bad("is too large"))?;
    match milli {
        _ if rest => Err(bad("is finer than a thousandth of a core")),
        CPU_MAX.. => Err(bad("is too large")),
        _ => Ok(MilliCpu(milli as u64)),
    }
}

/// Memory or a size, rounded up to whole bytes as Kubernetes does (`Quantity.Value`). Other than
/// zero it needs a suffix: `"64"`, which Kubernetes reads as 64 bytes, is a mistake in a scenario.
///
/// # Errors
/// When the text is no such quantity.
pub fn memory(text: &str) -> Result<Bytes, Bad> {
    let bad = |what| Bad::new(what, MEMORY_FORM);
    if text.starts_with('-') {
        return Err(bad("is negative"));
    }
    let (number, suffix) = Decimal::split(text).ok_or(bad("is not a quantity"))?;
    if let Some(meant) = mistaken(suffix) {
        return Err(Bad {
            meant: Some(meant),
            ..bad("is not a quantity")
        });
    }
    if suffix.is_empty() && number.digits != 0 {
        return Err(bad("has no unit"));
    }
    let scale = scale(suffix).ok_or(bad("is not a quantity"))?;
    let (bytes, rest) = number.times(scale, 1).ok_or(bad("is too large"))?;
    match bytes + u128::from(rest) {
        bytes if bytes > MEMORY_MAX => Err(bad("is larger than 1Pi")),
        bytes => Ok(Bytes(bytes as u64)),
    }
}

/// A length of time.
///
/// # Errors
/// When the text is no such quantity.
pub fn duration(text: &str) -> Result<Duration, Bad> {
    let bad = |what| Bad::new(what, DURATION_FORM);
    if text.starts_with('-') {
        return Err(bad("is negative"));
    }
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let (mut rest, mut total) = (text, 0_u128);
    loop {
        let (number, after) = Decimal::split(rest).ok_or(bad("is not a length of time"))?;
        let end = after.find(|c: char| c.is_ascii_digit());
        let (unit, next) = after.split_at(end.unwrap_or(after.len()));
        let nanos = match unit {
            "ns" => 1,
            "us" | "µs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            "" => return Err(bad("has no unit")),
            _ => return Err(bad("is not a length of time")),
        };
        let (nanos, finer) = number.times((1, 1), nanos).ok_or(bad("is too long"))?;
        if finer {
            return Err(bad("is finer than a nanosecond"));
        }
        total += nanos;
        rest = next;
        if rest.is_empty() {
            break;
        }
    }
    // The last nanosecond stands for "for ever".
    match u64::try_from(total) {
        Ok(nanos) if nanos < u64::MAX => Ok(Duration::from_nanos(nanos)),
        _ => Err(bad("is longer than 584 years")),
    }
}

/// A number of events per time, in events per second.
///
/// # Errors
/// When the text is no such quantity.
pub fn rate(text: &str) -> Result<f64, Bad> {
    let bad = |what| Bad::new(what, RATE_FORM);
    let (number, unit) = text.split_once('/').ok_or(bad("is not a rate"))?;
    let seconds = match unit.trim() {
        "s" => 1.0,
        "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return Err(bad("is not a rate")),
    };
    match number.trim().parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number / seconds),
        Ok(_) => Err(bad("is not above zero")),
        Err(_) => Err(bad("is not a rate")),
    }
}

/// A size per second, in bytes per second, above zero.
///
/// # Errors
/// When the text is no such quantity.
pub fn bandwidth(text: &str) -> Result<u64, Bad> {
    let bad = |what| Bad::new(what, BANDWIDTH_FORM);
    let size = text.strip_suffix("/s").ok_or(bad("is not a bandwidth"))?;
    match memory(size)?.0 {
        0 => Err(bad("is zero")),
        bytes => Ok(bytes),
    }
}

/// Seconds written as a plain decimal number, to the nearest nanosecond below.
pub(super) fn seconds(text: &[u8]) -> Option<u64> {
    const NANOS: u64 = 1_000_000_000;
    let point = text.iter().position(|&c| c == b'.').unwrap_or(text.len());
    let (whole, fraction) = text.split_at(point);
    let fraction = fraction.get(1..).unwrap_or(&[]);
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut nanos = 0;
    let mut place = NANOS / 10;
    for &digit in fraction {
        nanos += u64::from(digit_of(digit)?) * place;
        place /= 10;
    }
    let whole = if whole.is_empty() {
        0
    } else {
        self::whole(whole)?
    };
    let nanos = whole.checked_mul(NANOS)?.checked_add(nanos)?;
    // The last nanosecond stands for "for ever".
    (nanos < u64::MAX).then_some(nanos)
}

/// A plain whole number.
pub(super) fn whole(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |number, &digit| {
        number
            .checked_mul(10)?
            .checked_add(u64::from(digit_of(digit)?))
    })
}

fn digit_of(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}

/// A decimal number: `digits` over ten to the power of `decimals`.
#[derive(Clone, Copy)]
struct Decimal {
    digits: u128,
    decimals: u32,
}

impl Decimal {
    /// Most digits of a number.
    const DIGITS: usize = 20;

    /// Splits a text into the number it begins with and what follows.
    fn split(text: &str) -> Option<(Decimal, &str)> {
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, rest) = text.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = [whole, fraction].concat();
        let possible = !digits.is_empty() && digits.len() <= Decimal::DIGITS;
        let decimal = Decimal {
            digits: possible.then(|| digits.parse().ok())??,
            decimals: fraction.len() as u32,
        };
        Some((decimal, rest))
    }

    /// The number times `over` / `under` times `unit`, rounded down, and whether that was inexact.
    /// `None` beyond the range.
    fn times(self, (over, under): (u128, u128), unit: u128) -> Option<(u128, bool)> {
        let over = self.digits.checked_mul(over)?.checked_mul(unit)?;
        let under = under.checked_mul(10_u128.pow(self.decimals))?;
        Some((over / under, !over.is_multiple_of(under)))
    }
}

/// What a suffix multiplies by, as a fraction.
fn scale(suffix: &str) -> Option<(u128, u128)> {
    let binary = |power: u32| Some((1 << (10 * power), 1));
    match suffix {
        "" => Some((1, 1)),
        "n" => Some((1, 1_000_000_000)),
        "u" => Some((1, 1_000_000)),
        "m" => Some((1, 1000)),
        "k" => Some((1000, 1)),
        "M" => Some((1_000_000, 1)),
        "G" => Some((1_000_000_000, 1)),
        "T" => Some((1_000_000_000_000, 1)),
        "P" => Some((1_000_000_000_000_000, 1)),
        "E" => Some((1_000_000_000_000_000_000, 1)),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        _ => exponent(suffix),
    }
}

/// The scale of a decimal exponent: `e3`, `E-2`.
fn exponent(suffix: &str) -> Option<(u128, u128)> {
    let digits = suffix.strip_prefix(['e', 'E'])?;
    let exponent: i32 = digits.parse().ok()?;
    let power = 10_u128
        .checked_pow(exponent.unsigned_abs())
        .filter(|_| exponent.abs() <= 18)?;
    Some(if exponent < 0 { (1, power) } else { (power, 1) })
}

/// What was probably meant by a suffix that Kubernetes does not know, or that no memory has.
fn mistaken(suffix: &str) -> Option<&'static str> {
    match suffix {
        "Kb" | "KB" | "kb" | "kB" | "K" | "KiB" => {
            Some("did you mean Ki (1024 bytes) or k (1000)?")
        }
        "Mb" | "MB" | "mb" | "MiB" => Some("did you mean Mi (1024² bytes) or M (1000²)?"),
        "Gb" | "GB" | "gb" | "g" | "GiB" => Some("did you mean Gi (1024³ bytes) or G (1000³)?"),
        "Tb" | "TB" | "tb" | "t" | "TiB" => Some("did you mean Ti (1024⁴ bytes) or T (1000⁴)?"),
        "m" => Some("m is a thousandth of a byte: did you mean Mi (1024² bytes)?"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_is_read_as_kubernetes_reads_it() {
        let milli = |text| cpu(text).ok().map(|cpu| cpu.0);
        assert_eq!(milli("500m"), Some(500));
        assert_eq!(milli("2"), Some(2000));
        assert_eq!(milli("0.5"), Some(500));
        assert_eq!(milli(".5"), Some(500));
        assert_eq!(milli("1."), Some(1000));
        assert_eq!(milli("0.001"), Some(1));
        assert_eq!(milli("1e2"), Some(100_000));
        assert_eq!(milli("5e-1"), Some(500));
        assert_eq!(milli("1k"), Some(1_000_000));
        assert_eq!(milli("5000000n"), Some(5));
        assert_eq!(milli("0"), Some(0));
        for wrong in [
            "", ".", "m", "-1", "1.5m", "0.0001", "1 m", "1mm", "2 cores", "1e99", "5T",
        ] {
            assert_eq!(milli(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn memory_is_read_as_kubernetes_reads_it_but_needs_a_unit() {
        let bytes = |text| memory(text).ok().map(|memory| memory.0);
        assert_eq!(bytes("64Gi"), Some(64 << 30));
        assert_eq!(bytes("512Mi"), Some(512 << 20));
        assert_eq!(bytes("1G"), Some(1_000_000_000));
        assert_eq!(bytes("1.5Gi"), Some(3 << 29));
        assert_eq!(bytes("1e9"), Some(1_000_000_000));
        assert_eq!(bytes("1E"), None);
        assert_eq!(bytes("1E3"), Some(1000));
        assert_eq!(bytes("1Pi"), Some(1 << 50));
        assert_eq!(bytes("0"), Some(0));
        // 0.1 x 2^30 = 107,374,182.4, rounded up.
        assert_eq!(bytes("0.1Gi"), Some(107_374_183));
        for wrong in [
            "64", "64Gb", "64GB", "64GiB", "64g", "512m", "-1Gi", "Gi", "1.1Pi", "1,5Gi",
        ] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
        assert_eq!(memory("64Gb").unwrap_err().meant, mistaken("Gb"));
    }

    #[test]
    fn durations_are_sums_of_numbers_with_units() {
        let nanos = |text| duration(text).ok().map(Duration::nanos);
        let seconds = |s: u64| Some(s * 1_000_000_000);
        assert_eq!(nanos("24h"), seconds(86_400));
        assert_eq!(nanos("2d"), seconds(172_800));
        assert_eq!(nanos("1h30m"), seconds(5400));
        assert_eq!(nanos("1.5h"), seconds(5400));
        assert_eq!(nanos("500ms"), Some(500_000_000));
        assert_eq!(nanos("1us"), Some(1000));
        assert_eq!(nanos("1µs"), Some(1000));
        assert_eq!(nanos("7ns"), Some(7));
        assert_eq!(nanos("0"), Some(0));
        assert_eq!(nanos("0s"), Some(0));
        for wrong in [
            "", "5", "-5s", "s", "5 s", "5sec", "1h30", "0.1ns", "213504d", "1e3s",
        ] {
            assert_eq!(nanos(wrong), None, "{wrong}");
        }
        // 2^64 ns are 213,503.98 days.
        assert_eq!(nanos("213503d"), seconds(213_503 * 86_400));
    }

    #[test]
    fn rates_and_bandwidths_are_per_time() {
        assert_eq!(rate("30/h"), Ok(30.0 / 3600.0));
        assert_eq!(rate("0.5/s"), Ok(0.5));
        assert_eq!(rate("6 / min"), Ok(0.1));
        assert_eq!(rate("86400/d"), Ok(1.0));
        for wrong in ["30", "30/m", "0/s", "-1/s", "inf/s", "x/s", ""] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
        assert_eq!(bandwidth("100Mi/s"), Ok(100 << 20));
        for wrong in ["100Mi", "0/s", "100/s", "1Gbit/s"] {
            assert!(bandwidth(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn cells_are_plain_decimal_numbers() {
        assert_eq!(seconds(b"12.5"), Some(12_500_000_000));
        assert_eq!(seconds(b"0"), Some(0));
        assert_eq!(seconds(b".25"), Some(250_000_000));
        assert_eq!(seconds(b"3."), Some(3_000_000_000));
        assert_eq!(seconds(b"1.9999999999"), Some(1_999_999_999));
        assert_eq!(seconds(b"18446744073"), Some(18_446_744_073_000_000_000));
        for wrong in ["", ".", "-1", "1e3", "1.2.3", " 1", "18446744074", "nan"] {
            assert_eq!(seconds(wrong.as_bytes()), None, "{wrong}");
        }
        assert_eq!(whole(b"0012"), Some(12));
        assert_eq!(whole(b"18446744073709551615"), Some(u64::MAX));
        for wrong in ["", "1.0", "-1", "18446744073709551616"] {
            assert_eq!(whole(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
