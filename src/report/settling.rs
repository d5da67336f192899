//! Whether the warm-up of a stationary scenario was long enough.

use crate::metrics::measured::{Entity, Measured};
use crate::report::figure;
use crate::report::results::Results;
use crate::stats::{self, NotSettled};

/// What is followed over time: every scenario has it, and it moves with replicas, jobs and failures.
const WATCHED: &str = "allocated.cpu";

/// What the rule MSER-5 says of replication 1, of a scenario that is said to be stationary. Nothing of one
/// that every run disturbs.
pub(super) fn note(results: &Results<'_>) -> Option<String> {
    let scenario = results.scenario;
    if !scenario.stationary || scenario.drill.is_some() {
        return None;
    }
    let run = results.runs.first()?;
    let values = watched(run)?;
    let cell = scenario.end.since(scenario.warm_up).secs_f64() / values.len() as f64;
    let seconds = |cells: usize| cells as f64 * cell;
    let by = format!("MSER-5 on {WATCHED} of replication 1");
    Some(match stats::mser5(&values) {
        Ok(0) => format!("the run is settled when measuring begins ({by})"),
        Ok(cut) => {
            let begin = scenario.warm_up.secs_f64() + seconds(cut);
            format!(
                "the run settles {} after measuring begins: the warm-up is too short, `warm_up = \"{}s\"` \
                 would do ({by})",
                figure::duration(seconds(cut), cell),
                begin.ceil()
            )
        }
        Err(NotSettled::TooLate { .. }) => format!(
            "the run has not settled in the first half of what is measured: it is too short for its \
             means to say much, or not stationary ({by})"
        ),
        Err(NotSettled::TooShort { .. }) => return None,
    })
}

/// The watched ratio by cell, where every cell has it.
fn watched(run: &Measured) -> Option<Vec<f64>> {
    let is_watched =
        |metric: &str, entity: &Entity| metric == WATCHED && *entity == Entity::Cluster;
    let mut all = run.series.iter();
    let series = all.find(|series| is_watched(&series.metric, &series.entity))?;
    series.values.iter().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::measured::Series;
    use crate::report::tests::Case;

    /// What is said of a run that measures 800 s from 200 s on, in cells of 8 s.
    fn said(stationary: bool, value: impl Fn(usize) -> f64) -> Option<String> {
        let mut case = Case::new();
        case.scenario.stationary = stationary;
        // One batch up, one down, so that no stretch is without spread.
        let value = |cell: usize| value(cell) + [0.01, -0.01][cell / 5 % 2];
        case.runs[0].series = vec![Series {
            entity: Entity::Cluster,
            metric: WATCHED.to_owned(),
            unit: "ratio",
            values: (0..100).map(|cell| Some(value(cell))).collect(),
        }];
        note(&case.results())
    }

    #[test]
    fn a_run_that_begins_empty_is_told_a_warm_up() {
        let filling = said(true, |cell| 0.5 * (cell as f64 / 20.0).min(1.0)).unwrap();
        assert_eq!(
            filling,
            "the run settles 2 m 40 s after measuring begins: the warm-up is too short, \
             `warm_up = \"360s\"` would do (MSER-5 on allocated.cpu of replication 1)"
        );
        let settled = said(true, |_| 0.5).unwrap();
        assert!(settled.starts_with("the run is settled when"), "{settled}");
    }

    #[test]
    fn a_run_that_goes_on_rising_has_not_settled() {
        let rising = said(true, |cell| 0.01 * cell as f64).unwrap();
        assert!(rising.contains("has not settled"), "{rising}");
    }

    #[test]
    fn a_scenario_that_does_not_claim_to_settle_is_not_judged() {
        assert_eq!(said(false, |_| 0.5), None);
    }
}
