//! How well simulated runs foretell live ones.

pub mod kept;
pub mod observed;

use self::observed::Observed;
use crate::stats::{self, Confidence, Estimate, Method};

/// What is compared of runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    /// Its name in [`Observed::values`].
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// How far the simulation may be off, where it is held to that.
    pub tolerance: Option<Tolerance>,
}

/// How far off is near enough: the larger of the two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// As a share of the live mean.
    pub share: f64,
    /// In the measure's unit.
    pub amount: f64,
}

/// 15 % or 1 s, whichever is larger.
const TIME: Option<Tolerance> = Some(Tolerance {
    share: 0.15,
    amount: 1.0,
});
/// 15 %.
const COUNT: Option<Tolerance> = Some(Tolerance {
    share: 0.15,
    amount: 0.0,
});

/// Everything that is compared, in the order in which it is shown.
pub const MEASURES: [Measure; 13] = [
    measure("detect.node", "node lost, until detected", "s", TIME),
    measure(
        "detect.container",
        "container dead, until detected",
        "s",
        TIME,
    ),
    measure("recover.node", "node lost, until all serve", "s", TIME),
    measure(
        "recover.container",
        "container dead, until all serve",
        "s",
        TIME,
    ),
    measure("requests.served", "requests answered", "requests", COUNT),
    measure("requests.offered", "requests asked for", "requests", None),
    measure(
        "replica_seconds_lost",
        "replicas missing, seconds",
        "replica s",
        None,
    ),
    measure("replica_hours", "replicas, hours", "replica h", None),
    measure(
        "time_to_ready.p50",
        "pod created, until ready, p50",
        "s",
        None,
    ),
    measure(
        "time_to_ready.p99",
        "pod created, until ready, p99",
        "s",
        None,
    ),
    measure("used.cpu", "cpu used", "ratio", None),
    measure("allocated.cpu", "cpu requested", "ratio", None),
    measure("restarts", "containers restarted", "restarts", None),
];

const fn measure(
    name: &'static str,
    about: &'static str,
    unit: &'static str,
    tolerance: Option<Tolerance>,
) -> Measure {
    Measure {
        name,
        about,
        unit,
        tolerance,
    }
}

/// A measure of live and of simulated runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What.
    pub measure: Measure,
    /// Over live runs.
    pub live: Side,
    /// Over simulated runs.
    pub simulated: Side,
    /// Simulated less live; absent where one of them has no value.
    pub difference: Option<Estimate>,
    /// How far off it may be, in the measure's unit; absent where it is held to nothing.
    pub tolerance: Option<f64>,
}

/// A measure over some runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// The mean; absent where no run has a value.
    pub mean: Option<Estimate>,
    /// How many have one.
    pub runs: usize,
    /// How many ought to.
    pub of: usize,
    values: Vec<f64>,
}

impl Side {
    fn of(measure: Measure, runs: &[Observed]) -> Side {
        let values = runs.iter().filter_map(|run| run.values.get(measure.name));
        let values: Vec<f64> = values.copied().collect();
        let of = match measure.tolerance {
            Some(_) => runs.iter().filter(|run| run.has(measure.name)).count(),
            // What some runs have all have, unless it went beyond all bounds.
            None if values.is_empty() => 0,
            None => runs.len(),
        };
        Side {
            mean: stats::t_mean(&values, Confidence::NINETY_FIVE),
            runs: values.len(),
            of,
            values,
        }
    }

    /// Whether runs lack a value that they ought to have.
    pub const fn lacks(&self) -> bool {
        self.runs < self.of
    }
}

/// Whether a simulation is near enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All of the interval of the difference lies within the tolerance.
    Agrees,
    /// None of it does.
    Differs,
    /// Some of it does, or runs lack a value that they ought to have, or are too few.
    Undecided,
}

impl Row {
    /// Compares a measure; absent where no run of either kind ought to have it.
    pub fn of(measure: Measure, live: &[Observed], simulated: &[Observed]) -> Option<Row> {
        let (live, simulated) = (Side::of(measure, live), Side::of(measure, simulated));
        if live.of == 0 && simulated.of == 0 {
            return None;
        }
        let confidence = Confidence::NINETY_FIVE;
        let difference = stats::welch_t(&simulated.values, &live.values, confidence);
        let middle = live.mean.map_or(0.0, |mean| mean.value);
        let tolerance = measure.tolerance;
        Some(Row {
            measure,
            tolerance: tolerance.map(|near| near.amount.max(near.share * middle.abs())),
            live,
            simulated,
            difference,
        })
    }

    /// The least and the greatest difference of a simulated and a live run.
    fn furthest(&self) -> Option<(f64, f64)> {
        let ends = |values: &[f64]| {
            let least = values.iter().copied().reduce(f64::min)?;
            Some((least, values.iter().copied().reduce(f64::max)?))
        };
        let (live, simulated) = (ends(&self.live.values)?, ends(&self.simulated.values)?);
        Some((simulated.0 - live.1, simulated.1 - live.0))
    }

    /// What is said of it; absent where it is held to nothing.
    pub fn verdict(&self) -> Option<Verdict> {
        let tolerance = self.tolerance?;
        let undecided = Some(Verdict::Undecided);
        let Some(Estimate {
            value,
            interval,
            method,
        }) = self.difference
        else {
            return undecided;
        };
        if self.live.lacks() || self.simulated.lacks() || method == Method::TooFew {
            return undecided;
        }
        let (low, high) = match interval {
            Some(interval) => (interval.low, interval.high),
            // Too few of them vary for an interval of the mean: then the worst pair of runs counts.
            None if method == Method::MostlyConstant => self.furthest().unwrap_or((value, value)),
            None => (value, value),
        };
        Some(if -tolerance <= low && high <= tolerance {
            Verdict::Agrees
        } else if high < -tolerance || tolerance < low {
            Verdict::Differs
        } else {
            Verdict::Undecided
        })
    }
}

/// Whether a live and a simulated run of one seed decided alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Decisions of the live run.
    pub live: usize,
    /// Decisions of the simulated run.
    pub simulated: usize,
    /// The first place, from 0, at which they differ, and what stands there; absent where they are the
    /// same to the end.
    pub parting: Option<Parting>,
}

/// Where two lists of decisions part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parting {
    /// The place, from 0.
    pub place: usize,
    /// What the live run decided there, if anything.
    pub live: Option<String>,
    /// What the simulated run decided there, if anything.
    pub simulated: Option<String>,
}

impl Order {
    /// Compares the decisions of two runs.
    pub fn of(live: &Observed, simulated: &Observed) -> Order {
        let (here, there) = (&live.decisions, &simulated.decisions);
        let longest = here.len().max(there.len());
        let place = (0..longest).find(|&place| here.get(place) != there.get(place));
        Order {
            live: here.len(),
            simulated: there.len(),
            parting: place.map(|place| Parting {
                place,
                live: here.get(place).cloned(),
                simulated: there.get(place).cloned(),
            }),
        }
    }
}

/// What runs have in common to be known of the engines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    /// What.
    pub said: &'a str,
    /// Of how many runs.
    pub runs: usize,
}

/// What is to be known of the engines of these runs, each thing once, in the order of the runs.
pub fn notes<'a>(runs: impl IntoIterator<Item = &'a Observed>) -> Vec<Note<'a>> {
    let mut notes: Vec<Note<'a>> = Vec::new();
    for said in runs.into_iter().flat_map(|run| &run.notes) {
        match notes.iter_mut().find(|note| note.said == said) {
            Some(note) => note.runs += 1,
            None => notes.push(Note { said, runs: 1 }),
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(name: &str, values: &[f64]) -> Vec<Observed> {
        let all = [
            "failures.node",
            "failures.container",
            "harmful.node",
            "harmful.container",
            "requests.offered",
        ];
        let run = |&value| Observed {
            values: all
                .map(|name| (name.to_owned(), 1.0))
                .into_iter()
                .chain([(name.to_owned(), value)])
                .collect(),
            ..Observed::default()
        };
        values.iter().map(run).collect()
    }

    fn row(name: &str, live: &[Observed], simulated: &[Observed]) -> Option<Row> {
        let measure = MEASURES.iter().find(|measure| measure.name == name);
        Row::of(*measure.expect("it is compared"), live, simulated)
    }

    fn verdict(name: &str, live: &[f64], simulated: &[f64]) -> Option<Verdict> {
        row(name, &runs(name, live), &runs(name, simulated))?.verdict()
    }

    #[test]
    fn what_some_runs_lack_is_not_decided_by_the_others() {
        let three = runs("recover.node", &[5.0, 5.1, 5.2]);
        let agree = row("recover.node", &three, &three).expect("all have it");
        assert_eq!(agree.verdict(), Some(Verdict::Agrees));
        let mut lost = runs("harmful.node", &[1.0]);
        lost.extend(three.clone());
        let some = row("recover.node", &lost, &three).expect("all ought to have it");
        assert_eq!((some.live.runs, some.live.of), (3, 4));
        assert_eq!(some.verdict(), Some(Verdict::Undecided));
        let none = row("recover.node", &lost[..1], &three).expect("it ought to have it");
        assert_eq!(
            (none.difference, none.verdict()),
            (None, Some(Verdict::Undecided))
        );
        let one = row("recover.node", &three[..1], &three).expect("it has it");
        assert_eq!(one.verdict(), Some(Verdict::Undecided));
        assert_eq!(row("recover.node", &[Observed::default()], &[]), None);
        // What is held to nothing tells too of how many runs it is.
        let mut late = runs("time_to_ready.p99", &[2.0, 2.1]);
        late.push(Observed::default());
        let some = row("time_to_ready.p99", &late, &three).expect("some have it");
        assert_eq!((some.live.runs, some.live.of, some.simulated.of), (2, 3, 0));
    }

    #[test]
    fn a_simulation_agrees_where_the_whole_interval_is_near_enough() {
        // Within 1 s, for 15 % of 2 s are less.
        let of = |live: &[f64], simulated: &[f64]| verdict("detect.node", live, simulated);
        let live = [1.9, 2.0, 2.1, 2.0];
        assert_eq!(of(&live, &[2.8, 2.7, 2.6, 2.7]), Some(Verdict::Agrees));
        assert_eq!(of(&live, &[3.0, 2.8, 3.4, 2.6]), Some(Verdict::Undecided));
        assert_eq!(of(&live, &[3.4, 3.5, 3.6, 3.5]), Some(Verdict::Differs));
        assert_eq!(of(&live, &[0.4, 0.3, 0.2, 0.3]), Some(Verdict::Differs));
        assert_eq!(of(&live, &[]), Some(Verdict::Undecided));
        // 15 % of 100 s are 15 s.
        let long = [99.0, 101.0, 100.0];
        assert_eq!(of(&long, &[112.0, 113.0, 111.0]), Some(Verdict::Agrees));
        assert_eq!(of(&long, &[117.0, 118.0, 119.0]), Some(Verdict::Differs));
        // Counts have no second to spare.
        let served = |simulated: &[f64]| verdict("requests.served", &[5.0, 5.0], simulated);
        assert_eq!(served(&[5.9, 5.9]), Some(Verdict::Differs));
        assert_eq!(served(&[5.7, 5.7]), Some(Verdict::Agrees));
        assert_eq!(verdict("restarts", &[1.0], &[7.0]), None);
        // Where most runs are alike no two runs may be further apart.
        let seldom = |live: &[f64]| of(live, &[5.0, 5.0, 5.0, 5.5]);
        assert_eq!(seldom(&[4.6, 5.4]), Some(Verdict::Agrees));
        assert_eq!(seldom(&[4.4, 5.4]), Some(Verdict::Undecided));
        assert_eq!(seldom(&[7.0, 7.1]), Some(Verdict::Differs));
    }

    #[test]
    fn decisions_part_where_the_first_differs_or_is_missing() {
        let run = |all: &[&str]| Observed {
            decisions: all.iter().map(|&one| one.to_owned()).collect(),
            ..Observed::default()
        };
        let parting = |live: &[&str], simulated: &[&str]| {
            let parting = Order::of(&run(live), &run(simulated)).parting?;
            Some((parting.place, parting.live, parting.simulated))
        };
        let told = |what: &str| Some(what.to_owned());
        assert_eq!(parting(&["a", "b"], &["a", "b"]), None);
        assert_eq!(
            parting(&["a", "b"], &["a", "c"]),
            Some((1, told("b"), told("c")))
        );
        assert_eq!(parting(&["a"], &["a", "c"]), Some((1, None, told("c"))));
        assert_eq!(parting(&["a"], &[]), Some((0, told("a"), None)));
    }
}
