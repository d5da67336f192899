//! Another outside world than the scenario's: drills and resampled traces.

use crate::cli::Failure;
use crate::cli::args::{Loss, Outside};
use crate::scenario::Scenario;
use crate::scenario::drill::{Drill, Frequency};

/// The scenario in the outside world asked for.
///
/// `frequency` is how often what a drill takes fails otherwise; what the scenario states unless given.
pub(super) fn with_outside(
    scenario: Scenario,
    outside: &Outside,
    frequency: Option<Frequency>,
) -> Result<Scenario, Failure> {
    let mut scenario = scenario;
    if let Some(block) = outside.resample {
        let resampled = scenario.resampled(block);
        scenario = resampled.map_err(|wrong| Failure::Input(wrong.to_string()))?;
    }
    let Some(loss) = outside.drill else {
        return Ok(scenario);
    };
    let drilled = scenario.drilled(drill(loss));
    let drilled = drilled.and_then(|drilled| match frequency {
        None => Ok(drilled),
        Some(frequency) => drilled.with_frequency(frequency),
    });
    drilled.map_err(|wrong| Failure::Input(wrong.to_string()))
}

/// The drill that takes this away.
pub(super) const fn drill(loss: Loss) -> Drill {
    match loss {
        Loss::Node => Drill::Node,
        Loss::Zone => Drill::Zone,
    }
}

/// What the name of a result folder says of it.
pub(super) fn suffix(outside: &Outside) -> String {
    let lost = outside
        .drill
        .map(|loss| format!("-drill-{}", drill(loss).name()));
    let drill = lost.unwrap_or_default();
    let resample = outside.resample.map_or("", |_| "-resample");
    format!("{drill}{resample}")
}
