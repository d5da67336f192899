//! The JSON Schema of what a gate says.

use serde_json::Value;

use super::json::VERSION;
use crate::report::schema::{
    document, flag, head, list, number, object, one_of, or_null, range, reference, text, texts,
    whole,
};

/// The schema (JSON Schema, draft 2020-12), with a line break at its end. Every key that is written
/// is in it, and no other is allowed.
pub fn schema() -> String {
    document(
        "gate --format json",
        root(),
        &[
            ("scenario", scenario()),
            ("metric", metric()),
            ("one_by_one", one_by_one()),
        ],
    )
}

fn root() -> Value {
    let mut keys = head(VERSION);
    keys.extend([
        ("passed", flag("whether the exit code is 0")),
        (
            "confidence",
            number("with what confidence all verdicts hold together"),
        ),
        ("comparisons", whole("verdicts given")),
        ("scenarios", list("as they were named", "scenario")),
        (
            "not_asked",
            texts("scenarios of the baseline that nobody named"),
        ),
    ]);
    object(&keys, &[])
}

fn scenario() -> Value {
    object(
        &[
            ("name", text("its name")),
            ("file", text("its file")),
            (
                "verdict",
                one_of(
                    &["ok", "better", "UNDECIDED", "REGRESSED"],
                    "on all its metrics",
                ),
            ),
            ("exact", flag("whether nothing is random: one run says all")),
            ("replications", whole("that were made")),
            ("metrics", list("those that are gated", "metric")),
        ],
        &[],
    )
}

fn metric() -> Value {
    let verdicts = ["identical", "ok", "better", "REGRESSED", "UNDECIDED"];
    let reasons = [
        "interval_too_wide",
        "value_on_one_side_only",
        "no_difference",
        "other_form",
    ];
    object(
        &[
            ("metric", text("a metric, with its entity after an @")),
            (
                "against",
                one_of(&["baseline", "anchor"], "what it is held against"),
            ),
            ("verdict", one_of(&verdicts, "on it alone")),
            ("better", one_of(&["up", "down"], "which side is better")),
            ("unit", text("of all its numbers")),
            ("runs", whole("pairs of runs")),
            ("was", or_null(reference("number"))),
            ("is", or_null(reference("number"))),
            ("difference", or_null(reference("number"))),
            (
                "interval",
                or_null(range("of the difference", reference("number"))),
            ),
            ("tolerance", reference("number")),
            (
                "relative_tolerance",
                or_null(number("the same as a share, where it was given as one")),
            ),
        ],
        &[
            ("reason", one_of(&reasons, "why it is undecided")),
            ("runs_one_by_one", reference("one_by_one")),
            (
                "runs_needed",
                whole("runs that would probably decide what is undecided"),
            ),
        ],
    )
}

/// Where most runs agree.
fn one_by_one() -> Value {
    object(
        &[
            ("beyond_tolerance", whole("runs that are worse by more")),
            ("worse", whole("runs that are worse")),
            ("better", whole("runs that are better")),
            (
                "share_beyond",
                range("of runs beyond the tolerance", number("a share")),
            ),
        ],
        &[],
    )
}
