//! The fewest nodes that are enough.

use std::collections::BTreeMap;

use super::confirm::{Claim, Tally, Verdict, Walk, walk};
use super::search::least;
use super::trials::{Failed, Lab, Phase, SEARCH_RUNS, Trials};

/// Share of what half as many nodes miss an objective by; missed by more, it is not for want of nodes.
///
/// A choice of ours: twice as many nodes that take away less than a tenth of what is missing are not the
/// remedy, and so much is more than 20 paired runs differ by chance.
pub const FLAT: f64 = 0.9;

/// What is looked for, and where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// The smallest size that is tried.
    pub from: u32,
    /// The largest one of the search.
    pub to: u32,
    /// From size to size.
    pub step: u32,
    /// Where the search begins: what there is now.
    pub present: u32,
    /// How many larger sizes, one by one, must hold too.
    pub above: u32,
    /// What is to be shown.
    pub claim: Claim,
}

/// What was found under the first conditions.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// How many conditions were judged.
    pub cases: usize,
    /// The smallest size that is confirmed together with all larger ones that were tried.
    pub answer: Option<u32>,
    /// The verdict on each size that was tried with fresh runs.
    pub verdicts: BTreeMap<u32, Verdict>,
    /// Where no size is enough: whether more of them change nothing.
    pub is_flat: bool,
}

impl Plan {
    /// The sizes of the search.
    pub fn sizes(&self) -> Vec<u32> {
        (self.from..=self.to)
            .step_by(self.step.max(1) as usize)
            .collect()
    }

    /// The largest size of the search.
    pub fn largest(&self) -> u32 {
        self.sizes().last().copied().unwrap_or(self.to)
    }

    /// The smallest size that is at least half of the largest.
    pub fn half(&self) -> u32 {
        let largest = self.largest();
        let half = self.sizes().into_iter().find(|&size| 2 * size >= largest);
        half.unwrap_or(largest)
    }
}

/// Searches among the sizes from `at_least` on under the first `cases` conditions, then confirms what
/// was found with fresh runs.
///
/// # Errors
/// When a size cannot be run.
pub fn fewest<W>(
    lab: &mut Lab<'_, u32, W>,
    plan: &Plan,
    cases: usize,
    at_least: Option<u32>,
) -> Result<Found, Failed<W>> {
    let claim = plan.claim;
    let sizes: Vec<u32> = plan.sizes();
    let from = at_least.unwrap_or(plan.from);
    let sizes: Vec<u32> = sizes.into_iter().filter(|&size| size >= from).collect();
    let mut found = Found {
        cases,
        answer: None,
        verdicts: BTreeMap::new(),
        is_flat: false,
    };
    let Some(&largest) = sizes.last() else {
        return Ok(found);
    };
    let present = at_least.unwrap_or(plan.present);
    let start = sizes.partition_point(|&size| size < present);
    let start = start.min(sizes.len() - 1);
    let likely = least(sizes.len(), start, |place| {
        lab.is_likely(sizes[place], cases, claim)
    })?;
    let Some(place) = likely else {
        found.is_flat = is_flat(lab, plan, cases)?;
        return Ok(found);
    };
    let first = sizes[place];
    let above = first + 1..=first.saturating_add(plan.above);
    let mut order: Vec<u32> = sizes.iter().copied().chain(above.clone()).collect();
    order.sort_unstable();
    order.dedup();
    let top = first.saturating_add(plan.above);
    let start = order.partition_point(|&size| size < top);
    let walked: Walk<u32> = walk(&order, start, plan.above as usize, claim, |size, budget| {
        lab.judge(size, cases, claim, budget)
    })?;
    found.answer = walked.answer;
    found.verdicts = walked.verdicts;
    // What lies between is shown too, even where the walk ended above it.
    for size in std::iter::once(first).chain(above) {
        for case in 0..cases {
            lab.trials(size, case, Phase::Fresh, claim.first_runs())?;
        }
    }
    if found.answer.is_none() {
        found.is_flat = largest > first && is_flat(lab, plan, cases)?;
    }
    Ok(found)
}

/// Whether more of them cannot help: under some condition the largest size misses an objective too
/// often, and by at least [`FLAT`] of what half as many miss it by. Where pods wait for room even at the
/// largest, more of it would help.
fn is_flat<W>(lab: &mut Lab<'_, u32, W>, plan: &Plan, cases: usize) -> Result<bool, Failed<W>> {
    let (largest, half) = (plan.largest(), plan.half());
    if half == largest {
        return Ok(false);
    }
    for case in 0..cases {
        let mut of = |size| {
            let trials = lab.trials(size, case, Phase::Search, SEARCH_RUNS);
            trials.cloned()
        };
        let most = of(largest)?;
        let places = 0..most.missed.len();
        let missed: Vec<usize> = places
            .filter(|&at| is_missed(&most, at, plan.claim))
            .collect();
        if missed.is_empty() || most.cramped() > 0 {
            continue;
        }
        let fewer = of(half)?;
        let is_stuck = |&at: &usize| most.missed_by(at) >= FLAT * fewer.missed_by(at);
        if missed.iter().any(is_stuck) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether so many runs miss an objective that the claim looks wrong for it alone. Where one run says
/// everything, it is that one.
fn is_missed(trials: &Trials, objective: usize, claim: Claim) -> bool {
    let kept = Tally {
        good: trials.tally.runs - trials.missed[objective],
        runs: trials.tally.runs,
    };
    !claim.is_likely(kept)
}
