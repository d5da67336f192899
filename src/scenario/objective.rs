//! What a scenario promises: bounds on metrics, and how much worse is not worse.

use super::quantity::duration;
use crate::metrics::dictionary::{Better, Metric};
use crate::metrics::measured::{Entity, Measured};
use crate::metrics::quantity::Quantity;

/// A bound on a metric that each run has to keep.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// What is bounded.
    pub quantity: Quantity,
    /// The bound.
    pub bound: Bound,
    /// How much worse than another variant, or than a baseline, is not worse; never invented.
    pub tolerance: Option<Tolerance>,
    /// Where it stands in the file.
    pub origin: Origin,
}

/// Where an objective stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In a table of `[[objectives]]`.
    Written,
    /// In the `slo` of a service.
    Slo,
}

/// A bound, in the metric's unit; to be equal to it is to keep it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// At least so much.
    AtLeast(f64),
    /// At most so much.
    AtMost(f64),
}

/// How much of a difference does not matter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// So much, in the metric's unit; above zero.
    Absolute(f64),
    /// This share of the value that is compared with; above zero.
    Relative(f64),
}

impl Objective {
    /// Whether a run keeps it; absent where the run has no such value.
    pub fn met(&self, run: &Measured) -> Option<bool> {
        let value = self.quantity.in_run(run)?.value();
        Some(self.bound.holds(value))
    }

    /// By how much a run misses it, in the metric's unit: 0 where it keeps it; absent where the run has
    /// no such value.
    pub fn missed_by(&self, run: &Measured) -> Option<f64> {
        let value = self.quantity.in_run(run)?.value();
        Some(self.bound.missed_by(value))
    }
}

impl Bound {
    /// Whether the value keeps the bound.
    pub fn holds(self, value: f64) -> bool {
        match self {
            Bound::AtLeast(bound) => value >= bound,
            Bound::AtMost(bound) => value <= bound,
        }
    }

    /// How far the value lies on the wrong side of the bound, or 0.
    pub fn missed_by(self, value: f64) -> f64 {
        match self {
            Bound::AtLeast(bound) => (bound - value).max(0.0),
            Bound::AtMost(bound) => (value - bound).max(0.0),
        }
    }

    /// Whether it points where the metric is better; a metric that knows no better may have any.
    pub const fn suits(self, better: Better) -> bool {
        matches!(
            (self, better),
            (Bound::AtLeast(_), Better::Up | Better::Neither)
                | (Bound::AtMost(_), Better::Down | Better::Neither)
        )
    }
}

impl Tolerance {
    /// The tolerance that is written so for a metric: an amount of it, or a share of the value that
    /// is compared with (`10 %`). Of a metric that is a ratio itself, per cents are points of it.
    ///
    /// # Errors
    /// What would be right.
    pub fn read(text: &str, metric: &Metric) -> Result<Tolerance, String> {
        let tolerance = match percent(text) {
            Some(share) if metric.unit != "ratio" => Tolerance::Relative(share),
            _ => Tolerance::Absolute(amount(text, metric)?),
        };
        let (Tolerance::Absolute(size) | Tolerance::Relative(size)) = tolerance;
        match size > 0.0 {
            true => Ok(tolerance),
            false => Err("above zero".to_owned()),
        }
    }

    /// The same as an amount, of a value that is compared with.
    pub fn amount(self, compared_with: f64) -> f64 {
        match self {
            Tolerance::Absolute(amount) => amount,
            Tolerance::Relative(share) => share * compared_with.abs(),
        }
    }
}

/// The amount of a metric that is written so: a number in its unit, `99.9%` of a ratio, `90s` of what
/// is a time.
///
/// # Errors
/// What would be right.
pub fn amount(text: &str, metric: &Metric) -> Result<f64, String> {
    let number = text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    let time = |unit: f64| duration(text).ok().map(|time| time.secs_f64() / unit);
    let (read, form) = match metric.unit {
        "ratio" => (
            number.or(percent(text)),
            "a share such as 0.999 or \"99.9%\"",
        ),
        "s" => (number.or(time(1.0)), "a time such as \"90s\", or seconds"),
        "h" => (number.or(time(3600.0)), "a time such as \"90m\", or hours"),
        _ => (number, "a number"),
    };
    read.ok_or_else(|| form.to_owned())
}

/// `99.9 %` as 0.999, to the last bit: the point is moved before it is read.
fn percent(text: &str) -> Option<f64> {
    let number = text.trim().strip_suffix('%')?.trim_end();
    let moved = format!("{number}e-2").parse::<f64>();
    moved.ok().filter(|share| share.is_finite())
}

/// The metric that a service's `slo` bounds.
pub const AVAILABILITY: &str = "availability.requests";

/// Availability over all services, which stands for their objectives together.
pub fn availability() -> Quantity {
    Quantity::of(AVAILABILITY, Entity::Cluster)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::dictionary::find;

    #[test]
    fn amounts_are_read_in_the_unit_of_their_metric() {
        let read = |text: &str, metric: &str| amount(text, find(metric).unwrap());
        assert_eq!(read("0.999", "availability.requests"), Ok(0.999));
        assert_eq!(read("99.9 %", "availability.requests"), Ok(0.999));
        assert_eq!(read("1m30s", "pending.p99"), Ok(90.0));
        assert_eq!(read("90", "pending.p99"), Ok(90.0));
        assert_eq!(read("90m", "node_hours"), Ok(1.5));
        assert_eq!(read("12.5", "cost"), Ok(12.5));
        for (text, metric) in [("5%", "cost"), ("1x", "pending.p99"), ("inf", "cost")] {
            assert!(read(text, metric).is_err(), "{text} of {metric}");
        }
    }

    #[test]
    fn per_cents_are_points_of_a_ratio_and_shares_of_all_else() {
        let read = |text: &str, metric: &str| Tolerance::read(text, find(metric).unwrap());
        let points = Tolerance::Absolute(0.0005);
        assert_eq!(read("0.05%", "availability.requests"), Ok(points));
        assert_eq!(read("10%", "pending.p99"), Ok(Tolerance::Relative(0.1)));
        assert_eq!(read("5s", "pending.p99"), Ok(Tolerance::Absolute(5.0)));
        assert_eq!(read("0", "cost"), Err("above zero".to_owned()));
        assert_eq!(Tolerance::Relative(0.1).amount(-50.0), 5.0);
        assert_eq!(points.amount(-50.0), 0.0005);
    }

    #[test]
    fn a_bound_is_kept_where_it_is_met_exactly() {
        assert!(Bound::AtLeast(0.5).holds(0.5) && !Bound::AtLeast(0.5).holds(0.4));
        assert!(Bound::AtMost(0.5).holds(0.5) && !Bound::AtMost(0.5).holds(f64::INFINITY));
    }

    #[test]
    fn a_bound_points_to_the_better_side() {
        assert!(Bound::AtLeast(1.0).suits(Better::Up) && !Bound::AtLeast(1.0).suits(Better::Down));
        assert!(Bound::AtMost(1.0).suits(Better::Down) && !Bound::AtMost(1.0).suits(Better::Up));
        assert!(Bound::AtMost(1.0).suits(Better::Neither));
    }
}
