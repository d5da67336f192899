//! Under what a size is judged: the scenario as it is, and each loss in turn.

use super::trials::{Case, Condition};
use crate::run::healing;
use crate::scenario::Scenario;
use crate::scenario::drill::Drill;
use crate::scenario::loss::Loss;
use crate::time::{Duration, Time};

/// Time, beyond that which the healer takes, in which what is lost has come up again elsewhere: images
/// are pulled, containers have started and the autoscaler has settled.
///
/// Half an hour. Kubernetes' autoscaler settles within 5 minutes (documentation, "Horizontal Pod
/// Autoscaling", on stabilization, v1.34); the rest is for images and start-up.
pub const SETTLING: Duration = Duration::from_secs(1800);

/// How long the busiest time is judged after a loss that is made good: the hour that begins with it.
pub const BUSIEST: Duration = Duration::from_secs(3600);

/// When losses come, and what is judged after them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    /// The busiest minute.
    pub peak: Time,
    /// Cores asked for in it.
    pub cores: f64,
    /// When a loss comes whose end is judged.
    pub early: Time,
    /// From when on its end is judged.
    pub settled: Time,
    /// Until when.
    pub end: Time,
    /// When a loss comes that is judged with all that it takes.
    pub struck: Time,
}

/// Why no loss can be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoLoss {
    /// There is nothing of that kind to lose.
    Nothing(Drill),
    /// Nothing is ever asked for.
    NoPeak,
    /// The run is too short for a loss to be made good.
    TooShort {
        /// What it takes.
        needs: Duration,
    },
}

/// When losses come in a scenario. Time for a loss to be made good lies before the busiest hour, which
/// moves to the front where the run ends before it does.
///
/// # Errors
/// When nothing is asked for, or the run is too short.
pub fn times(scenario: &Scenario) -> Result<Times, NoLoss> {
    let needs = healing(scenario) + SETTLING;
    let first = scenario.warm_up + needs;
    let peak = scenario.peak(first).ok_or(NoLoss::NoPeak)?;
    let earliest = Time::ZERO + needs;
    let end = scenario.end;
    if earliest >= end {
        return Err(NoLoss::TooShort { needs });
    }
    let latest = end.saturating_sub(BUSIEST);
    let settled = peak.at.min(latest).max(earliest);
    let struck = end.saturating_sub(needs).min(peak.at).max(scenario.warm_up);
    Ok(Times {
        peak: peak.at,
        cores: peak.cores,
        early: settled.saturating_sub(needs),
        settled,
        end: end.min(settled + BUSIEST),
        struck,
    })
}

/// The conditions of a scenario: as it is, then each loss once it is made good, then each with all that
/// it takes.
pub fn cases(scenario: Scenario, losses: &[Loss], times: Option<&Times>) -> Vec<Case> {
    let mut cases = Vec::new();
    if let Some(times) = times {
        for loss in losses {
            let mut settled = scenario.losing(loss, times.early);
            settled.warm_up = times.settled;
            settled.end = times.end;
            cases.push(Case {
                condition: Condition::Settled {
                    loss: loss.clone(),
                    at: times.early,
                },
                scenario: settled,
            });
        }
        for loss in losses {
            cases.push(Case {
                condition: Condition::Struck {
                    loss: loss.clone(),
                    at: times.struck,
                },
                scenario: scenario.losing(loss, times.struck),
            });
        }
    }
    let as_written = Case {
        condition: Condition::AsWritten,
        scenario,
    };
    cases.insert(0, as_written);
    cases
}
