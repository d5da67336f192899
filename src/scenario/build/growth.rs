//! More, or less, of everything that is asked for.

use super::Builder;
use crate::scenario::decode::{At, Field};
use crate::scenario::problem::Problem;
use crate::script::jobs::Jobs;

/// Least and most times of the load that a scenario may ask for: beyond a thousand it is another
/// scenario, and rates keep their bounds.
const FACTORS: (f64, f64) = (0.001, 1000.0);

impl Builder<'_> {
    /// How many times the load of the file there is; `None` once a problem has been reported.
    pub(super) fn load_factor(&mut self, raw: Field<f64>) -> Option<At<f64>> {
        let factor = raw.or(1.0)?;
        let (least, most) = FACTORS;
        if (least..=most).contains(&factor.value) {
            self.load_factor = factor.value;
            return Some(factor);
        }
        let message = format!("`load_factor` must be between {least} and {most}");
        self.problems
            .push(Problem::error(message).at(factor.span, ""));
        None
    }

    /// Multiplies the load of every service.
    pub(super) fn grow(&mut self) {
        for service in self.behaviours.ids() {
            let behaviour = &mut self.behaviours[service];
            if self.load_factor != 1.0 {
                behaviour.load = behaviour.load.times(self.load_factor);
            }
        }
    }

    /// Says that there is more or less than the file alone says; pods of a trace are what they are.
    pub(super) fn grown(&mut self, factor: Option<At<f64>>, pods: Option<&Jobs>) {
        let Some(factor) = factor.filter(|factor| factor.value != 1.0) else {
            return;
        };
        if pods.is_some_and(|pods| !pods.is_empty()) {
            let problem = Problem::error("pods of a trace cannot be multiplied by `load_factor`");
            let note = "`plimsoll import openb --copies N` lays a trace over itself N times";
            self.problems.push(problem.at(factor.span, "").note(note));
            return;
        }
        let factor = factor.value;
        self.notes.push(format!(
            "load and arrivals of jobs are {factor} times what the scenario says (`load_factor`)"
        ));
    }
}
