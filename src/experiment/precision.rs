//! How precise an answer is to be, and how many runs that takes.

use super::sample::{How, Samples, Variant};
use super::summary::summarize;
use crate::metrics::dictionary::Metric;
use crate::metrics::quantity::Quantity;
use crate::run::Ended;
use crate::stats::{self, Basis, Estimate, LEAST_FIRST_LOOK};

/// A precision asked for. Looks are at the first number of runs, twice that, four times that …, up to
/// a cap: what stops is the width of intervals, never what they say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// How far an interval may reach from its value, as a share of what the metric is judged on: of
    /// availability 1 − A, of all else its value.
    pub relative: f64,
    /// Runs at the first look.
    pub first: u32,
    /// Most runs.
    pub cap: u32,
}

impl Goal {
    /// A goal whose first look is at no fewer runs than [`LEAST_FIRST_LOOK`] and no more than the
    /// cap allows.
    pub fn new(relative: f64, first: u32, cap: u32) -> Goal {
        let first = first.max(LEAST_FIRST_LOOK as u32);
        Goal {
            relative,
            first,
            cap: cap.max(first),
        }
    }

    /// How many runs there are to be at the next look, after so many; absent when all looks are over.
    pub fn next(self, done: u32) -> Option<u32> {
        let next = stats::next_look(done as usize, self.first as usize, self.cap as usize);
        next.map(|runs| runs as u32)
    }

    /// Whether the estimate of a metric is precise enough.
    pub fn is_reached(self, metric: &Metric, estimate: &Estimate) -> bool {
        let precision = estimate.precision(basis(metric));
        precision.is_some_and(|precision| precision <= self.relative)
    }

    /// Whether the difference from a baseline is known precisely enough, by what the baseline is.
    pub fn is_reached_by_difference(
        self,
        metric: &Metric,
        difference: &Estimate,
        baseline: f64,
    ) -> bool {
        let of_baseline = Estimate {
            value: baseline,
            interval: difference.interval.map(|interval| stats::Interval {
                low: baseline + (interval.low - difference.value),
                high: baseline + (interval.high - difference.value),
            }),
            method: difference.method,
        };
        self.is_reached(metric, &of_baseline)
    }
}

/// Runs a scenario until each of the metrics is known as precisely as asked for, or the cap is reached;
/// says which. `look` is told how many runs there will be at the next look. A metric without a value is
/// never known.
///
/// # Errors
/// As [`Samples::extend`].
pub fn sample_precisely(
    samples: &mut Samples,
    variant: &Variant,
    quantities: &[Quantity],
    goal: Goal,
    how: How<'_>,
    look: &mut dyn FnMut(u32),
) -> Result<bool, Ended> {
    while let Some(runs) = goal.next(samples.replications()) {
        look(runs);
        samples.extend(std::slice::from_ref(variant), runs, how)?;
        let summary = summarize(samples.seed(), samples.runs(0));
        let is_known = |quantity: &Quantity| {
            let line = summary.line(quantity);
            line.is_some_and(|line| goal.is_reached(quantity.metric, &line.estimate))
        };
        if quantities.iter().all(is_known) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a metric's precision is judged on.
fn basis(metric: &Metric) -> Basis {
    match metric.unit == "ratio" && metric.name.starts_with("availability.") {
        true => Basis::Complement,
        false => Basis::Value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::dictionary::find;
    use crate::stats::{Interval, Method};

    fn estimate(value: f64, low: f64, high: f64) -> Estimate {
        Estimate {
            value,
            interval: Some(Interval { low, high }),
            method: Method::StudentT,
        }
    }

    #[test]
    fn availability_is_precise_when_what_is_lost_is() {
        let goal = Goal::new(0.1, 20, 100);
        let [availability, cost] = ["availability.requests", "cost"].map(|m| find(m).unwrap());
        // 0.999 ± 0.0002 is 0.02 % of itself, but 20 % of the 0.001 that is lost.
        let wide = estimate(0.999, 0.9988, 0.9992);
        assert!(!goal.is_reached(availability, &wide) && goal.is_reached(cost, &wide));
        // 0.999 ± 0.00009 is 9 % of it.
        assert!(goal.is_reached(availability, &estimate(0.999, 0.99891, 0.99909)));
    }

    #[test]
    fn what_does_not_vary_is_never_precise() {
        let goal = Goal::new(0.1, 20, 100);
        let cost = find("cost").unwrap();
        assert!(!goal.is_reached(cost, &estimate(5.0, 5.0, 5.0)));
        let alone = Estimate {
            interval: None,
            ..estimate(5.0, 0.0, 0.0)
        };
        assert!(!goal.is_reached(cost, &alone));
    }

    #[test]
    fn a_difference_is_judged_by_its_baseline() {
        let goal = Goal::new(0.1, 20, 100);
        let cost = find("cost").unwrap();
        // −1 ± 2 of a baseline of 50 is 4 %; of one of 10 it is 20 %.
        let difference = estimate(-1.0, -3.0, 1.0);
        assert!(goal.is_reached_by_difference(cost, &difference, 50.0));
        assert!(!goal.is_reached_by_difference(cost, &difference, 10.0));
    }

    #[test]
    fn looks_double_from_twenty_runs_to_the_cap() {
        let looks = |goal: Goal| {
            let mut done = 0;
            std::iter::from_fn(|| {
                done = goal.next(done)?;
                Some(done)
            })
            .collect::<Vec<_>>()
        };
        assert_eq!(looks(Goal::new(0.1, 5, 100)), [20, 40, 80, 100]);
        assert_eq!(looks(Goal::new(0.1, 30, 10)), [30]);
    }
}
