//! How precise an answer is to be, as it is typed.

use std::num::NonZeroU32;

use crate::cli::Failure;
use crate::experiment::precision::Goal;
use crate::metrics::dictionary;
use crate::scenario::objective;
use crate::stats::LEAST_FIRST_LOOK;

/// The goal of `--precision` and `--max-reps`.
pub(super) fn goal(precision: &str, most: NonZeroU32) -> Result<Goal, Failure> {
    let relative = share("--precision", precision)?;
    if relative <= 0.0 {
        let message = format!("--precision `{precision}` is not above zero");
        return Err(Failure::Input(message));
    }
    let least = LEAST_FIRST_LOOK as u32;
    match most.get() {
        most if most < least => Err(Failure::Input(format!(
            "--max-reps {most} is below {least}, the runs that --precision looks at first"
        ))),
        most => Ok(Goal::new(relative, least, most)),
    }
}

/// What to say where every run is like the first.
pub(super) fn of_exact() -> Failure {
    Failure::Input(
        "nothing here is random: one run is as precise as any number, and --precision has no meaning\n  = \
         leave it out, or draw the trace anew for every replication: --resample"
            .to_owned(),
    )
}

/// A share such as `95%` or `0.95`.
pub(super) fn share(option: &str, text: &str) -> Result<f64, Failure> {
    let ratio = dictionary::find("availability.requests").expect("it is in the dictionary");
    objective::amount(text, ratio)
        .map_err(|form| Failure::Input(format!("{option} `{text}` is not {form}")))
}
