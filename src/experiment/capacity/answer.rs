//! How many nodes are enough, and all that was seen on the way.

use super::fewest::{Found, Plan, fewest};
use super::lever::{Levers, levers};
use super::survive::Times;
use super::trials::{Condition, Failed, Lab, Phase, Trials};
use crate::scenario::loss::Loss;

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Capacity {
    /// What was looked for.
    pub plan: Plan,
    /// Whether one run of a size says everything.
    pub is_exact: bool,
    /// What is lost, each in turn; empty where nothing is.
    pub losses: Vec<Loss>,
    /// When.
    pub times: Option<Times>,
    /// For the scenario as it is, and once each loss has been made good.
    pub found: Found,
    /// For all that, and while each loss is being made good; absent where nothing is lost, or no size is
    /// enough even without.
    pub struck: Option<Found>,
    /// What would help where more nodes do not; absent where they do.
    pub levers: Option<Levers>,
    /// What was seen of each size, in order.
    pub rows: Vec<Row>,
    /// Runs made.
    pub runs: u64,
}

/// What was seen of a size.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The size.
    pub size: u32,
    /// Under each condition that was run.
    pub cases: Vec<Seen>,
}

/// What was seen of a size under a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The condition.
    pub condition: Condition,
    /// Whether these are fresh runs.
    pub phase: Phase,
    /// What they came to.
    pub trials: Trials,
}

/// Finds out how many are enough for the scenario as it is and for each loss once it is made good; and
/// then for each loss while it is being made good.
///
/// # Errors
/// When a size cannot be run.
pub fn capacity<W>(
    lab: &mut Lab<'_, u32, W>,
    plan: &Plan,
    losses: Vec<Loss>,
    times: Option<Times>,
) -> Result<Capacity, Failed<W>> {
    let found = fewest(lab, plan, 1 + losses.len(), None)?;
    let struck = match found.answer {
        Some(answer) if !losses.is_empty() => {
            Some(fewest(lab, plan, 1 + 2 * losses.len(), Some(answer))?)
        }
        Some(_) | None => None,
    };
    let most = (!plan.sizes().is_empty()).then(|| plan.largest());
    let levers = match (&struck, most) {
        (Some(struck), Some(size)) if struck.is_flat => {
            levers(lab, size, found.cases..struck.cases)?
        }
        (None, Some(size)) if found.is_flat => levers(lab, size, 0..found.cases)?,
        (Some(_) | None, _) => None,
    };
    Ok(Capacity {
        plan: *plan,
        is_exact: lab.is_exact,
        losses,
        times,
        found,
        struck,
        levers,
        rows: rows(lab),
        runs: lab.runs(),
    })
}

fn rows<W>(lab: &Lab<'_, u32, W>) -> Vec<Row> {
    let row = |size: u32| {
        let cases = lab.conditions(size).iter().enumerate();
        let cases = cases.filter_map(|(place, case)| {
            let (phase, trials) = lab.known(size, place)?;
            Some(Seen {
                condition: case.condition.clone(),
                phase,
                trials: trials.clone(),
            })
        });
        Row {
            size,
            cases: cases.collect(),
        }
    };
    lab.sizes().into_iter().map(row).collect()
}

impl Row {
    /// The condition of those that are asked for under which the fewest runs met everything.
    pub fn worst(&self, is_asked: impl Fn(&Condition) -> bool) -> Option<&Seen> {
        let share =
            |seen: &Seen| f64::from(seen.trials.tally.good) / f64::from(seen.trials.tally.runs);
        let asked = self.cases.iter().filter(|seen| is_asked(&seen.condition));
        asked.min_by(|a, b| share(a).total_cmp(&share(b)))
    }
}
