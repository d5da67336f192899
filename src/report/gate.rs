//! What `gate` says: on the terminal, under a pull request, and to programs that watch builds.

pub mod github;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod refused;
mod schema;
pub mod text;

#[cfg(test)]
mod tests;

use std::path::Path;

pub use schema::schema;

use crate::experiment::gate::decide::{Found, Harmed, RARE, Verdict, Why};
use crate::experiment::gate::{Against, Checked, Line, Overall};
use crate::report::figure::{self, Unit};
use crate::report::text::count;
use crate::scenario::objective::Tolerance;

/// What came of one call.
#[derive(Clone, Copy, Debug)]
pub struct Gate<'a> {
    /// Every scenario, in the order in which they were named.
    pub scenarios: &'a [Held<'a>],
    /// Comparisons whose verdicts hold together.
    pub family: usize,
    /// Whether what is undecided passes.
    pub allow_undecided: bool,
    /// Scenarios of the file of baselines that were not asked for.
    pub not_asked: &'a [String],
}

/// A scenario that was held against its baseline.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// Its file, as it was named.
    pub path: &'a Path,
    /// The text of its file.
    pub text: &'a str,
    /// What came of it.
    pub checked: &'a Checked,
    /// The version that its anchor is of, if it has one.
    pub anchor: Option<&'a str>,
    /// Fingerprint of its input.
    pub hash: &'a str,
    /// The seed of all runs.
    pub seed: u64,
    /// The policies under test, if others than those of the baseline.
    pub tested: Option<[&'a str; 3]>,
}

impl Gate<'_> {
    /// Whether the gate fails.
    pub fn fails(&self) -> bool {
        self.scenarios.iter().any(|held| self.is_failure(held))
    }

    fn is_failure(&self, held: &Held<'_>) -> bool {
        held.checked.overall().fails(self.allow_undecided)
    }

    /// The outcome in one sentence.
    fn sentence(&self) -> String {
        let of = |overall: Overall| -> Vec<&str> {
            let scenarios = self.scenarios.iter().map(|held| held.checked);
            let such = scenarios.filter(|checked| checked.overall() == overall);
            such.map(|checked| checked.name.as_str()).collect()
        };
        let all = self.scenarios.len();
        let (regressed, undecided) = (of(Overall::Regressed), of(Overall::Undecided));
        match (regressed.len(), undecided.len()) {
            (0, 0) if all == 1 => "The scenario is no worse than its baseline.".to_owned(),
            (0, 0) if all == 2 => "Both scenarios are no worse than their baselines.".to_owned(),
            (0, 0) => format!("All {all} scenarios are no worse than their baselines."),
            (0, _) => format!("Undecided: {}.", undecided.join(", ")),
            (_, 0) => format!("Worse than accepted: {}.", regressed.join(", ")),
            (_, _) => {
                let (worse, open) = (regressed.join(", "), undecided.join(", "));
                format!("Worse than accepted: {worse}. Undecided: {open}.")
            }
        }
    }

    /// How sure all of it is, in one sentence; absent where no verdict rests on chance.
    fn how_sure(&self) -> Option<String> {
        let random = self.scenarios.iter().filter(|held| !held.checked.exact);
        let mut lines = random.flat_map(|held| &held.checked.lines);
        let comparisons = match self.family {
            1 => "The verdict holds".to_owned(),
            family => format!("The verdicts on {family} comparisons hold together"),
        };
        let by_chance = lines.any(|line| line.found.verdict != Verdict::Identical);
        by_chance
            .then(|| format!("{comparisons} with 95 % confidence, over all looks at the runs."))
    }

    /// Which scenarios have a baseline and were not asked for.
    fn omitted(&self) -> Option<String> {
        let names = self.not_asked.join(", ");
        (!names.is_empty()).then(|| format!("not asked for, though there is a baseline: {names}"))
    }
}

impl Held<'_> {
    /// Lines that a reader must see, with what each says of the scenario.
    fn striking(&self) -> impl Iterator<Item = &Line> {
        let lines = self.checked.lines.iter();
        lines.filter(|line| line.overall() != Overall::Ok)
    }

    /// What the lines that nobody must see say together.
    fn rest(&self) -> Option<String> {
        let lines = || {
            let all = self.checked.lines.iter();
            all.filter(|line| line.against == Against::Baseline && line.overall() == Overall::Ok)
        };
        let identical = lines().filter(|line| line.found.verdict == Verdict::Identical);
        let (all, identical) = (lines().count() as u64, identical.count() as u64);
        let runs = match self.checked.exact {
            true => "in the one run that there is".to_owned(),
            false => format!("in {}", count(u64::from(self.checked.replications), "run")),
        };
        match (all, identical) {
            (0, _) => None,
            (_, 0) => Some(format!("{} within tolerance", count(all, "metric"))),
            (_, _) if all == identical => {
                Some(format!("{} identical {runs}", count(all, "metric")))
            }
            (_, _) => Some(format!(
                "{} within tolerance, {identical} of them identical {runs}",
                count(all, "metric")
            )),
        }
    }

    /// That the anchor holds too, or nothing where there is none or it does not.
    fn anchored(&self) -> Option<String> {
        let lines = || {
            let all = self.checked.lines.iter();
            all.filter(|line| line.against == Against::Anchor)
        };
        let holds = lines().count() > 0 && lines().all(|line| line.overall() == Overall::Ok);
        let version = self.anchor.filter(|_| holds)?;
        Some(format!("no worse than the anchor of {version} either"))
    }

    fn unit<'u>(&'u self, line: &'u Line) -> Unit<'u> {
        Unit::of(line.quantity.metric.unit, &self.checked.currency)
    }

    /// What a metric was and is: `99.87 % → 99.71 %`.
    fn move_of(&self, line: &Line) -> String {
        let [before, after] = self.ends(line);
        format!("{before} → {after}")
    }

    /// What a metric was, and what it is: in the digits that the interval of their difference supports;
    /// without one, in those of the tolerance.
    fn ends(&self, line: &Line) -> [String; 2] {
        let unit = self.unit(line);
        let Found {
            before,
            after,
            difference,
            ..
        } = &line.found;
        let interval = difference.and_then(|difference| difference.interval);
        let half = interval.map(|interval| (interval.high - interval.low) / 2.0);
        let known = [half, Some(line.amount)].into_iter().flatten();
        let unknown = known
            .into_iter()
            .find(|known| *known > 0.0 && known.is_finite());
        match (*before, *after) {
            (Some(before), Some(after)) => figure::pair([before, after], unknown, unit),
            (before, after) => [before, after].map(|value| match value {
                Some(value) => figure::number(value, unit),
                None => "no value".to_owned(),
            }),
        }
    }

    /// The difference with its interval: `−0.16 points ± 0.04`; absent where it is not a number.
    fn difference(&self, line: &Line) -> Option<String> {
        let difference = line.found.difference.filter(|one| one.value.is_finite())?;
        Some(figure::difference(&difference, self.unit(line)))
    }

    /// `0.05 points`, `10 % (4.8 s)`.
    fn tolerance(&self, line: &Line) -> String {
        let amount = figure::tolerance(line.tolerance, line.amount, self.unit(line));
        match line.tolerance {
            Tolerance::Absolute(_) => amount,
            Tolerance::Relative(share) => format!("{} ({amount})", figure::exact_percent(share)),
        }
    }

    /// What decided, or what is missing, in one clause.
    fn because(&self, line: &Line) -> Option<String> {
        let Found { harmed, runs, .. } = &line.found;
        let all = count(u64::from(*runs), "run");
        if let Some(Harmed {
            beyond,
            worse,
            better,
            share,
        }) = harmed
        {
            let [low, high] = [share.low, share.high].map(|end| figure::number(end, Unit::Ratio));
            let allowed = figure::number(RARE, Unit::Ratio);
            let needed = match line.found.verdict {
                Verdict::Undecided(Why::Wide { runs: Some(needed) }) => {
                    format!(": a baseline of {needed} runs without any would do")
                }
                Verdict::Identical
                | Verdict::Ok
                | Verdict::Better
                | Verdict::Regressed
                | Verdict::Undecided(_) => String::new(),
            };
            let are = if *worse == 1 { "is" } else { "are" };
            let most = match 2 * (worse + better) < *runs {
                true => "most of them like the baseline",
                false => "most of them as far from the baseline as each other",
            };
            return Some(format!(
                "of {all}, {most}, {worse} {are} worse and {better} better, {beyond} by more than the \
                 tolerance; so are {low} to {high} of all runs there could be, and {allowed} may be{needed}"
            ));
        }
        match line.found.verdict {
            Verdict::Undecided(Why::Wide { runs: Some(needed) }) => {
                Some(format!("{all}; about {needed} would decide"))
            }
            Verdict::Undecided(Why::Torn { before, after }) => Some(format!(
                "of {all}, {before} had a value in the baseline alone, {after} have one now alone"
            )),
            Verdict::Undecided(Why::None) if *runs == 1 => Some(
                "one run tells nothing of chance: --update --reps 80 makes a baseline that does"
                    .to_owned(),
            ),
            Verdict::Undecided(Why::None) => Some(format!(
                "{all} tell no difference: too few have a value, or it is infinite"
            )),
            Verdict::Undecided(Why::Form) => {
                Some("the baseline keeps it in another form".to_owned())
            }
            Verdict::Regressed | Verdict::Undecided(Why::Wide { runs: None })
                if !self.checked.exact =>
            {
                Some(all)
            }
            Verdict::Identical
            | Verdict::Ok
            | Verdict::Better
            | Verdict::Regressed
            | Verdict::Undecided(Why::Wide { runs: None }) => None,
        }
    }

    /// One line in full, without its verdict.
    fn line(&self, line: &Line) -> String {
        let against = match (line.against, self.anchor) {
            (Against::Anchor, Some(version)) => format!("against the anchor of {version}: "),
            (Against::Anchor, None) | (Against::Baseline, _) => String::new(),
        };
        let quantity = &line.quantity;
        let moved = self.move_of(line);
        let difference = self.difference(line).map(|text| format!("{text}, "));
        let difference = difference.unwrap_or_default();
        let tolerance = self.tolerance(line);
        let because = self.because(line).map(|text| format!("; {text}"));
        let because = because.unwrap_or_default();
        format!("{against}{quantity} {moved} ({difference}tolerance {tolerance}{because})")
    }

    /// Which policies are under test, if others than those of the baseline.
    fn policies(&self) -> Option<String> {
        let [scheduler, autoscaler, healer] = self.tested?;
        Some(format!(
            "under test: scheduler {scheduler}, autoscaler {autoscaler}, healer {healer}"
        ))
    }
}

/// The word for a verdict.
const fn word(overall: Overall) -> &'static str {
    match overall {
        Overall::Ok => "ok",
        Overall::Better => "better",
        Overall::Undecided => "UNDECIDED",
        Overall::Regressed => "REGRESSED",
    }
}

/// What to do about what is better.
const KEEP: &str = "run with --update to keep it";
