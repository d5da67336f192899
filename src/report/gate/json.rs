//! The gate for programs.

use serde::Serialize;

use crate::experiment::gate::decide::{Found, Harmed, Verdict, Why};
use crate::experiment::gate::{Against, CONFIDENCE, Line, Side};
use crate::report::gate::{Gate, Held, word};
use crate::report::json::written;
use crate::scenario::objective::Tolerance;
use crate::stats::Interval;

/// The number of the format: raised when a program that reads the last one would go wrong.
pub const VERSION: u32 = 1;

/// The whole of it, with a line break at its end.
pub fn page(gate: &Gate<'_>) -> String {
    let page = Page {
        version: VERSION,
        plimsoll: env!("CARGO_PKG_VERSION"),
        passed: !gate.fails(),
        confidence: CONFIDENCE.level(),
        comparisons: gate.family,
        scenarios: gate.scenarios.iter().map(Scenario::of).collect(),
        not_asked: gate.not_asked,
    };
    written(&page)
}

#[derive(Serialize)]
struct Page<'a> {
    version: u32,
    plimsoll: &'static str,
    passed: bool,
    confidence: f64,
    comparisons: usize,
    scenarios: Vec<Scenario<'a>>,
    not_asked: &'a [String],
}

#[derive(Serialize)]
struct Scenario<'a> {
    name: &'a str,
    file: String,
    verdict: &'static str,
    exact: bool,
    replications: u32,
    metrics: Vec<Metric>,
}

#[derive(Serialize)]
struct Metric {
    metric: String,
    against: &'static str,
    verdict: &'static str,
    /// Why it is undecided.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    better: &'static str,
    unit: &'static str,
    runs: u32,
    was: Option<Number>,
    is: Option<Number>,
    difference: Option<Number>,
    interval: Option<[Number; 2]>,
    tolerance: Number,
    relative_tolerance: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runs_one_by_one: Option<OneByOne>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runs_needed: Option<u32>,
}

/// Where most runs agree.
#[derive(Serialize)]
struct OneByOne {
    beyond_tolerance: u32,
    worse: u32,
    better: u32,
    share_beyond: [f64; 2],
}

/// A number; `"inf"` and `"-inf"`, which JSON has no numbers for.
#[derive(Serialize)]
#[serde(untagged)]
enum Number {
    Finite(f64),
    Infinite(&'static str),
}

impl Number {
    fn of(value: f64) -> Number {
        match value {
            f64::INFINITY => Number::Infinite("inf"),
            f64::NEG_INFINITY => Number::Infinite("-inf"),
            finite => Number::Finite(finite),
        }
    }
}

impl<'a> Scenario<'a> {
    fn of(held: &'a Held<'_>) -> Scenario<'a> {
        let checked = held.checked;
        Scenario {
            name: &checked.name,
            file: held.path.display().to_string(),
            verdict: word(checked.overall()),
            exact: checked.exact,
            replications: checked.replications,
            metrics: checked.lines.iter().map(Metric::of).collect(),
        }
    }
}

impl Metric {
    fn of(line: &Line) -> Metric {
        let Found {
            before,
            after,
            difference,
            harmed,
            runs,
            verdict,
        } = line.found;
        let interval = difference.and_then(|difference| difference.interval);
        let (reason, runs_needed) = why(verdict);
        Metric {
            metric: line.quantity.to_string(),
            against: match line.against {
                Against::Baseline => "baseline",
                Against::Anchor => "anchor",
            },
            verdict: match verdict {
                Verdict::Identical => "identical",
                Verdict::Ok => "ok",
                Verdict::Better => "better",
                Verdict::Regressed => "REGRESSED",
                Verdict::Undecided(_) => "UNDECIDED",
            },
            reason,
            better: match line.better {
                Side::Up => "up",
                Side::Down => "down",
            },
            unit: line.quantity.metric.unit,
            runs,
            was: before.map(Number::of),
            is: after.map(Number::of),
            difference: difference.map(|difference| Number::of(difference.value)),
            interval: interval.map(|Interval { low, high }| [low, high].map(Number::of)),
            tolerance: Number::of(line.amount),
            relative_tolerance: match line.tolerance {
                Tolerance::Absolute(_) => None,
                Tolerance::Relative(share) => Some(share),
            },
            runs_one_by_one: harmed.map(OneByOne::of),
            runs_needed,
        }
    }
}

impl OneByOne {
    const fn of(harmed: Harmed) -> OneByOne {
        OneByOne {
            beyond_tolerance: harmed.beyond,
            worse: harmed.worse,
            better: harmed.better,
            share_beyond: [harmed.share.low, harmed.share.high],
        }
    }
}

/// Why a verdict is none, and how many runs would give one.
const fn why(verdict: Verdict) -> (Option<&'static str>, Option<u32>) {
    match verdict {
        Verdict::Identical | Verdict::Ok | Verdict::Better | Verdict::Regressed => (None, None),
        Verdict::Undecided(Why::Wide { runs }) => (Some("interval_too_wide"), runs),
        Verdict::Undecided(Why::Torn { .. }) => (Some("value_on_one_side_only"), None),
        Verdict::Undecided(Why::None) => (Some("no_difference"), None),
        Verdict::Undecided(Why::Form) => (Some("other_form"), None),
    }
}
