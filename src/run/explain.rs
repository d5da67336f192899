//! A run up to a moment, and once more up to a decision that is to be explained.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::{Ended, Watched, stage};
use crate::cluster::Cluster;
use crate::cluster::pod::Queued;
use crate::control::Control;
use crate::control::watch::Decision;
use crate::ids::{PodId, ShapeId};
use crate::metrics::measured::Waiting;
use crate::policy::Plan;
use crate::policy::scheduler::Placement;
use crate::record::{Record, Recorder};
use crate::rng::Seed;
use crate::runtime;
use crate::scenario::Scenario;
use crate::time::{Duration, Time};

/// Shapes of pods that are explained at the end of a run: few, for every one looks at every node.
const EXPLAINED: usize = 8;

/// A run up to a moment.
pub struct Reached {
    /// The control plane as it is then.
    pub control: Control,
    /// For which pods others were evicted, by the evicted ones.
    pub evicted_for: BTreeMap<PodId, PodId>,
}

/// The run up to `at`, all that happens at that instant included; at or after the end of the run, up
/// to the end. `watch` is told the simulated time now and then; its break ends the run.
///
/// # Errors
/// [`Ended::Interrupted`] when `watch` ended the run.
pub fn until(
    scenario: &Scenario,
    seed: Seed,
    at: Time,
    watch: &mut dyn FnMut(Time) -> ControlFlow<()>,
) -> Result<Reached, Ended> {
    let script = scenario.outline.script(seed, scenario.end);
    let (mut control, mut sim) = stage(scenario, script, seed);
    let mut recorder = (Evicted::default(), Watched::new(watch));
    let end = (at + Duration::from_nanos(1)).min(scenario.end);
    runtime::drive(&mut control, &mut sim, &mut recorder, end).map_err(Ended::Stopped)?;
    let (Evicted(evicted_for), Watched { broken, .. }) = recorder;
    match broken {
        true => Err(Ended::Interrupted),
        false => Ok(Reached {
            control,
            evicted_for,
        }),
    }
}

/// The last decision on the pod that `belief`, as it is at some moment of the run, knows of; none
/// where the scheduler had not come to the pod then. The run is repeated from its start up to the
/// decision. `watch` as for [`until`].
///
/// # Errors
/// [`Ended::Interrupted`] when `watch` ended the run.
pub fn last_decision(
    scenario: &Scenario,
    seed: Seed,
    belief: &Cluster,
    pod: PodId,
    watch: &mut dyn FnMut(Time) -> ControlFlow<()>,
) -> Result<Option<Decision>, Ended> {
    let state = &belief.pods()[pod];
    let failed_before = match state.node {
        Some(_) => Some(state.attempts),
        None => state.attempts.checked_sub(1),
    };
    let Some(failed_before) = failed_before else {
        return Ok(None);
    };
    let script = scenario.outline.script(seed, scenario.end);
    let (mut control, mut sim) = stage(scenario, script, seed);
    control.watch(pod, failed_before);
    let until = UntilDecided {
        pod,
        left: failed_before + 1,
    };
    let mut recorder = (until, Watched::new(watch));
    let driven = runtime::drive(&mut control, &mut sim, &mut recorder, scenario.end);
    driven.map_err(Ended::Stopped)?;
    if recorder.1.broken {
        return Err(Ended::Interrupted);
    }
    let decision = control.watched();
    Ok(Some(decision.expect("a run repeats itself").clone()))
}

/// Pods that wait for a node now, by what they ask for, and what the scheduler would say of them:
/// those of the few shapes of which the most wait.
pub(super) fn waiting(control: &mut Control) -> Vec<Waiting> {
    let belief = control.cluster();
    let mut alike: BTreeMap<ShapeId, (u64, PodId)> = BTreeMap::new();
    for (pod, state) in belief.pods().iter() {
        if state.queued != Queued::No {
            alike.entry(state.shape).or_insert((0, pod)).0 += 1;
        }
    }
    let mut alike: Vec<(u64, PodId)> = alike.into_values().collect();
    alike.sort_by_key(|&(pods, first)| (Reverse(pods), first));
    alike.truncate(EXPLAINED);
    let waiting = alike.into_iter().map(|(pods, pod)| {
        let told = control.explain(pod);
        let mut refused = BTreeMap::new();
        if told.feasible.is_empty() {
            for (_, rejection) in told.rejected {
                *refused.entry(rejection.reasons).or_default() += 1;
            }
        }
        Waiting { pods, refused }
    });
    waiting.collect()
}

/// Collects for which pods others are evicted.
#[derive(Default)]
struct Evicted(BTreeMap<PodId, PodId>);

impl Recorder for Evicted {
    fn record(&mut self, _at: Time, record: Record) {
        let Record::Planned(Plan::Place {
            pod,
            placement: Placement::Preempt { victims, .. },
        }) = record
        else {
            return;
        };
        for &victim in victims.iter() {
            // One that is leaving already may make room for several; it was evicted for the first.
            self.0.entry(victim).or_insert(pod);
        }
    }

    fn turn(&mut self, _now: Time, _belief: &Cluster) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Ends the run with the instant at which a decision on a pod is made.
struct UntilDecided {
    pod: PodId,
    /// Decisions on the pod up to that one.
    left: u32,
}

impl Recorder for UntilDecided {
    fn record(&mut self, _at: Time, record: Record) {
        if matches!(record, Record::Planned(Plan::Place { pod, .. }) if pod == self.pod) {
            self.left = self.left.saturating_sub(1);
        }
    }

    fn turn(&mut self, _now: Time, _belief: &Cluster) -> ControlFlow<()> {
        match self.left {
            0 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}
