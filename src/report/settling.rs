//! What is said of the warm-up of a stationary scenario.

use crate::experiment::settled::{Settled, WATCHED, settled};
use crate::report::figure;
use crate::report::results::Results;
use crate::time::{Duration, Time};

/// What the rule MSER-5 says of replication 1.
pub(super) fn note(results: &Results<'_>) -> Option<String> {
    let scenario = results.scenario;
    let settled = settled(scenario, results.runs.first()?)?;
    Some(words(settled, scenario.warm_up))
}

fn words(settled: Settled, warm_up: Time) -> String {
    let by = format!("MSER-5 on {WATCHED} of replication 1");
    match settled {
        Settled::AtOnce => format!("the run is settled when measuring begins ({by})"),
        Settled::After { seconds, cell } => {
            let begin = (warm_up.secs_f64() + seconds).ceil();
            let typed = Duration::from_secs(begin as u64).words().replace(' ', "");
            format!(
                "the run settles {} after measuring begins: the warm-up is too short, `warm_up = \"{typed}\"` \
                 would do ({by})",
                figure::duration(seconds, cell),
            )
        }
        Settled::TooLate => format!(
            "the run has not settled in the first half of what is measured: it is too short for its \
             means to say much, or not stationary ({by})"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warm_up_that_would_do_is_told_as_it_is_typed() {
        let (seconds, cell) = (160.0, 8.0);
        let said = words(Settled::After { seconds, cell }, Time::from_secs(200));
        assert_eq!(
            said,
            "the run settles 2 m 40 s after measuring begins: the warm-up is too short, \
             `warm_up = \"6m\"` would do (MSER-5 on allocated.cpu of replication 1)"
        );
        let said = words(Settled::AtOnce, Time::ZERO);
        assert!(said.starts_with("the run is settled when"), "{said}");
        let said = words(Settled::TooLate, Time::ZERO);
        assert!(said.contains("has not settled"), "{said}");
    }
}
