//! The JSON Schema of `compare.json`.

use serde_json::Value;

use super::json::VERSION;
use crate::report::schema::{
    document, flag, head, interval, list, method, number, object, of_metric, one_of, or_null,
    reference, text, texts, values, whole,
};

/// The schema (JSON Schema, draft 2020-12), with a line break at its end. Every key that is written
/// is in it, and no other is allowed.
pub fn schema() -> String {
    document("compare.json", root(), &parts())
}

fn root() -> Value {
    let mut keys = head(VERSION);
    keys.extend([
        ("scenario", text("its name")),
        ("question", text("the question at the head of the file")),
        ("currency", text("of all prices")),
        ("seed", whole("of everything random")),
        ("replications", whole("of each variant")),
        (
            "chance",
            one_of(
                &["random", "exact"],
                "whether runs differ by chance; if not, there is one",
            ),
        ),
        (
            "confidence",
            number("with what confidence all verdicts hold together"),
        ),
        (
            "family",
            whole("verdicts given: primary metrics × (variants − 1)"),
        ),
        ("variants", list("the baseline first", "variant")),
        ("metrics", list("primary ones first", "metric")),
        (
            "in_short",
            or_null(text("the answer in one sentence; null without verdicts")),
        ),
        ("notes", texts("what else is to be known")),
    ]);
    object(
        &keys,
        &[
            (
                "interrupted_of",
                whole("how many replications there would have been, had the user not stopped it"),
            ),
            ("precision", reference("precision")),
        ],
    )
}

fn parts() -> Vec<(&'static str, Value)> {
    let tolerance = object(
        &[
            (
                "kind",
                one_of(
                    &["absolute", "relative"],
                    "in the metric's unit, or a share of the baseline",
                ),
            ),
            ("size", number("how much does not matter")),
        ],
        &[],
    );
    vec![
        ("precision", precision()),
        ("variant", variant()),
        ("metric", metric()),
        ("tolerance", tolerance),
        ("cell", cell()),
        ("difference", difference()),
    ]
}

fn precision() -> Value {
    object(
        &[
            (
                "asked",
                number("how far intervals may reach, as a share of the baseline"),
            ),
            ("most_replications", whole("the cap")),
            (
                "reached",
                flag("whether every interval is as narrow as asked"),
            ),
        ],
        &[],
    )
}

fn variant() -> Value {
    object(
        &[
            ("name", text("what sets it apart")),
            ("hash", text("fingerprint of its input")),
            ("changes", texts("of the file, as they were typed")),
            ("policies", reference("policies")),
        ],
        &[],
    )
}

fn metric() -> Value {
    let mut keys = of_metric();
    keys.extend([
        ("primary", flag("whether verdicts are given")),
        ("tolerance", or_null(reference("tolerance"))),
        ("variants", list("in the order of the variants", "cell")),
    ]);
    object(&keys, &[])
}

fn cell() -> Value {
    object(
        &[
            ("estimate", or_null(reference("number"))),
            ("interval", interval()),
            ("method", or_null(method())),
            ("values", values()),
            ("difference", or_null(reference("difference"))),
        ],
        &[],
    )
}

fn difference() -> Value {
    let verdicts = [
        "better",
        "worse",
        "different",
        "equivalent",
        "undecided",
        "identical",
    ];
    object(
        &[
            ("estimate", reference("number")),
            ("interval", interval()),
            ("method", method()),
            ("confidence", number("of the interval by itself")),
            ("pairs", whole("pairs of runs of which both have a value")),
            (
                "larger_in",
                whole("pairs in which the variant's value is larger"),
            ),
            ("smaller_in", whole("pairs in which it is smaller")),
            ("p_value", number("two-sided, of no difference")),
            (
                "holm_p_value",
                or_null(number("the same adjusted by Holm's rule over the family")),
            ),
            (
                "variance_ratio",
                or_null(number("variance of paired against unpaired differences")),
            ),
            (
                "verdict",
                or_null(one_of(
                    &verdicts,
                    "primary metrics alone have one; identical is equal in every run, and fewer than 1 run in 10 can differ",
                )),
            ),
            (
                "within_tolerance",
                or_null(flag("of what is better or worse")),
            ),
            (
                "runs_needed",
                or_null(whole("runs that would probably decide what is undecided")),
            ),
        ],
        &[],
    )
}
