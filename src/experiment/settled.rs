//! Whether the warm-up of a stationary scenario was long enough.

use crate::metrics::measured::{Entity, Measured};
use crate::scenario::Scenario;
use crate::stats::{self, NotSettled};

/// What is followed over time: every scenario has it, and it moves with replicas, jobs and failures.
pub const WATCHED: &str = "allocated.cpu";

/// What the rule MSER-5 says of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Settled {
    /// It was settled when measuring began.
    AtOnce,
    /// It settled so many seconds later, as near as one `cell` of the time series tells.
    After {
        /// Seconds after measuring began.
        seconds: f64,
        /// Seconds of a cell.
        cell: f64,
    },
    /// It had not settled in the first half of what is measured.
    TooLate,
}

/// When a run settled, of a scenario that is said to be stationary. Nothing of one that every run
/// disturbs, nor of a run with too few cells to say.
pub fn settled(scenario: &Scenario, run: &Measured) -> Option<Settled> {
    if !scenario.stationary || scenario.drill.is_some() {
        return None;
    }
    let values = watched(run)?;
    let cell = scenario.end.since(scenario.warm_up).secs_f64() / values.len() as f64;
    match stats::mser5(&values) {
        Ok(0) => Some(Settled::AtOnce),
        Ok(cut) => Some(Settled::After {
            seconds: cut as f64 * cell,
            cell,
        }),
        Err(NotSettled::TooLate { .. }) => Some(Settled::TooLate),
        Err(NotSettled::TooShort { .. }) => None,
    }
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
    use std::io;
    use std::path::Path;

    use super::*;
    use crate::metrics::measured::Series;
    use crate::scenario;

    /// Of a run that measures 800 s from 200 s on, in cells of 8 s.
    fn of(stationary: bool, value: impl Fn(usize) -> f64) -> Option<Settled> {
        let text = format!(
            r#"
            duration = "1000s"
            warm_up = "200s"
            stationary = {stationary}
            nodes = [{{ name = "n", cpu = "4", memory = "8Gi" }}]
            services = [{{ name = "s", requests = {{ cpu = "1", memory = "1Gi" }} }}]
            "#
        );
        let read = |_: &Path| Err(io::ErrorKind::NotFound.into());
        let loaded = scenario::parse(Path::new("s.toml"), &text, &read).unwrap();
        // One batch up, one down, so that no stretch is without spread.
        let value = |cell: usize| value(cell) + [0.01, -0.01][cell / 5 % 2];
        let run = Measured {
            series: vec![Series {
                entity: Entity::Cluster,
                metric: WATCHED.to_owned(),
                unit: "ratio",
                values: (0..100).map(|cell| Some(value(cell))).collect(),
            }],
            ..Measured::default()
        };
        settled(&loaded.scenario, &run)
    }

    #[test]
    fn a_run_that_begins_empty_settles_once_it_is_full() {
        let filling = of(true, |cell| 0.5 * (cell as f64 / 20.0).min(1.0));
        // Full from cell 20 on: 20 · 8 s.
        let after = Settled::After {
            seconds: 160.0,
            cell: 8.0,
        };
        assert_eq!(filling, Some(after));
        assert_eq!(of(true, |_| 0.5), Some(Settled::AtOnce));
    }

    #[test]
    fn a_run_that_goes_on_rising_has_not_settled() {
        assert_eq!(of(true, |cell| 0.01 * cell as f64), Some(Settled::TooLate));
    }

    #[test]
    fn a_scenario_that_does_not_claim_to_settle_is_not_judged() {
        assert_eq!(of(false, |_| 0.5), None);
    }
}
