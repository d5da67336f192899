//! Named probability distributions of durations, sizes and counts.
//!
//! Exponential, lognormal, Weibull, gamma and Pareto draws are those of the crate `rand_distr`; all
//! others are made by inversion ([`Distribution::quantile`] of one uniform number).
//!
//! The draws from one stream are a sequence. An inversion takes one 64-bit word of the stream; a
//! draw of `rand_distr` takes one or more, and how many varies from draw to draw, so where a draw
//! lies in the stream depends on all before it. That does no harm: common random numbers (Law,
//! "Simulation Modeling and Analysis", 5th ed., §11.2) rest on every process having its own stream
//! ([`crate::rng`]), and what one process takes moves nothing in another. Within a process, variants
//! that differ in scale alone draw the same numbers scaled; ones that differ in shape or kind need
//! not match draw by draw.
//!
//! One stream gives the same draws on one target with the versions of Cargo.lock. Another version of
//! `rand_distr` may choose another method, and another target may round a logarithm otherwise.

use std::error::Error;
use std::fmt;

use rand_distr::{Distribution as _, Exp1, Gamma, LogNormal, Pareto, Weibull};
use statrs::distribution::{Continuous, ContinuousCDF, Normal};
use statrs::function::gamma::gamma;

use crate::rng::{self, Stream};
use crate::time::Duration;

use empirical::Table;

mod empirical;
#[cfg(test)]
mod tests;

/// How far below zero, in standard deviations, the mean of a normal may lie before truncation.
///
/// At 5, one draw in 3.5 million of the untruncated normal is kept; further out, what is left is no
/// longer shaped by the mean and the deviation that were asked for.
const DEEPEST_NORMAL_MEAN: f64 = 5.0;

/// Largest shape of a gamma: its standard deviation is then a thousandth of its mean. Beyond it a
/// constant says the same, so a larger shape is taken for a slip.
const LARGEST_GAMMA_SHAPE: f64 = 1e6;

/// A probability distribution over non-negative numbers.
///
/// Made only by its constructors, so its parameters are always possible. The unit is the caller's;
/// [`Distribution::sample_duration`] reads seconds. A draw beyond the range of a double is infinite,
/// one too small for it zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution(Law);

#[derive(Clone, Debug, PartialEq)]
enum Law {
    Constant { value: f64 },
    Uniform { low: f64, high: f64 },
    Exponential { mean: f64 },
    TruncatedNormal { mean: f64, sd: f64 },
    Lognormal { mu: f64, sigma: f64 },
    Weibull { shape: f64, scale: f64 },
    Gamma { shape: f64, scale: f64 },
    Pareto { shape: f64, scale: f64 },
    BoundedPareto { shape: f64, low: f64, high: f64 },
    Empirical(Table),
}

/// Why a distribution cannot exist.
#[derive(Clone, Debug, PartialEq)]
pub enum Impossible {
    /// A parameter is outside its range.
    Parameter {
        /// The distribution's name, such as `weibull`.
        distribution: &'static str,
        /// The parameter's name, such as `shape`.
        parameter: &'static str,
        /// What was given.
        given: f64,
        /// What would be possible.
        valid: Valid,
    },
    /// An empirical distribution without a value of positive weight.
    NothingToDraw,
}

/// The range of a parameter. Every parameter must be finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Valid {
    /// Larger than this.
    Above(f64),
    /// This or larger.
    AtLeast(f64),
    /// Larger than the first, and at most the second.
    AboveUpTo(f64, f64),
    /// Any finite number.
    Finite,
}

impl Distribution {
    /// Always `value`, which is at least 0.
    pub fn constant(value: f64) -> Result<Distribution, Impossible> {
        let value = Parameter("constant", "value").at_least(0.0, value)?;
        Ok(Distribution(Law::Constant { value }))
    }

    /// Equally likely everywhere from `low` to `high`, 0 ≤ low ≤ high.
    pub fn uniform(low: f64, high: f64) -> Result<Distribution, Impossible> {
        let low = Parameter("uniform", "low").at_least(0.0, low)?;
        let high = Parameter("uniform", "high").at_least(low, high)?;
        Ok(Distribution(Law::Uniform { low, high }))
    }

    /// Exponential with the given mean (not rate), above 0.
    pub fn exponential(mean: f64) -> Result<Distribution, Impossible> {
        let mean = Parameter("exponential", "mean").above(0.0, mean)?;
        Ok(Distribution(Law::Exponential { mean }))
    }

    /// Normal truncated at zero: what redrawing until a draw is not negative would give.
    ///
    /// `mean` and `sd` are those of the normal before truncation; [`Distribution::mean`] is the
    /// larger mean after it. `sd` is above 0; `mean` is at least −5 `sd`.
    pub fn normal(mean: f64, sd: f64) -> Result<Distribution, Impossible> {
        let sd = Parameter("normal", "sd").above(0.0, sd)?;
        let mean = Parameter("normal", "mean").at_least(-DEEPEST_NORMAL_MEAN * sd, mean)?;
        Ok(Distribution(Law::TruncatedNormal { mean, sd }))
    }

    /// Lognormal: the logarithm is normal with mean `mu` and standard deviation `sigma`, above 0.
    pub fn lognormal(mu: f64, sigma: f64) -> Result<Distribution, Impossible> {
        let mu = Parameter("lognormal", "mu").finite(mu)?;
        let sigma = Parameter("lognormal", "sigma").above(0.0, sigma)?;
        Ok(Distribution(Law::Lognormal { mu, sigma }))
    }

    /// The lognormal with this median, above 0: `mu` is the median's natural logarithm.
    pub fn lognormal_with_median(median: f64, sigma: f64) -> Result<Distribution, Impossible> {
        let median = Parameter("lognormal", "median").above(0.0, median)?;
        Distribution::lognormal(median.ln(), sigma)
    }

    /// Weibull with survival function exp(−(x/scale)^shape); both above 0. A shape below 1 means
    /// that the longer something has lasted, the longer it will.
    pub fn weibull(shape: f64, scale: f64) -> Result<Distribution, Impossible> {
        let shape = Parameter("weibull", "shape").above(0.0, shape)?;
        let scale = Parameter("weibull", "scale").above(0.0, scale)?;
        Ok(Distribution(Law::Weibull { shape, scale }))
    }

    /// Gamma with mean shape × scale; both above 0, `shape` at most a million. A whole shape is
    /// the Erlang distribution of that many stages.
    pub fn gamma(shape: f64, scale: f64) -> Result<Distribution, Impossible> {
        let shape = Parameter("gamma", "shape").above_up_to(0.0, LARGEST_GAMMA_SHAPE, shape)?;
        let scale = Parameter("gamma", "scale").above(0.0, scale)?;
        Ok(Distribution(Law::Gamma { shape, scale }))
    }

    /// Pareto with survival function (scale/x)^shape from its minimum `scale` on; both above 0.
    pub fn pareto(shape: f64, scale: f64) -> Result<Distribution, Impossible> {
        let shape = Parameter("pareto", "shape").above(0.0, shape)?;
        let scale = Parameter("pareto", "scale").above(0.0, scale)?;
        Ok(Distribution(Law::Pareto { shape, scale }))
    }

    /// Pareto conditioned on [low, high], 0 < low < high: a heavy tail with every moment finite.
    pub fn bounded_pareto(shape: f64, low: f64, high: f64) -> Result<Distribution, Impossible> {
        let shape = Parameter("bounded-pareto", "shape").above(0.0, shape)?;
        let low = Parameter("bounded-pareto", "low").above(0.0, low)?;
        let high = Parameter("bounded-pareto", "high").above(low, high)?;
        Ok(Distribution(Law::BoundedPareto { shape, low, high }))
    }

    /// One of the observed `values`, each equally likely; at least one, none below 0.
    pub fn empirical(values: &[f64]) -> Result<Distribution, Impossible> {
        Distribution::weighted(values.iter().map(|&value| (value, 1.0)))
    }

    /// One of the values of the pairs (value, weight), each as likely as its share of the total
    /// weight. Neither is below 0, and some weight is above.
    pub fn weighted(
        pairs: impl IntoIterator<Item = (f64, f64)>,
    ) -> Result<Distribution, Impossible> {
        let pairs = pairs
            .into_iter()
            .map(|(value, weight)| {
                Ok((
                    Parameter("empirical", "value").at_least(0.0, value)?,
                    Parameter("empirical", "weight").at_least(0.0, weight)?,
                ))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let table = Table::new(pairs).ok_or(Impossible::NothingToDraw)?;
        Ok(Distribution(Law::Empirical(table)))
    }

    /// The distribution of the draws, each multiplied by `factor`, which is above zero and finite. The
    /// same stream gives the same draws, scaled.
    pub fn scaled(&self, factor: f64) -> Distribution {
        assert!(
            factor > 0.0 && factor.is_finite(),
            "a scale is above zero, not {factor}"
        );
        Distribution(match self.0 {
            Law::Constant { value } => Law::Constant {
                value: value * factor,
            },
            Law::Uniform { low, high } => Law::Uniform {
                low: low * factor,
                high: high * factor,
            },
            Law::Exponential { mean } => Law::Exponential {
                mean: mean * factor,
            },
            Law::TruncatedNormal { mean, sd } => Law::TruncatedNormal {
                mean: mean * factor,
                sd: sd * factor,
            },
            Law::Lognormal { mu, sigma } => Law::Lognormal {
                mu: mu + factor.ln(),
                sigma,
            },
            Law::Weibull { shape, scale } => Law::Weibull {
                shape,
                scale: scale * factor,
            },
            Law::Gamma { shape, scale } => Law::Gamma {
                shape,
                scale: scale * factor,
            },
            Law::Pareto { shape, scale } => Law::Pareto {
                shape,
                scale: scale * factor,
            },
            Law::BoundedPareto { shape, low, high } => Law::BoundedPareto {
                shape,
                low: low * factor,
                high: high * factor,
            },
            Law::Empirical(ref table) => Law::Empirical(table.scaled(factor)),
        })
    }

    /// One draw; takes one 64-bit word or more.
    pub fn sample(&self, stream: &mut Stream) -> f64 {
        match self.0 {
            Law::Exponential { mean } => {
                let unit: f64 = Exp1.sample(stream);
                mean * unit
            }
            Law::Lognormal { mu, sigma } => draw(LogNormal::new(mu, sigma), stream),
            Law::Weibull { shape, scale } => draw(Weibull::new(scale, shape), stream),
            Law::Gamma { shape, scale } => draw(Gamma::new(shape, scale), stream),
            Law::Pareto { shape, scale } => draw(Pareto::new(scale, shape), stream),
            Law::Constant { .. }
            | Law::Uniform { .. }
            | Law::TruncatedNormal { .. }
            | Law::BoundedPareto { .. }
            | Law::Empirical(_) => self
                .quantile(rng::unit(stream))
                .expect("what is drawn by inversion has quantiles"),
        }
    }

    /// One draw read as seconds; takes one 64-bit word or more. Beyond the range of a duration it is
    /// [`Duration::MAX`].
    pub fn sample_duration(&self, stream: &mut Stream) -> Duration {
        Duration::from_secs_f64(self.sample(stream))
    }

    /// The smallest value that at least a share `p` of all draws does not exceed; infinite for
    /// `p` = 1 where nothing bounds the draws. Panics unless 0 ≤ p ≤ 1.
    ///
    /// Absent for a gamma: it has no closed form, and that of statrs 0.19 stops within 1e-9 scales
    /// of the root, which for a small shape is many times the quantile itself.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        assert!(
            (0.0..=1.0).contains(&p),
            "a share lies between 0 and 1, not {p}"
        );
        let normal = Normal::standard();
        Some(match self.0 {
            Law::Constant { value } => value,
            Law::Uniform { low, high } => low + p * (high - low),
            Law::Exponential { mean } => -mean * (-p).ln_1p(),
            Law::TruncatedNormal { mean, sd } => {
                let above = (1.0 - p) * normal.cdf(mean / sd);
                (mean - sd * normal.inverse_cdf(above)).max(0.0)
            }
            Law::Lognormal { mu, sigma } => (mu + sigma * normal.inverse_cdf(p)).exp(),
            Law::Weibull { shape, scale } => scale * (-(-p).ln_1p()).powf(1.0 / shape),
            Law::Gamma { .. } => return None,
            Law::Pareto { shape, scale } => scale * (1.0 - p).powf(-1.0 / shape),
            Law::BoundedPareto { shape, low, high } => {
                let survival = (1.0 - p) + p * (low / high).powf(shape);
                (low * survival.powf(-1.0 / shape)).min(high)
            }
            Law::Empirical(ref table) => table.quantile(p),
        })
    }

    /// The expected value; absent where it is infinite or beyond the range of a double.
    pub fn mean(&self) -> Option<f64> {
        let mean = match self.0 {
            Law::Constant { value } => value,
            Law::Uniform { low, high } => low + (high - low) / 2.0,
            Law::Exponential { mean } => mean,
            Law::TruncatedNormal { mean, sd } => mean + sd * normal_hazard(-mean / sd),
            Law::Lognormal { mu, sigma } => (mu + sigma * sigma / 2.0).exp(),
            Law::Weibull { shape, scale } => scale * gamma(1.0 + 1.0 / shape),
            Law::Gamma { shape, scale } => shape * scale,
            Law::Pareto { shape, .. } if shape <= 1.0 => f64::INFINITY,
            Law::Pareto { shape, scale } => scale * shape / (shape - 1.0),
            Law::BoundedPareto { shape, low, high } => bounded_pareto_moment(1, shape, low, high),
            Law::Empirical(ref table) => table.mean(),
        };
        mean.is_finite().then_some(mean)
    }

    /// The variance; absent where it is infinite or beyond the range of a double.
    pub fn variance(&self) -> Option<f64> {
        let variance = match self.0 {
            Law::Constant { .. } => 0.0,
            Law::Uniform { low, high } => (high - low).powi(2) / 12.0,
            Law::Exponential { mean } => mean * mean,
            // Johnson, Kotz and Balakrishnan, "Continuous Univariate Distributions" 1, §13.10.1.
            Law::TruncatedNormal { mean, sd } => {
                let cut = -mean / sd;
                let hazard = normal_hazard(cut);
                sd * sd * (1.0 - hazard * (hazard - cut))
            }
            Law::Lognormal { mu, sigma } => {
                let square = sigma * sigma;
                square.exp_m1() * (2.0 * mu + square).exp()
            }
            Law::Weibull { shape, scale } => {
                let mean = gamma(1.0 + 1.0 / shape);
                scale * scale * (gamma(1.0 + 2.0 / shape) - mean * mean)
            }
            Law::Gamma { shape, scale } => shape * scale * scale,
            Law::Pareto { shape, .. } if shape <= 2.0 => f64::INFINITY,
            Law::Pareto { shape, scale } => (scale / (shape - 1.0)).powi(2) * shape / (shape - 2.0),
            Law::BoundedPareto { shape, low, high } => {
                let mean = bounded_pareto_moment(1, shape, low, high);
                (bounded_pareto_moment(2, shape, low, high) - mean * mean).max(0.0)
            }
            Law::Empirical(ref table) => table.variance(),
        };
        variance.is_finite().then_some(variance)
    }
}

/// One draw from what `rand_distr` made of the parameters.
fn draw<E: fmt::Debug>(
    made: Result<impl rand_distr::Distribution<f64>, E>,
    stream: &mut Stream,
) -> f64 {
    made.expect("the constructor lets no impossible parameter pass")
        .sample(stream)
}

/// The density of the standard normal at `x` over its share above `x`: the mean of what is left
/// when all below `x` is cut off.
fn normal_hazard(x: f64) -> f64 {
    let normal = Normal::standard();
    normal.pdf(x) / normal.sf(x)
}

/// E[X^order] of a Pareto conditioned on [low, high]:
/// shape · low^order / (1 − (low/high)^shape) · ∫ x^(order − shape − 1) dx from 1 to high/low.
fn bounded_pareto_moment(order: i32, shape: f64, low: f64, high: f64) -> f64 {
    let log_ratio = (high / low).ln();
    let kept = -(-shape * log_ratio).exp_m1();
    let power = f64::from(order) - shape;
    let integral = match power {
        0.0 => log_ratio,
        _ => (power * log_ratio).exp_m1() / power,
    };
    low.powi(order) * shape / kept * integral
}

/// The names of a distribution and of one of its parameters.
struct Parameter(&'static str, &'static str);

impl Parameter {
    fn above(self, bound: f64, given: f64) -> Result<f64, Impossible> {
        self.check(given, Valid::Above(bound))
    }

    fn at_least(self, bound: f64, given: f64) -> Result<f64, Impossible> {
        self.check(given, Valid::AtLeast(bound))
    }

    fn above_up_to(self, low: f64, high: f64, given: f64) -> Result<f64, Impossible> {
        self.check(given, Valid::AboveUpTo(low, high))
    }

    fn finite(self, given: f64) -> Result<f64, Impossible> {
        self.check(given, Valid::Finite)
    }

    fn check(self, given: f64, valid: Valid) -> Result<f64, Impossible> {
        let Parameter(distribution, parameter) = self;
        if valid.contains(given) {
            return Ok(given);
        }
        Err(Impossible::Parameter {
            distribution,
            parameter,
            given,
            valid,
        })
    }
}

impl Valid {
    /// Whether `value` is finite and in the range.
    pub fn contains(self, value: f64) -> bool {
        value.is_finite()
            && match self {
                Valid::Above(low) => value > low,
                Valid::AtLeast(low) => value >= low,
                Valid::AboveUpTo(low, high) => value > low && value <= high,
                Valid::Finite => true,
            }
    }
}

/// The range in words, to follow "must be": `a finite number above 0`.
impl fmt::Display for Valid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Valid::Above(low) => write!(f, "a finite number above {low}"),
            Valid::AtLeast(low) => write!(f, "a finite number of at least {low}"),
            Valid::AboveUpTo(low, high) => write!(f, "above {low} and at most {high}"),
            Valid::Finite => write!(f, "a finite number"),
        }
    }
}

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Impossible::Parameter {
                distribution,
                parameter,
                given,
                valid,
            } => write!(
                f,
                "{parameter} {given} is impossible for the {distribution} distribution: \
                 it must be {valid}"
            ),
            Impossible::NothingToDraw => {
                write!(
                    f,
                    "an empirical distribution needs a value of positive weight"
                )
            }
        }
    }
}

impl Error for Impossible {}
