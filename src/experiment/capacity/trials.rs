//! Runs of sizes, each under several conditions, told as how many met everything.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::confirm::{Budget, Claim, Tally, Verdict, is_hopeless, is_lost, judge};
use crate::experiment::sample::{How, Samples, Variant};
use crate::metrics::fold::Options;
use crate::metrics::measured::Measured;
use crate::policy::scheduler::explanation::Reason;
use crate::run::Ended;
use crate::scenario::Scenario;
use crate::scenario::loss::Loss;
use crate::time::{Duration, Time};

/// Runs of each size and condition while it is searched.
pub const SEARCH_RUNS: u32 = 20;

/// Runs after which a size is first asked whether it is lost; then at twice as many each time.
const FIRST_RUNS: u32 = 16;

/// A pod that has waited for less than this at the end of a run does not count as left over.
const PATIENCE: Duration = Duration::from_secs(60);

/// One condition under which a size is judged.
#[derive(Clone, Debug)]
pub struct Case {
    /// Which.
    pub condition: Condition,
    /// What is run.
    pub scenario: Scenario,
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The scenario as it is.
    AsWritten,
    /// A loss that lies so far back that it is made good, as far as it can be: all pods of services
    /// have a node, and the load of the busiest time is served.
    Settled {
        /// What is lost.
        loss: Loss,
        /// When.
        at: Time,
    },
    /// A loss at the busiest time, with all that it takes until it is found and made good.
    Struck {
        /// What is lost.
        loss: Loss,
        /// When.
        at: Time,
    },
}

/// What the runs of one size under one condition came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trials {
    /// How many met everything.
    pub tally: Tally,
    /// How many missed each objective, in the order of the scenario.
    pub missed: Vec<u32>,
    /// By how much each objective is missed, summed over runs, in the metric's unit; a run that meets
    /// it adds nothing.
    pub short_of: Vec<f64>,
    /// In how many each objective had nothing to measure: that counts as met.
    pub absent: Vec<u32>,
    /// In how many a pod of a service waited for a node at the end, where that counts.
    pub left_over: u32,
    /// In how many pods waited at the end because nodes refused them for this.
    pub short: BTreeMap<Reason, u32>,
}

/// Which runs are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Those of the search: replications 1 to [`SEARCH_RUNS`].
    Search,
    /// Fresh ones: all later replications.
    Fresh,
}

/// Makes runs of sizes, none twice.
pub struct Lab<'a, S, W> {
    /// What a size is run as.
    pub cases: &'a dyn Fn(S) -> Result<Vec<Case>, W>,
    /// The seed of all runs: replication n is the same world for all sizes.
    pub seed: u64,
    /// Whether one run says everything.
    pub is_exact: bool,
    /// Is asked now and then, with the runs made so far; its break ends everything.
    pub watch: &'a (dyn Fn(u64) -> ControlFlow<()> + Sync),
    made: BTreeMap<S, Vec<Case>>,
    seen: BTreeMap<(S, usize, Phase), Trials>,
    runs: u64,
}

/// Why there are no runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Failed<W> {
    /// A size cannot be: why.
    Wrong(W),
    /// A run did not come to its end.
    Ended(Ended),
}

impl<'a, S: Copy + Ord, W> Lab<'a, S, W> {
    /// One that has not made any run.
    pub fn new(
        cases: &'a dyn Fn(S) -> Result<Vec<Case>, W>,
        seed: u64,
        is_exact: bool,
        watch: &'a (dyn Fn(u64) -> ControlFlow<()> + Sync),
    ) -> Lab<'a, S, W> {
        Lab {
            cases,
            seed,
            is_exact,
            watch,
            made: BTreeMap::new(),
            seen: BTreeMap::new(),
            runs: 0,
        }
    }

    /// Whether the first `cases` conditions of a size look as if it were enough.
    ///
    /// # Errors
    /// When a size cannot be run.
    pub fn is_likely(&mut self, size: S, cases: usize, claim: Claim) -> Result<bool, Failed<W>> {
        for case in 0..cases {
            let tally = self.trials(size, case, Phase::Search, SEARCH_RUNS)?.tally;
            let is_good = match self.is_exact {
                true => tally.good == tally.runs,
                false => claim.is_likely(tally),
            };
            if !is_good {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What fresh runs say of the first `cases` conditions of a size. Where one run says everything,
    /// it is that one.
    ///
    /// # Errors
    /// When a size cannot be run.
    pub fn judge(
        &mut self,
        size: S,
        cases: usize,
        claim: Claim,
        budget: &mut Budget,
    ) -> Result<Verdict, Failed<W>> {
        self.judge_by(size, cases, claim, budget, |lab, case, runs| {
            Ok(lab.trials(size, case, Phase::Fresh, runs)?.tally)
        })
    }

    /// The same verdict of fewer runs: those of a size stop once it is refuted whatever the rest of
    /// them came to (curtailed sampling: Wald, "Sequential Analysis", 1947).
    ///
    /// # Errors
    /// When a size cannot be run.
    pub fn judge_early(
        &mut self,
        size: S,
        cases: usize,
        claim: Claim,
        budget: &mut Budget,
    ) -> Result<Verdict, Failed<W>> {
        self.judge_by(size, cases, claim, budget, |lab, case, runs| {
            let mut some = FIRST_RUNS;
            loop {
                let tally = lab.trials(size, case, Phase::Fresh, some.min(runs))?.tally;
                if tally.runs >= runs || is_lost(tally, runs, cases, claim) {
                    return Ok(tally);
                }
                some *= 2;
            }
        })
    }

    /// A verdict by the tallies that `tally` makes of each condition, at so many runs.
    fn judge_by(
        &mut self,
        size: S,
        cases: usize,
        claim: Claim,
        budget: &mut Budget,
        tally: impl Fn(&mut Self, usize, u32) -> Result<Tally, Failed<W>>,
    ) -> Result<Verdict, Failed<W>> {
        if self.is_exact {
            return Ok(match self.is_likely(size, cases, claim)? {
                true => Verdict::Confirmed,
                false => Verdict::Refuted,
            });
        }
        judge(budget, |runs| {
            let mut tallies = Vec::new();
            for case in 0..cases {
                let tally = tally(self, case, runs)?;
                tallies.push(tally);
                // One that is hopeless says all; the others need not be run.
                if is_hopeless(tally, cases, claim) {
                    break;
                }
            }
            Ok(tallies)
        })
    }

    /// What at least so many runs of a size came to.
    ///
    /// # Errors
    /// When a size cannot be run.
    pub fn trials(
        &mut self,
        size: S,
        case: usize,
        phase: Phase,
        runs: u32,
    ) -> Result<&Trials, Failed<W>> {
        let (phase, runs) = match self.is_exact {
            true => (Phase::Search, 1),
            false => (phase, runs),
        };
        if !self.made.contains_key(&size) {
            let cases = (self.cases)(size).map_err(Failed::Wrong)?;
            self.made.insert(size, cases);
        }
        let case_of = &self.made[&size][case];
        let trials = self.seen.entry((size, case, phase)).or_default();
        if trials.tally.runs < runs {
            let missing = runs - trials.tally.runs;
            let first = 1
                + trials.tally.runs
                + match phase {
                    Phase::Search => 0,
                    Phase::Fresh => SEARCH_RUNS,
                };
            let so_far = self.runs;
            let measured = run(case_of, self.seed, first, missing, &|| (self.watch)(so_far))?;
            self.runs += u64::from(missing);
            for run in &measured {
                trials.add(case_of, run);
            }
        }
        Ok(trials)
    }

    /// What the runs of the search come to in a case that is none of any size.
    ///
    /// # Errors
    /// When a run does not come to its end.
    pub fn aside(&mut self, case: &Case) -> Result<Trials, Failed<W>> {
        let so_far = self.runs;
        let measured = run(case, self.seed, 1, SEARCH_RUNS, &|| (self.watch)(so_far))?;
        self.runs += u64::from(SEARCH_RUNS);
        let mut trials = Trials::default();
        for run in &measured {
            trials.add(case, run);
        }
        Ok(trials)
    }

    /// What is known of a size under a condition: fresh runs where there are any, else those of the
    /// search.
    pub fn known(&self, size: S, case: usize) -> Option<(Phase, &Trials)> {
        let of = |phase| self.seen.get(&(size, case, phase)).map(|it| (phase, it));
        of(Phase::Fresh).or(of(Phase::Search))
    }

    /// Sizes that were run, in order.
    pub fn sizes(&self) -> Vec<S> {
        let mut sizes: Vec<S> = self.seen.keys().map(|&(size, ..)| size).collect();
        sizes.dedup();
        sizes
    }

    /// The conditions of a size that was run.
    pub fn conditions(&self, size: S) -> &[Case] {
        self.made.get(&size).map_or(&[], Vec::as_slice)
    }

    /// Runs made.
    pub const fn runs(&self) -> u64 {
        self.runs
    }
}

impl Condition {
    /// Whether pods left without a node count.
    const fn must_fit(&self) -> bool {
        match self {
            Condition::Settled { .. } => true,
            Condition::AsWritten | Condition::Struck { .. } => false,
        }
    }
}

impl Trials {
    /// The objective that most runs miss; of equals the first.
    pub fn most_missed(&self) -> Option<usize> {
        let places = (0..self.missed.len()).rev();
        let most = places.max_by_key(|&place| self.missed[place]);
        most.filter(|&place| self.missed[place] > 0)
    }

    /// By how much an objective is missed in the mean over runs, in the metric's unit.
    pub fn missed_by(&self, objective: usize) -> f64 {
        self.short_of[objective] / f64::from(self.tally.runs)
    }

    /// What kept pods waiting at the end of most runs: of what more nodes would have, all that did in as
    /// many; of the rest only where there is nothing of that.
    pub fn scarce(&self) -> Vec<&Reason> {
        let of = |room: bool| {
            let some = self
                .short
                .iter()
                .filter(move |(reason, _)| is_of_room(reason) == room);
            let most = some.clone().map(|(_, runs)| runs).max();
            some.filter(move |(_, runs)| Some(*runs) == most)
                .map(|(reason, _)| reason)
        };
        match self.cramped() {
            0 => of(false).collect(),
            _ => of(true).collect(),
        }
    }

    /// In how many runs pods waited at the end because nodes had too little left for them, which more
    /// nodes would have.
    pub fn cramped(&self) -> u32 {
        let short = self.short.iter().filter(|(reason, _)| is_of_room(reason));
        short.map(|(_, &runs)| runs).max().unwrap_or(0)
    }

    /// Adds a run.
    fn add(&mut self, case: &Case, run: &Measured) {
        let objectives = &case.scenario.objectives;
        self.missed.resize(objectives.len(), 0);
        self.absent.resize(objectives.len(), 0);
        self.short_of.resize(objectives.len(), 0.0);
        let mut is_good = true;
        for (place, objective) in objectives.iter().enumerate() {
            match objective.met(run) {
                Some(true) => {}
                Some(false) => {
                    self.missed[place] += 1;
                    is_good = false;
                }
                None => self.absent[place] += 1,
            }
            self.short_of[place] += objective.missed_by(run).unwrap_or(0.0);
        }
        if case.condition.must_fit() && is_left_over(run, case.scenario.end) {
            self.left_over += 1;
            is_good = false;
        }
        let refusals = run
            .waiting
            .iter()
            .flat_map(|waiting| waiting.refused.keys());
        let reasons: std::collections::BTreeSet<&Reason> = refusals.flatten().collect();
        for reason in reasons {
            *self.short.entry(*reason).or_default() += 1;
        }
        self.tally.runs += 1;
        self.tally.good += u32::from(is_good);
    }
}

/// Whether another node of the same kind has what is lacking.
const fn is_of_room(reason: &Reason) -> bool {
    match reason {
        Reason::HostPorts
        | Reason::TooManyPods
        | Reason::InsufficientCpu
        | Reason::InsufficientMemory
        | Reason::InsufficientExtended(_)
        | Reason::InsufficientGpu
        | Reason::PodAntiAffinity
        | Reason::ExistingPodAntiAffinity => true,
        Reason::Cordoned
        | Reason::OtherNodeNamed
        | Reason::UntoleratedTaint(_)
        | Reason::NodeAffinity
        | Reason::AddedAffinity
        | Reason::NotNamed
        | Reason::TopologySpread
        | Reason::TopologySpreadLabelMissing
        | Reason::PodAffinity => false,
    }
}

/// Whether a pod of a service waits for a node at the end, and not only since a moment ago.
fn is_left_over(run: &Measured, end: Time) -> bool {
    let rows = run.pods.iter();
    let mut waiting = rows.filter(|pod| pod.bound.is_none() && pod.ended.is_none());
    waiting.any(|pod| pod.owner.is_service() && pod.created + PATIENCE <= end)
}

fn run<W>(
    case: &Case,
    seed: u64,
    first: u32,
    runs: u32,
    watch: &(dyn Fn() -> ControlFlow<()> + Sync),
) -> Result<Vec<Measured>, Failed<W>> {
    let variant = Variant {
        name: String::new(),
        scenario: case.scenario.clone(),
    };
    let options = |_| Options {
        pods: case.condition.must_fit(),
        ..Options::default()
    };
    let how = How {
        options: &options,
        watch: &|_, _| watch(),
    };
    let mut samples = Samples::new(1, seed, first);
    samples
        .extend(&[variant], runs, how)
        .map_err(Failed::Ended)?;
    Ok(samples.runs(0).to_vec())
}
