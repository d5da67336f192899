//! Bounds of single values, and of all of them together.

use super::Builder;
use crate::scenario::decode::At;
use crate::scenario::problem::Problem;
use crate::units::{Bytes, thousands};

/// Memory that a run may use: beyond it a scenario is refused before anything is built.
const MEMORY_MAX: u128 = 16 * Bytes::GIB as u128;
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

    /// The number, if it is at least zero.
    pub(super) fn not_negative(&mut self, key: &str, at: Option<At<f64>>) -> Option<f64> {
        let at = at?;
        if at.value >= 0.0 {
            return Some(at.value);
        }
        let problem = Problem::error(format!("`{key}` is negative"));
        self.problems.push(problem.at(at.span, ""));
        None
    }
}

/// A size in the largest unit of which there is at least one, without decimals.
fn size(bytes: u128) -> String {
    let units = [
        "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB",
    ];
    let power = ((bytes.max(1).ilog2() / 10) as usize).min(units.len() - 1);
    format!("{} {}", bytes >> (10 * power), units[power])
}
