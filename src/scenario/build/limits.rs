//! Bounds of single values, and of all of them together.

use super::Builder;
use crate::scenario::decode::At;
use crate::scenario::problem::{Problem, Span};
use crate::units::{Bytes, MilliCpu, thousands};

/// Memory that a run may use: beyond it a scenario is refused before anything is built.
const MEMORY_MAX: u128 = 16 * Bytes::GIB as u128;
/// Most requests per second of one load, all its parts together; most of a price per hour; largest
/// weight. A million million of any is far above what there is, and its sums over every node, service
/// and second of a run are numbers still.
pub(super) const LARGEST: f64 = 1e12;
/// Fewest requests per second of a load that is not zero: one in 30,000 years. What is divided by
/// less is no number any more.
const RATE_LEAST: f64 = 1e-12;
/// Most thousandths of a core that the replicas of one service ask for together: 10¹² cores.
const CPU_OF_SERVICE_MAX: u128 = 1_000_000_000_000_000;
/// Memory of one node, about: the catalogue, belief, truth and metrics.
pub(super) const NODE_MEMORY: u128 = 1024;
/// Memory of one pod, about: the script, belief, truth and metrics.
pub(super) const POD_MEMORY: u128 = 512;

impl Builder<'_> {
    /// Counts things against the memory a run may use; whether there is room for them.
    pub(super) fn reserve(&mut self, count: At<u64>, what: &str, each: u128) -> bool {
        let needed = self.memory + u128::from(count.value) * each;
        if needed <= MEMORY_MAX {
            self.memory = needed;
            return true;
        }
        let (count, span) = (thousands(count.value), count.span);
        let message = format!(
            "with {count} {what} a run needs about {} of memory, more than the {} it may use",
            size(needed),
            size(MEMORY_MAX)
        );
        self.problems.push(Problem::error(message).at(span, ""));
        false
    }

    /// The value, if it is above zero.
    pub(super) fn above_zero<T: PartialOrd + Default>(
        &mut self,
        key: &str,
        at: Option<At<T>>,
    ) -> Option<T> {
        let at = at?;
        if at.value > T::default() {
            return Some(at.value);
        }
        let problem = Problem::error(format!("`{key}` must be above zero"));
        self.problems.push(problem.at(at.span, ""));
        None
    }

    /// The number, if it lies within bounds.
    pub(super) fn within(
        &mut self,
        key: &str,
        at: Option<At<u64>>,
        least: u64,
        most: u64,
    ) -> Option<u64> {
        let at = at?;
        if (least..=most).contains(&at.value) {
            return Some(at.value);
        }
        let message = match at.value < least {
            true => format!("`{key}` must be at least {least}"),
            false => format!("`{key}` must be at most {}", thousands(most)),
        };
        self.problems.push(Problem::error(message).at(at.span, ""));
        None
    }

    /// The number, if it is from zero to [`LARGEST`].
    pub(super) fn not_negative(&mut self, key: &str, at: Option<At<f64>>) -> Option<f64> {
        let at = at?;
        let message = match at.value {
            value if value < 0.0 => format!("`{key}` is negative"),
            value if value > LARGEST => too_large(key),
            value => return Some(value),
        };
        self.problems.push(Problem::error(message).at(at.span, ""));
        None
    }

    /// The requests per second, if they are zero or neither too few nor too many.
    pub(super) fn rate(&mut self, key: &str, at: Option<At<f64>>) -> Option<f64> {
        let rate = self.not_negative(key, at)?;
        if is_rate(rate) {
            return Some(rate);
        }
        let message = format!("`{key}` must be zero or at least {RATE_LEAST:e}");
        self.problems.push(Problem::error(message).at(at?.span, ""));
        None
    }

    /// The number, if it is above zero and at most [`LARGEST`].
    pub(super) fn weight(&mut self, key: &str, at: Option<At<f64>>) -> Option<f64> {
        let weight = self.above_zero(key, at)?;
        if weight <= LARGEST {
            return Some(weight);
        }
        let problem = Problem::error(too_large(key));
        self.problems.push(problem.at(at?.span, ""));
        None
    }

    /// Whether that many replicas ask for no more CPU than can be added up.
    pub(super) fn countable(&mut self, replicas: u32, cpu: MilliCpu, requests: Span) -> bool {
        let asked = u128::from(replicas) * u128::from(cpu.0);
        if asked <= CPU_OF_SERVICE_MAX {
            return true;
        }
        let message = format!(
            "{} replicas ask for more than {LARGEST:e} cores together",
            thousands(replicas.into())
        );
        self.problems.push(Problem::error(message).at(requests, ""));
        false
    }
}

/// Whether a number from zero to [`LARGEST`] is one of requests per second.
pub(super) fn is_rate(number: f64) -> bool {
    number == 0.0 || number >= RATE_LEAST
}

fn too_large(key: &str) -> String {
    format!("`{key}` must be at most {LARGEST:e}")
}

/// A size in the largest unit of which there is at least one, without decimals.
fn size(bytes: u128) -> String {
    let units = [
        "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB",
    ];
    let power = ((bytes.max(1).ilog2() / 10) as usize).min(units.len() - 1);
    format!("{} {}", bytes >> (10 * power), units[power])
}
