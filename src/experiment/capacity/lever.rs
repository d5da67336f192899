//! What helps where more nodes do not: each tried alone, on the runs of the search.

use std::ops::Range;
use std::sync::Arc;

use super::fewest::FLAT;
use super::trials::{Case, Condition, Failed, Lab, Phase, SEARCH_RUNS, Trials};
use crate::scenario::Scenario;
use crate::time::Duration;

/// What can be changed besides the number of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lever {
    /// A silent node counts as lost after half the time.
    Detection,
    /// Pods of a lost node are evicted after half the time.
    Eviction,
    /// Every service has twice the replicas. Where an autoscaler sets their number, its bounds are
    /// doubled, and the use of CPU it aims at is halved.
    Replicas,
}

/// What the levers do under the condition that weighs most.
#[derive(Clone, Debug, PartialEq)]
pub struct Levers {
    /// Nodes with which they were tried: the most of the search.
    pub size: u32,
    /// The condition.
    pub condition: Condition,
    /// Place of the objective that is missed most, among those of the scenario.
    pub objective: usize,
    /// What the runs came to without any.
    pub before: Trials,
    /// What the same runs came to with each that there is.
    pub tried: Vec<(Lever, Trials)>,
}

impl Lever {
    const ALL: [Lever; 3] = [Lever::Detection, Lever::Eviction, Lever::Replicas];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Lever::Detection => "detection",
            Lever::Eviction => "eviction",
            Lever::Replicas => "replicas",
        }
    }

    /// The parameter of the healer that it halves; absent for one that is none.
    pub const fn param(self) -> Option<&'static str> {
        match self {
            Lever::Detection => Some("node_monitor_grace_period"),
            Lever::Eviction => Some("unreachable_toleration"),
            Lever::Replicas => None,
        }
    }

    /// The scenario with it; nothing where there is no such thing in it.
    fn pulled(self, scenario: &Scenario) -> Option<Scenario> {
        let mut pulled = scenario.clone();
        match self.param() {
            Some(name) => {
                scenario.outline.loses_nodes().then_some(())?;
                let params = &mut pulled.policy.healer.params;
                let time = params.length(name).filter(|time| !time.is_zero())?;
                params.set_length(name, Duration::from_nanos(time.nanos() / 2));
            }
            None => more_replicas(&mut pulled)?,
        }
        Some(pulled)
    }
}

fn more_replicas(scenario: &mut Scenario) -> Option<()> {
    let catalog = Arc::make_mut(&mut scenario.catalog);
    let services: Vec<_> = catalog.services.ids().collect();
    for &id in &services {
        let service = &mut catalog.services[id];
        service.replicas *= 2;
        if let Some(hpa) = &mut service.hpa {
            hpa.min *= 2;
            hpa.max *= 2;
            hpa.cpu_percent = (hpa.cpu_percent / 2).max(1);
        }
    }
    (!services.is_empty()).then_some(())
}

impl Levers {
    /// Whether an objective is missed by so much less that the lever is one.
    pub fn helps(&self, with: &Trials) -> bool {
        with.missed_by(self.objective) < FLAT * self.before.missed_by(self.objective)
    }
}

/// Tries each lever with `size` nodes, under that of the conditions `cases` under which the fewest runs
/// met everything; absent where no objective is missed.
///
/// # Errors
/// When a run does not come to its end.
pub fn levers<W>(
    lab: &mut Lab<'_, u32, W>,
    size: u32,
    cases: Range<usize>,
) -> Result<Option<Levers>, Failed<W>> {
    let mut worst: Option<(usize, Trials)> = None;
    for case in cases {
        let seen = lab.trials(size, case, Phase::Search, SEARCH_RUNS)?;
        if worst
            .as_ref()
            .is_none_or(|(_, worst)| seen.tally.good < worst.tally.good)
        {
            worst = Some((case, seen.clone()));
        }
    }
    let Some((case, before)) = worst else {
        return Ok(None);
    };
    let Some(objective) = before.most_missed() else {
        return Ok(None);
    };
    let Case {
        condition,
        scenario,
    } = lab.conditions(size)[case].clone();
    let mut tried = Vec::new();
    for lever in Lever::ALL {
        if let Some(scenario) = lever.pulled(&scenario) {
            let condition = condition.clone();
            let case = Case {
                condition,
                scenario,
            };
            tried.push((lever, lab.aside(&case)?));
        }
    }
    Ok(Some(Levers {
        size,
        condition,
        objective,
        before,
        tried,
    }))
}
