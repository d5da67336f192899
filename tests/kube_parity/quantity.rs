//! Quantities of Kubernetes.
//!
//! Source: `apimachinery/pkg/api/resource` v1.34 (`Quantity`): other than in scenarios, a number
//! without a suffix is in base units, and what is finer than a unit is rounded up.

/// The quantity in units of which `per` make one base unit, rounded up.
pub(crate) fn quantity(text: &str, per: u128) -> u64 {
    let end = text.find(|char: char| !(char.is_ascii_digit() || char == '.'));
    let (number, suffix) = text.split_at(end.unwrap_or(text.len()));
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let digits: u128 = format!("{whole}{part}").parse().expect(text);
    let (up, down) = scale(suffix).unwrap_or_else(|| panic!("the suffix of {text}"));
    let scale_of_part = 10_u128.pow(u32::try_from(part.len()).expect(text));
    let units = (digits * up * per).div_ceil(down * scale_of_part);
    u64::try_from(units).expect(text)
}

/// By what a suffix multiplies and divides.
fn scale(suffix: &str) -> Option<(u128, u128)> {
    let powers = |letters: &str, base: u128| {
        let at = letters.find(suffix.chars().next()?)?;
        Some((base.pow(u32::try_from(at).ok()? + 1), 1))
    };
    match suffix.len() {
        0 => Some((1, 1)),
        1 if suffix == "m" => Some((1, 1000)),
        1 => powers("kMGTPE", 1000),
        2 if suffix.ends_with('i') => powers("KMGTPE", 1024),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            Some((10_u128.pow(exponent.parse().ok()?), 1))
        }
    }
}

#[test]
fn quantities_are_read_as_kubernetes_reads_them() {
    let milli = ["250m", "2", "0.5", "1e2"].map(|text| quantity(text, 1000));
    assert_eq!(milli, [250, 2000, 500, 100_000]);
    let units = ["1.5Gi", "12Ki", "3M", "1e6", "536870912", "1500m"].map(|text| quantity(text, 1));
    assert_eq!(units, [3 << 29, 12 << 10, 3_000_000, 1_000_000, 1 << 29, 2]);
}
