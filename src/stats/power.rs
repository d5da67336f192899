//! What a number of runs can show, and how many runs a question needs.
//!
//! All of it is for n pairs of runs whose differences are normal with standard deviation `sd`: an
//! `sd` from earlier runs is itself an estimate, and so are the answers.

use statrs::function::erf::erfc;
use statrs::function::gamma::ln_gamma;

use super::Confidence;
use super::student::t_quantile;

/// More runs than this are not told but said to be too many.
pub const MOST_RUNS: usize = 100_000;

/// How likely the interval of `confidence` of `pairs` paired differences leaves zero out when the true
/// difference is `effect`: the power of the two-sided paired t test.
///
/// Exact, by the noncentral t distribution (Johnson, Kotz and Balakrishnan, "Continuous Univariate
/// Distributions", vol. 2, 2nd ed., 1995, chapter 31). Panics unless `sd` is positive and there
/// are two pairs at least.
pub fn power(effect: f64, sd: f64, pairs: usize, confidence: Confidence) -> f64 {
    let t = t_quantile(pairs - 1, confidence);
    let shift = standardized(effect, sd, pairs);
    over_spread(pairs - 1, t, |spread| {
        normal_cdf(shift - t * spread) + normal_cdf(-shift - t * spread)
    })
}

/// How likely the differences are shown to be equivalent within ± `tolerance`, with error
/// 1 − level of `confidence`, when the true one is `difference`: the power of the two one-sided
/// tests (Phillips, "Power of the Two One-Sided Tests Procedure in Bioequivalence", Journal of
/// Pharmacokinetics and Biopharmaceutics 18, 1990).
///
/// Panics as [`power`], and where [`Confidence::one_sided`] is absent.
pub fn equivalence_power(
    difference: f64,
    sd: f64,
    tolerance: f64,
    pairs: usize,
    confidence: Confidence,
) -> f64 {
    let confidence = confidence
        .one_sided()
        .expect("equivalence is asked with a confidence of more than one half");
    let t = t_quantile(pairs - 1, confidence);
    let above = standardized(tolerance - difference, sd, pairs);
    let below = standardized(-tolerance - difference, sd, pairs);
    over_spread(pairs - 1, t, |spread| {
        let (high, low) = (above - t * spread, below + t * spread);
        (normal_cdf(high) - normal_cdf(low)).max(0.0)
    })
}

/// The fewest pairs of runs of which [`power`] reaches `power`; absent for no effect, and beyond
/// [`MOST_RUNS`].
pub fn runs_needed(effect: f64, sd: f64, power: f64, confidence: Confidence) -> Option<usize> {
    fewest(|pairs| self::power(effect, sd, pairs, confidence) >= power)
}

/// The fewest pairs of runs of which [`equivalence_power`] reaches `power`; absent when the
/// difference is not within the tolerance, and beyond [`MOST_RUNS`].
pub fn runs_for_equivalence(
    difference: f64,
    sd: f64,
    tolerance: f64,
    power: f64,
    confidence: Confidence,
) -> Option<usize> {
    fewest(|pairs| equivalence_power(difference, sd, tolerance, pairs, confidence) >= power)
}

/// The fewest runs of which an interval reaches no farther than `half_width` from its value, as long
/// as `sd` stays what it is; absent beyond [`MOST_RUNS`].
pub fn runs_for_half_width(sd: f64, half_width: f64, confidence: Confidence) -> Option<usize> {
    fewest(|runs| t_quantile(runs - 1, confidence) * sd <= half_width * (runs as f64).sqrt())
}

/// The effect, without its sign, of which `pairs` pairs of runs have this `power`. Panics as
/// [`power`](self::power()), and unless 1 − level of `confidence` < power < 1.
pub fn smallest_detectable(sd: f64, pairs: usize, power: f64, confidence: Confidence) -> f64 {
    assert!(
        1.0 - confidence.level() < power && power < 1.0,
        "no effect is found with a power of {power}"
    );
    let found = |effect: f64| self::power(effect, sd, pairs, confidence) >= power;
    let mut high = sd;
    while !found(high) {
        high *= 2.0;
    }
    let mut low = 0.0;
    // Each step halves the interval; after as many as a float has bits, nothing is left of it.
    for _ in 0..f64::MANTISSA_DIGITS {
        let middle = 0.5 * (low + high);
        match found(middle) {
            true => high = middle,
            false => low = middle,
        }
    }
    high
}

/// The fewest runs, two at least, that are `enough`, if more are enough whenever fewer are.
fn fewest(enough: impl Fn(usize) -> bool) -> Option<usize> {
    let mut high = 2;
    while !enough(high) {
        if high == MOST_RUNS {
            return None;
        }
        high = (2 * high).min(MOST_RUNS);
    }
    let mut low = high / 2;
    while low + 1 < high {
        let middle = low.midpoint(high);
        match enough(middle) {
            true => high = middle,
            false => low = middle,
        }
    }
    Some(high)
}

/// A difference of means in units of its standard error.
fn standardized(difference: f64, sd: f64, pairs: usize) -> f64 {
    assert!(sd > 0.0, "without spread nothing is left to chance");
    difference / sd * (pairs as f64).sqrt()
}

/// The mean of `of` (sample sd ÷ true sd), a root of χ² over its degrees of freedom.
///
/// Simpson's rule over ten standard deviations to either side, beyond which less than 1e-15 lies. `of`
/// may change by a standard normal distribution function of `slope` times its argument: the steps are
/// fine enough for it.
fn over_spread(freedom: usize, slope: f64, of: impl Fn(f64) -> f64) -> f64 {
    let nu = freedom as f64;
    let reach = 10.0 / (2.0 * nu).sqrt();
    let (low, high) = ((1.0 - reach).max(0.0), 1.0 + reach);
    let steps = 2 * (200.0_f64.max(10.0 * slope * (high - low)).ceil() as usize);
    let step = (high - low) / steps as f64;
    let scale = 2.0_f64.ln() + nu / 2.0 * (nu / 2.0).ln() - ln_gamma(nu / 2.0);
    let density = |u: f64| match freedom {
        1 => (scale - u * u / 2.0).exp(),
        _ => (scale + (nu - 1.0) * u.ln() - nu * u * u / 2.0).exp(),
    };
    let sum: f64 = (0..=steps)
        .map(|i| {
            let weight = match i {
                0 => 1.0,
                _ if i == steps => 1.0,
                _ if i % 2 == 1 => 4.0,
                _ => 2.0,
            };
            let u = low + step * i as f64;
            weight * density(u) * of(u)
        })
        .sum();
    sum * step / 3.0
}

/// Φ.
fn normal_cdf(z: f64) -> f64 {
    erfc(-z / std::f64::consts::SQRT_2) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;
    use crate::stats::testing::{dice, normal};
    use crate::stats::{Standard, standard_mean};

    const P95: Confidence = Confidence::NINETY_FIVE;

    #[test]
    fn powers_are_those_of_the_noncentral_t() {
        // Integrated with 30 digits (mpmath), equal to SciPy's nct to 12 digits.
        let ninth = P95.bonferroni(9);
        let table = [
            (0.5, 34, P95, 0.807_777_501_279),
            (0.8, 15, P95, 0.821_310_538_725),
            (0.2, 199, P95, 0.801_691_024_037),
            (1.0, 2, P95, 0.092_809_155_056),
            (1.0, 10, P95, 0.803_096_856_633),
            (0.1, 1000, P95, 0.884_789_098_891),
            (1.0, 5, ninth, 0.078_967_179_204),
            (3.0, 2, ninth, 0.029_533_808_250),
        ];
        for (effect, pairs, confidence, expected) in table {
            let found = power(7.0 * effect, 7.0, pairs, confidence);
            assert!((found - expected).abs() < 1e-7, "{effect} {pairs}: {found}");
            assert_eq!(found, power(-7.0 * effect, 7.0, pairs, confidence));
        }
        // Without effect, what is found is the error.
        assert!((power(0.0, 1.0, 3, ninth) - 0.05 / 9.0).abs() < 1e-7);
    }

    #[test]
    fn runs_needed_are_those_of_the_tables() {
        // Small, medium and large effects (Cohen, "Statistical Power Analysis for the Behavioral
        // Sciences", 1988) with power 0.8 at 5 %: R's pwr.t.test(type = "paired") needs 198.15,
        // 33.37 and 14.30 pairs.
        for (effect, runs) in [(0.2, 199), (0.5, 34), (0.8, 15)] {
            assert_eq!(runs_needed(3.0 * effect, 3.0, 0.8, P95), Some(runs));
        }
        assert_eq!(runs_needed(0.0, 1.0, 0.8, P95), None);
        assert_eq!(runs_needed(0.001, 1.0, 0.8, P95), None);
        assert_eq!(runs_needed(1e9, 1.0, 0.8, P95), Some(2));
    }

    #[test]
    fn the_smallest_detectable_effect_is_found_with_the_power_asked_for() {
        for (pairs, of_power) in [(2, 0.5), (20, 0.8), (20, 0.99), (5000, 0.9)] {
            let effect = smallest_detectable(2.5, pairs, of_power, P95);
            assert!((power(effect, 2.5, pairs, P95) - of_power).abs() < 1e-9);
        }
        // Of 199 pairs 0.2 has 80.17 %; so a little less has 80 %.
        let small = smallest_detectable(1.0, 199, 0.8, P95);
        assert!((0.199..0.2).contains(&small), "{small}");
    }

    #[test]
    fn runs_for_a_width_meet_it_and_one_fewer_do_not() {
        // t(61) · 1/√62 = 0.25396, t(62) · 1/√63 = 0.25185, t(63) · 1/√64 = 0.24979.
        assert_eq!(runs_for_half_width(1.0, 0.25, P95), Some(64));
        assert_eq!(runs_for_half_width(1.0, 0.252, P95), Some(63));
        assert_eq!(runs_for_half_width(0.0, 0.1, P95), Some(2));
        assert_eq!(runs_for_half_width(1.0, 0.0, P95), None);
    }

    /// The share of 4,000 sets of pairs of which something is said.
    fn share(dice: &mut Stream, difference: f64, pairs: usize, said: fn(Standard) -> bool) -> f64 {
        let sets = (0..4000).filter(|_| {
            let runs: Vec<f64> = (0..pairs).map(|_| difference + normal(dice)).collect();
            said(standard_mean(&runs).unwrap().unwrap())
        });
        sets.count() as f64 / 4000.0
    }

    #[test]
    fn sets_of_runs_are_called_different_as_often_as_computed() {
        let mut dice = dice("power");
        let found = share(&mut dice, 0.8, 15, |set| set.p_value(0.0) <= 0.05);
        // Standard error sqrt(0.82 · 0.18 / 4000) = 0.006.
        assert!((found - 0.8213).abs() < 3.0 * 0.006, "{found}");
    }

    #[test]
    fn sets_of_runs_are_called_equivalent_as_often_as_computed() {
        let mut dice = dice("equivalence power");
        for (difference, pairs) in [(0.0, 12), (0.3, 20), (0.0, 4)] {
            let found = share(&mut dice, difference, pairs, |set| {
                set.equivalence_p_value(1.0) <= 0.05
            });
            let computed = equivalence_power(difference, 1.0, 1.0, pairs, P95);
            // Standard error at most sqrt(0.25 / 4000) = 0.008.
            assert!((found - computed).abs() < 3.0 * 0.008, "{found} {computed}");
        }
    }

    #[test]
    fn runs_for_equivalence_reach_the_power_and_one_fewer_do_not() {
        let family = P95.bonferroni(3);
        for (difference, tolerance) in [(0.0, 0.5), (0.1, 0.5), (-0.1, 0.5), (0.0, 2.0)] {
            let of = |pairs| equivalence_power(difference, 1.0, tolerance, pairs, family);
            let runs = runs_for_equivalence(difference, 1.0, tolerance, 0.8, family).unwrap();
            assert!(of(runs) >= 0.8 && of(runs - 1) < 0.8, "{runs}");
        }
        assert_eq!(runs_for_equivalence(0.5, 1.0, 0.5, 0.8, P95), None);
    }
}
