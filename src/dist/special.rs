//! Cumulative functions and quantiles that the standard library lacks.

use std::f64::consts::{PI, SQRT_2};

use statrs::function::erf::{erfc, erfc_inv};
use statrs::function::gamma::{gamma_lr, gamma_ur, ln_gamma};

/// The relative step below which Newton's method stops: it converges quadratically, so the next
/// error is near the square of this, the precision of a double.
const LAST_STEP: f64 = 1e-8;

/// A smaller share is read as this one, so that no tail underflows on the way. The smallest share
/// above zero that a draw can ask for is 2^-53.
const SMALLEST_SHARE: f64 = 1e-250;

/// The share of the standard normal at or below `x`, to a relative 1e-10.
pub(super) fn normal_cdf(x: f64) -> f64 {
    erfc(-x / SQRT_2) / 2.0
}

/// The `p`-quantile of the standard normal, −∞ for 0 and ∞ for 1.
pub(super) fn normal_quantile(p: f64) -> f64 {
    -SQRT_2 * erfc_inv(2.0 * p)
}

/// The density of the standard normal at `x` over its share above `x`: the mean of what is left
/// when all below `x` is cut off.
pub(super) fn normal_hazard(x: f64) -> f64 {
    (-x * x / 2.0).exp() / (2.0 * PI).sqrt() / normal_cdf(-x)
}

/// The `p`-quantile of the gamma distribution with scale 1.
///
/// Newton's method on the logarithm of whichever tail is smaller. The lower tail is log-concave in
/// ln x; the upper one is log-concave in x for shapes above 1 and log-convex below, where the start
/// lies left of the root. So from these starts the iteration needs no safeguard.
pub(super) fn gamma_quantile(shape: f64, p: f64) -> f64 {
    let p = match p {
        0.0 => return 0.0,
        1.0 => return f64::INFINITY,
        p => p.max(SMALLEST_SHARE),
    };
    let ln_gamma_shape = ln_gamma(shape);
    // The lower tail is at most x^shape / Γ(shape + 1), and off that by a share x at most: a bound
    // of the root from below, and the root itself where x vanishes.
    let bound = ((p.ln() + ln_gamma_shape + shape.ln()) / shape).exp();
    if bound < f64::EPSILON {
        return bound;
    }
    let mut x = if shape > 1.0 {
        bound.max(wilson_hilferty(shape, p))
    } else {
        bound
    };
    loop {
        let density = ((shape - 1.0) * x.ln() - x - ln_gamma_shape).exp();
        let next = if p <= 0.5 {
            let tail = gamma_lr(shape, x);
            x * ((p / tail).ln() * tail / (x * density)).exp()
        } else {
            let tail = gamma_ur(shape, x);
            x + (tail / (1.0 - p)).ln() * tail / density
        };
        assert!(
            next > 0.0,
            "the {p}-quantile of gamma({shape}) is lost at {x}"
        );
        let step = (next - x).abs();
        x = next;
        if step <= LAST_STEP * x {
            return x;
        }
    }
}

/// The cube of a normal close to a gamma (Wilson and Hilferty, "The Distribution of Chi-Square",
/// PNAS 17, 1931).
fn wilson_hilferty(shape: f64, p: f64) -> f64 {
    let spread = 1.0 / (9.0 * shape);
    shape * (1.0 - spread + normal_quantile(p) * spread.sqrt()).powi(3)
}
