//! The cheapest mix of several groups of nodes.

use std::collections::BTreeMap;

use super::confirm::{Budget, Claim, Verdict};
use super::mix::{self, Kind, Known, Mix};
use super::trials::{Failed, Lab, Phase, Trials};

/// Most groups of a mix.
pub const GROUPS_MAX: usize = 8;

/// Most mixes that are confirmed one after the other.
const TRIES: u32 = 8;

/// How many nodes there are of each group; zero beyond the last group.
pub type Counts = [u32; GROUPS_MAX];

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Cheapest {
    /// What is to be shown.
    pub claim: Claim,
    /// Whether one run of a mix says everything.
    pub is_exact: bool,
    /// The groups.
    pub kinds: Vec<Kind>,
    /// The cheapest mix that is confirmed; `None` where none is.
    pub answer: Option<Counts>,
    /// The mixes that looked as if they were enough and could not be confirmed, with what was said.
    pub dropped: Vec<(Counts, Verdict)>,
    /// The mixes of one step less of one group, with what fresh runs say.
    pub less: Vec<(Counts, Verdict)>,
    /// The mixes of one step more, likewise.
    pub more: Vec<(Counts, Verdict)>,
    /// Mixes that were run, and how many there are.
    pub tried: (usize, u64),
    /// What was seen of each mix that was run: fresh runs where there are any.
    pub seen: BTreeMap<Counts, (Phase, Trials)>,
    /// Runs made.
    pub runs: u64,
}

/// Searches for the cheapest mix under the scenario as it is, then confirms it with fresh runs; where
/// that fails the next cheapest is tried, with what is left of the error.
///
/// # Errors
/// When a mix cannot be run.
pub fn cheapest<W>(
    lab: &mut Lab<'_, Counts, W>,
    kinds: &[Kind],
    claim: Claim,
) -> Result<Cheapest, Failed<W>> {
    assert!(kinds.len() <= GROUPS_MAX, "{} groups", kinds.len());
    let mut known = Known::default();
    let mut budget = Budget::new(claim);
    let (mut answer, mut dropped) = (None, Vec::new());
    for _ in 0..TRIES {
        let likely = mix::cheapest(kinds, &mut known, |mix| {
            lab.is_likely(counts(kinds, mix), 1, claim)
        })?;
        let Some(likely) = likely else { break };
        let size = counts(kinds, &likely);
        match lab.judge(size, 1, claim, &mut budget)? {
            Verdict::Confirmed => {
                answer = Some(likely);
                break;
            }
            said @ (Verdict::Refuted | Verdict::Open) => {
                known.learn(&likely, false);
                dropped.push((size, said));
            }
        }
    }
    let mut neighbours = |mixes: Vec<Mix>| {
        let judged = mixes.iter().map(|mix| {
            let size = counts(kinds, mix);
            let said = lab.judge(size, 1, claim, &mut Budget::new(claim))?;
            Ok((size, said))
        });
        judged.collect::<Result<Vec<_>, Failed<W>>>()
    };
    let (less, more) = match &answer {
        Some(answer) => (
            neighbours(mix::one_less(answer))?,
            neighbours(mix::one_more(kinds, answer))?,
        ),
        None => (Vec::new(), Vec::new()),
    };
    let sizes = lab.sizes();
    let seen = sizes.iter().filter_map(|&size| {
        let (phase, trials) = lab.known(size, 0)?;
        Some((size, (phase, trials.clone())))
    });
    let all = kinds.iter().map(|kind| kind.counts.len() as u64);
    Ok(Cheapest {
        claim,
        is_exact: lab.is_exact,
        kinds: kinds.to_vec(),
        answer: answer.map(|answer| counts(kinds, &answer)),
        dropped,
        less,
        more,
        tried: (sizes.len(), all.product()),
        seen: seen.collect(),
        runs: lab.runs(),
    })
}

/// What the nodes of a mix cost in an hour.
pub fn price(kinds: &[Kind], counts: &Counts) -> f64 {
    let each = kinds.iter().zip(counts);
    each.map(|(kind, &count)| kind.price * f64::from(count))
        .sum()
}

fn counts(kinds: &[Kind], mix: &Mix) -> Counts {
    let mut counts = [0; GROUPS_MAX];
    for ((count, kind), &place) in counts.iter_mut().zip(kinds).zip(mix) {
        *count = kind.counts[place];
    }
    counts
}
